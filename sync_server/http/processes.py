"""Several server processes on one listening socket: started, replaced when one ends, and ended together in order.

Owns the socket they share and a line to each: over it a process says that it serves, and it ends in order when the line
closes, so that none outlives the one that started it. What they serve is on PostgreSQL, which they share as well. Must
not know a request.
"""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import BinaryIO

from fieldrep.contract.errors import Code, KnownError
from sync_server.http.serve import WAITING_CONNECTIONS, Place, Server, listening, server_of
from sync_server.store.database import Database

log = logging.getLogger(__name__)

SERVES = b"serves\n"
"""What a process says once it takes connections."""

AGAIN_SECONDS = 1.0
"""Before another one is started where one ended without having served: its database may be away."""

ENDING_SECONDS = 20.0
"""For requests under way, twice what a process grants them; then it is killed."""


def serve_together(
    database: Database, place: Place, processes: int, command: Sequence[str], announce: Callable[[str], None]
) -> None:
    """Serves by so many processes until interrupted; `announce` is told the address once all of them serve.

    Args:
        command: starts one of them, which calls `serve_as_one_of`.

    Raises:
        KnownError: `wrong_usage` for a store that processes cannot share, `server_error` when one of the first cannot
            serve; as `listening`.
    """
    if database.dialect.is_local:
        raise KnownError(
            Code.WRONG_USAGE,
            "More than one server process needs a central store on PostgreSQL; this one is on SQLite.",
        )
    if sys.platform == "win32":
        raise KnownError(Code.WRONG_USAGE, "On Windows one server process serves; leave out --processes.")
    with listening(place) as (listener, address):
        options = ["--socket", str(listener.fileno()), "--processes", str(processes)]
        if place.tls_cert and place.tls_key:
            options += ["--tls-cert", str(place.tls_cert), "--tls-key", str(place.tls_key)]
        _Together([*command, *options], listener, processes, lambda: announce(address)).run()


def serve_as_one_of(database: Database, place: Place, processes: int, number: int) -> None:
    """Serves as one of so many processes on the socket of that number, until interrupted or standard input ends."""
    listener = socket.socket(fileno=number)
    server = server_of(database, place, processes)

    def begun() -> None:
        listener.listen(WAITING_CONNECTIONS)
        sys.stdout.buffer.write(SERVES)
        sys.stdout.flush()

    server.begun = begun
    threading.Thread(target=_end_with, args=(sys.stdin.buffer, server), daemon=True).start()
    server.run(sockets=[listener])


def _end_with(line: BinaryIO, server: Server) -> None:
    line.read()
    server.should_exit = True


@dataclass(eq=False, slots=True)
class _One:
    """One process; `serves` once it has said so."""

    popen: subprocess.Popen[bytes]
    serves: bool = field(default=False)

    def watch(self, tell: Callable[[_One], None]) -> None:
        """Tells when it serves and when it has ended."""
        assert self.popen.stdout is not None  # noqa: S101 - asked for
        if self.popen.stdout.readline() == SERVES:
            self.serves = True
            tell(self)
        self.popen.wait()
        tell(self)


class _Together:
    """All of them. What happens to one, and being interrupted, comes over one queue."""

    def __init__(
        self, command: Sequence[str], listener: socket.socket, number: int, begun: Callable[[], None]
    ) -> None:
        self._command, self._listener, self._number, self._begun = command, listener, number, begun
        self._running: list[_One] = []
        self._heard: SimpleQueue[_One | int] = SimpleQueue()

    def run(self) -> None:
        """Until interrupted; then does what the signal does to a process that does not care for it."""
        with _signals(self._heard.put):
            try:
                interrupted = self._begin() or self._go_on()
            finally:
                self._end()
        signal.raise_signal(interrupted)

    def _begin(self) -> int:
        """Starts all; the signal where one came before they served."""
        for _ in range(self._number):
            self._start()
        while not all(one.serves for one in self._running):
            heard = self._heard.get()
            if isinstance(heard, int):
                return heard
            if heard.popen.poll() is not None:
                raise KnownError(Code.SERVER_ERROR, "A server process could not begin; why stands above.")
        self._begun()
        return 0

    def _go_on(self) -> int:
        """Replaces those that end; the signal that came in the end."""
        while True:
            missing = self._number - len(self._running)
            try:
                heard = self._heard.get(timeout=AGAIN_SECONDS if missing else None)
            except Empty:
                for _ in range(missing):
                    self._start()
                continue
            if isinstance(heard, int):
                return heard
            if heard.popen.poll() is not None and heard in self._running:
                self._running.remove(heard)
                log.warning("A server process ended (%s); another takes its place.", heard.popen.returncode)
                if heard.serves:
                    self._start()

    def _start(self) -> None:
        one = _One(
            subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(self._listener.fileno(),),
                start_new_session=True,  # Ctrl+C reaches this process alone, which ends the others
            )
        )
        self._running.append(one)
        threading.Thread(target=one.watch, args=(self._heard.put,), daemon=True).start()

    def _end(self) -> None:
        """Takes no more connections and waits until all requests under way are answered."""
        self._listener.close()
        ends = time.monotonic() + ENDING_SECONDS
        for one in self._running:
            assert one.popen.stdin is not None  # noqa: S101 - asked for
            one.popen.stdin.close()
        for one in self._running:
            try:
                one.popen.wait(max(0.0, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.popen.kill()
                one.popen.wait()


@contextmanager
def _signals(tell: Callable[[int], None]) -> Iterator[None]:
    """Has the signals told by which a server is ended."""
    before = {
        number: signal.signal(number, lambda came, _frame: tell(came))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
