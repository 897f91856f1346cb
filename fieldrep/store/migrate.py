"""Bringing a replica up to date: Alembic runs only when the file is older than the program, and whole or not at all.

Owns `user_version`, `application_id` and the finding of the migrations. Must not know what a revision does.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.steps import Step, reached
from fieldrep.store.engine import Connection, transaction

_PACKAGE = Path(__file__).resolve().parent.parent
NO_VERSION = 0
_ALEMBICS_OWN = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def stored_version(connection: Connection) -> int:
    """The version of the file, 0 for an empty one."""
    found = connection.execute("PRAGMA user_version").fetchone()
    return int(found[0]) if found else NO_VERSION


def create(connection: Connection) -> None:
    """Makes all tables of the present version in an empty file, in one transaction."""
    from fieldrep.store import schema

    with transaction(connection):
        for statement in schema.creation_statements():
            connection.execute(statement)
        connection.execute(_ALEMBICS_OWN)
        connection.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (schema.HEAD,))
        connection.execute(f"PRAGMA user_version = {schema.REPLICA_VERSION}")
        connection.execute(f"PRAGMA application_id = {mark_of(migrations_folder()):d}")
        reached(Step.CREATED)


def bring_up_to_date(connection: Connection, newest: int, folder: Path | None = None) -> bool:
    """Runs the migrations a file lacks, all in one transaction; True when there were any.

    Raises:
        KnownError: `replica_newer`, when a newer program wrote the file, `upgrade_needed`, when one between two
            releases did; it is then left as it is.
    """
    present = stored_version(connection)
    if present == newest:
        if folder is None and _stored_mark(connection) != mark_of(migrations_folder()):
            raise _between_releases()
        return False
    if present > newest:
        raise KnownError(
            Code.REPLICA_NEWER,
            "This replica was written by a newer FieldRep. Install that version again; nothing was changed.",
        )
    with transaction(connection):
        _upgrade(connection, folder or migrations_folder())
        connection.execute(f"PRAGMA user_version = {newest:d}")
        connection.execute(f"PRAGMA application_id = {mark_of(folder or migrations_folder()):d}")
        reached(Step.MIGRATED)
    return True


def mark_of(folder: Path) -> int:
    """Tells apart files of one version whose tables are not the same: before its release, a revision itself changes."""
    content = b"".join(path.read_bytes() for path in sorted((folder / "versions").glob("*.py")))
    return zlib.crc32(content.replace(b"\r\n", b"\n")) & 0x7FFF_FFFF


def _stored_mark(connection: Connection) -> int:
    found = connection.execute("PRAGMA application_id").fetchone()
    return int(found[0]) if found else 0


def _between_releases() -> KnownError:
    return KnownError(
        Code.UPGRADE_NEEDED,
        "This replica was made by an unreleased FieldRep whose tables were others, and there is no way over from it. "
        "Start the version that made it once more to send what waits; then keep the file aside (fieldrep repair "
        "--set-aside) and enrol with a new link. Nothing was changed.",
    )


def migrations_folder() -> Path:
    """The replica's Alembic environment: inside the installed package, else in the checkout."""
    inside = _PACKAGE / "migrations"
    return inside if inside.is_dir() else _PACKAGE.parent / "migrations" / "replica"


def _upgrade(connection: Connection, folder: Path) -> None:
    import sqlalchemy
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.pool import StaticPool
    from sqlcipher3 import dbapi2

    borrowed = _Borrowed(connection)
    engine = sqlalchemy.create_engine(
        "sqlite://", module=dbapi2, creator=lambda: borrowed, poolclass=StaticPool, pool_reset_on_return=None
    )
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with engine.connect() as over:
        config.attributes["connection"] = over
        command.upgrade(config, "head")


class _Borrowed:
    """A connection whose transaction belongs to somebody else: commit, rollback and close do nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def commit(self) -> None:
        """Nothing: the owner of the transaction commits."""

    def rollback(self) -> None:
        """Nothing: the owner of the transaction rolls back."""

    def close(self) -> None:
        """Nothing: the owner closes."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
