"""What senders may cost: bytes and time of a body, exchanges in work, a device's turn, tries at enrolling (S8, S17).

A slow line costs memory within a bound and nothing else: no thread and no transaction waits for it (I17). What comes
beyond the bounds is asked to come again later.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from starlette.requests import ClientDisconnect, Request

from fieldrep.contract.errors import Code, KnownError

MAX_BODY = 16 * 1024 * 1024
MAX_ENROLMENTS = 30
"""Attempts at enrolling within a minute, by everybody together; codes have more than 64 bits besides."""

MAX_BODIES = 256 * 1024 * 1024
"""Bytes of bodies in memory, of everybody together."""

PATIENCE_SECONDS = 60.0
"""For the next part of a body; beyond it, a body must come at the minimum rate."""

MINIMUM_RATE = 1_000
"""Bytes a second."""

WORKERS = min(16, 4 + 2 * (os.cpu_count() or 1))
MAX_IN_WORK = 8 * WORKERS
"""Exchanges being answered or waiting for a worker; even at seconds each, none waits as long as a device would."""

BUSY_SECONDS = 5

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Intake:
    """Bodies on their way in, and as long as they are worked on."""

    def __init__(self, processes: int) -> None:
        self._most = MAX_BODIES // processes
        self._held = 0

    @asynccontextmanager
    async def body(self, request: Request, cap: int = MAX_BODY) -> AsyncIterator[bytes]:
        """The body of a request, refused as soon as it passes the cap.

        Raises:
            KnownError: `too_large`; `damaged_message` when it stopped arriving before all of it was there;
                `server_busy`, when there is no room for it.
        """
        parts: list[bytes] = []
        size = 0
        try:
            async for part in _patiently(request):
                size += len(part)
                self._held += len(part)
                if size > cap:
                    raise KnownError(
                        Code.TOO_LARGE, f"The message is larger than {cap >> 10:,} kB; send it in parts."
                    )
                if self._held > self._most:
                    raise _busy()
                parts.append(part)
            yield b"".join(parts)
        finally:
            self._held -= size


async def _patiently(request: Request) -> AsyncIterator[bytes]:
    """The parts of a body, while they come fast enough."""
    clock = asyncio.get_running_loop().time
    begun, size = clock(), 0
    parts = request.stream()
    while True:
        allowed = begun + PATIENCE_SECONDS + size / MINIMUM_RATE
        try:
            async with asyncio.timeout_at(min(allowed, clock() + PATIENCE_SECONDS)):
                part = await anext(parts, None)
        except (ClientDisconnect, TimeoutError):
            # everyday life on the road: no fault to report to the admin
            sentence = "The line broke or stood still before the whole message had arrived."
            raise KnownError(Code.DAMAGED_MESSAGE, sentence) from None
        if part is None:
            return
        size += len(part)
        yield part


class Work:
    """Exchanges in work: so many threads, so many more waiting for one, and the rest are asked to come again."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, "exchange")
        self._in_work = 0

    async def run(self, fn: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What the function gives, worked out on a thread.

        Raises:
            KnownError: `server_busy`, when too many are in work.
        """
        if self._in_work >= MAX_IN_WORK:
            raise _busy()
        self._in_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, partial(fn, *args, **kwargs))
        finally:
            self._in_work -= 1

    def end(self) -> None:
        """What is in work comes to its end, and its threads with it."""
        self._pool.shutdown(wait=False)


def _busy() -> KnownError:
    sentence = (
        "Many devices are syncing just now. Nothing is lost; yours comes again in a few seconds by itself."
    )
    return KnownError(Code.SERVER_BUSY, sentence, retry_after=BUSY_SECONDS)


class OneAtATime:
    """A device has one exchange under way in a process; a second one is asked to wait, and takes no worker.

    Where it reaches another process, the store's clock lock takes one after the other.
    """

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
