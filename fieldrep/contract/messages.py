"""The messages of the protocol: exchange (request and reply) and enrolment. Any bearer carries the same two.

A sync is a loop of exchanges until the reply says there is no more; one with nothing to say is a single round trip.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec

from fieldrep.contract.change import Answer, Change, ChangeNumber
from fieldrep.contract.comparison import Part, Question
from fieldrep.contract.digest import Digest
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import INT64_MAX, WireValue, plain_values
from fieldrep.contract.frame import seal, unseal
from fieldrep.contract.page import Page
from fieldrep.contract.wiping import WipeOrder

PROTOCOL_VERSION = 1
MAX_CHANGES = 2_000
"""Changes in one request; a longer outbox goes in several."""

MAX_BEYOND = 1_000
"""Rows named to a restored store."""

MOST_BEYOND_BYTES = 2_000_000
"""Of the values told with them, for a report alone: a first contact after a restore is slow enough."""

MOST_FORMERS = 10
"""Enrolments of one laptop that both sides remember; what waited longer than that is judged as new."""

NO_EPOCH = bytes(16)
"""What a device tells whose repair lost of which epoch its answers were: that of no store, so it offers all again."""

PAGE_BYTES = 1_200_000
"""Of one reply: two are in memory at a time, one being written and one being made ready."""

WIRE_NAMES = {
    "handshake": "h",
    "changes": "ch",
    "page_bytes": "pb",
    "protocol": "p",
    "schema": "s",
    "app_version": "a",
    "incarnation": "i",
    "server_id": "si",
    "epoch": "e",
    "cursor": "c",
    "digest": "d",
    "highest_n": "n",
    "device_clock": "dc",
    "verdict": "v",
    "server_time": "st",
    "outcomes": "o",
    "pages": "pg",
    "leaves": "l",
    "more": "m",
    "revision": "r",
    "estimate": "es",
    "sentence": "se",
    "settled_to": "sn",
    "offered_to": "ot",
    "held_back": "hb",
    "backed_up": "bu",
    "question": "q",
    "compared": "cp",
    "wipe": "w",
}
"""What the fields of an exchange are called on the wire: most syncs carry little beside these names."""


class Handshake(msgspec.Struct, frozen=True, omit_defaults=True, rename=WIRE_NAMES):
    """Who speaks, from which state. The device itself is known by its credential, not by what it says.

    Attributes:
        server_id, epoch: of the central store this replica came from, empty before the first exchange.
        incarnation: which installation of the device this is.
        cursor: how far the replica is, opaque, empty before the first page.
        digest: the replica's own digest at that cursor.
        highest_n: the number of the newest change ever made here.
        device_clock: ms, for a warning only.
        waiting: how many changes have no answer yet and can be sent, those of this very request among them.
        held_back: how many more speak of what the server does not know yet, and wait for its update.
        settled_to: all changes up to this number have their answers here; the server need not keep them for long.
        offered_to: changes up to this number had been answered before a restore, some of which are offered again; or 0.
    """

    protocol: int
    schema: int
    app_version: Annotated[str, msgspec.Meta(max_length=80, pattern=r"\A[^\x00]*\Z")]
    incarnation: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    server_id: Annotated[bytes, msgspec.Meta(max_length=16)] = b""
    epoch: Annotated[bytes, msgspec.Meta(max_length=16)] = b""
    cursor: Annotated[bytes, msgspec.Meta(max_length=1_000)] = b""
    digest: Digest | None = None
    highest_n: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] = 0
    device_clock: int = 0
    waiting: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] = 0
    settled_to: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] = 0
    offered_to: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] = 0
    held_back: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] = 0


class Verdict(StrEnum):
    """What the handshake comes to."""

    CONTINUE = "continue"
    START_OVER = "start_over"
    TOO_OLD = "too_old"
    UPGRADE = "upgrade"
    DIFFERENT_SERVER = "different_server"
    LOCKED = "locked"
    WIPE = "wipe"
    ENROL_AGAIN = "enrol_again"

    @classmethod
    def _missing_(cls, value: object) -> Verdict | None:
        """What a newer server comes to and this program does not know: an update tells."""
        return cls.UPGRADE if isinstance(value, str) else None


class HeldRow(msgspec.Struct, frozen=True, array_like=True):
    """A row as a device holds it, in a state that a restored store does not know: for the admin's report alone.

    Attributes:
        changed_by: the person who had changed it, empty for the office.
        label: what people call it.
        values: its fields, as far as the device may know them; none where all together would be too much.
    """

    entity: Annotated[str, msgspec.Meta(max_length=60)]
    row_id: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    revision: Annotated[int, msgspec.Meta(ge=1, le=INT64_MAX)]
    changed_at: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)]
    changed_by: Annotated[bytes, msgspec.Meta(max_length=16)]
    label: Annotated[str, msgspec.Meta(max_length=200, pattern=r"\A[^\x00]*\Z")]
    values: Annotated[dict[str, WireValue], msgspec.Meta(max_length=200)] = {}


class ExchangeRequest(msgspec.Struct, frozen=True, omit_defaults=True, rename=WIRE_NAMES):
    """One step of a sync, from the device: where it is and the changes it pushes, oldest first.

    Attributes:
        further: more changes wait than this request holds; nothing is pulled before all of them are answered.
        refused: while a restored server is given back what it forgot: changes that were refused before and are not
            offered again, whatever their person made of them since.
        beyond: rows held in states that the restored store lacks, the newest first; nothing else travels with them.
        question: a device whose digest differs asks where; nothing else travels with it.
    """

    handshake: Handshake
    changes: tuple[Change, ...] = ()
    page_bytes: int = PAGE_BYTES
    further: bool = False
    refused: Annotated[tuple[ChangeNumber, ...], msgspec.Meta(max_length=MAX_CHANGES)] = ()
    beyond: Annotated[tuple[HeldRow, ...], msgspec.Meta(max_length=MAX_BEYOND)] = ()
    question: Question | None = None


class ExchangeReply(msgspec.Struct, frozen=True, omit_defaults=True, rename=WIRE_NAMES):
    """One step of a sync, from the server.

    Attributes:
        outcomes: one per pushed change, in the order pushed.
        pages: rows to take, parents before children; applied with `cursor` in one transaction or not at all (I6).
        leaves: scope keys this user no longer holds, and rows that were purged, each by a key of its own; they leave
            after the pages are applied.
        moved_to: beside each of `leaves` the user who owns the account now, empty for nobody.
        more: whether another exchange brings more of the same state.
        digest: the central store's digest of this user's scope at `cursor`, when the replica is then complete.
        revision: the store's revision at that digest.
        estimate: rows still to come, 0 when unknown.
        schema: the server's version of the catalogue; digests of different versions are not compared.
        backed_up: the state of the newest backup, told beside outcomes; what it covers need not be offered again.
        compared: the answer to a question, as it is at `revision`.
        restored_to: with `start_over`, the last state the replica and the restored store have in common; 0 for none.
        wipe: with `wipe`, the order to do it; without it the verdict only bars the device.
    """

    verdict: Verdict
    server_id: bytes = b""
    epoch: bytes = b""
    server_time: int = 0
    outcomes: tuple[Answer, ...] = ()
    pages: tuple[Page, ...] = ()
    leaves: tuple[bytes, ...] = ()
    moved_to: tuple[bytes, ...] = ()
    cursor: bytes = b""
    more: bool = False
    digest: Digest | None = None
    revision: int = 0
    estimate: int = 0
    sentence: str = ""
    schema: Annotated[int, msgspec.Meta(ge=1, le=INT64_MAX)] = 1
    backed_up: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] = 0
    compared: tuple[Part, ...] = ()
    restored_to: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] = 0
    wipe: WipeOrder | None = None


class EnrollRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """A device asks to be admitted with a one-time code.

    Attributes:
        server_id, user_id: of a profile that enrols again: whose data it holds. A link of another server or user is
            refused and stays good.
        former_device, former_incarnation: what it was before; changes sent as that one are known by their numbers.
        earlier: device and incarnation of those it was before that one, the last first; a store that was restored may
            know these alone. Where a repair lost which device it was, the incarnation stands alone, here and above.
    """

    code: str
    device_name: str
    os: str
    app_version: str
    protocol: int
    public_key: bytes
    server_id: bytes = b""
    user_id: bytes = b""
    former_device: bytes = b""
    former_incarnation: bytes = b""
    earlier: tuple[tuple[bytes, bytes], ...] = ()


class EnrollReply(msgspec.Struct, frozen=True):
    """The device is admitted: its id, its secret, its user, its number prefix and the store it belongs to.

    Attributes:
        server_key: the store's public keys for files on a stick (`contract/bundle.py`).
        schema: the server's version of the catalogue.
    """

    device_id: bytes
    token: str
    user_id: bytes
    login: str
    user_name: str
    number_prefix: str
    server_id: bytes
    epoch: bytes
    server_key: bytes = b""
    schema: Annotated[int, msgspec.Meta(ge=1, le=INT64_MAX)] = 1


class Problem(msgspec.Struct, frozen=True):
    """What the server answers instead of a reply: a stable code and a sentence, nothing of its insides (S33)."""

    code: str
    sentence: str
    retry_after: int = 0


_Message = TypeVar("_Message")

_encode = msgspec.msgpack.Encoder().encode
_request_decoder = msgspec.msgpack.Decoder(ExchangeRequest)
_reply_decoder = msgspec.msgpack.Decoder(ExchangeReply)


def encode_request(request: ExchangeRequest) -> bytes:
    """The request in its envelope, ready for any bearer."""
    return seal(_encode(request), len(request.changes))


def decode_request(message: bytes) -> ExchangeRequest:
    """The request in an envelope.

    Raises:
        KnownError: `damaged_message` or `too_large`.
    """
    payload, count = unseal(message)
    request = _decoded(_request_decoder, payload)
    if len(request.changes) != count:
        raise KnownError(Code.DAMAGED_MESSAGE, "The message counts its changes wrongly. Nothing was applied.")
    if not all(plain_values(row.values.values()) for row in request.beyond):
        raise KnownError(
            Code.DAMAGED_MESSAGE, "The message names a record by what is no value. Nothing was applied."
        )
    for change in request.changes:
        for edit in change.edits:
            if not (plain_values(edit.before.values()) and plain_values(edit.after.values())):
                sentence = f"Change {change.n} holds a value that is neither a whole number, text nor an id."
                raise KnownError(Code.DAMAGED_MESSAGE, f"{sentence} Nothing was applied.")
    return request


def encode_reply(reply: ExchangeReply) -> bytes:
    """The reply in its envelope, ready for any bearer."""
    return seal(_encode(reply), _rows(reply))


def decode_reply(message: bytes) -> ExchangeReply:
    """The reply in an envelope.

    Raises:
        KnownError: `damaged_message` or `too_large`.
    """
    payload, count = unseal(message)
    reply = _decoded(_reply_decoder, payload)
    if _rows(reply) != count:
        raise KnownError(Code.DAMAGED_MESSAGE, "The message counts its records wrongly. Nothing was applied.")
    return reply


def shortened(reply: ExchangeReply, told: Handshake) -> ExchangeReply:
    """The reply without the store's identity where the request named it rightly; for a bearer that knows of both."""
    return msgspec.structs.replace(
        reply,
        server_id=b"" if reply.server_id == told.server_id else reply.server_id,
        epoch=b"" if reply.epoch == told.epoch else reply.epoch,
    )


def completed(reply: ExchangeReply, told: Handshake) -> ExchangeReply:
    """The reply as it was before `shortened`."""
    return msgspec.structs.replace(
        reply, server_id=reply.server_id or told.server_id, epoch=reply.epoch or told.epoch
    )


def _rows(reply: ExchangeReply) -> int:
    return sum(page.count for page in reply.pages) + len(reply.outcomes)


def _decoded(decoder: msgspec.msgpack.Decoder[_Message], payload: bytes) -> _Message:
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise KnownError(
            Code.DAMAGED_MESSAGE, "The message is not in the form of this protocol. Nothing was applied."
        ) from error
