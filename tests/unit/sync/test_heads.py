"""The head of a reply over HTTP: told before the body is there, believed only in form, and no reply depends on it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.foretold import NEXT_HEADER, head_of
from fieldrep.contract.messages import ExchangeReply, Handshake, Verdict, encode_reply
from fieldrep.sync.bearer import BrokeOff, Foretelling
from fieldrep.sync.transport import SMALLEST_PORTION, HttpBearer
from tests.unit.sync.hostile import Answer, hostile, page
from tests.unit.sync.test_transport import MEDIA, MESSAGE, REPLY, REQUEST, TOKEN

MORE = msgspec.structs.replace(REPLY, more=True)
SOON = 60.0


@contextmanager
def bearer_to(answer: Answer) -> Iterator[HttpBearer]:
    with hostile(answer) as server:
        bearer = HttpBearer(server.address, TOKEN)
        try:
            yield bearer
        finally:
            bearer.close()


def head_lines(reply: ExchangeReply, told: Handshake = REQUEST.handshake) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in head_of(reply, told).items())


def in_two(whole: bytes, between: Callable[[], object]) -> Answer:
    """The head, then the body."""
    head, gap, body = whole.partition(b"\r\n\r\n")

    def answer(connection: socket.socket) -> None:
        connection.sendall(head + gap)
        between()
        connection.sendall(body)

    return answer


def test_what_comes_behind_a_reply_is_told_before_its_body_is_there() -> None:
    told = threading.Event()
    places: list[tuple[bytes, bytes]] = []

    def heard(epoch: bytes, cursor: bytes) -> None:
        places.append((epoch, cursor))
        told.set()

    whole = page(encode_reply(MORE), media=MEDIA, more=head_lines(MORE))
    seen: list[bool] = []
    with bearer_to(in_two(whole, lambda: seen.append(told.wait(SOON)))) as bearer:
        assert isinstance(bearer, Foretelling)
        assert bearer.exchange_heard(REQUEST, heard) == MORE
    assert seen == [True]
    assert places == [(MORE.epoch, MORE.cursor)]


@pytest.mark.parametrize(
    "line", ["", f"{NEXT_HEADER}: \r\n", f"{NEXT_HEADER}: a b!\r\n", f"{NEXT_HEADER}: {'A' * 3_000}\r\n"]
)
def test_a_head_that_says_nothing_clear_is_passed_over(line: str) -> None:
    places: list[bytes] = []
    whole = page(MESSAGE, media=MEDIA, more=line)
    with bearer_to(lambda connection: connection.sendall(whole)) as bearer:
        assert bearer.exchange_heard(REQUEST, lambda epoch, cursor: places.append(epoch + cursor)) == REPLY
    assert places == []


def test_a_stranger_s_head_tells_nothing() -> None:
    whole = page(b"<html>", media="text/html", more=head_lines(MORE))
    places: list[bytes] = []
    with bearer_to(lambda connection: connection.sendall(whole)) as bearer, pytest.raises(KnownError):
        bearer.exchange_heard(REQUEST, lambda epoch, cursor: places.append(epoch + cursor))
    assert places == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, True),
        ({"more": False}, False),
        ({"verdict": Verdict.START_OVER}, False),
        ({"cursor": REQUEST.handshake.cursor}, False),
    ],
    ids=["more", "the end", "begin anew", "the same place"],
)
def test_only_a_reply_to_go_on_from_says_so_in_its_head(changed: dict[str, object], says: bool) -> None:
    assert bool(head_of(msgspec.structs.replace(MORE, **changed), REQUEST.handshake)) == says


def cut_body(connection: socket.socket) -> None:
    """Half of a large reply, then nothing."""
    connection.sendall(page(b"x" * SMALLEST_PORTION, media=MEDIA, length=4 * SMALLEST_PORTION))


def test_a_large_reply_that_breaks_off_is_for_the_caller_to_ask_for_in_smaller_ones() -> None:
    with hostile(cut_body) as server:
        bearer = HttpBearer(server.address, TOKEN)
        with pytest.raises(BrokeOff):
            bearer.exchange_heard(REQUEST, lambda *_: None)
        assert len(server.asked) == 1
        with pytest.raises(KnownError):
            bearer.exchange(REQUEST)
        bearer.close()
        assert len(server.asked) > 2, "there it is done at once"


def test_a_line_beside_ends_with_its_own() -> None:
    reached, over = threading.Event(), threading.Event()

    def silent(_connection: socket.socket) -> None:
        reached.set()
        over.wait(SOON)

    with hostile(silent) as server:
        bearer = HttpBearer(server.address, TOKEN)
        other = bearer.beside()
        caught: list[KnownError] = []

        def ask() -> None:
            try:
                other.exchange(REQUEST)
            except KnownError as error:
                caught.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        assert reached.wait(SOON)
        bearer.close()
        asking.join(SOON)
        over.set()
        assert [error.code for error in caught] == [Code.OFFLINE]
        with pytest.raises(KnownError):
            bearer.beside().exchange(REQUEST)


def test_what_was_cut_on_purpose_is_over_and_the_next_goes_through() -> None:
    reached, over = threading.Event(), threading.Event()

    def first_silent(connection: socket.socket) -> None:
        if not reached.is_set():
            reached.set()
            over.wait(SOON)
            return
        connection.sendall(page(MESSAGE, media=MEDIA))

    with bearer_to(first_silent) as bearer:
        ended: list[Code] = []

        def ask() -> None:
            try:
                bearer.exchange(REQUEST)
            except KnownError as error:
                ended.append(error.code)
            over.set()

        asking = threading.Thread(target=ask)
        asking.start()
        assert reached.wait(SOON)
        bearer.cut()
        asking.join(SOON)
        assert ended == [Code.OFFLINE]
        assert bearer.exchange(REQUEST) == REPLY
