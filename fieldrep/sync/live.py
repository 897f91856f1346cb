"""The live line: one wait after the other for news of the server, on a connection of its own beside the exchanges.

Owns how long a wait may be on this network: where something on the way cuts it early, the next is shorter. It starts no
sync; whoever hears that there is news does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.live import LONGEST_HOLD, SHORTEST_HOLD, place_text
from fieldrep.store.replica import Replica
from fieldrep.sync.session import bearer_of
from fieldrep.sync.transport import HttpBearer


@dataclass(frozen=True, slots=True)
class Heard:
    """How a wait ended.

    Attributes:
        changed: whether the server has something new.
        moved: whether the replica has got on meanwhile, so that the news may be what it has already.
    """

    changed: bool
    moved: bool


class LiveLine:
    """Waits one at a time; `hang_up` may be called from any thread."""

    def __init__(self) -> None:
        self._hold = LONGEST_HOLD
        self._bearer: HttpBearer | None = None
        self._lock = threading.Lock()

    def wait(
        self, replica: Replica, accepted: Callable[[], None], given_up: Callable[[], bool] = lambda: False
    ) -> Heard:
        """One wait from where the replica stands; `accepted` is called once the server holds the line.

        Args:
            given_up: set before `hang_up` by whoever may not know yet whether the wait has begun.

        Raises:
            KnownError: when there is no line, it broke, or it was hung up.
        """
        before = replica.state()
        begun = time.monotonic()
        held = threading.Event()

        def on_held() -> None:
            held.set()
            accepted()

        bearer = self._line(replica)
        if given_up():
            self.hang_up()
        try:
            changed = bearer.wait(place_text(before.epoch, before.cursor), self._hold, on_held)
        except RuntimeError as error:  # hung up between finding the line and using it
            raise KnownError(Code.OFFLINE, "The line was hung up.") from error
        except KnownError:
            self.hang_up()
            lasted = int(time.monotonic() - begun)
            if held.is_set() and SHORTEST_HOLD < lasted < self._hold:
                self._hold = max(SHORTEST_HOLD, lasted * 3 // 4)
            raise
        now = replica.state()
        return Heard(changed, (now.epoch, now.cursor) != (before.epoch, before.cursor))

    def hang_up(self) -> None:
        """Ends the wait under way; the next begins on a new connection."""
        with self._lock:
            bearer, self._bearer = self._bearer, None
        if bearer is not None:
            bearer.close()

    def _line(self, replica: Replica) -> HttpBearer:
        with self._lock:
            if self._bearer is None:
                self._bearer = bearer_of(replica)
            return self._bearer
