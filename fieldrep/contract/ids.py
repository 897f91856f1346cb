"""Identifiers: typed names for them, how a device makes them without asking anybody, and their text form at the edges.

A row id is a UUIDv7 (RFC 9562, section 5.7) kept as its 16 bytes everywhere inside; people and files see the usual
hyphenated text. The clock and the randomness come from the caller, so that a simulation can repeat itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import NewType

RowId = NewType("RowId", bytes)
ScopeKey = NewType("ScopeKey", bytes)
Revision = NewType("Revision", int)
EntityName = NewType("EntityName", str)
FieldName = NewType("FieldName", str)
Incarnation = NewType("Incarnation", bytes)
Epoch = NewType("Epoch", bytes)

Clock = Callable[[], int]
"""Milliseconds since 1970 in UTC."""

Randomness = Callable[[int], bytes]
"""That many random bytes, fit for secrets in production."""

ID_BYTES = 16
NO_ROW = RowId(bytes(ID_BYTES))


class IdSource:
    """Makes row ids that sort by time of making; two ids of one source never compare out of order."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._last = 0

    def new(self) -> RowId:
        """A fresh UUIDv7; a clock that stands still or jumps back keeps counting up from the last id."""
        tail = int.from_bytes(self._randomness(10), "big")
        value = (max(self._clock(), 0) & ((1 << 48) - 1)) << 80 | tail
        value = value & ~(0xF << 76) | 7 << 76
        value = value & ~(0b11 << 62) | 0b10 << 62
        if value <= self._last:
            value = self._last + 1
        self._last = value
        return RowId(value.to_bytes(ID_BYTES, "big"))


def id_text(row_id: bytes) -> str:
    """The hyphenated text form of a row id.

    Raises:
        ValueError: for what is no row id.
    """
    if len(row_id) != ID_BYTES:
        raise ValueError(f"a row id has {ID_BYTES} bytes, not {len(row_id)}")
    text = row_id.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def parse_id(text: str) -> RowId:
    """A row id from its text form.

    Raises:
        ValueError: with a sentence, when the text is not a UUID.
    """
    try:
        return RowId(uuid.UUID(text).bytes)
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(
            f"“{str(text)[:60]}” is not a record id. An id looks like {id_text(NO_ROW)}."
        ) from error
