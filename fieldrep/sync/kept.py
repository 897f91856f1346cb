"""The line to the server between the syncs of one program: the next sync finds it standing.

A new connection takes its ways there and back and the handshake of the encryption, which is more work than the sync
itself. Owns how long a line may rest and whose it is. Must not know what goes over it; one that the other side has let
go of meanwhile is the bearer's to make anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fieldrep.store.replica import TOKEN, Replica
from fieldrep.sync.session import bearer_of
from fieldrep.sync.transport import HttpBearer

MOST_REST_SECONDS = 50.0
"""Much that stands between lets go of a quiet line after a minute, and the server after 75 seconds."""


@dataclass(frozen=True, slots=True)
class _Resting:
    """A line nobody uses now: whose it is, and since when by both clocks; one stands still while the laptop sleeps."""

    bearer: HttpBearer
    whose: tuple[str, str, str]
    wall: int
    running: float

    def is_stale(self, wall: int) -> bool:
        rested = max(abs(wall - self.wall) / 1000, time.monotonic() - self.running)
        return rested > MOST_REST_SECONDS


class KeptLine:
    """One sync at a time has the line; `let_go` may be called from any thread, also while it is in use."""

    def __init__(self) -> None:
        self._resting: _Resting | None = None
        self._given_up = 0
        self._lock = threading.Lock()

    @contextmanager
    def lent(self, replica: Replica) -> Iterator[HttpBearer]:
        """The line that rests, when it leads where the replica belongs, else a new one; kept when all went well.

        Raises:
            KnownError: `not_enrolled`.
        """
        state = replica.state()
        whose = state.server_url, state.fingerprint, replica.secret(TOKEN)
        with self._lock:
            resting, self._resting, turn = self._resting, None, self._given_up
        bearer = resting.bearer if resting is not None else None
        if resting is not None and (resting.whose != whose or resting.is_stale(replica.clock())):
            resting.bearer.close()
            bearer = None
        bearer = bearer if bearer is not None else bearer_of(replica)
        well = False
        try:
            yield bearer
            well = bearer.sound
        finally:
            with self._lock:
                well = well and turn == self._given_up
                if well:
                    bearer.rest()
                    self._resting = _Resting(bearer, whose, replica.clock(), time.monotonic())
            if not well:
                bearer.close()

    def let_go(self) -> None:
        """The line may lead nowhere any more, or its replica is shut; one in use is not kept afterwards."""
        with self._lock:
            resting, self._resting = self._resting, None
            self._given_up += 1
        if resting is not None:
            resting.bearer.close()

    def look(self, wall: int) -> None:
        """Lets go of a line that has rested too long to be of use."""
        with self._lock:
            resting = self._resting
            if resting is None or not resting.is_stale(wall):
                return
            self._resting = None
        resting.bearer.close()
