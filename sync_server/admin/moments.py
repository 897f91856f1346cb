"""Moments as an admin writes them on a command line. Must not know any command."""

from __future__ import annotations

from datetime import datetime, tzinfo

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.past.replay import in_utc


def moment_told(told: str, zone: tzinfo, now: int) -> int:
    """The moment a text names, in ms; a day is its beginning, and one without a zone is in the one given.

    Raises:
        KnownError: `wrong_usage`, also for one that is still to come.
    """
    try:
        moment = datetime.fromisoformat(told.strip())
    except ValueError as error:
        sentence = f"“{told[:80]}” is no time. Write it like 2026-05-04T14:30, or with a zone like 2026-05-04T14:30Z."
        raise KnownError(Code.WRONG_USAGE, sentence) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    at = int(moment.timestamp() * 1000)
    if at > now:
        raise KnownError(Code.WRONG_USAGE, f"{in_utc(at)} is still to come.")
    return at
