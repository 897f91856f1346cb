"""The live line: how soon a colleague's change is in another replica, and what thousands of idle waits cost the server.

`python -m tests.bench.live HERE THERE SIZE TIMES` edits one replica, pauses as the window does, pushes, and stops the
watch once the replica that waits for news holds the change. The idle waits are bare connections that ask as a device
asks and then only listen, so that the server alone is measured.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from fieldrep.contract.live import LONGEST_HOLD, place_text
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import sync
from fieldrep.sync.live import LiveLine
from fieldrep.sync.schedule import LIVE_AFTER_CHANGE_MS
from fieldrep.sync.session import bearer_of
from sync_server.store.database import Database
from sync_server.store.devices.cursor import Cursor, encode_cursor
from tests.bench.concurrency import admitted
from tests.bench.device import EDIT, now, open_replica
from tests.bench.machine import Server
from tests.bench.workload import REPS, SIZES, Workload

WAITS = {"full": 2_000, "small": 200, "tiny": 20}
WATCHED_SECONDS = {"full": 20.0, "small": 5.0, "tiny": 1.0}
LIVE_ROUND = 2_000
"""Of E: another one than those of `device.py`, so that the values differ."""

_HOLDS = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class Idle:
    """What idle waits cost the server, for a thousand of them: seconds of processor in a second, and MB."""

    cpu: float
    memory: float


def idle_waits(url: str, size: str, waits: int, seconds: float, folder: Path) -> Idle:
    """Holds so many waits at once, each of a device of its own, and looks at the server for so long."""
    database, load = Database.open(url, now, os.urandom), Workload(SIZES[size])
    try:
        info = database.info()
        cursor = encode_cursor(Cursor(since=info.revision, target=info.revision))
        tokens = [admitted(database, load.rep_id(number % REPS)).token for number in range(waits)]
        place = place_text(info.epoch, cursor)
    finally:
        database.close()
    with Server(folder, url) as server, ExitStack() as lines:
        before = server.resident_mb
        for token in tokens:
            lines.enter_context(_held(server.address, place, token))
        begun, spent = time.monotonic(), server.cpu
        time.sleep(seconds)
        cpu = (server.cpu - spent) / (time.monotonic() - begun)
        return Idle(1_000 * cpu / waits, 1_000 * (server.resident_mb - before) / waits)


def _held(address: str, place: str, token: str) -> socket.socket:
    """A connection on which the server holds a wait."""
    at = urlsplit(address)
    line = socket.create_connection((at.hostname, at.port), timeout=60)
    words = f"GET /v1/wait?at={place}&hold={LONGEST_HOLD} HTTP/1.1\r\nHost: {at.netloc}\r\n"
    line.sendall(f"{words}Authorization: Bearer {token}\r\n\r\n".encode("ascii"))
    answer = line.recv(4_096)
    if not answer.startswith(_HOLDS):
        raise RuntimeError(f"the server holds no wait: {answer[:200]!r}")
    return line


def shown(here: Path, there: Path, size: str, times: int) -> list[float]:
    """Seconds from an edit saved in one replica until the other one, which waits for news, holds it."""
    edits = Workload(SIZES[size]).edits(0, LIVE_ROUND)[:times]
    with open_replica(here) as mine, open_replica(there) as theirs, ThreadPoolExecutor(1) as ear:
        my_line, their_line, live = bearer_of(mine), bearer_of(theirs), LiveLine()
        sync(mine, my_line)
        took = []
        for entity, row_id, values in edits:
            sync(theirs, their_line)
            held = Event()
            told = ear.submit(live.wait, theirs, held.set)
            held.wait(60)
            EDIT[entity](mine, row_id=row_id, **values)
            begun = time.perf_counter()
            time.sleep(LIVE_AFTER_CHANGE_MS / 1_000)
            sync(mine, my_line, ahead=True)
            told.result(60)
            sync(theirs, their_line, ahead=True)
            took.append(time.perf_counter() - begun)
            _require(theirs, entity, row_id, values)
        live.hang_up()
        my_line.close()
        their_line.close()
        return took


def _require(replica: Replica, entity: str, row_id: bytes, values: dict[str, object]) -> None:
    """The replica must hold what was entered in the other one, or the figure means nothing."""
    with replica.read() as reader:
        row = reader.row(entity, row_id) or {}
    if {name: row.get(name) for name in values} != values:
        raise RuntimeError(f"{row} was heard of, {values} was entered")


if __name__ == "__main__":
    _here, _there, _size, _times = sys.argv[1:]
    print(json.dumps(shown(Path(_here), Path(_there), _size, int(_times))))
