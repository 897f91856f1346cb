"""Devices that are to be wiped, and those that were: the order, its being taken back, and the receipt.

Owns the table `device_wipe`. An order is signed when it is given. One for a lost device withdraws it at once: the order
is then all that it is ever told. One that was carried out stands for copies that come later: they are wiped at once,
but for those with something of their own where that was to be sent first. Must not know how either end is reached.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import msgspec

from fieldrep.contract.bundle import PublicKeys
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from fieldrep.contract.steps import Step, reached
from fieldrep.contract.wiping import Manner, WipeOrder, WipeReceipt, destroyed_words, is_proven, ordered
from sync_server.store.audit import Actor
from sync_server.store.bundle_key import known_keys
from sync_server.store.database import Database
from sync_server.store.devices.credentials import is_token_of, token_prefix, withdraw
from sync_server.store.devices.standing import device_of, is_withdrawn, stand, state_without_order
from sync_server.store.reading import Reader
from sync_server.store.replaced import Wipe
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

LOST = "to be wiped as lost"
_WIPED = "wiped"
_OPEN = "SELECT manner, signature FROM device_wipe WHERE device_id = ? AND wiped_at IS NULL"


class Barred(NamedTuple):
    """Somebody of whom nothing is taken any more, for it is lost or wiped, or a copy of one that is.

    Attributes:
        order: to wipe itself at once.
        sends_first: the order was to send first what waits, so a copy is not wiped with work of its own.
    """

    actor: Actor
    device_id: RowId
    order: WipeOrder
    sends_first: bool


def order_wipe(tx: WriteTransaction, device_id: bytes, *, lost: bool) -> None:
    """Orders a device to wipe itself at its next contact; a lost one gets and gives nothing from now on.

    One that is wiped counts as lost for its copies then: they are wiped with all they have.

    Raises:
        KnownError: `not_found`, `nothing_to_change`, `move_not_allowed` for a device that is withdrawn and of which
            nothing is taken any more, unless it counts as lost.
    """
    device = device_of(tx, device_id)
    manner = Manner.AT_ONCE if lost else Manner.SEND_FIRST
    if device["state"] == "wiped":
        if not lost or _wiped_as(tx, device_id) is Manner.AT_ONCE:
            raise KnownError(Code.NOTHING_TO_CHANGE, "This device is wiped already.")
        tx.session.run(
            "UPDATE device_wipe SET manner = ?, signature = ? WHERE device_id = ?",
            (manner.value, _signed(tx, device_id, manner).signature, device_id),
        )
        tx.audit("order_wipe", entity="device", row_id=device_id, detail=manner.value)
        return
    if open_manner(tx, device_id) in (manner, Manner.AT_ONCE):
        raise KnownError(Code.NOTHING_TO_CHANGE, "This device is ordered to wipe itself already.")
    if not lost and not _is_admitted(tx, device):
        sentence = (
            "This device is withdrawn, so nothing is taken from it any more. Give --lost to wipe it all the same: what "
            "it has not sent is destroyed with it."
        )
        raise KnownError(Code.MOVE_NOT_ALLOWED, sentence)
    if lost:
        withdraw(tx, device_id, LOST)
    order = _signed(tx, device_id, manner)
    tx.session.run(
        "INSERT INTO device_wipe (device_id, manner, signature, ordered_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (device_id) DO UPDATE SET manner = excluded.manner, signature = excluded.signature, "
        "ordered_at = excluded.ordered_at",
        (device_id, manner.value, order.signature, tx.now),
    )
    stand(tx, device, "wipe")
    tx.audit("order_wipe", entity="device", row_id=device_id, detail=manner.value)


def order_again(tx: WriteTransaction, wipe: Wipe) -> None:
    """What the store that this one replaces had ordered, or had been told, of a device that this one knows too."""
    device = tx.row("device", wipe.device_id)
    if device is None or device["state"] == "wiped":
        return
    if wipe.wiped_at is None:
        with suppress(KnownError):
            order_wipe(tx, wipe.device_id, lost=wipe.manner == Manner.AT_ONCE)
        return
    withdraw(tx, wipe.device_id, _WIPED)
    manner = Manner(wipe.manner) if wipe.signature else None
    _keep_wiped(tx, wipe.device_id, wipe.wiped_at, wipe.destroyed or "{}", manner)
    stand(tx, device, "wiped")


def cancel_wipe(tx: WriteTransaction, device_id: bytes) -> str:
    """Takes an order back that was not carried out; how the device stands then: one lost stays withdrawn.

    Raises:
        KnownError: `not_found`, `nothing_to_change`, or `move_not_allowed` where it is too late.
    """
    device = device_of(tx, device_id)
    if device["state"] == "wiped":
        raise KnownError(Code.MOVE_NOT_ALLOWED, "It is too late: this device is wiped.")
    if open_manner(tx, device_id) is None:
        raise KnownError(Code.NOTHING_TO_CHANGE, "This device is not ordered to wipe itself.")
    tx.session.run("DELETE FROM device_wipe WHERE device_id = ?", (device_id,))
    state = state_without_order(tx, device)
    stand(tx, device, state)
    tx.audit("cancel_wipe", entity="device", row_id=device_id)
    return state


def open_manner(reader: Reader, device_id: bytes) -> Manner | None:
    """How a device is ordered to wipe itself; None when it is not, or did."""
    found = reader.session.first(_OPEN, (device_id,))
    return Manner(found[0]) if found is not None else None


def order_for(reader: Reader, device_id: bytes) -> WipeOrder | None:
    """The order that waits for a device."""
    found = reader.session.first(_OPEN, (device_id,))
    return WipeOrder(found[0], bytes(found[1])) if found is not None else None


def order_for_barred(reader: Reader, token: str) -> Barred | None:
    """Whoever shows the token of a device that is to be wiped at once, or that was wiped, as a copy of it does."""
    prefix = token_prefix(token)
    if prefix is None:
        return None
    sql = (
        "SELECT c.token_hash, c.device_id, u.login, u.id, w.manner, w.signature FROM device_credential AS c "
        "JOIN device_wipe AS w ON w.device_id = c.device_id JOIN app_user AS u ON u.id = c.user_id "
        "WHERE c.token_prefix = ? AND c.revoked_at IS NOT NULL AND (w.manner = ? OR w.wiped_at IS NOT NULL)"
    )
    found = reader.session.first(sql, (prefix, Manner.AT_ONCE.value))
    if found is None or not is_token_of(found, token) or not found[5]:
        return None
    device_id, order = RowId(bytes(found[1])), WipeOrder(Manner.AT_ONCE.value, bytes(found[5]))
    actor = Actor(str(found[2]), bytes(found[3]), device_id)
    return Barred(actor, device_id, order, sends_first=found[4] != Manner.AT_ONCE)


def note_wiped(database: Database, receipt: WipeReceipt) -> None:
    """Takes a device's receipt, once; the same again is answered in the same way. Whoever is wiped is withdrawn.

    It is true whatever was ordered: an order may have been taken back while it was carried out, or a restored store
    may not know of it; then it does not stand for copies. What a copy had besides, the audit log says.

    Raises:
        KnownError: `unauthorised` for a receipt that no device of this store has signed.
    """
    with database.read() as reader:
        signer = _signer(reader, receipt)
    with database.write(signer) as tx:
        device = device_of(tx, receipt.device_id)
        words = destroyed_words(receipt.destroyed)
        if device["state"] == "wiped" and _is_told(tx, receipt.device_id, words):
            return
        if device["state"] != "wiped":
            withdraw(tx, receipt.device_id, _WIPED)
            destroyed = msgspec.json.encode(receipt.destroyed).decode()
            manner = open_manner(tx, receipt.device_id)
            _keep_wiped(tx, receipt.device_id, tx.now, destroyed, manner)
            stand(tx, device, "wiped")
        tx.audit("wipe_device", entity="device", row_id=receipt.device_id, detail=words)
        reached(Step.WIPE_CONFIRMED)


def _is_told(tx: WriteTransaction, device_id: bytes, words: str) -> bool:
    """Whether the receipt, or one that says the same, was taken before."""
    sql = "SELECT 1 FROM audit_entry WHERE action = 'wipe_device' AND row_id = ? AND detail = ?"
    return tx.session.first(sql, (device_id, words)) is not None


def _wiped_as(tx: WriteTransaction, device_id: bytes) -> Manner | None:
    """How the order was that stands for the copies of a device that is wiped; None where none does."""
    found = tx.session.first("SELECT manner, signature FROM device_wipe WHERE device_id = ?", (device_id,))
    return Manner(found[0]) if found is not None and found[1] else None


def _keep_wiped(
    tx: WriteTransaction, device_id: bytes, at: int, destroyed: str, manner: Manner | None
) -> None:
    """Keeps that a device is wiped, and how it was ordered: what its copies hear, who are to be wiped at once."""
    signature = _signed(tx, device_id, Manner.AT_ONCE).signature if manner is not None else b""
    tx.session.run(
        "INSERT INTO device_wipe (device_id, manner, signature, ordered_at, wiped_at, destroyed) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (device_id) DO UPDATE SET manner = excluded.manner, "
        "signature = excluded.signature, wiped_at = excluded.wiped_at, destroyed = excluded.destroyed",
        (device_id, (manner or Manner.SEND_FIRST).value, signature, at, at, destroyed),
    )


def _signed(tx: WriteTransaction, device_id: bytes, manner: Manner) -> WipeOrder:
    return ordered(known_keys(tx), tx.info().server_id, device_id, manner)


def _signer(reader: Reader, receipt: WipeReceipt) -> Actor:
    """The device that signed, as an actor; one sentence for an unknown one and for a signature that is not its own."""
    sql = (
        "SELECT c.public_key, u.login, u.id FROM device_credential AS c JOIN app_user AS u ON u.id = c.user_id "
        "WHERE c.device_id = ?"
    )
    found = reader.session.first(sql, (receipt.device_id,))
    ours = receipt.server_id == reader.info().server_id
    if found is None or not ours or not is_proven(receipt, PublicKeys.of(bytes(found[0]))):
        raise KnownError(Code.UNAUTHORISED, "This receipt is not from a device of this server.")
    return Actor(str(found[1]), bytes(found[2]), receipt.device_id)


def _is_admitted(tx: WriteTransaction, device: Row) -> bool:
    user_id = device["user_id"]
    assert isinstance(user_id, bytes)  # noqa: S101 - every device has a user
    user = tx.row("user", user_id)
    return user is not None and bool(user["active"]) and not is_withdrawn(tx, device)
