"""A hostile server on a real socket: it answers each connection with the bytes, pauses and silences it is told to.

Owns nothing of HTTP but the bytes it is given; it remembers what it was asked.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[socket.socket], None]


@dataclass
class Hostile:
    """The server.

    Attributes:
        answer: what it does on each connection, once the request has arrived.
        asked: the requests, head and body.
    """

    address: str
    answer: Answer
    asked: list[bytes] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def hostile(answer: Answer) -> Iterator[Hostile]:
    """Runs while the block lasts."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    server = Hostile(f"http://127.0.0.1:{listener.getsockname()[1]}", answer)
    thread = threading.Thread(target=_serve, args=(listener, server), name="hostile server")
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        thread.join()
        listener.close()


@contextmanager
def nobody_listening() -> Iterator[str]:
    """An address that is held and not served, so that nobody else can come to serve it meanwhile."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{place.getsockname()[1]}"


def _serve(listener: socket.socket, server: Hostile) -> None:
    while not server.closing.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        with connection, suppress(OSError):
            connection.settimeout(60)
            server.asked.append(read_request(connection))
            server.answer(connection)


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def page(
    body: bytes, *, media: str, status: str = "200 OK", length: int | None = None, more: str = ""
) -> bytes:
    """An answer as bytes; `length` may lie, and -1 leaves it out so that the end of the line ends the body."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nConnection: close\r\n{more}"
    if length != -1:
        head += f"Content-Length: {len(body) if length is None else length}\r\n"
    return head.encode() + b"\r\n" + body
