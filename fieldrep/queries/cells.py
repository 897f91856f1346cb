"""Single values of a result row in the type a dataclass wants, since SQL may give anything or nothing.

Owns the narrowing and the few ways names are put together. It must not read.
"""

from __future__ import annotations

from datetime import date

from fieldrep.contract.ids import NO_ROW, RowId
from fieldrep.domain.days import parse_day


def text(value: object) -> str:
    """A text, "" for nothing."""
    return value if isinstance(value, str) else ""


def whole(value: object) -> int:
    """A whole number, 0 for nothing."""
    return value if isinstance(value, int) else 0


def maybe_whole(value: object) -> int | None:
    """A whole number, None for nothing."""
    return value if isinstance(value, int) else None


def ref(value: object) -> RowId:
    """A record's id; `NO_ROW`, which no record has, for nothing."""
    return RowId(value) if isinstance(value, bytes) else NO_ROW


def maybe_ref(value: object) -> RowId | None:
    """A record's id, None for nothing."""
    return RowId(value) if isinstance(value, bytes) else None


def day(value: object) -> date | None:
    """A day, None for nothing."""
    return parse_day(value)


def joined(*parts: object, by: str = ", ") -> str:
    """The parts that say something, on one line."""
    return by.join(part for part in map(text, parts) if part)
