"""Waiting for news on a line held open: blanks, the answer, and everything that is none; each on a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.sync import transport
from fieldrep.sync.transport import HttpBearer
from tests.unit.sync.hostile import Hostile, hostile, page
from tests.unit.sync.test_transport import TOKEN


def test_closing_ends_an_attempt_under_way_at_once() -> None:
    """A silent server would hold it for a minute; who closes the window does not wait for it."""
    begun = threading.Event()

    def say_nothing(connection: socket.socket) -> None:
        begun.set()
        connection.settimeout(60)
        assert connection.recv(1) == b"", "the client's end was shut"

    found: list[KnownError] = []
    with hostile(say_nothing) as server:
        bearer = HttpBearer(server.address, TOKEN)

        def attempt() -> None:
            try:
                bearer.wait("AAAA", 55, lambda: None)
            except KnownError as error:
                found.append(error)

        waiting = threading.Thread(target=attempt)
        waiting.start()
        assert begun.wait(60)
        bearer.close()
        waiting.join(60)
        assert not waiting.is_alive()
    assert [error.code for error in found] == [Code.OFFLINE]


def held(server: Hostile, changed: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for part in (b" ", b" ", changed):
            connection.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        connection.sendall(b"0\r\n\r\n")

    return answer


@pytest.mark.parametrize(
    ("said", "expected"),
    [(b'{"changed":true}', True), (b'{"changed":false}', False)],
)
def test_a_wait_hears_blanks_and_then_its_answer(said: bytes, expected: bool) -> None:
    accepted: list[bool] = []
    with hostile(lambda _: None) as server:
        server.answer = held(server, said)
        bearer = HttpBearer(server.address, TOKEN)
        try:
            assert bearer.wait("cGxhY2U", 30, lambda: accepted.append(True)) is expected
        finally:
            bearer.close()
        assert accepted == [True]
        assert server.asked[0].startswith(b"GET /v1/wait?at=cGxhY2U&hold=30 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (page(b"<html>Sign in</html>", media="text/html"), Code.SIGN_IN_NEEDED),
        (page(b'{"welcome":"to the hotel"}', media="application/json"), Code.SIGN_IN_NEEDED),
        (page(b"x" * 5_000, media="application/json"), Code.SIGN_IN_NEEDED),
        (page(b"Not Found", media="text/plain", status="404 Not Found"), Code.NOT_A_SERVER),
        (page(b" ", media="application/json", length=50), Code.OFFLINE),
    ],
    ids=["portal", "json of others", "too long", "an older server", "cut"],
)
def test_no_other_answer_is_taken_for_news(answer: bytes, code: Code) -> None:
    with hostile(lambda connection: connection.sendall(answer)) as server:
        bearer = HttpBearer(server.address, TOKEN)
        try:
            with pytest.raises(KnownError) as caught:
                bearer.wait("cGxhY2U", 30, lambda: None)
        finally:
            bearer.close()
    assert caught.value.code is code


def test_a_held_line_on_which_no_blank_comes_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "UNBEATEN_SECONDS", 0.05)

    def go_silent(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n "
        )
        connection.settimeout(60)
        connection.recv(1)

    with hostile(go_silent) as server:
        bearer = HttpBearer(server.address, TOKEN)
        try:
            with pytest.raises(KnownError) as caught:
                bearer.wait("cGxhY2U", 30, lambda: None)
        finally:
            bearer.close()
    assert caught.value.code is Code.OFFLINE
    assert "stopped answering" in caught.value.sentence
