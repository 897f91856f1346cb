"""How long a change may wait before somebody must look after it, how wrong a clock is, and what that person is told.

Pure, no clock.
"""

from __future__ import annotations

from fieldrep.contract.counts import counted

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LONGEST_WAIT = 7 * DAY
MOST_FAILURES = 10
"""Tries in a row without reaching the server, after which waiting on is no advice."""


def waited(since: int, now: int) -> str:
    """ "3 days", "5 hours", "12 minutes"; a clock that was set back says nothing shorter than a minute."""
    span = max(MINUTE, now - since)
    for size, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        count = span // size
        if count:
            return counted(count, word)
    return ""


def clock_words(off_by: int) -> str:
    """ "clock is 3 days ahead" or "behind", for a clock that many milliseconds before the server's; "" for 0."""
    if not off_by:
        return ""
    return f"clock is {waited(0, abs(off_by))} {'ahead' if off_by > 0 else 'behind'}"


def queue_warning(oldest_at: int | None, now: int, failures: int = 0) -> str:
    """A sentence that says what to do when the outbox does not drain; "" while all is as it should be."""
    if oldest_at is None:
        return ""
    todo = (
        "Bring this laptop to a network that reaches the server and press F9 (or run `fieldrep sync`); if it still "
        "waits then, tell your admin. Everything is safe here."
    )
    if now - oldest_at >= LONGEST_WAIT:
        return f"The oldest change has waited {waited(oldest_at, now)} to be sent. {todo}"
    if failures >= MOST_FAILURES:
        return f"The server was not reached {failures} times in a row, and changes wait to be sent. {todo}"
    return ""
