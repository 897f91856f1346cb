"""A bad line: a TCP proxy that lets everything pass until it is told what to break on the next connections.

It cuts, drips, falls silent, alters, repeats, delivers late, or answers in the server's place. Must not know the sync
protocol: it counts bytes, and of HTTP it knows where a request ends.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal[
    "",
    "drop request",
    "drop reply",
    "cut request",
    "cut reply",
    "flip request",
    "flip reply",
    "drip",
    "half open",
    "portal",
    "duplicate",
    "late",
]
_CHUNK = 65_536
_PORTAL = b"<html><body>Welcome to the Grand Hotel. Please sign in.</body></html>"


@dataclass
class Proxy:
    """Stands before a server.

    Attributes:
        fault: what happens to each connection from now on.
        at: at which byte, for a cut or a flip.
        asked, answered: bytes that went either way on the last connection.
        repeated: requests the server got once more than the device sent them.
        kept: requests that are to be delivered late.
        dead: connections, counted from the first, on which nothing is carried any more.
    """

    port: int
    server_port: int
    fault: Fault = ""
    at: int = 0
    asked: int = 0
    answered: int = 0
    connections: int = 0
    repeated: int = 0
    kept: list[bytes] = field(default_factory=list)
    dead: int = 0
    open: set[asyncio.Future[None]] = field(default_factory=set)
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def breaks(self, fault: Fault, at: int = 0) -> None:
        """Breaks every connection so, until told otherwise."""
        self.fault, self.at = fault, at

    def heals(self) -> None:
        """Lets everything pass again."""
        self.breaks("")

    def deliver_late(self) -> int:
        """Delivers what was kept, long after those who sent it have gone; how many requests."""
        assert self.loop is not None
        late, self.kept = self.kept, []
        for request in late:
            asyncio.run_coroutine_threadsafe(self._deliver(request), self.loop).result(timeout=120)
        return len(late)

    def cut_all(self) -> None:
        """Cuts every line that is open now."""
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(_end_all(), self.loop).result(timeout=120)

    def forget_all(self) -> None:
        """Carries nothing more on the lines that are open now, and tells nobody: a router that was restarted."""
        self.dead = self.connections

    def all_end(self) -> bool:
        """Whether those who have a line open let go of it, all of them."""
        assert self.loop is not None
        return asyncio.run_coroutine_threadsafe(self._ended(), self.loop).result(timeout=120)

    async def _ended(self) -> bool:
        if not self.open:
            return True
        _, left = await asyncio.wait(self.open, timeout=60)
        return not left

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from a device; cut while it is still being passed on, it is let go of as well."""
        line: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.open.add(line)
        try:
            await self._carry(reader, writer)
        except BaseException:
            writer.transport.abort()
            raise
        finally:
            self.open.discard(line)
            line.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.asked = self.answered = 0
        if self.fault == "portal":
            await self._welcome(reader, writer)
            return
        try:
            onward, back = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            writer.close()
            return
        asking = asyncio.ensure_future(self._asking(reader, back, self.connections))
        answering = asyncio.ensure_future(self._answering(onward, writer))
        try:
            await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (asking, answering):
                task.cancel()
            for end in (writer, back):
                with suppress(OSError):
                    end.transport.abort()
            await asyncio.gather(asking, answering, return_exceptions=True)

    async def _asking(self, reader: asyncio.StreamReader, onward: asyncio.StreamWriter, number: int) -> None:
        request = b""
        while data := await reader.read(_CHUNK):
            place = self.at - self.asked
            if self.fault == "drop request":
                return
            if self.fault == "half open" or number <= self.dead:
                continue
            if self.fault == "cut request" and place < len(data):
                onward.write(data[:place])
                await onward.drain()
                return
            if self.fault == "flip request" and 0 <= place < len(data):
                data = _flipped(data, place)
            self.asked += len(data)
            request += data
            whole = _is_whole(request)
            if self.fault in ("late", "duplicate") and not whole:
                continue
            if self.fault == "late":
                self.kept.append(request)
                return
            if self.fault == "duplicate":
                await self._deliver(request)
                self.repeated += 1
                data = request
            onward.write(data)
            await onward.drain()
            request = b"" if whole else request

    async def _answering(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            place = self.at - self.answered
            if self.fault == "drop reply":
                return
            if self.fault == "cut reply" and place < len(data):
                back.write(data[:place])
                await back.drain()
                return
            if self.fault == "flip reply" and 0 <= place < len(data):
                data = _flipped(data, place)
            self.answered += len(data)
            for piece in _pieces(data) if self.fault == "drip" else (data,):
                back.write(piece)
                await back.drain()
                await asyncio.sleep(0.001 if self.fault == "drip" else 0)

    async def _deliver(self, request: bytes) -> None:
        """The same bytes on a connection of their own; the answer goes nowhere."""
        onward, back = await asyncio.open_connection("127.0.0.1", self.server_port)
        try:
            back.write(request)
            with suppress(OSError, asyncio.IncompleteReadError):
                head = await onward.readuntil(b"\r\n\r\n")
                await onward.readexactly(_length(head))
        finally:
            back.transport.abort()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            request = b""
            while not _is_whole(request) and (data := await reader.read(_CHUNK)):
                request += data
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(_PORTAL)}\r\n\r\n"
            writer.write(head.encode() + _PORTAL)
            await writer.drain()
            writer.close()


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


def _is_whole(request: bytes) -> bool:
    head, found, body = request.partition(b"\r\n\r\n")
    return bool(found) and len(body) >= _length(head)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@contextmanager
def bad_line(server: str) -> Iterator[Proxy]:
    """A proxy before the server at an address, on a port of its own, in a thread of its own."""
    loop = asyncio.new_event_loop()
    proxy = Proxy(0, int(server.rpartition(":")[2]), loop=loop)
    listening = loop.run_until_complete(asyncio.start_server(proxy.carry, "127.0.0.1", 0))
    proxy.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="bad line")
    thread.start()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(listening.close)
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result(timeout=120)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
