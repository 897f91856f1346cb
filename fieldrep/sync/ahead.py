"""Looking ahead in a pull: the next page set is made ready and the one after it is on its way while one is applied.

Where the head of a reply tells what comes behind it, that is asked for while the reply itself is still arriving: the
server then makes it, and the request travels, in time that the line needs anyway. Owns the threads for that, which are
there once there is a second page set. Must not apply anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Self

import msgspec

from fieldrep.contract.change import Change
from fieldrep.contract.errors import KnownError
from fieldrep.contract.foretold import goes_on
from fieldrep.contract.messages import PAGE_BYTES, ExchangeReply, ExchangeRequest
from fieldrep.store.incoming.arrive import Unpacked, unpack
from fieldrep.store.incoming.foreseen import FEW, Foreseen, foresee
from fieldrep.store.replica import Replica
from fieldrep.sync.bearer import Bearer, BrokeOff, Foretelling
from fieldrep.sync.handshake import handshake_of

FIRST_PART = 4
"""The first reply of a first replica is so much smaller: while it is applied the next one is already being made."""

NEAR_SECONDS = 0.02
"""Where a reply is whole so soon after its head, no second line is made: there is nothing to gain."""

MAKING_SECONDS = 2.0
"""Within which a server has made what it was asked for; till then it takes nothing else from this device."""

Fetched = tuple[ExchangeReply, list[Unpacked]]
_Place = tuple[bytes, bytes]
"""Epoch and cursor."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One bearer, and the thread that waits for it."""

    bearer: Bearer
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "fieldrep-line"))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page set on its way.

    Attributes:
        behind: where the one after it begins, as soon as that is known; None when it is not told.
    """

    request: ExchangeRequest
    line: _Line
    behind: Future[_Place | None]
    reply: Future[ExchangeReply]

    @property
    def place(self) -> _Place:
        """Where it begins."""
        return self.request.handshake.epoch, self.request.handshake.cursor

    def drop(self, patience: float = 0.0) -> None:
        """It is of no use; nothing of it is under way afterwards.

        Args:
            patience: seconds the server has to come to the end of making it, so that it takes the next request.
        """
        wait((self.behind,), patience)
        if isinstance(self.line.bearer, Foretelling) and not self.reply.done():
            self.line.bearer.cut()
        wait((self.reply,))


class Ahead:
    """What is fetched while a reply is applied: the next one is made ready, and the one after it is on its way.

    Two threads that both need the interpreter for each row make one another wait, and nobody may wait but the one that
    makes ready: it begins when the rows of the reply before are written, beside search and the commit.
    """

    def __init__(self, replica: Replica, bearer: Bearer) -> None:
        self._replica = replica
        self._bearer = bearer
        self._beside: Foretelling | None = None
        self._lines: list[_Line] = []
        self._rows: ThreadPoolExecutor | None = None
        self._asked: _Asked | None = None
        self._page_bytes = PAGE_BYTES // FIRST_PART
        self._server_id = b""
        self._foretold = isinstance(bearer, Foretelling)
        self._written = Event()
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        if self._rows is not None:
            self._rows.shutdown()
        if self._asked is not None:
            self._asked.drop()
        for line in self._lines:
            line.threads.shutdown()
        if self._beside is not None:
            self._beside.close()

    def foreseen(self, changes: Sequence[Change]) -> Future[Foreseen] | None:
        """The rows that changes touch, read while their answer is awaited; None for a few, which are soon found."""
        return self._beside_us().submit(foresee, self._replica, changes) if len(changes) > FEW else None

    def _beside_us(self) -> ThreadPoolExecutor:
        if self._rows is None:
            self._rows = ThreadPoolExecutor(1, "fieldrep-rows")
        return self._rows

    def after(self, reply: ExchangeReply, turn: ExitStack) -> Future[Fetched] | None:
        """What follows a reply; None where the replica must be asked first, since something waits to be sent.

        Args:
            turn: ends when the rows of this reply are written, or never will be.
        """
        self._server_id = reply.server_id
        asked, self._asked = self._asked or self._ask_after(reply), None
        if asked is None:
            return None
        self._written.clear()
        turn.callback(self._written.set)
        return self._beside_us().submit(self._made_ready, asked)

    def _made_ready(self, asked: _Asked) -> Fetched:
        place = asked.behind.result()
        following = (
            self._ask(place, asked.line) if place and self._is_far(asked) and self._may_ask() else None
        )
        try:
            reply = asked.reply.result()
        except KnownError as error:
            gives_up = not isinstance(error, BrokeOff) and asked.line is self._lines[0]
            if following is not None:
                following.drop(0.0 if gives_up else MAKING_SECONDS)
            if gives_up:
                raise
            # smaller ones are asked for, or one at a time, where the line carries no more
            self._foretold, following = False, None
            reply = self._bearer.exchange(asked.request)
        if following is not None and not (
            goes_on(reply)
            and following.place == (reply.epoch, reply.cursor)
            and reply.server_id == self._server_id
        ):
            following.drop(MAKING_SECONDS)
            following = None
        self._asked = following or self._ask_after(reply)
        self._written.wait()
        return reply, unpack(reply.pages, as_new=not self._replica.state().complete)

    def _ask_after(self, reply: ExchangeReply) -> _Asked | None:
        if not goes_on(reply) or not self._may_ask():
            return None
        self._server_id = reply.server_id
        return self._ask((reply.epoch, reply.cursor))

    @staticmethod
    def _is_far(asked: _Asked) -> bool:
        return not wait((asked.reply,), NEAR_SECONDS).done

    def _may_ask(self) -> bool:
        """Whether nothing waits to be sent, which goes before all that could be asked for."""
        return not self._ended and not self._replica.depth()

    def _ask(self, place: _Place, busy: _Line | None = None) -> _Asked:
        """Asks for what begins at a place, on a line that is not busy."""
        epoch, cursor = place
        handshake = msgspec.structs.replace(
            handshake_of(self._replica),
            cursor=cursor,
            digest=None,
            server_id=self._server_id,
            epoch=epoch,
        )
        self._page_bytes = min(4 * self._page_bytes // 3, PAGE_BYTES)
        request = ExchangeRequest(handshake, page_bytes=self._page_bytes)
        line, behind = self._line_beside(busy), Future[_Place | None]()
        return _Asked(request, line, behind, line.threads.submit(self._carried, request, line.bearer, behind))

    def _line_beside(self, busy: _Line | None) -> _Line:
        if not self._lines:
            self._lines.append(_Line(self._bearer))
        if busy is not self._lines[0]:
            return self._lines[0]
        if len(self._lines) == 1 and isinstance(self._bearer, Foretelling):
            self._beside = self._bearer.beside()
            self._lines.append(_Line(self._beside))
        return self._lines[-1]

    def _carried(
        self, request: ExchangeRequest, bearer: Bearer, behind: Future[_Place | None]
    ) -> ExchangeReply:
        def heard(epoch: bytes, cursor: bytes) -> None:
            with suppress(InvalidStateError):  # said before
                behind.set_result((epoch, cursor) if epoch == request.handshake.epoch else None)

        try:
            if self._foretold and isinstance(bearer, Foretelling):
                return bearer.exchange_heard(request, heard)
            return bearer.exchange(request)
        finally:
            with suppress(InvalidStateError):
                behind.set_result(None)
