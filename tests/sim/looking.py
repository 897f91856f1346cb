"""A plain connection to the store under test, for looking at it with eyes of our own. Must not know the product.

Reads all of it again and again; what has not changed since comes as the same objects, so that it need not be compared.
On SQLite the server's statements are overheard: tables that none of them has named are not read anew, until `forget`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sync_server.store.database import Database
from tests.sim.judge.rules import MACHINERY, TABLES
from tests.sim.tap import tables_written

Values = tuple[Any, ...]
Row = dict[str, Any]


@dataclass
class Sql:
    """A connection of our own to either database, for looking."""

    url: str
    connection: Any = None
    _read: dict[str, tuple[list[Values], dict[bytes, Row]]] = field(default_factory=dict)
    _all: dict[str, dict[bytes, Row]] = field(default_factory=dict)
    _read_at: int | None = None
    _heard: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.url.startswith("sqlite"):
            self.connection = sqlite3.connect(self.url.removeprefix("sqlite:///"), isolation_level=None)
        else:
            import psycopg

            url = self.url.replace("postgresql+psycopg://", "postgresql://")
            self.connection = psycopg.connect(url, autocommit=True)

    def rows(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor = self.connection.execute(sql)
        return [column[0] for column in cursor.description], cursor.fetchall()

    def revision(self) -> int:
        """The newest revision the store has given."""
        return int(self.rows("SELECT revision FROM store_info")[1][0][0])

    def close(self) -> None:
        self.connection.close()

    def columns(self) -> dict[str, list[str]]:
        """The columns of each entity, without what either store keeps for itself."""
        return {
            entity: [
                name for name in self.rows(f"SELECT * FROM {table} WHERE 1 = 0")[0] if name not in MACHINERY
            ]
            for entity, table in TABLES.items()
        }

    def dump(self) -> dict[str, dict[bytes, Row]]:
        """All synced rows by entity and id, not to be altered; one that did not change is the object it was."""
        version = self._version()
        if self._all and version is not None and version == self._read_at:
            return self._all
        known_to_stand = set(TABLES.values()) - self._heard if self._all and version is not None else set()
        self._heard.clear()
        for entity, table in TABLES.items():
            if table in known_to_stand:
                continue
            names, read = self.rows(f"SELECT * FROM {table}")
            before, known = self._read.get(entity, ([], {}))
            if read != before or not known:
                self._read[entity] = read, by_id(names, read, before, known)
        self._read_at, self._all = version, {entity: rows for entity, (_, rows) in self._read.items()}
        return self._all

    def _version(self) -> int | None:
        """What SQLite counts whenever somebody else has written to the file; PostgreSQL tells nothing of that kind."""
        if not self.url.startswith("sqlite"):
            return None
        version: int = self.connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def overhear(self, database: Database) -> None:
        """From now on knows which tables the server has written; it runs in this process."""
        if not self.url.startswith("sqlite"):
            return
        heard = self._heard

        class Overheard(sqlite3.Cursor):
            def execute(self, sql: str, parameters: Any = (), /) -> Overheard:
                heard.update(tables_written(sql))
                return super().execute(sql, parameters)

            def executemany(self, sql: str, parameters: Iterable[Any], /) -> Overheard:
                heard.update(tables_written(sql))
                return super().executemany(sql, parameters)

        database.dialect.cursor = lambda connection: connection.cursor(Overheard)  # type: ignore[method-assign] - this store alone

    def forget(self) -> None:
        """The next dump is of new objects."""
        self._read.clear()
        self._all = {}


def by_id(
    names: list[str], read: list[Values], before: list[Values], known: dict[bytes, Row]
) -> dict[bytes, Row]:
    """The rows read, by id and without what either store keeps for itself; a row read `before` is the object it was."""
    place, rows = names.index("id"), {}
    old = {bytes(values[place]): values for values in before}
    for values in read:
        row_id = bytes(values[place])
        if old.get(row_id) == values:
            rows[row_id] = known[row_id]
        else:
            named = zip(names, values, strict=True)
            rows[row_id] = {name: value for name, value in named if name not in MACHINERY}
    return rows


def with_names(everything: dict[str, dict[bytes, Row]], names: dict[bytes, str]) -> str:
    """The rows of a store with names for ids, so that they compare across clocks and databases."""
    lines = []
    for entity, rows in everything.items():
        for row_id, row in rows.items():
            named = {n: names.get(v, v) if isinstance(v, bytes) else v for n, v in row.items()}
            named["row_label"] = None
            lines.append(f"{entity} {names.get(row_id, row_id)} {sorted(named.items(), key=str)}")
    return "\n".join(sorted(lines))
