"""A central store behind a real sync server in this process, and devices of its people with real replicas.

Owns the server's thread and the making of devices. For tests that break the line or look at the store beside it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Value
from fieldrep.store.replica import Replica
from fieldrep.sync.enrolment import enrol
from sync_server.http.app import make_app
from sync_server.http.serve import Server, _listen
from sync_server.store.database import Database
from sync_server.store.devices.credentials import make_code
from sync_server.store.transaction import WriteTransaction


def clock() -> int:
    """The computer's."""
    return time.time_ns() // 1_000_000


class Served:
    """One central store and the address it is served at."""

    def __init__(self, database: Database, address: str, folder: Path) -> None:
        self.database, self.address = database, address
        self._folder = folder

    def make(self, entity: str, **values: Value) -> bytes:
        """A new row, as an admin or an import writes it."""
        with self.database.write("office") as tx:
            return new_row(tx, entity, **values)

    def change(self, entity: str, row_id: bytes, **values: Value) -> None:
        """A change of a row in the office."""
        with self.database.write("office") as tx:
            row = tx.row(entity, row_id)
            assert row is not None
            tx.stage(entity, {**row, **values, "revision": tx.new_revision(), "changed_at": tx.now})

    def link(self, user_id: bytes, address: str = "") -> str:
        """A one-time link for a user, which leads to the address instead of the server's when one is given."""
        with self.database.write("admin") as tx:
            code = make_code(tx, os.urandom, user_id)
        return f"fieldrep://enroll?server={address or self.address}&code={code}"

    @contextmanager
    def device(self, user_id: bytes, name: str, address: str = "") -> Iterator[Replica]:
        """An enrolled device with nothing on it yet."""
        file = self._folder / f"{name}.db"
        with Replica.open(file, os.urandom(32), clock, os.urandom, create=True) as replica:
            enrol(replica, self.link(user_id, address), os.urandom, name)
            yield replica


def new_row(tx: WriteTransaction, entity: str, **values: Value) -> bytes:
    """Stages a new row with the catalogue's defaults."""
    made = tx.new_id()
    row: dict[str, Value] = {field.name: field.default for field in CATALOGUE[entity].columns}
    row.update(id=made, revision=tx.new_revision(), created_at=tx.now, changed_at=tx.now)
    tx.stage(entity, {**row, **values})
    return made


@contextmanager
def serving(database: Database) -> Iterator[str]:
    """Serves a store for as long as the block lasts; gives the address."""
    listener = _listen("127.0.0.1", 0)
    app = make_app(database)
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", timeout_keep_alive=75)
    server = Server(config, app.state.end)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(120)
        assert not thread.is_alive(), "the server did not stop"


@contextmanager
def served(folder: Path, url: str = "") -> Iterator[Served]:
    """A new central store, on SQLite where no empty database is named, served for as long as the block lasts."""
    database = Database.create(url or f"sqlite:///{folder / 'central.db'}", clock, os.urandom)
    try:
        with serving(database) as address:
            yield Served(database, address, folder)
    finally:
        database.close()
