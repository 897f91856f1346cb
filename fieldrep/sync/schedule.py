"""When the next sync is due: at the start, soon after each change, every few minutes, and after a failure ever later.

Pure: it is told the time and draws from the randomness it is given, so that a thousand laptops that lost the line
together do not come back together. It starts nothing and must not know what a sync is.
"""

from __future__ import annotations

from fieldrep.contract.ids import Randomness

EVERY_MS = 3 * 60_000
AFTER_CHANGE_MS = 1_500
"""A little after a save, so that a form's further saves go out in the same sync."""

FIRST_RETRY_MS = 5_000
LONGEST_RETRY_MS = 5 * 60_000
_MOST_DOUBLINGS = 6


class Schedule:
    """`due_at` is the moment of the next try, in milliseconds; it may lie in the past."""

    def __init__(self, now: int, randomness: Randomness) -> None:
        self.due_at = now
        self.failures = 0
        self._randomness = randomness

    @property
    def online(self) -> bool:
        """Whether the last try reached the server."""
        return self.failures == 0

    def wait(self, now: int) -> int:
        """Milliseconds until the next try, 0 when it is due."""
        return max(0, self.due_at - now)

    def wanted(self, now: int) -> None:
        """A person asked: now, whatever failed before."""
        self.due_at = now

    def changed(self, now: int) -> None:
        """Something was saved here; without a line the waiting try is early enough."""
        if self.online:
            self.due_at = min(self.due_at, now + AFTER_CHANGE_MS)

    def succeeded(self, now: int) -> None:
        self.failures = 0
        self.due_at = now + self._spread(EVERY_MS)

    def failed(self, now: int) -> None:
        """Twice as long after each failure in a row, up to a few minutes."""
        longer = FIRST_RETRY_MS << min(self.failures, _MOST_DOUBLINGS)
        self.failures += 1
        self.due_at = now + self._spread(min(longer, LONGEST_RETRY_MS))

    def _spread(self, span: int) -> int:
        """The span, up to a fifth shorter or longer."""
        drawn = int.from_bytes(self._randomness(2), "big")
        return span * 4 // 5 + span * 2 // 5 * drawn // 65_535
