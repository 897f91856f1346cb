"""When the next sync is due, and when the line may be held open for news.

At the start, soon after each change, at news of the server, every few minutes where nobody holds a line, and after a
failure ever later, at a moment drawn from the whole span, so that a thousand laptops that lost the line together do
not come back together. Pure: it is told the time and draws from the randomness it is given. It starts nothing, must
not know what a sync is, and a clock that jumps neither stops it nor makes it hurry.
"""

from __future__ import annotations

from fieldrep.contract.ids import Randomness

EVERY_MS = 3 * 60_000
LIVE_EVERY_MS = 15 * 60_000
"""While the server holds the line for us, it tells of news itself; this is for what nobody thought of."""

AFTER_CHANGE_MS = 1_500
"""A little after a save, so that a form's further saves go out in the same sync."""

LIVE_AFTER_CHANGE_MS = 250
"""Where the others see it within a second."""

FIRST_RETRY_MS = 5_000
LONGEST_RETRY_MS = 5 * 60_000
SHORTEST_RETRY_MS = 1_000
"""Whatever is drawn, and however soon a server says that one may come again."""

LONGEST_ASKED_MS = 15 * 60_000
"""However late a server says that one may come again."""

SOON_MS = 2_000
"""After a line broke, or the laptop woke: within so much, to see what is the matter."""

SHORT_WAIT_MS = 5_000
"""A wait that ends sooner without news is no use; the next one is put off."""

LIVELY, LIVELY_PAUSE_MS, LONGEST_PAUSE_MS = 8, 250, 2_000
"""After so many short waits in a row, even with news, each is put off a little, so that no server keeps us busy."""

_MOST_DOUBLINGS = 6


class Schedule:
    """`due_at` is the moment of the next try, in milliseconds; it may lie in the past.

    Attributes:
        failures: syncs failed in a row.
        live: whether the server holds a line for us, one wait after the other.
    """

    def __init__(self, now: int, randomness: Randomness) -> None:
        self.due_at = now
        self.failures = 0
        self.live = False
        self._longest = 0
        self._listen_at = now
        self._longest_listen = 0
        self._deaf = 0
        self._lively = 0
        self._randomness = randomness

    @property
    def online(self) -> bool:
        """Whether the last try reached the server."""
        return self.failures == 0

    def wait(self, now: int) -> int:
        """Milliseconds until the next try, 0 when it is due; never longer than was meant, wherever the clock went."""
        return min(max(0, self.due_at - now), self._longest)

    def wanted(self, now: int) -> None:
        """A person asked, or the server has news: now, whatever failed before."""
        self._set(now, 0)

    def changed(self, now: int) -> None:
        """Something was saved here; without a line the waiting try is early enough."""
        if self.online:
            self._sooner(now, LIVE_AFTER_CHANGE_MS if self.live else AFTER_CHANGE_MS)

    def woke(self, now: int) -> None:
        """The laptop slept, or a network came: what failed before says nothing any more."""
        self._deaf = 0
        self._listen_at = now
        self._sooner(now, self._drawn(SOON_MS))

    def succeeded(self, now: int) -> None:
        """A sync came to its end."""
        self.failures = 0
        every = LIVE_EVERY_MS if self.live else EVERY_MS
        self._set(now, every * 4 // 5 + self._below(every * 2 // 5))

    def failed(self, now: int, retry_after: int = 0) -> None:
        """A sync did not. Each failure in a row doubles the span the next try is drawn from, up to a few minutes.

        Args:
            retry_after: seconds the server asked for, 0 for none; the draw comes on top of them.
        """
        span = min(FIRST_RETRY_MS << min(self.failures, _MOST_DOUBLINGS), LONGEST_RETRY_MS)
        self.failures += 1
        self.live = False
        asked = min(retry_after * 1_000, LONGEST_ASKED_MS) if retry_after > 0 else 0
        self._set(now, asked + self._drawn(span))

    # The line held open

    def listen_in(self, now: int) -> int:
        """Milliseconds until the line may be held open again, 0 for now."""
        return min(max(0, self._listen_at - now), self._longest_listen)

    def held(self) -> None:
        """The server holds the line."""
        self.live = True

    def heard(self, now: int, lasted: int, *, changed: bool) -> None:
        """A wait came to its end, with news or without; the line stands all the same."""
        short = lasted < SHORT_WAIT_MS
        self._deaf = self._deaf + 1 if short and not changed else 0
        self._lively = self._lively + 1 if short else 0
        pause = LIVELY_PAUSE_MS * max(0, self._lively - LIVELY)
        self._longest_listen = self._pause() if self._deaf else min(pause, LONGEST_PAUSE_MS)
        self._listen_at = now + self._longest_listen

    def lost(self, now: int, lasted: int, retry_after: int = 0) -> None:
        """A wait broke: a sync finds out whether there is a line at all. Waits that break early become ever rarer."""
        self.live = False
        self._deaf = self._deaf + 1 if lasted < SHORT_WAIT_MS else 0
        asked = min(max(0, retry_after) * 1_000, LONGEST_ASKED_MS)
        self._longest_listen = asked + self._pause()
        self._listen_at = now + self._longest_listen
        if self._deaf < 2 and self.online:
            self._sooner(now, asked + self._drawn(SOON_MS))

    def _pause(self) -> int:
        doubled = FIRST_RETRY_MS << min(max(0, self._deaf - 1), _MOST_DOUBLINGS)
        return self._drawn(min(doubled, LONGEST_RETRY_MS) if self._deaf else SHORTEST_RETRY_MS)

    # Drawing

    def _set(self, now: int, span: int) -> None:
        self._longest, self.due_at = span, now + span

    def _sooner(self, now: int, span: int) -> None:
        if span < self.wait(now):
            self._set(now, span)

    def _drawn(self, span: int) -> int:
        """A moment anywhere within the span, but for its very beginning."""
        return SHORTEST_RETRY_MS + self._below(max(0, span - SHORTEST_RETRY_MS))

    def _below(self, span: int) -> int:
        return span * int.from_bytes(self._randomness(2), "big") // 65_535
