"""Moments: the quarters of an hour at which a day may begin for somebody. Must not know whose days count."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

QUARTER_MS = 15 * 60_000
"""Every time zone is some of these away from UTC."""


def moment_of(instant: int) -> str:
    """The quarter of an hour of an instant, in UTC, as ISO text: somewhere a day begins with it."""
    return _text_of(instant // QUARTER_MS)


@lru_cache(maxsize=4)
def _text_of(quarter: int) -> str:
    return datetime.fromtimestamp(quarter * QUARTER_MS / 1000, UTC).strftime("%Y-%m-%dT%H:%M")
