"""What goes over a connection, and in how many pieces."""

from __future__ import annotations

import io
import socket
from http.client import InvalidURL

import pytest
from urllib3.connection import HTTPConnection

from fieldrep.sync.wire import _Here, _noting

HEADERS = {"Content-Type": "text/plain", "Content-Length": "5"}


class Noted(socket.socket):
    """A socket that goes nowhere and keeps what it was to send."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []

    def sendall(self, data: object, flags: int = 0) -> None:
        assert isinstance(data, bytes)
        self.pieces.append(data)


@pytest.fixture(params=["http", "https"])
def connection(request: pytest.FixtureRequest) -> HTTPConnection:
    made = _noting(lambda _opened: None, _Here())[request.param].ConnectionCls("127.0.0.1")
    assert isinstance(made, HTTPConnection)
    made.sock = Noted()
    return made


def pieces(connection: HTTPConnection) -> list[bytes]:
    assert isinstance(connection.sock, Noted)
    found, connection.sock.pieces = connection.sock.pieces, []
    connection.close()
    return found


def test_a_request_with_its_body_at_hand_is_one_piece(connection: HTTPConnection) -> None:
    connection.request("POST", "/v1/exchange", body=b"hello", headers=HEADERS)
    (whole,) = pieces(connection)
    head, _, body = whole.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/exchange HTTP/1.1\r\n")
    assert body == b"hello"


@pytest.mark.parametrize("body", [None, b""])
def test_a_request_without_a_body_is_sent_at_once(connection: HTTPConnection, body: bytes | None) -> None:
    connection.request("GET", "/v1/health", body=body)
    sent = b"".join(pieces(connection))
    assert sent.startswith(b"GET /v1/health HTTP/1.1\r\n")
    assert sent.endswith(b"\r\n\r\n")


def test_a_large_body_follows_its_head_piece_by_piece(connection: HTTPConnection) -> None:
    connection.request("POST", "/v1/exchange", body=io.BytesIO(b"hello"), headers=HEADERS)
    head, *rest = pieces(connection)
    assert head.endswith(b"\r\n\r\n")
    assert b"".join(rest) == b"hello"


def test_after_a_request_that_failed_the_next_one_is_whole(connection: HTTPConnection) -> None:
    with pytest.raises(InvalidURL):
        connection.request("POST", "/a b\n", body=b"hello", headers=HEADERS)
    connection.close()
    connection.sock = Noted()
    connection.request("POST", "/v1/exchange", body=b"again", headers=HEADERS)
    (whole,) = pieces(connection)
    assert whole.endswith(b"\r\n\r\nagain")
