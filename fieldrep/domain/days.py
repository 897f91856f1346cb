"""Moments and days: which day a moment falls on for a person, and when a person's day begins.

Owns the step from milliseconds in UTC to calendar days in a time zone. It reads no clock; a zone the system does not
know counts as UTC, so that nobody is kept from working by a missing table of zones.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000


@cache
def zone_named(name: str) -> tzinfo:
    """The zone of an IANA name, UTC when it is unknown or empty."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return UTC


def day_of(moment: int, zone: tzinfo | None) -> date:
    """The day a moment in milliseconds falls on; without a zone in that of this machine."""
    return datetime.fromtimestamp(moment / 1000, tz=zone).date()


def day_at(moment: str, zone: str) -> str:
    """The ISO day that a moment in UTC, as ISO text, falls on in the zone of that name."""
    instant = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return instant.astimezone(zone_named(zone)).date().isoformat()


def start_of_day(day: date, zone: tzinfo) -> int:
    """The moment a day begins, in milliseconds."""
    return int(datetime.combine(day, time.min, tzinfo=zone).timestamp()) * 1000


def parse_day(text: object) -> date | None:
    """The day of an ISO text from a record, None for an empty one."""
    return date.fromisoformat(text) if isinstance(text, str) and text else None


def same_day_last_year(day: date) -> date:
    """The day a year before; 29 February becomes 28."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
