"""A primary and its standby: two real PostgreSQL servers behind one address, which goes to whoever answers.

Owns their folders and processes. Must not know what is in a database.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError

import psycopg

from tests.store_suite.databases import Databases

_SETTINGS = "listen_addresses='' fsync=off max_connections=40 shared_buffers=16MB max_wal_senders=3"


class Node:
    """One PostgreSQL server; its socket lies in its data folder's own."""

    def __init__(self, stores: Databases, folder: Path, name: str) -> None:
        self._stores, self.folder, self.data = stores, folder, folder / name
        self.port = 6000 + len(list(folder.iterdir()))

    def begin(self) -> None:
        """Makes its data."""
        self._stores.program("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "--no-sync")

    def follow(self, primary: Node) -> None:
        """Takes the data of another one, which it follows from then on."""
        of = ("-h", str(primary.folder), "-p", str(primary.port), "-U", "postgres")
        self._stores.program("pg_basebackup", *of, "-D", str(self.data), "-R", "-c", "fast", "--no-sync")

    def start(self) -> None:
        places = [f"unix_socket_directories={self.folder}", f"port={self.port}"]
        options = " ".join(f"-c {one}" for one in (*_SETTINGS.split(), *places))
        self._control("start", "-l", str(self.data) + ".log", "-o", options)

    def stop(self) -> None:
        """At once, as when its machine dies."""
        self._control("stop", "-m", "immediate")

    def promote(self) -> None:
        self._control("promote")

    def _control(self, *what: str) -> None:
        self._stores.program("pg_ctl", "-w", "-D", str(self.data), *what)

    def run(self, statement: str) -> str:
        """What one statement answers."""
        where = f"host={self.folder} port={self.port} user=postgres dbname=postgres"
        with closing(psycopg.connect(where, autocommit=True)) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return str(row[0]) if row else ""


class Pair:
    """A primary and a standby that follows it."""

    def __init__(self, stores: Databases, folder: Path) -> None:
        self.primary, self.standby = Node(stores, folder, "one"), Node(stores, folder, "two")
        self.standby.port += 1
        self._folder = folder

    def begin(self) -> None:
        self.primary.begin()
        self.primary.start()
        self.standby.follow(self.primary)
        self.standby.start()

    def address(self, database: str) -> str:
        """Of a database, on whichever server answers."""
        hosts = "&".join(f"host={self._folder}:{node.port}" for node in (self.primary, self.standby))
        return f"postgresql+psycopg://postgres@/{database}?{hosts}"

    def fall_behind(self) -> None:
        """The standby gets what was committed by now, and then nothing more."""
        now = self.primary.run("SELECT pg_current_wal_lsn()")
        for _ in range(100_000):
            if self.standby.run(f"SELECT pg_last_wal_replay_lsn() >= '{now}'") == "True":
                return self.standby.stop()
        raise AssertionError("the standby never has it")

    def end(self) -> None:
        for node in (self.primary, self.standby):
            with suppress(CalledProcessError):
                node.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def pair(stores: Databases) -> Iterator[Pair]:
    """Two servers that are gone at the end."""
    made = Pair(stores, stores.folder())
    try:
        made.begin()
        yield made
    finally:
        made.end()
