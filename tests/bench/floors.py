"""Floors: what the same machine takes in the same minute for the least that each task has to do.

A ratio to a floor says more than seconds: it is what our own code adds to disk, cipher, line and decoder. Owns small
programs without any of the product's logic.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
import requests
from sqlcipher3 import dbapi2

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.store.statements import statements_named
from tests.bench import bare_push
from tests.bench.device import KEY
from tests.bench.machine import environment
from tests.bench.workload import Size, Workload

PAGE_ROWS = 5_000
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 100\r\n\r\n" + bytes(
    100
)


Pages = list[tuple[str, list[tuple[object, ...]]]]
"""Entities with columns of their rows."""


class Took(NamedTuple):
    """Seconds on the clock and of this process's processor time; on a busy machine the second says more.

    It is 0 where other processes do most of it.
    """

    wall: float
    cpu: float


def _time(call: Callable[[], object]) -> Took:
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def _typical(call: Callable[[], object], times: int) -> Took:
    """The median of repeated calls, of both kinds of time apart."""
    took = [_time(call) for _ in range(times)]
    return Took(median(one.wall for one in took), sum(one.cpu for one in took) / times)


def of_the_line(folder: Path) -> dict[str, Took]:
    """The floors of what travels, by name."""
    found = {"bare SQLCipher commit": _commits(folder), "bare requests round trip": _round_trip()}
    # a device of a crowd needs at least one round trip and a durable commit on either side
    parts = (*found.values(), _fdatasync(folder))
    found["round trip and two commits"] = Took(sum(one.wall for one in parts), sum(one.cpu for one in parts))
    return found


def measure(size: Size, replica: Path, folder: Path) -> dict[str, Took]:
    """The floors of the replica, by name."""
    found = {"file copy": _typical(lambda: _copy(replica, folder), 3)}
    pages = _pages(size)
    found["rows into bare SQLCipher"] = min(
        _time(lambda: _insert(pages, _bare(folder / "floor.db"))) for _ in range(2)
    )
    packed = [[msgspec.msgpack.encode(column) for column in columns] for _, columns in pages]
    decode = msgspec.msgpack.decode
    found["msgpack decode"] = _typical(lambda: [[decode(c) for c in page] for page in packed], 3)
    found["durable commit of 1 page"] = _fdatasync(folder)
    found["bare push of E"] = _push(size, pages, folder)
    found["bare SQLCipher update of E"] = _updates(size, pages, folder)
    return found


def _copy(replica: Path, folder: Path) -> None:
    copy = folder / "copy.db"
    shutil.copyfile(replica, copy)
    with copy.open("rb+") as file:
        os.fsync(file.fileno())
    copy.unlink()


def _pages(size: Size) -> Pages:
    """W as columns without the empty ones, in pages."""
    pages: Pages = []
    for name, rows in Workload(size).of_rep(0):
        filled: list[tuple[object, ...]] = [tuple(row.values()) for row in rows]
        starts = range(0, len(filled), PAGE_ROWS)
        pages += [(name, list(zip(*filled[at : at + PAGE_ROWS], strict=True))) for at in starts]
    return pages


def _bare(path: Path) -> dbapi2.Connection:
    path.unlink(missing_ok=True)
    connection = _keyed(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _keyed(path: Path) -> dbapi2.Connection:
    connection = dbapi2.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    return connection


def _insert(pages: Pages, connection: dbapi2.Connection | sqlite3.Connection) -> None:
    for name in dict.fromkeys(name for name, _ in pages):
        columns = statements_named(name).columns
        connection.execute(
            f"CREATE TABLE {CATALOGUE[name].table} (row_no INTEGER PRIMARY KEY, {', '.join(columns)})"
        )
    connection.execute("BEGIN IMMEDIATE")
    for name, columns in pages:
        names = statements_named(name).columns
        there = [place for place, column in enumerate(columns) if column.count(None) != len(column)]
        listed, marks = ", ".join(names[place] for place in there), ", ".join("?" * len(there))
        text = f"INSERT INTO {CATALOGUE[name].table} ({listed}) VALUES ({marks})"
        connection.executemany(text, zip(*(columns[place] for place in there), strict=True))
    connection.execute("COMMIT")
    connection.close()


def _updates(size: Size, pages: Pages, folder: Path) -> Took:
    """As many updates by key as E has edits, in one durable transaction, on the rows just inserted."""
    connection = _keyed(folder / "floor.db")
    name = pages[0][0]
    step = max(1, size.accounts // size.edits)
    rows = [(f"+31 {n}", n) for n in range(1, size.accounts, step)][: size.edits]

    def update() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"UPDATE {CATALOGUE[name].table} SET phone = ? WHERE row_no = ?", rows)
        connection.execute("COMMIT")

    took = _typical(update, 5)
    connection.close()
    return took


def _push(size: Size, pages: Pages, folder: Path) -> Took:
    """E from the rows just inserted to a plain file with the same rows."""
    central = folder / "floor-central.db"
    central.unlink(missing_ok=True)
    plain = sqlite3.connect(central, isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    _insert(pages, plain)
    with closing(sqlite3.connect(central)) as plain:
        bare_push.prepare(plain)
    replica = _keyed(folder / "floor.db")
    bare_push.prepare(replica)
    took = Took(median(bare_push.took(replica, central, size)), 0.0)
    replica.close()
    return took


def _fdatasync(folder: Path) -> Took:
    path = folder / "floor.log"
    with path.open("wb", buffering=0) as file:

        def commit() -> None:
            file.write(bytes(4096))
            (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(file.fileno())

        took = _typical(commit, 100)
    path.unlink()
    return took


def _commits(folder: Path) -> Took:
    connection = _bare(folder / "commits.db")
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")

    def commit() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t (b) VALUES (?)", ("x" * 300,))
        connection.execute("COMMIT")

    took = _typical(commit, 200)
    connection.close()
    return took


def _round_trip() -> Took:
    """One request with `requests` on a kept connection, to a process that answers at once."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.floors"], env=environment(), stdout=subprocess.PIPE, text=True
    ) as answering:
        assert answering.stdout is not None
        url = f"http://127.0.0.1:{answering.stdout.readline().strip()}/"
        with requests.Session() as session:
            session.trust_env = False
            session.post(url, data=bytes(100))
            took = _typical(lambda: session.post(url, data=bytes(100)), 200)
        answering.terminate()
    return took


def _answer_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        near, _ = listener.accept()
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = 0
        while data := near.recv(65_536):
            body += len(data.rpartition(b"\r\n\r\n")[2])
            if body >= 100:
                body = 0
                near.sendall(_ANSWER)


if __name__ == "__main__":
    _answer_for_ever()
