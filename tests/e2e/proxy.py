"""A bad line: a TCP proxy that lets everything pass until it is told what to break on the next connections.

Must not know the protocol: it counts bytes.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal["", "drop request", "drop reply", "cut request", "cut reply", "flip reply"]
_CHUNK = 65_536


@dataclass
class Proxy:
    """Stands before a server.

    Attributes:
        fault: what happens to each connection from now on.
        at: at which byte, for a cut or a flip.
        asked, answered: bytes that went either way on the last connection.
    """

    port: int
    server_port: int
    fault: Fault = ""
    at: int = 0
    asked: int = 0
    answered: int = 0
    connections: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def breaks(self, fault: Fault, at: int = 0) -> None:
        """Breaks every connection so, until told otherwise."""
        self.fault, self.at = fault, at

    def heals(self) -> None:
        """Lets everything pass again."""
        self.breaks("")

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from a device."""
        self.connections += 1
        self.asked = self.answered = 0
        try:
            onward, back = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            writer.close()
            return
        asking = asyncio.ensure_future(self._asking(reader, back))
        answering = asyncio.ensure_future(self._answering(onward, writer))
        await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
        for task in (asking, answering):
            task.cancel()
        await asyncio.gather(asking, answering, return_exceptions=True)
        for end in (writer, back):
            with suppress(OSError):
                end.transport.abort()

    async def _asking(self, reader: asyncio.StreamReader, onward: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self.fault == "drop request":
                return
            if self.fault == "cut request" and self.asked + len(data) > self.at:
                onward.write(data[: self.at - self.asked])
                await onward.drain()
                return
            self.asked += len(data)
            onward.write(data)
            await onward.drain()

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
                data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            self.answered += len(data)
            back.write(data)
            await back.drain()


@contextmanager
def bad_line(server: str) -> Iterator[Proxy]:
    """A proxy before the server at an address, on a port of its own, in a thread of its own."""
    proxy = Proxy(0, int(server.rpartition(":")[2]))
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(proxy.carry, "127.0.0.1", 0))
    proxy.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="bad line")
    thread.start()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(listening.close)
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
