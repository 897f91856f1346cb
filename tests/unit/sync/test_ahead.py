"""What a pull asks for ahead: the next page set while the last is applied, and the one behind it while it arrives.

The line of these tests gives each reply when it is told to, so what is under way at any moment is certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from queue import Queue
from typing import Self

import msgspec
import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import PAGE_BYTES, ExchangeReply, ExchangeRequest, Verdict
from fieldrep.store.replica import Replica
from fieldrep.sync import ahead as ahead_module
from fieldrep.sync.ahead import FIRST_PART, Ahead, Fetched
from fieldrep.sync.bearer import BrokeOff, Heard
from tests.unit.store.conftest import EPOCH, SERVER, enrol, open_replica

USUAL = [PAGE_BYTES * 4**n // (FIRST_PART * 3**n) for n in range(1, 5)]
SOON = 60.0
"""Seconds within which what must come has come."""


def more(cursor: bytes) -> ExchangeReply:
    """A reply behind which there is more, from there on."""
    return ExchangeReply(Verdict.CONTINUE, SERVER, EPOCH, cursor=cursor, more=True)


class Exchange:
    """One request under way: its head and its reply come when they are told to."""

    def __init__(self, request: ExchangeRequest, heard: Heard | None, line: Line) -> None:
        self.request, self.heard, self.line = request, heard, line
        self.answer = Future[ExchangeReply]()

    @property
    def cursor(self) -> bytes:
        """What it asks for."""
        return self.request.handshake.cursor

    def tell(self, cursor: bytes, epoch: bytes = EPOCH) -> None:
        """Its head arrives."""
        assert self.heard is not None
        self.heard(epoch, cursor)


class Line:
    """A bearer that tells of each request and waits for what becomes of it."""

    def __init__(self, asked: Queue[Exchange]) -> None:
        self.asked = asked
        self.under_way: Exchange | None = None
        self.second: Line | None = None
        self.closed = False

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        return self._carry(Exchange(request, None, self))

    def exchange_heard(self, request: ExchangeRequest, heard: Heard) -> ExchangeReply:
        return self._carry(Exchange(request, heard, self))

    def _carry(self, one: Exchange) -> ExchangeReply:
        assert self.under_way is None, "one at a time"
        self.under_way = one
        self.asked.put(one)
        try:
            return one.answer.result(SOON)
        finally:
            self.under_way = None

    def beside(self) -> Self:
        self.second = type(self)(self.asked)
        return self.second

    def cut(self) -> None:
        if self.under_way is not None:
            self.under_way.answer.set_exception(KnownError(Code.OFFLINE, "cut"))

    def close(self) -> None:
        self.closed = True


class Deaf:
    """A bearer that knows of no heads."""

    def __init__(self, asked: Queue[Exchange]) -> None:
        self._line = Line(asked)

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        return self._line.exchange(request)


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    with open_replica(tmp_path / "replica.db") as replica:
        enrol(replica)
        yield replica


@pytest.fixture
def asked() -> Queue[Exchange]:
    return Queue()


def after(ahead: Ahead, reply: ExchangeReply) -> Future[Fetched]:
    """What follows a reply whose rows are written at once."""
    with ExitStack() as turn:
        following = ahead.after(reply, turn)
    assert following is not None
    return following


def finish(asked: Queue[Exchange], one: Exchange) -> None:
    """It is answered, and nothing comes behind it."""
    one.answer.set_result(msgspec.structs.replace(more(b"end"), more=False))
    assert asked.empty()


def test_what_comes_behind_a_reply_is_asked_for_while_it_is_still_on_its_way(
    replica: Replica, asked: Queue[Exchange]
) -> None:
    line = Line(asked)
    with Ahead(replica, line) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2")
        second = asked.get(timeout=SOON)
        assert (first.cursor, second.cursor) == (b"1", b"2")
        assert second.request.handshake.epoch == EPOCH
        assert second.request.handshake.server_id == SERVER
        assert not first.answer.done()
        assert (first.line, second.line) == (line, line.second)
        first.answer.set_result(more(b"2"))
        reply, _ = following.result(SOON)
        following = after(ahead, reply)
        second.tell(b"3")
        third = asked.get(timeout=SOON)
        assert (third.cursor, third.line) == (b"3", line), "the two lines take turns"
        second.answer.set_result(more(b"3"))
        assert following.result(SOON)[0].cursor == b"3"
        following = after(ahead, more(b"3"))
        finish(asked, third)
        following.result(SOON)
    assert line.second is not None
    assert line.second.closed
    assert not line.closed


def test_where_replies_are_whole_as_soon_as_begun_there_is_one_line(
    replica: Replica, asked: Queue[Exchange], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead_module, "NEAR_SECONDS", SOON)
    line = Line(asked)
    with Ahead(replica, line) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2")
        first.answer.set_result(more(b"2"))
        following = after(ahead, following.result(SOON)[0])
        finish(asked, asked.get(timeout=SOON))
        following.result(SOON)
    assert line.second is None


def test_without_a_word_in_its_head_a_reply_is_awaited_first(
    replica: Replica, asked: Queue[Exchange]
) -> None:
    with Ahead(replica, Deaf(asked)) as ahead:
        following = after(ahead, more(b"1"))
        asked.get(timeout=SOON).answer.set_result(more(b"2"))
        assert following.result(SOON)[0].cursor == b"2"
        following = after(ahead, more(b"2"))
        second = asked.get(timeout=SOON)
        assert second.cursor == b"2"
        finish(asked, second)
        following.result(SOON)


@pytest.mark.parametrize(
    "reply",
    [more(b"other"), msgspec.structs.replace(more(b"2"), epoch=b"n" * 16)],
    ids=["another place", "another epoch"],
)
def test_what_the_head_promised_and_the_reply_does_not_say_is_dropped(
    reply: ExchangeReply, replica: Replica, asked: Queue[Exchange]
) -> None:
    with Ahead(replica, Line(asked)) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2")
        wrong = asked.get(timeout=SOON)
        wrong.tell(b"made")
        first.answer.set_result(reply)
        right = asked.get(timeout=SOON)
        assert wrong.answer.done(), "it has ended before the next one begins"
        assert right.cursor == reply.cursor
        assert right.request.handshake.epoch == reply.epoch
        assert following.result(SOON)[0] == reply
        following = after(ahead, reply)
        finish(asked, right)
        following.result(SOON)


@pytest.mark.parametrize(
    "reply",
    [
        msgspec.structs.replace(more(b"2"), more=False),
        msgspec.structs.replace(more(b"2"), verdict=Verdict.START_OVER),
    ],
    ids=["nothing more", "begin anew"],
)
def test_where_the_reply_says_stop_the_head_does_not_count(
    reply: ExchangeReply, replica: Replica, asked: Queue[Exchange]
) -> None:
    with Ahead(replica, Line(asked)) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2")
        wrong = asked.get(timeout=SOON)
        wrong.tell(b"made")
        first.answer.set_result(reply)
        assert following.result(SOON)[0] == reply
        assert isinstance(wrong.answer.exception(SOON), KnownError)
        with ExitStack() as turn:
            assert ahead.after(reply, turn) is None
    assert asked.empty()


def test_a_head_of_another_store_is_not_followed(replica: Replica, asked: Queue[Exchange]) -> None:
    with Ahead(replica, Line(asked)) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2", epoch=b"n" * 16)
        first.answer.set_result(more(b"3"))
        assert following.result(SOON)[0].cursor == b"3"
        following = after(ahead, more(b"3"))
        second = asked.get(timeout=SOON)
        assert second.cursor == b"3"
        finish(asked, second)
        following.result(SOON)


def test_what_waits_to_be_sent_goes_before_what_could_be_asked_for(
    replica: Replica, asked: Queue[Exchange]
) -> None:
    with Ahead(replica, Line(asked)) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        with replica.begin("create_account", "New") as uow:
            uow.create("account", {"name": "Shop", "lifecycle": "prospect"})
        first.tell(b"2")
        first.answer.set_result(more(b"2"))
        assert following.result(SOON)[0].cursor == b"2"
        with ExitStack() as turn:
            assert ahead.after(more(b"2"), turn) is None
    assert asked.empty()


def test_where_a_large_reply_breaks_off_one_is_asked_for_at_a_time(
    replica: Replica, asked: Queue[Exchange]
) -> None:
    line = Line(asked)
    with Ahead(replica, line) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2")
        beside = asked.get(timeout=SOON)
        beside.tell(b"made")
        first.answer.set_exception(BrokeOff(Code.OFFLINE, "broke"))
        again = asked.get(timeout=SOON)
        assert beside.answer.done(), "it has ended before the next one begins"
        assert (again.cursor, again.heard, again.line) == (b"1", None, line)
        again.answer.set_result(more(b"2"))
        assert following.result(SOON)[0].cursor == b"2"
        following = after(ahead, more(b"2"))
        second = asked.get(timeout=SOON)
        assert (second.cursor, second.heard) == (b"2", None)
        finish(asked, second)
        following.result(SOON)


def test_where_only_one_connection_goes_through_one_is_asked_for_at_a_time(
    replica: Replica, asked: Queue[Exchange]
) -> None:
    line = Line(asked)
    with Ahead(replica, line) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2")
        beside = asked.get(timeout=SOON)
        first.answer.set_result(more(b"2"))
        following = after(ahead, following.result(SOON)[0])
        beside.answer.set_exception(KnownError(Code.OFFLINE, "no second one"))
        again = asked.get(timeout=SOON)
        assert (again.cursor, again.heard, again.line) == (b"2", None, line)
        finish(asked, again)
        assert not following.result(SOON)[0].more


def test_what_is_dropped_is_made_before_anything_else_is_asked_for(
    replica: Replica, asked: Queue[Exchange], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server answers a device's next request only when it has made what it was asked for before."""
    monkeypatch.setattr(ahead_module, "MAKING_SECONDS", SOON)
    with Ahead(replica, Line(asked)) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2")
        wrong = asked.get(timeout=SOON)
        first.answer.set_result(more(b"other"))
        assert not wrong.answer.done()
        assert asked.empty()
        wrong.tell(b"3")
        right = asked.get(timeout=SOON)
        assert (right.cursor, wrong.answer.done()) == (b"other", True)
        following = after(ahead, following.result(SOON)[0])
        finish(asked, right)
        following.result(SOON)


def test_a_sync_that_fails_leaves_nothing_under_way(replica: Replica, asked: Queue[Exchange]) -> None:
    line = Line(asked)
    with Ahead(replica, line) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2")
        beside = asked.get(timeout=SOON)
        first.answer.set_exception(KnownError(Code.SERVER_BUSY, "busy"))
        with pytest.raises(KnownError, match="busy"):
            following.result(SOON)
        assert beside.answer.done()
    assert line.second is not None
    assert line.second.closed


def test_a_sync_that_stops_while_two_are_on_their_way_waits_for_neither(
    replica: Replica, asked: Queue[Exchange]
) -> None:
    """Applying a reply fails, say for a full disk."""
    with Ahead(replica, Line(asked)) as ahead:
        following = after(ahead, more(b"1"))
        first = asked.get(timeout=SOON)
        first.tell(b"2")
        beside = asked.get(timeout=SOON)
        first.answer.set_result(more(b"2"))
        following.result(SOON)
        assert not beside.answer.done()
    assert beside.answer.done()


def test_what_is_asked_for_grows_step_by_step_to_the_usual(replica: Replica, asked: Queue[Exchange]) -> None:
    sizes = []
    with Ahead(replica, Line(asked)) as ahead:
        reply = more(b"0")
        for n in range(1, 8):
            following = after(ahead, reply)
            one = asked.get(timeout=SOON)
            sizes.append(one.request.page_bytes)
            reply = msgspec.structs.replace(more(b"%d" % n), more=n < 7)
            one.answer.set_result(reply)
            following.result(SOON)
    expected = [*USUAL, PAGE_BYTES, PAGE_BYTES, PAGE_BYTES]
    assert all(abs(one - other) <= len(sizes) for one, other in zip(sizes, expected, strict=True))
