"""What the bench needs of the machine: other processes, their memory and their time, and a counted line between two.

Owns the server process under measurement and the relay that counts bytes. Must not know what is measured.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil

from sync_server.paths import Remembered, ServerHome
from sync_server.store.address import dialect_of

ROOT = Path(__file__).resolve().parents[2]
_PIECE, _UNDER_WAY = 8_192, 1 << 20
_SERVE = "from sync_server.start import main; main()"


def peak_mb(pid: int) -> float:
    """The most memory a process has had resident so far, in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except OSError:  # another system than Linux
        memory = psutil.Process(pid).memory_info()
        return getattr(memory, "peak_wset", memory.rss) / 1_048_576


def environment(**more: str) -> dict[str, str]:
    """For processes under measurement: bytecode is kept, no window, no keyring of the person at the desk."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet = {"QT_QPA_PLATFORM": "offscreen", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    return {**kept, **quiet, "PYTHONPATH": str(ROOT), **more}


def run_json(module: str, *words: str, **more: str) -> Any:
    """Runs a module of the bench in a process of its own; what it prints last is its answer."""
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, env=environment(**more), cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def processor_seconds(processes: Iterable[psutil.Process]) -> float:
    """What processes have taken so far, together."""
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


def database_processes(url: str) -> list[psutil.Process]:
    """The processes of the database server that keeps a store, none for a store in a file."""
    if dialect_of(url).is_local:
        return []
    with dialect_of(url).schema_engine(url).connect() as connection:
        (backend,) = connection.exec_driver_sql("SELECT pg_backend_pid()").one()
        head = psutil.Process(psutil.Process(backend).ppid())
        return [head, *(process for process in head.children() if process.pid != backend)]


class Server:
    """The real server in a process of its own, or in several, on a central store."""

    def __init__(self, home: Path, url: str, processes: int = 1) -> None:
        kept = ServerHome(home)
        kept.make()
        kept.remember(Remembered(database=url))
        more = {"FIELDREP_SERVER_HOME": str(home)}
        command = [sys.executable, "-c", _SERVE]
        self._process = subprocess.Popen(
            [*command, "serve", "--port", "0", "--processes", str(processes)],
            env=environment(**more),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if "http" not in said:
            raise RuntimeError(f"the server did not start: {said!r}")
        self.address = said.split()[-1]
        first = psutil.Process(self._process.pid)
        self._seen = [first, *first.children()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(60)
        if self._process.stdout:
            self._process.stdout.close()

    @property
    def peak_mb(self) -> float:
        """The most memory it has had so far."""
        return sum(peak_mb(one.pid) for one in self._seen)

    @property
    def resident_mb(self) -> float:
        """The memory it has now."""
        return sum(one.memory_info().rss for one in self._seen) / 1_048_576

    @property
    def cpu(self) -> float:
        """Processor seconds it has taken so far."""
        return processor_seconds(self._seen)


class Relay:
    """Passes bytes on to an address and counts them, both ways, with whatever surrounds the bodies."""

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix("http://").rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = self.received = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    @property
    def total(self) -> int:
        """Bytes of both directions so far."""
        return self.sent + self.received

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            self._connected()
            for source, target, counter in ((near, far, "sent"), (far, near, "received")):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pass, args=(source, target, counter), daemon=True).start()

    def _connected(self) -> None:
        """A connection was made."""

    def _pass(self, source: socket.socket, target: socket.socket, counter: str) -> None:
        with source, target, suppress(OSError):  # one end closing ends both directions
            while data := source.recv(262_144):
                setattr(self, counter, getattr(self, counter) + len(data))
                target.sendall(data)


class SlowLine(Relay):
    """A relay like a line on the road: each direction carries so many bits a second, and the way takes its time.

    Making a connection takes a round trip as well, and all connections share the line. What is under way is bounded,
    as by a router's queue.
    """

    def __init__(self, address: str, bits_a_second: float, round_trip: float) -> None:
        self._byte_takes = 8 / bits_a_second
        self._way = round_trip / 2
        self._free = {"sent": 0.0, "received": 0.0}
        self._booking = threading.Lock()
        super().__init__(address)

    def _connected(self) -> None:
        time.sleep(2 * self._way)

    def _pass(self, source: socket.socket, target: socket.socket, counter: str) -> None:
        under_way: queue.Queue[tuple[float, bytes]] = queue.Queue(_UNDER_WAY // _PIECE)
        threading.Thread(target=self._deliver, args=(under_way, target), daemon=True).start()
        with source, suppress(OSError):
            while data := source.recv(_PIECE):
                under_way.put((self._carried(counter, len(data)) + self._way, data))
        under_way.put((0.0, b""))

    def _carried(self, counter: str, size: int) -> float:
        """When the line has taken so many bytes more in a direction; whatever came before goes first."""
        with self._booking:
            setattr(self, counter, getattr(self, counter) + size)
            self._free[counter] = max(self._free[counter], time.monotonic()) + size * self._byte_takes
            return self._free[counter]

    @staticmethod
    def _deliver(under_way: queue.Queue[tuple[float, bytes]], target: socket.socket) -> None:
        with target, suppress(OSError):
            while True:
                due, data = under_way.get()
                if not data:
                    return
                time.sleep(max(0.0, due - time.monotonic()))
                target.sendall(data)
