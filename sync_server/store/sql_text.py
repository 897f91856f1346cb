"""SQL text with names of tables and columns filled in, and the statements that write many rows of one table.

The only place where SQL is put together (S15). Owns both forms of writing many rows: one row each time, and, for a
database beyond a line, all in one statement with an array for each column. Must not know a connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import BigInteger, LargeBinary

from sync_server.store.schema import METADATA

_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?\Z")


def compose(template: str, **names: str | Sequence[str]) -> str:
    """SQL text with names of tables and columns filled in; the only place where SQL is put together (S15).

    Raises:
        ValueError: for anything that is no plain name, so that no value can ever get in this way.
    """
    filled = {}
    for key, given in names.items():
        parts = (given,) if isinstance(given, str) else tuple(given)
        if not parts or not all(_NAME.match(part) for part in parts):
            raise ValueError(f"{given!r} is not the name of a table or column")
        filled[key] = ", ".join(parts)
    return template.format_map(filled)


@lru_cache(maxsize=200)
def insert_text(table: str, columns: tuple[str, ...]) -> str:
    """The statement that puts one row into a table."""
    head = compose("INSERT INTO {table} ({columns}) VALUES ", table=table, columns=columns)
    return head + "(" + "?, " * (len(columns) - 1) + "?)"


@lru_cache(maxsize=500)
def update_text(table: str, names: tuple[str, ...]) -> str:
    """The statement that writes these columns of one row, found by its place, on SQLite.

    An index of another column is left alone, and that of the ids is not asked once more.
    """
    assignments = ", ".join(compose("{name} = ?", name=name) for name in names)
    head = compose("UPDATE {table} SET ", table=table)
    return head + assignments + " WHERE rowid = ?"


@lru_cache(maxsize=200)
def insert_all_text(table: str, columns: tuple[str, ...]) -> str:
    """As `insert_text` for many rows, on PostgreSQL: each parameter is the array of one column."""
    head = compose("INSERT INTO {table} ({columns}) SELECT * FROM ", table=table, columns=columns)
    return head + _arrays(table, columns)


@lru_cache(maxsize=500)
def update_all_text(table: str, names: tuple[str, ...]) -> str:
    """For many rows, on PostgreSQL: each parameter is the array of one column, that of the ids last."""
    columns = (*names, "id")
    new = tuple(f"new_{name}" for name in columns)
    assignments = ", ".join(compose("{name} = given.new_{name}", name=name) for name in names)
    head = compose("UPDATE {table} AS t SET ", table=table)
    given = compose(" AS given({new}) WHERE t.id = given.new_id", new=new)
    return f"{head}{assignments} FROM {_arrays(table, columns)}{given}"


def _arrays(table: str, columns: Sequence[str]) -> str:
    """The rows that stand side by side in arrays; as binary parameters they are read without being parsed."""
    return "unnest(" + ", ".join(f"%b::{_kind(table, column)}[]" for column in columns) + ")"


def _kind(table: str, column: str) -> str:
    kind = METADATA.tables[table].c[column].type
    if isinstance(kind, LargeBinary):
        return "bytea"
    return "int8" if isinstance(kind, BigInteger) else "text"
