"""The cursor: where a device stands in the feed. Opaque to devices, so nothing in one is believed without a check.

A device works its way from one state of the store (`since`) to another (`target`) in four stages: the rows of keys it
gained, the rows that changed on keys it held, the keys it lost, the rows that were purged. Between two pages it stands
somewhere in a stage.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import INT64_MAX

AFTER_ALL_IDS = b"\xff" * 17
"""Sorts after every row id."""


class Stage(IntEnum):
    """The stages of a step from one state to the next, in order."""

    ENTER = 0
    DELTA = 1
    LEAVE = 2
    GONE = 3
    DONE = 4


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A position in the feed.

    Attributes:
        since: the state of which everything was delivered.
        target: the state this step leads to; equal to `since` when it is done.
        entity: where in a stage: the kind of record, "" for the stage's beginning.
        key: the scope key reached, empty where rows come by revision.
        revision, row_id: of the last row delivered.
        sent: rows delivered in this step.
        sees_cost: whether what things cost was among what was delivered; None for a part of it.
        again: this step delivers once more the rows on which that changed, and nothing else.
    """

    since: int = 0
    target: int = 0
    stage: Stage = Stage.DONE
    entity: str = ""
    key: bytes = b""
    revision: int = 0
    row_id: bytes = b""
    sent: int = 0
    sees_cost: bool | None = False
    again: bool = False


_decoder = msgspec.msgpack.Decoder(Cursor)
_encode = msgspec.msgpack.Encoder().encode


def encode_cursor(cursor: Cursor) -> bytes:
    """The form a device keeps; of a step that is done only the state it led to counts."""
    done = Cursor(cursor.since, cursor.target)
    return _encode((cursor.since, cursor.target) if cursor == done else cursor)


def decode_cursor(cursor: bytes, present: int) -> Cursor:
    """The position a device says it has; an empty one is the beginning.

    Raises:
        KnownError: `damaged_message`, when it is no cursor of a store that stands at revision `present`.
    """
    if not cursor:
        return Cursor()
    try:
        found = _decoder.decode(cursor)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _foreign() from error
    if not 0 <= found.since <= found.target <= present or found.revision < 0 or found.sent < 0:
        raise _foreign()
    return found


def shown_beyond(cursor: bytes, present: int) -> int:
    """The state a device shows that a store standing at revision `present` has not reached; 0 for none such."""
    try:
        target = decode_cursor(cursor, INT64_MAX).target
    except KnownError:
        return 0
    return target if target > present else 0


def reached(cursor: bytes, present: int) -> int:
    """The revision up to which the device that shows this cursor has everything; 0 for one we cannot read."""
    try:
        return decode_cursor(cursor, present).since
    except KnownError:
        return 0


def heading_to(cursor: bytes, present: int) -> int:
    """The state of which a device that shows this cursor has a part; 0 between two steps, or for one we cannot read."""
    try:
        at = decode_cursor(cursor, present)
    except KnownError:
        return 0
    return at.target if at.stage is not Stage.DONE else 0


def is_at_rest(cursor: bytes, present: int) -> bool:
    """Whether the device that shows this cursor stands between two steps, or before the first, and not within one."""
    try:
        return decode_cursor(cursor, present).stage is Stage.DONE
    except KnownError:
        return False


def is_up_to(cursor: bytes, present: int) -> bool:
    """Whether the device that shows this cursor has everything up to the present state."""
    try:
        at = decode_cursor(cursor, present)
    except KnownError:
        return False
    return at.stage is Stage.DONE and at.since == at.target == present


def is_before(cursor: bytes, present: int, horizon: int) -> bool:
    """Whether a device that shows this cursor stands before the horizon: it was never told of what was purged then.

    During a first replica it is its target that counts; what was purged before that never comes.
    """
    if not cursor or not horizon:
        return False
    try:
        at = decode_cursor(cursor, present)
    except KnownError:
        return False  # the pull refuses it
    return (at.since or at.target) < horizon


def _foreign() -> KnownError:
    return KnownError(
        Code.DAMAGED_MESSAGE,
        "The device's position is not one of this central store. Fetch the records afresh.",
    )
