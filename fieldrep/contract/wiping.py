"""The order to wipe a device and the receipt of it: two small statements, each signed by the end that makes it.

Owns what is signed. An order counts for one device of one store, whatever line brings it; a receipt is signed before
the device's key is destroyed, so that nothing secret is left to send it with. Must not know who keeps or carries them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

from fieldrep.contract.counts import counted
from fieldrep.contract.fields import INT64_MAX

if TYPE_CHECKING:
    from fieldrep.contract.bundle import Keys, PublicKeys

Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Count = Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)]


class Manner(StrEnum):
    """What becomes of work that waits on the device."""

    SEND_FIRST = "send_first"
    AT_ONCE = "at_once"


class WipeOrder(msgspec.Struct, frozen=True, array_like=True):
    """The order, as a reply carries it; a manner that is not known is no order."""

    manner: Annotated[str, msgspec.Meta(max_length=40)]
    signature: Signature


class Destroyed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What only the device had and was destroyed with it.

    Attributes:
        changes: never sent, or never answered; refused: answered with no, and not let go.
        drafts: forms that were not finished; files: photos and documents whose bytes the server has not got.
    """

    changes: Count = 0
    refused: Count = 0
    drafts: Count = 0
    files: Count = 0


class WipeReceipt(msgspec.Struct, frozen=True):
    """What a device says when it is wiped."""

    server_id: Id
    device_id: Id
    destroyed: Destroyed
    signature: Signature


def ordered(keys: Keys, server_id: bytes, device_id: bytes, manner: Manner) -> WipeOrder:
    """The order of the store whose keys these are."""
    return WipeOrder(manner, keys.sign(_order(server_id, device_id, manner)))


def manner_of(order: WipeOrder, server: PublicKeys, server_id: bytes, device_id: bytes) -> Manner | None:
    """What an order says; None when it is not this store's, not for this device or not understood."""
    if order.manner not in tuple(Manner):
        return None
    proven = server.proves(_order(server_id, device_id, order.manner), order.signature)
    return Manner(order.manner) if proven else None


def receipt_of(keys: Keys, server_id: bytes, device_id: bytes, destroyed: Destroyed) -> WipeReceipt:
    """The receipt of the device whose keys these are."""
    return WipeReceipt(server_id, device_id, destroyed, keys.sign(_wiped(server_id, device_id, destroyed)))


def is_proven(receipt: WipeReceipt, device: PublicKeys) -> bool:
    """Whether a receipt is from the device it names."""
    message = _wiped(receipt.server_id, receipt.device_id, receipt.destroyed)
    return device.proves(message, receipt.signature)


def destroyed_words(destroyed: Destroyed) -> str:
    """What was destroyed, as “3 refused changes and 1 draft”; "" for nothing."""
    lost = (
        (destroyed.changes, "unsent change"),
        (destroyed.refused, "refused change"),
        (destroyed.drafts, "draft"),
        (destroyed.files, "photo or document not sent", "photos or documents not sent"),
    )
    parts = [counted(*one) for one in lost if one[0]]
    *most, last = parts or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _order(server_id: bytes, device_id: bytes, manner: str) -> bytes:
    return b"FieldRep wipe" + server_id + device_id + manner.encode()


def _wiped(server_id: bytes, device_id: bytes, destroyed: Destroyed) -> bytes:
    counts = (destroyed.changes, destroyed.refused, destroyed.drafts, destroyed.files)
    return b"FieldRep wiped" + server_id + device_id + msgspec.msgpack.encode(counts)
