"""What one sender may cost: bytes of a body, one exchange at a time per device, attempts at enrolling (S8, S17)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request

from fieldrep.contract.errors import Code, KnownError

MAX_BODY = 16 * 1024 * 1024
MAX_ENROLMENTS = 30
"""Attempts at enrolling within a minute, by everybody together; codes have more than 64 bits besides."""


async def read_body(request: Request, cap: int = MAX_BODY) -> bytes:
    """The body, refused as soon as it passes the cap.

    Raises:
        KnownError: `too_large`, or `damaged_message` when the line broke before all of it had arrived.
    """
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > cap:
                raise KnownError(
                    Code.TOO_LARGE, f"The message is larger than {cap >> 10:,} kB; send it in parts."
                )
            parts.append(part)
    except ClientDisconnect:
        # everyday life on the road, and nobody is there to be answered: no fault to report to the admin
        sentence = "The line broke before the whole message had arrived."
        raise KnownError(Code.DAMAGED_MESSAGE, sentence) from None
    return b"".join(parts)


class OneAtATime:
    """A device has one exchange under way; a second one is asked to wait, so that no push overtakes another."""

    def __init__(self) -> None:
        self._busy: set[bytes] = set()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, device_id: bytes) -> Iterator[None]:
        """Holds the device's turn.

        Raises:
            KnownError: `server_busy`, when it has one already.
        """
        with self._lock:
            if device_id in self._busy:
                raise KnownError(
                    Code.SERVER_BUSY, "This device is syncing already; try again in a few seconds."
                )
            self._busy.add(device_id)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(device_id)


class Attempts:
    """Counts attempts within the last minute and refuses beyond a limit."""

    def __init__(self, limit: int, clock: Callable[[], int]) -> None:
        self._limit = limit
        self._clock = clock
        self._times: deque[int] = deque()
        self._lock = threading.Lock()

    def count(self) -> None:
        """Notes one attempt.

        Raises:
            KnownError: `server_busy`, beyond the limit.
        """
        now = self._clock()
        with self._lock:
            while self._times and self._times[0] < now - 60_000:
                self._times.popleft()
            if len(self._times) >= self._limit:
                raise KnownError(
                    Code.SERVER_BUSY, "Too many attempts at enrolling; wait a minute and try again."
                )
            self._times.append(now)
