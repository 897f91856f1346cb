"""The least that it takes to push E: `python -m tests.bench.bare_push FILE` takes edits into a plain SQLite file.

What waits is read from a SQLCipher file, packed and sent with `requests`; the other process reads each row, compares
the value before, updates it, keeps a line of history and an answer, and commits durably; the row and what was sent are
noted, durably. Nobody is identified, nothing is judged, merged or compared with others, no index but those by key is
kept, and nothing comes back but the answers. Owns both ends of it, without any of the product's logic.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import requests
from sqlcipher3 import dbapi2

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.frame import seal, unseal
from tests.bench.machine import environment
from tests.bench.workload import Size, Workload

ROUNDS = 5
KINDS = ("account", "contact", "activity")
TABLES = (
    "outbox (n INTEGER PRIMARY KEY, edit BLOB)",
    "answer (n INTEGER PRIMARY KEY, revision INTEGER, edit BLOB)",
    "history (n INTEGER PRIMARY KEY, id BLOB, field TEXT, before, after)",
)
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"

Edit = tuple[int, str, bytes, str, Any, Any]
"""Its number, entity, row and field, and the field's value before and after."""


def prepare(connection: Any) -> None:
    """What both files need beside the rows of W, which are in them."""
    for table in TABLES:
        connection.execute(f"CREATE TABLE bare_{table}")
    for kind in KINDS:
        connection.execute(f"CREATE UNIQUE INDEX bare_{kind} ON {CATALOGUE[kind].table} (id)")


def took(replica: dbapi2.Connection, central: Path, size: Size) -> Iterator[float]:
    """Seconds on the clock for each of `ROUNDS` rounds of E."""
    with _answering(central) as url, requests.Session() as session:
        session.trust_env = False
        session.post(url, data=seal(msgspec.msgpack.encode([]), 0))
        for number in range(ROUNDS):
            _enter(replica, size, number)
            begun = time.perf_counter()
            _push(replica, session, url)
            yield time.perf_counter() - begun


def _enter(replica: dbapi2.Connection, size: Size, number: int) -> None:
    edits: list[Edit] = []
    for kind, row_id, values in Workload(size).edits(0, number):
        ((field, after),) = values.items()
        text = f"SELECT {field} FROM {CATALOGUE[kind].table} WHERE id = ?"
        (before,) = replica.execute(text, (row_id,)).fetchone()
        edits.append((number * size.edits + len(edits) + 1, kind, row_id, field, before, after))
    replica.execute("BEGIN IMMEDIATE")
    packed = [(edit[0], msgspec.msgpack.encode(edit)) for edit in edits]
    replica.executemany("INSERT INTO bare_outbox (n, edit) VALUES (?, ?)", packed)
    _update(replica, edits)
    replica.execute("COMMIT")


def _push(replica: dbapi2.Connection, session: requests.Session, url: str) -> None:
    waiting = replica.execute("SELECT n, edit FROM bare_outbox ORDER BY n").fetchall()
    edits = [msgspec.msgpack.decode(edit, type=Edit) for _, edit in waiting]
    payload, _ = unseal(session.post(url, data=seal(msgspec.msgpack.encode(edits), len(edits))).content)
    answers = msgspec.msgpack.decode(payload, type=list[tuple[int, int]])
    replica.execute("BEGIN IMMEDIATE")
    replica.execute("INSERT INTO bare_answer SELECT n, 0, edit FROM bare_outbox")
    replica.executemany("UPDATE bare_answer SET revision = ?2 WHERE n = ?1", answers)
    replica.executemany("DELETE FROM bare_outbox WHERE n = ?", [(n,) for n, _ in answers])
    for kind, of_kind in _by_kind(edits).items():
        revised = [(edit[0], edit[2]) for edit in of_kind]
        replica.executemany(f"UPDATE {CATALOGUE[kind].table} SET changed_at = ? WHERE id = ?", revised)
    replica.execute("COMMIT")
    if len(answers) != len(edits):
        raise RuntimeError("the other end did not take every edit")


def _take(central: sqlite3.Connection, message: bytes) -> bytes:
    """Writes a message's edits, and packs their answers."""
    edits = msgspec.msgpack.decode(unseal(message)[0], type=list[Edit])
    central.execute("BEGIN IMMEDIATE")
    for kind, of_kind in _by_kind(edits).items():
        text = f"SELECT * FROM {CATALOGUE[kind].table} WHERE id IN ({', '.join('?' * len(of_kind))})"
        rows = {row["id"]: row for row in central.execute(text, [edit[2] for edit in of_kind])}
        if any(rows[edit[2]][edit[3]] != edit[4] for edit in of_kind):
            raise RuntimeError("a value before is another")
    _update(central, edits)
    history = [(n, row_id, field, before, after) for n, _, row_id, field, before, after in edits]
    central.executemany("INSERT INTO bare_history VALUES (?, ?, ?, ?, ?)", history)
    answers = [(edit[0], edit[0]) for edit in edits]
    central.executemany("INSERT INTO bare_answer (n, revision) VALUES (?, ?)", answers)
    central.execute("COMMIT")
    return seal(msgspec.msgpack.encode(answers), len(answers))


def _by_kind(edits: list[Edit]) -> dict[str, list[Edit]]:
    found: dict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        found[edit[1]].append(edit)
    return found


def _update(connection: Any, edits: list[Edit]) -> None:
    texts: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for n, kind, row_id, field, _, after in edits:
        text = f"UPDATE {CATALOGUE[kind].table} SET {field} = ?, changed_at = ? WHERE id = ?"
        texts[text].append((after, n, row_id))
    for text, values in texts.items():
        connection.executemany(text, values)


@contextmanager
def _answering(central: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.bare_push", str(central)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/"
        process.terminate()


def _answer_for_ever(central: Path) -> None:
    connection = sqlite3.connect(central, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = FULL")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        near, _ = listener.accept()
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with near.makefile("rb") as coming:
            while line := coming.readline():
                size = 0
                while line.strip():
                    name, _, value = line.partition(b":")
                    size = int(value) if name.lower() == b"content-length" else size
                    line = coming.readline()
                answer = _take(connection, coming.read(size))
                near.sendall(_OK % len(answer) + answer)


if __name__ == "__main__":
    _answer_for_ever(Path(sys.argv[1]))
