"""Work that many threads bring and one does for all of them: whoever comes while another is at it waits to be served.

Each piece keeps its own result. Owns whose turn it is. Must not know what is done, nor a transaction.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")

Waiting = Callable[[Callable[[_T], bool]], list[_T]]
"""The pieces that have come meanwhile, in their order, as long as the question says yes of each."""


class _Seat(Generic[_T]):
    """One thread's piece; `called` when it is done, or when that thread is the next to work."""

    __slots__ = ("called", "done", "piece")

    def __init__(self, piece: _T) -> None:
        self.piece = piece
        self.called = threading.Event()
        self.done = False


class Together(Generic[_T]):
    """A queue before one piece of work, whose first in line works for those behind him as well."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: deque[_Seat[_T]] = deque()
        self._is_worked = False

    def run(self, piece: _T, work: Callable[[_T, Waiting[_T]], None]) -> None:
        """Comes back when the piece is done, by this thread or by another that had it from the line.

        `work` is given the piece of the thread it runs on and may take further ones from the line. It must do whatever
        it took, and does not raise for a piece: that keeps its own error.
        """
        seat = _Seat(piece)
        with self._lock:
            self._line.append(seat)
            waits, self._is_worked = self._is_worked, True
        if waits:
            seat.called.wait()
            if seat.done:
                return
        with self._lock:
            taken = [self._line.popleft()]
        try:
            work(piece, lambda fits: self._more(taken, fits))
        finally:
            self._pass_on(taken)

    def _more(self, taken: list[_Seat[_T]], fits: Callable[[_T], bool]) -> list[_T]:
        before = len(taken)
        with self._lock:
            while self._line and fits(self._line[0].piece):
                taken.append(self._line.popleft())
        return [seat.piece for seat in taken[before:]]

    def _pass_on(self, done: list[_Seat[_T]]) -> None:
        """Lets go whose piece is done, and has the next in line work."""
        with self._lock:
            following = self._line[0] if self._line else None
            self._is_worked = following is not None
        for seat in done:
            seat.done = True
            seat.called.set()
        if following is not None:
            following.called.set()
