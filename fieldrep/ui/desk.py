"""Desk: what every page works with: the runner, the clock, the person's time zone, and who she is.

Owns the day and the zone in which times are shown. It must not know any page.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo

from fieldrep.contract.errors import KnownError
from fieldrep.domain.days import day_of, zone_named
from fieldrep.ui.runner import Runner


class Desk:
    """One per window. `zone` follows the person once the replica says who works here."""

    def __init__(self, runner: Runner, clock: Callable[[], int], zone: tzinfo | None = None) -> None:
        self.runner = runner
        self.clock = clock
        self.person = ""
        self.zone: tzinfo = zone or datetime.now(UTC).astimezone().tzinfo or UTC

    def now(self) -> int:
        """The present moment in milliseconds."""
        return self.clock()

    def today(self) -> date:
        return day_of(self.clock(), self.zone)

    def settle(self, person: str, zone: str) -> None:
        """Times are shown as the person's own record says, else as the computer has them."""
        self.person = person
        if zone:
            self.zone = zone_named(zone)


def sentence_of(error: Exception) -> str:
    """What a person is told about an error: its own sentence, or that something of ours went wrong."""
    if isinstance(error, KnownError):
        return error.sentence
    return "Something went wrong here; what you had saved is safe. The log of this laptop says more."
