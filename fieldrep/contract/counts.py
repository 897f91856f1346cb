"""Counts as people read them. Must not know what is counted."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """ "1 order", "3 orders"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
