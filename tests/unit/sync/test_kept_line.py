"""A line that stands is used again, by the caller itself; nothing that happens on it can hold him beyond its time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.sync import transport
from fieldrep.sync.transport import HttpBearer
from fieldrep.sync.wire import Wire
from tests.unit.sync.hostile import Answer, Hostile, hostile, read_request
from tests.unit.sync.test_transport import MEDIA, MESSAGE, REPLY, REQUEST, TOKEN

HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA}\r\n".encode()
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(MESSAGE) + MESSAGE


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def standing(then: Answer) -> Iterator[tuple[HttpBearer, Hostile]]:
    """A bearer whose line stands after one good exchange; `then` is what the server does when it is asked again."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(WHOLE)
        server.asked.append(read_request(connection))
        then(connection)

    with hostile(answer) as server:
        bearer = HttpBearer(server.address, TOKEN)
        try:
            assert bearer.exchange(REQUEST) == REPLY
            yield bearer, server
        finally:
            bearer.close()


def given_up(bearer: HttpBearer) -> str:
    with pytest.raises(KnownError) as caught:
        bearer.exchange(REQUEST)
    assert caught.value.code is Code.OFFLINE
    return caught.value.sentence


def endless(piece: bytes) -> Callable[[socket.socket], None]:
    def pour(connection: socket.socket) -> None:
        while True:
            connection.sendall(piece)

    return pour


def test_the_next_exchange_goes_over_the_line_that_stands_and_needs_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with standing(lambda connection: connection.sendall(WHOLE)) as (bearer, server):
        by: list[int] = []
        attempt = bearer._attempt
        monkeypatch.setattr(
            bearer, "_attempt", lambda *given: (by.append(threading.get_ident()), attempt(*given))[1]
        )
        assert bearer.exchange(REQUEST) == REPLY
        assert by == [threading.get_ident()]
        assert len(server.asked) == 2


def test_a_line_that_was_taken_away_is_made_anew_beside_and_the_request_goes_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Event()
    made_by: list[int] = []
    note = Wire._note

    def noted(wire: Wire, opened: socket.socket) -> None:
        made_by.append(threading.get_ident())
        note(wire, opened)

    monkeypatch.setattr(Wire, "_note", noted)

    def answer(connection: socket.socket) -> None:
        connection.sendall(WHOLE)
        connection.close()
        ended.set()

    with hostile(answer) as server:
        bearer = HttpBearer(server.address, TOKEN)
        try:
            for _ in range(3):
                ended.clear()
                assert bearer.exchange(REQUEST) == REPLY
                assert ended.wait(60)
        finally:
            bearer.close()
        assert len(server.asked) == len(made_by) == 3
        assert threading.get_ident() not in made_by


@pytest.mark.parametrize(
    "before",
    [b"HTTP/1.1 200 ", HEAD + b"X-Drip: ", HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;"],
    ids=["in its first line", "in its head", "in the length of a part"],
)
def test_an_answer_that_drips_on_a_line_that_stands_is_given_up(
    before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is ours: each look at it makes half a minute pass."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(before)
        endless(b"x" * 1_000)(connection)

    with standing(drip) as (bearer, _):
        now = iter(range(0, 1_000_000, 31))
        clock = SimpleNamespace(monotonic=lambda: float(next(now)), time=time.time)
        monkeypatch.setattr(transport, "time", clock)
        monkeypatch.setattr(transport, "SILENCE_SECONDS", 125.0)
        assert "stopped answering" in given_up(bearer)


def test_silence_on_a_line_that_stands_is_given_up_and_the_next_exchange_has_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()
    with standing(lambda _connection: (over.wait(60), None)[1]) as (bearer, server):
        monkeypatch.setattr(transport, "SILENCE_SECONDS", 0.05)
        assert "stopped answering" in given_up(bearer)
        over.set()
        monkeypatch.undo()
        assert bearer.exchange(REQUEST) == REPLY
        assert len(server.asked) == 3


def lost(connection: socket.socket) -> None:
    """The request arrives, and the line ends before the reply."""


def test_a_line_that_ended_while_it_rested_is_made_anew_without_a_word() -> None:
    with standing(lost) as (bearer, server):
        bearer.rest()
        assert bearer.exchange(REQUEST) == REPLY
        assert len(server.asked) == 3, "what arrived without an answer is asked once more"
        assert bearer.sound


def test_only_a_line_that_has_rested_is_made_anew_without_a_word() -> None:
    with standing(lost) as (bearer, server):
        assert "broke" in given_up(bearer)
        assert len(server.asked) == 2
        assert not bearer.sound


def test_silence_on_a_line_that_has_rested_is_waited_for_no_longer_than_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends: list[bytes] = []
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(transport, "SILENCE_SECONDS", 600.0)

    def say_nothing(connection: socket.socket) -> None:
        monkeypatch.setattr(transport, "CONNECT_SECONDS", 60.0)
        ends.append(connection.recv(1))

    with standing(say_nothing) as (bearer, server):
        bearer.rest()
        assert bearer.exchange(REQUEST) == REPLY
        assert ends == [b""], "the line was let go of from here"
        assert len(server.asked) == 3


def test_what_the_server_itself_says_on_a_line_that_has_rested_is_not_asked_twice() -> None:
    problem = b'{"code":"server_busy","sentence":"Busy.","retry_after":5}'
    head = b"HTTP/1.1 503 Busy\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n"
    with standing(lambda connection: connection.sendall(head % len(problem) + problem)) as (bearer, server):
        bearer.rest()
        with pytest.raises(KnownError) as caught:
            bearer.exchange(REQUEST)
        assert caught.value.code is Code.SERVER_BUSY
        assert len(server.asked) == 2


def test_a_large_request_is_not_risked_on_a_line_that_has_rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_SMALL", 10)
    with standing(lost) as (bearer, server):
        bearer.rest()
        assert bearer.exchange(REQUEST) == REPLY
        assert len([asked for asked in server.asked if asked]) == 2, "it went out once, on a new line"


def test_who_closes_the_bearer_ends_what_waits_on_a_line_that_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, over = threading.Event(), threading.Event()

    def say_nothing(_connection: socket.socket) -> None:
        asked.set()
        over.wait(60)

    monkeypatch.setattr(transport, "SILENCE_SECONDS", 600.0)
    with standing(say_nothing) as (bearer, _):
        closing = threading.Thread(target=lambda: asked.wait(60) and bearer.close())
        closing.start()
        try:
            assert given_up(bearer)
        finally:
            over.set()
            closing.join()
