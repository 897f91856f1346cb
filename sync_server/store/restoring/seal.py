"""The seal of a backup: a hash of all that is in it, so that damage which reads as valid is found before a restore.

It is of the contents, not of the file: whoever opens a backup may change bytes of it and nothing it says. It lies in a
table of its own, which only backups have. Must not know what a table means, but for the one with the store's state.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Literal

import msgspec

from sync_server.store.sql_text import compose

Seal = Literal["whole", "broken", "none"]
"""Whether a backup holds what it held when it was made; none where that was by an earlier version, or it was used as a
store since."""

_SEAL_BYTES = 32
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^' "
    "AND name <> 'backup_seal' ORDER BY name"
)
_STATE = "SELECT revision, audit_n FROM store_info"

_pack = msgspec.msgpack.Encoder().encode


def seal(connection: sqlite3.Connection) -> None:
    """Seals a backup that has just been written."""
    drop_seal(connection)
    connection.execute("CREATE TABLE backup_seal (digest BLOB NOT NULL, revision INTEGER, audit_n INTEGER)")
    state = connection.execute(_STATE).fetchone()
    connection.execute("INSERT INTO backup_seal VALUES (?, ?, ?)", (_contents(connection), *state))


def drop_seal(connection: sqlite3.Connection) -> None:
    """A store that is written to has no seal."""
    connection.execute("DROP TABLE IF EXISTS backup_seal")


def seal_of(connection: sqlite3.Connection) -> Seal:
    """What the seal says of a backup; every value is read in any case."""
    found = _contents(connection)
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'backup_seal'").fetchone()
    kept = (
        connection.execute("SELECT digest, revision, audit_n FROM backup_seal").fetchone() if there else None
    )
    if kept is None or kept[1:] != connection.execute(_STATE).fetchone():
        return "none"
    return "whole" if kept[0] == found else "broken"


def _contents(connection: sqlite3.Connection) -> bytes:
    """The hash of all rows of all tables; a text that is no text is found here, not after the restore."""
    total = hashlib.blake2b(digest_size=_SEAL_BYTES)
    for (table,) in connection.execute(_TABLES).fetchall():
        total.update(_pack(table))
        for row in connection.execute(compose("SELECT * FROM {table}", table=table)):
            total.update(_pack(row))
    return total.digest()
