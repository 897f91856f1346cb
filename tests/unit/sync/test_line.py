"""What is wrong with the line has a sentence of its own: certificates, clocks, names, proxies, each on real sockets."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from fieldrep.contract import frame
from fieldrep.contract.errors import Code, KnownError
from fieldrep.sync import transport
from fieldrep.sync.line import explained
from fieldrep.sync.transport import HttpBearer
from tests.unit.sync.hostile import hostile, nobody_listening, page, read_request
from tests.unit.sync.test_transport import MESSAGE, REPLY, REQUEST, TOKEN

NOW = datetime.now(UTC)
GOOD = page(MESSAGE, media=frame.MEDIA_TYPE)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Secure:
    """A server behind TLS, its authority, and what it was asked."""

    port: int
    authority: trustme.CA
    fingerprint: str
    asked: list[bytes] = field(default_factory=list)

    def address(self, name: str = "localhost") -> str:
        return f"https://{name}:{self.port}"


@contextmanager
def secure(
    *, names: tuple[str, ...] = ("localhost", "127.0.0.1"), since: int = -1, until: int = 1
) -> Iterator[Secure]:
    """A server whose certificate holds from so many days before today until so many days after."""
    authority = trustme.CA()
    issued = authority.issue_cert(
        *names, not_before=NOW + timedelta(days=since), not_after=NOW + timedelta(days=until)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    leaf = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    listener = socket.create_server(("127.0.0.1", 0))
    server = Secure(listener.getsockname()[1], authority, hashlib.sha256(leaf).hexdigest())
    closing = threading.Event()

    def serve() -> None:
        listener.settimeout(0.1)
        while not closing.is_set():
            with suppress(OSError):
                plain, _ = listener.accept()
                plain.settimeout(60)
                with plain, context.wrap_socket(plain, server_side=True) as line:
                    if asked := read_request(line):
                        server.asked.append(asked)
                        line.sendall(GOOD)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server
    finally:
        closing.set()
        thread.join()
        listener.close()


@contextmanager
def answering_a_handshake(said: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Something that speaks no TLS: it takes in a greeting, says its own, and closes."""
    asked: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(65_536))
                connection.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            thread.join()


def refused(address: str, fingerprint: str = "") -> KnownError:
    bearer = HttpBearer(address, TOKEN, fingerprint)
    try:
        with pytest.raises(KnownError) as caught:
            bearer.exchange(REQUEST)
    finally:
        bearer.close()
    return caught.value


def taken(address: str, fingerprint: str = "") -> bool:
    bearer = HttpBearer(address, TOKEN, fingerprint)
    try:
        return bearer.exchange(REQUEST) == REPLY
    finally:
        bearer.close()


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Secure], None]:
    """Makes this computer trust a server's authority."""

    def trust_it(server: Secure) -> None:
        pem = tmp_path / "authority.pem"
        pem.write_bytes(server.authority.cert_pem.bytes())
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))

    return trust_it


def test_a_certificate_this_computer_trusts_is_taken(trust: Callable[[Secure], None]) -> None:
    with secure() as server:
        trust(server)
        assert taken(server.address())


def test_an_expired_certificate_names_the_date_of_this_laptop(trust: Callable[[Secure], None]) -> None:
    with secure(since=-30, until=-2) as server:
        trust(server)
        days = [datetime.now(UTC)]
        error = refused(server.address())
        days.append(datetime.now(UTC))  # it may be midnight
    assert error.code is Code.CERTIFICATE
    assert any(f"({day:%d %B %Y}".replace("(0", "(") in error.sentence for day in days)
    assert "set the clock" in error.sentence
    assert server.asked == [], "no byte of the token went out"


def test_a_certificate_of_tomorrow_means_that_the_clock_is_wrong(trust: Callable[[Secure], None]) -> None:
    with secure(since=2, until=30) as server:
        trust(server)
        error = refused(server.address())
    assert error.code is Code.CLOCK_WRONG
    assert "Set the clock right" in error.sentence


def test_a_clock_wrong_by_decades_is_named_and_not_the_certificate() -> None:
    expired = ssl.SSLCertVerificationError("certificate has expired")
    expired.verify_code = 10
    assert explained(expired, "https://sync.example", "", 3_000_000_000.0).code is Code.CLOCK_WRONG
    assert explained(expired, "https://sync.example", "", 86_400.0).code is Code.CLOCK_WRONG
    assert "a day that cannot be" in explained(expired, "https://sync.example", "", 1e18).sentence


def test_a_certificate_of_another_name_and_one_nobody_vouches_for(trust: Callable[[Secure], None]) -> None:
    with secure(names=("sync.other.example",)) as server:
        assert "Nobody this laptop trusts" in refused(server.address()).sentence
        trust(server)
        error = refused(server.address())
        assert error.code is Code.CERTIFICATE
        assert "certificate of another name" in error.sentence
    assert server.asked == []


def test_a_pinned_certificate_is_required_to_the_bit() -> None:
    with secure(since=-30, until=-2) as server:
        assert taken(server.address(), server.fingerprint), "the link vouches for it, whatever its dates"
        error = refused(server.address(), hashlib.sha256(b"another").hexdigest())
    assert error.code is Code.CERTIFICATE
    assert "your enrolment link named" in error.sentence
    assert len(server.asked) == 1


def test_a_handshake_that_is_cut_is_a_broken_line_and_no_bad_certificate() -> None:
    with answering_a_handshake(b"") as (address, _):
        error = refused(address)
    assert error.code is Code.OFFLINE


def test_a_server_without_encryption_is_named() -> None:
    with answering_a_handshake(page(b"", media="text/html")) as (address, asked):
        error = refused(address)
    assert error.code is Code.CERTIFICATE
    assert "no encrypted line" in error.sentence
    assert TOKEN.encode() not in b"".join(asked)


def test_a_name_nobody_knows_is_named() -> None:
    error = refused("https://sync.nobody.invalid")
    assert error.code is Code.NAME_UNKNOWN
    assert "sync.nobody.invalid" in error.sentence


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("407 Proxy Authentication Required", "wants a name and a password"),
        ("403 Forbidden", "does not let FieldRep through"),
    ],
)
def test_a_proxy_that_refuses_is_named_without_its_secret(
    answer: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode()
    with hostile(lambda connection: connection.sendall(said)) as proxy:
        port = proxy.address.rpartition(":")[2]
        monkeypatch.setenv("https_proxy", f"http://anke:geheim@127.0.0.1:{port}")
        error = refused("https://sync.example")
    assert error.code is Code.PROXY_REFUSES
    assert words in error.sentence
    assert "The proxy 127.0.0.1" in error.sentence
    assert "geheim" not in error.sentence
    assert TOKEN.encode() not in b"".join(proxy.asked), "the proxy hears of no credential"


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with nobody_listening() as address:
        monkeypatch.setenv("https_proxy", address)
        error = refused("https://sync.example")
    assert error.code is Code.PROXY_REFUSES
    assert "cannot be reached" in error.sentence


def test_the_pin_holds_behind_a_proxy_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with secure() as server, hostile(_tunnel_to(server)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.address)
        assert taken(server.address(), server.fingerprint)
        assert proxy.asked, "it went through the proxy"
        error = refused(server.address(), hashlib.sha256(b"another").hexdigest())
    assert error.code is Code.CERTIFICATE
    assert len(server.asked) == 1


def _tunnel_to(server: Secure) -> Callable[[socket.socket], None]:
    def carry(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with socket.create_connection(("127.0.0.1", server.port)) as onward:
            back = threading.Thread(target=_pour, args=(onward, connection))
            back.start()
            _pour(connection, onward)
            back.join()

    return carry


def _pour(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65_536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_plain_http_on_this_machine_passes_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile(lambda connection: connection.sendall(GOOD)) as server, hostile(lambda _: None) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        assert taken(server.address)
        assert proxy.asked == [], "the token would have passed it in the open"


def test_a_large_body_on_a_slow_line_is_sent_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other side takes in a piece only after longer than a connection may take; the whole arrives."""
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.5)
    taken_in: list[int] = []

    def slowly(connection: socket.socket) -> None:
        connection.sendall(GOOD)

    with _narrow(slowly, taken_in) as address:
        bearer = HttpBearer(address, TOKEN)
        try:
            body = bytes(range(256)) * 16_000
            assert bearer._post("/v1/exchange", body, frame.MEDIA_TYPE) == MESSAGE
        finally:
            bearer.close()
    assert sum(taken_in) >= len(body)


@contextmanager
def _narrow(answer: Callable[[socket.socket], None], taken_in: list[int]) -> Iterator[str]:
    """A server with a small window that rests between its reads."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    resting = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(60)
            size, wanted = 0, 1 << 60
            head = b""
            while size < wanted:
                part = connection.recv(1 << 20)
                if not part:
                    return
                size += len(part)
                taken_in.append(len(part))
                if wanted == 1 << 60:
                    head += part
                    before, found, _rest = head.lower().partition(b"\r\n\r\n")
                    if found:
                        length = before.partition(b"content-length:")[2].split()[0]
                        wanted = int(length) + len(before) + 4
                resting.wait(0.02)
            answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()
