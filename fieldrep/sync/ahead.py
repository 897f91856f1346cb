"""Looking ahead in a pull: the next page set is made ready and the one after it is on its way while one is applied.

Owns the threads for that, which are there once there is a second page set. Must not apply anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from typing import Self

import msgspec

from fieldrep.contract.messages import PAGE_BYTES, ExchangeReply, ExchangeRequest
from fieldrep.store.arrive import Unpacked, unpack
from fieldrep.store.replica import Replica
from fieldrep.sync.bearer import Bearer
from fieldrep.sync.handshake import handshake_of

FIRST_PART = 4
"""The first reply of a first replica is so much smaller: while it is applied the next one is already being made."""

LARGEST_PAGE = 4 * PAGE_BYTES // 3
NEAR_SECONDS, QUICK_SECONDS = 0.2, 1.0
"""Between these a reply takes its time on the way and comes soon all the same: larger ones then wait less often for
the way there and back, and little is lost where the line breaks."""

Fetched = tuple[ExchangeReply, list[Unpacked]]


class Ahead:
    """What is fetched while a reply is applied: the next one is made ready, and the one after it is on its way.

    Two threads that both need the interpreter for each row make one another wait, and nobody may wait but the one that
    makes ready: it begins when the rows of the reply before are written, beside search and the commit.
    """

    def __init__(self, replica: Replica, bearer: Bearer, clock: Callable[[], float] = time.monotonic) -> None:
        self._replica = replica
        self._bearer = bearer
        self._clock = clock
        self._line: ThreadPoolExecutor | None = None
        self._rows: ThreadPoolExecutor | None = None
        self._asked: Future[ExchangeReply] | None = None
        self._page_bytes = PAGE_BYTES // FIRST_PART
        self._took = 0.0
        self._on_the_road = 0
        self._written = Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for threads in (self._line, self._rows):
            if threads is not None:
                threads.shutdown()

    def after(self, reply: ExchangeReply, turn: ExitStack) -> Future[Fetched] | None:
        """What follows a reply; None where the replica must be asked first, since something waits to be sent.

        Args:
            turn: ends when the rows of this reply are written, or never will be.
        """
        asked, self._asked = self._asked or self._ask_after(reply, waited=False), None
        if asked is None:
            return None
        self._written.clear()
        turn.callback(self._written.set)
        if self._rows is None:
            self._rows = ThreadPoolExecutor(1, "fieldrep-rows")
        return self._rows.submit(self._made_ready, asked)

    def _made_ready(self, asked: Future[ExchangeReply]) -> Fetched:
        reply = asked.result()
        self._asked = self._ask_after(reply, waited=self._written.is_set())
        self._written.wait()
        return reply, unpack(reply.pages, as_new=not self._replica.state().complete)

    def _ask_after(self, reply: ExchangeReply, *, waited: bool) -> Future[ExchangeReply] | None:
        replica = self._replica
        if not reply.more or reply.outcomes or replica.depth():
            return None
        handshake = msgspec.structs.replace(
            handshake_of(replica, 0),
            cursor=reply.cursor,
            digest=None,
            server_id=reply.server_id,
            epoch=reply.epoch,
        )
        self._page_bytes = self._next_size(waited=waited)
        request = ExchangeRequest(handshake, page_bytes=self._page_bytes)
        if self._line is None:
            self._line = ThreadPoolExecutor(1, "fieldrep-line")
        return self._line.submit(self._timed, request)

    def _timed(self, request: ExchangeRequest) -> ExchangeReply:
        begun = self._clock()
        reply = self._bearer.exchange(request)
        self._took = self._clock() - begun
        return reply

    def _next_size(self, *, waited: bool) -> int:
        """Small ones come first, and grow no faster than the one before takes to be applied: so nobody waits.

        Args:
            waited: what came before was written when the last one came, so that the line is what all wait for.
        """
        on_its_way = waited and NEAR_SECONDS <= self._took < QUICK_SECONDS
        self._on_the_road = self._on_the_road + 1 if on_its_way else 0
        if self._on_the_road > 1:  # once may be the server's disk
            return min(2 * self._page_bytes, LARGEST_PAGE)
        usual = min(4 * self._page_bytes // 3, PAGE_BYTES)
        return usual if self._took >= QUICK_SECONDS else max(usual, self._page_bytes)
