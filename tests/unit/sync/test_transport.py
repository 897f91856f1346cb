"""What the HTTP bearer believes: a whole, unaltered reply of a FieldRep server, and nothing else that answers.

Every test speaks with a real socket that misbehaves.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from types import SimpleNamespace

import msgspec
import pytest

from fieldrep.contract import frame
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import (
    ExchangeReply,
    ExchangeRequest,
    Handshake,
    Problem,
    Verdict,
    encode_reply,
    shortened,
)
from fieldrep.sync import answer, transport
from fieldrep.sync.line import check_address
from fieldrep.sync.poison import FAILURES
from fieldrep.sync.transport import HttpBearer
from tests.unit.sync.hostile import Hostile, hostile, nobody_listening, page

MEDIA = frame.MEDIA_TYPE
TOKEN = "frd_AAAAAAAA_" + "s" * 43
REQUEST = ExchangeRequest(Handshake(1, 1, "test", b"i" * 16))
REPLY = ExchangeReply(Verdict.CONTINUE, b"s" * 16, b"e" * 16, 1_800_000_000_000, cursor=b"c" * 40, revision=7)
MESSAGE = encode_reply(REPLY)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def exchange(address: str) -> ExchangeReply:
    bearer = HttpBearer(address, TOKEN)
    try:
        return bearer.exchange(REQUEST)
    finally:
        bearer.close()


def answered_with(answer: bytes) -> tuple[ExchangeReply, Hostile]:
    with hostile(lambda connection: connection.sendall(answer)) as server:
        return exchange(server.address), server


def refused_after(answer: bytes) -> KnownError:
    with (
        hostile(lambda connection: connection.sendall(answer)) as server,
        pytest.raises(KnownError) as caught,
    ):
        exchange(server.address)
    return caught.value


@pytest.mark.parametrize("named", [REPLY.server_id, b"o" * 16, b""])
def test_a_store_is_named_by_its_reply_unless_the_request_named_it(named: bytes) -> None:
    told = msgspec.structs.replace(REQUEST.handshake, server_id=named, epoch=named)
    short = encode_reply(shortened(REPLY, told))
    assert (REPLY.server_id in short, REPLY.epoch in short) == (named != REPLY.server_id, True)
    with hostile(lambda connection: connection.sendall(page(short, media=MEDIA))) as server:
        bearer = HttpBearer(server.address, TOKEN)
        try:
            assert bearer.exchange(ExchangeRequest(told)) == REPLY
        finally:
            bearer.close()


def test_a_whole_reply_is_believed_and_the_request_carries_the_token_once() -> None:
    reply, server = answered_with(page(MESSAGE, media=MEDIA))
    assert reply == REPLY
    (asked,) = server.asked
    head, _, body = asked.partition(b"\r\n\r\n")
    assert head.lower().count(b"authorization: bearer " + TOKEN.lower().encode()) == 1
    assert TOKEN.encode() not in body
    assert TOKEN.encode() not in head.splitlines()[0], "no secret in an address"
    assert frame.unseal(body)[1] == 0


def test_a_reply_without_a_length_is_believed_when_it_is_whole() -> None:
    reply, _ = answered_with(page(MESSAGE, media=MEDIA, length=-1))
    assert reply == REPLY


@pytest.mark.parametrize("length", [None, -1], ids=["with its length", "ended by the line"])
def test_a_reply_cut_at_any_byte_is_not_believed(length: int | None) -> None:
    cuts = iter(range(0, len(MESSAGE), 3))

    def cut(connection: socket.socket) -> None:
        whole = len(MESSAGE) if length is None else length
        connection.sendall(page(MESSAGE[: next(cuts)], media=MEDIA, length=whole))

    with hostile(cut) as server:
        for _ in range(0, len(MESSAGE), 3):
            with pytest.raises(KnownError) as caught:
                exchange(server.address)
            assert caught.value.code is Code.OFFLINE


def test_a_reply_cut_within_its_head_is_a_broken_line_and_no_sign_in_page() -> None:
    whole = page(MESSAGE, media=MEDIA)
    cuts = iter(range(whole.index(b"\r\n\r\n")))

    def cut(connection: socket.socket) -> None:
        connection.sendall(whole[: next(cuts)])

    with hostile(cut) as server:
        for _ in range(whole.index(b"\r\n\r\n")):
            with pytest.raises(KnownError) as caught:
                exchange(server.address)
            assert caught.value.code in (Code.OFFLINE, Code.NOT_A_SERVER), caught.value


def test_a_reply_with_any_byte_flipped_is_not_believed() -> None:
    places = iter(range(len(MESSAGE)))

    def flip(connection: socket.socket) -> None:
        place = next(places)
        altered = MESSAGE[:place] + bytes([MESSAGE[place] ^ 0x10]) + MESSAGE[place + 1 :]
        connection.sendall(page(altered, media=MEDIA))

    with hostile(flip) as server:
        for place in range(len(MESSAGE)):
            with pytest.raises(KnownError) as caught:
                exchange(server.address)
            assert caught.value.code in (Code.OFFLINE, Code.TOO_LARGE), place


def test_something_behind_the_reply_makes_it_damaged() -> None:
    assert refused_after(page(MESSAGE + b"\n", media=MEDIA)).code is Code.OFFLINE


PORTAL = "Location: http://portal.example/\r\n"
HTML, TEXT, PROBLEM = "text/html", "text/plain", "application/problem+json"
STRANGERS = {
    "portal": (page(b"<html>Please sign in.</html>", media=HTML), Code.SIGN_IN_NEEDED, "sign in"),
    "html as ours": (page(b"<html>Welcome</html>", media=MEDIA), Code.OFFLINE, "Nothing was applied"),
    "redirect": (
        page(b"", media=HTML, status="302 Found", more=PORTAL),
        Code.SIGN_IN_NEEDED,
        "sends you to portal.example",
    ),
    "redirect with ours": (
        page(MESSAGE, media=MEDIA, status="302 Found", more=PORTAL),
        Code.SIGN_IN_NEEDED,
        "sends you to portal.example",
    ),
    "511": (page(b"", media=HTML, status="511 Sign in"), Code.SIGN_IN_NEEDED, "open a browser, sign in"),
    "407": (page(b"Who?", media=TEXT, status="407 Proxy"), Code.PROXY_REFUSES, "a name and a password"),
    "502": (page(b"<html>nginx</html>", media=HTML, status="502 Bad Gateway"), Code.SERVER_BUSY, "(502)"),
    "504": (page(b"", media=HTML, status="504 Gateway Timeout"), Code.SERVER_BUSY, "goes out later"),
    "500": (page(b"oh", media=TEXT, status="500 Oops"), Code.SERVER_BUSY, "not the server's own (500)"),
    "404": (page(b"Not Found", media=TEXT, status="404 Not Found"), Code.NOT_A_SERVER, "right address"),
    "json": (page(b"{}", media="application/json"), Code.SIGN_IN_NEEDED, "Nothing was applied"),
    "no json": (page(b"no", media=PROBLEM, status="500 Oops"), Code.SERVER_BUSY, "Tell your admin"),
    "a newer server's code": (
        page(b'{"code":"never_heard_of","sentence":"Ask again on Monday."}', media=PROBLEM, status="400 Bad"),
        Code.OTHER,
        "Ask again on Monday.",
    ),
    "media": (page(MESSAGE, media="application/octet-stream"), Code.SIGN_IN_NEEDED, "Nothing was applied"),
}


@pytest.mark.parametrize("answer", STRANGERS)
def test_a_strangers_answer_is_named_and_nothing_of_it_is_applied(answer: str) -> None:
    said, code, words = STRANGERS[answer]
    error = refused_after(said)
    assert error.code is code
    assert words in error.sentence


def test_a_gateway_that_says_when_to_come_again_is_heard() -> None:
    busy = page(b"", media=HTML, status="503 Service Unavailable", more="Retry-After: 17\r\n")
    assert refused_after(busy).retry_after == 17
    odd = page(b"", media=HTML, status="503 Service Unavailable", more="Retry-After: tomorrow\r\n")
    assert refused_after(odd).retry_after == 0


def test_a_redirect_is_not_followed_and_takes_no_token_elsewhere() -> None:
    with hostile(lambda connection: connection.sendall(page(b"", media="text/html"))) as portal:
        moved = page(
            b"", media="text/html", status="307 Moved", more=f"Location: {portal.address}/v1/exchange\r\n"
        )
        assert refused_after(moved).code is Code.SIGN_IN_NEEDED
        assert portal.asked == []


def test_a_problem_of_the_server_keeps_its_code_and_sentence() -> None:
    problem = msgspec.json.encode(Problem(Code.UNAUTHORISED.value, "Ask your admin."))
    error = refused_after(page(problem, media="application/problem+json", status="401 Unauthorized"))
    assert (error.code, error.sentence) == (Code.UNAUTHORISED, "Ask your admin.")


@pytest.mark.parametrize("code", [Code.REPLICA_DAMAGED, Code.DISK_FULL, Code.DISK_ERROR])
def test_a_server_that_speaks_of_a_disk_speaks_of_its_own(code: Code) -> None:
    problem = msgspec.json.encode(Problem(code.value, "Oh."))
    error = refused_after(page(problem, media="application/problem+json", status="507 Full"))
    assert (error.code, error.sentence) == (Code.SERVER_DISK, "Oh.")


BUFFERED = 16_000_000
"""What may have left the server and lie in the sockets, read by nobody."""

PIECE = bytes(250_000)
POURED = 1_200


def poured(head: str, chunked: bool = False) -> tuple[KnownError, int, int]:
    """What 300 MB behind a head come to: the error, the bytes that went out, and how often they were asked for."""
    gone = 0

    def pour(connection: socket.socket) -> None:
        nonlocal gone
        connection.sendall(f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".encode())
        piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE
        for _ in range(POURED):
            connection.sendall(piece)
            gone += len(piece)

    with hostile(pour) as server:
        with pytest.raises(KnownError) as caught:
            exchange(server.address)
        return caught.value, gone, len(server.asked)


@pytest.mark.parametrize("more", ["", "\r\nTransfer-Encoding: chunked"], ids=["without an end", "in chunks"])
def test_a_reply_that_pours_is_abandoned_at_the_limit_and_asked_for_once(more: str) -> None:
    error, gone, asked = poured(f"200 OK\r\nContent-Type: {MEDIA}{more}", chunked=bool(more))
    assert error.code is Code.NOT_A_SERVER
    assert error.code not in FAILURES, "no change of ours is to blame"
    assert "more than 64 MB" in error.sentence
    assert "no FieldRep server" in error.sentence
    assert "Everything is safe here" in error.sentence
    assert gone < transport.MAX_REPLY + BUFFERED
    assert asked == 1


def test_nothing_is_read_of_a_reply_that_says_it_is_beyond_the_limit() -> None:
    length = len(PIECE) * POURED
    error, gone, asked = poured(f"200 OK\r\nContent-Type: {MEDIA}\r\nContent-Length: {length}")
    assert error.code is Code.NOT_A_SERVER
    assert gone < BUFFERED
    assert asked == 1


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("200 OK\r\nContent-Type: text/html", Code.SIGN_IN_NEEDED),
        (f"500 Oops\r\nContent-Type: {MEDIA}", Code.SERVER_BUSY),
        (f"404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: {1 << 40}", Code.NOT_A_SERVER),
        ("200 OK\r\nContent-Type: application/problem+json", Code.NOT_A_SERVER),
    ],
    ids=["a page", "an error", "a length beyond all", "a problem without an end"],
)
def test_what_a_stranger_pours_is_not_read(head: str, code: Code) -> None:
    error, gone, asked = poured(head)
    assert error.code is code
    assert "othing was applied" in error.sentence or "safe here" in error.sentence
    assert gone < BUFFERED
    assert asked == 1


def test_a_reply_that_inflates_beyond_the_cap_is_stopped() -> None:
    bomb = frame.seal(bytes(frame.MAX_INFLATED + 1), 0)
    assert len(bomb) < 100_000
    assert refused_after(page(bomb, media=MEDIA)).code is Code.TOO_LARGE


def test_a_drip_is_given_up_though_every_read_gets_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is ours: each byte that drips in makes half a minute pass."""
    now = iter(range(0, 1_000_000, 31))
    monkeypatch.setattr(answer, "time", SimpleNamespace(monotonic=lambda: float(next(now))))
    monkeypatch.setattr(transport, "SILENCE_SECONDS", 1_000_000.0)
    error = refused_after(page(MESSAGE, media=MEDIA, length=-1))
    assert error.code is Code.OFFLINE
    assert "too slow" in error.sentence


@pytest.fixture
def silent() -> Iterator[Hostile]:
    def say_nothing(connection: socket.socket) -> None:
        while not server.closing.is_set():
            connection.settimeout(0.1)
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue

    with hostile(say_nothing) as server:
        yield server


def test_a_silent_server_is_given_up(silent: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "SILENCE_SECONDS", 0.05)
    with pytest.raises(KnownError) as caught:
        exchange(silent.address)
    assert caught.value.code is Code.OFFLINE


def test_a_line_that_is_reset_is_a_sentence() -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with hostile(reset) as server, pytest.raises(KnownError) as caught:
        exchange(server.address)
    assert caught.value.code is Code.OFFLINE
    assert "broke. Everything is safe here" in caught.value.sentence


def test_nobody_listening_is_a_sentence() -> None:
    with nobody_listening() as address, pytest.raises(KnownError) as caught:
        exchange(address)
    assert caught.value.code is Code.OFFLINE
    assert "no server is running" in caught.value.sentence


def test_the_environment_cannot_replace_the_devices_credential(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w", encoding="utf-8") as file:  # noqa: PTH123 - the library wants a name
        file.write("machine 127.0.0.1 login mallory password secret\n")
    monkeypatch.setenv("NETRC", netrc)
    _, server = answered_with(page(MESSAGE, media=MEDIA))
    assert b"Basic " not in server.asked[0]
    assert TOKEN.encode() in server.asked[0]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://sync.example", Code.PLAIN_HTTP),
        ("http://192.168.1.10:8765", Code.PLAIN_HTTP),
        ("ftp://sync.example", Code.LINK_INVALID),
        ("https://", Code.LINK_INVALID),
        ("https://mallory:secret@sync.example", Code.LINK_INVALID),
        ("sync.example", Code.LINK_INVALID),
    ],
)
def test_a_secret_travels_to_no_open_or_unclear_address(address: str, code: Code) -> None:
    with pytest.raises(KnownError) as caught:
        check_address(address)
    assert caught.value.code is code


def test_loopback_and_https_are_taken() -> None:
    for address in ("http://127.0.0.1:8765", "http://localhost:1", "http://[::1]:5", "https://sync.example"):
        check_address(address)
