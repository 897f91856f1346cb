"""Bringing a central store's schema up to date, whole or not at all, and telling how old a store is.

Owns the way to the migrations and the transaction they run in. Must not know what a revision does. Alembic is loaded
only when there is something to do.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.dialect import NO_STORE, Dialect
from sync_server.store.driver_errors import refusals_named
from sync_server.store.schema import METADATA

HEAD = "0001"
"""The revision this program works with."""

_PACKAGE = Path(__file__).resolve().parent.parent


def migrations_folder() -> Path:
    """The central Alembic environment: inside the installed package, else in the checkout."""
    inside = _PACKAGE / "migrations"
    return inside if inside.is_dir() else _PACKAGE.parent / "migrations" / "central"


def schema_version(connection: Connection) -> str:
    """The revision a store stands at, empty for a database without one."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    found = connection.execute(text("SELECT version_num FROM alembic_version")).fetchone()
    return str(found[0]) if found else ""


def check_version(engine: Engine) -> None:
    """Makes sure that a store is one this program can work with.

    Raises:
        KnownError: `store_missing`, `store_newer`, or `upgrade_needed` for an older one and for one with other tables;
            `store_unusable` when the database is somebody else's, or lets nobody in.
    """
    with refusals_named(), engine.connect() as connection:
        version = schema_version(connection)
        if version:
            _require_own(connection, version)
        if version == HEAD:
            _check_tables(connection)
    if not version:
        raise KnownError(Code.STORE_MISSING, NO_STORE)
    if version > HEAD:
        raise _newer()
    if version < HEAD:
        raise KnownError(
            Code.UPGRADE_NEEDED,
            "This central store was made by an older FieldRep. Back it up with the fieldrep-server of that version (or "
            "copy its database), then run fieldrep-server init to bring it up to date.",
        )


def bring_up_to_date(url: str, dialect: Dialect, folder: Path | None = None) -> bool:
    """Makes or migrates the schema in one transaction; True when there was anything to do.

    Raises:
        KnownError: `store_newer`, when a newer program made it, `upgrade_needed`, when one between two releases did;
            it is then left as it is; `store_unusable` when the database is somebody else's, or lets nobody in.
    """
    engine = dialect.schema_engine(url)
    try:
        with refusals_named(), engine.begin() as connection:
            dialect.lock_schema(connection)
            version = schema_version(connection)
            _require_own(connection, version)
            if version > HEAD:
                raise _newer()
            if version == HEAD and folder is None:
                _check_tables(connection)
                return False
            _upgrade(connection, folder or migrations_folder())
            return True
    finally:
        engine.dispose()


def _require_own(connection: Connection, version: str) -> None:
    """Another program's tables stay untouched: ours are never put between them where names meet.

    Raises:
        KnownError: `store_unusable`.
    """
    inspector = inspect(connection)
    if version:
        foreign = [] if inspector.has_table("store_info") else ["alembic_version"]
    else:
        there = [*inspector.get_table_names(), *inspector.get_view_names()]
        foreign = [name for name in there if name.lower() in METADATA.tables]
    if foreign:
        named = ", ".join(sorted(foreign)[:3]) + (", …" if len(foreign) > 3 else "")
        raise KnownError(
            Code.STORE_UNUSABLE,
            f"This database has tables of another program ({named}). Give FieldRep an empty database of its own; no "
            "table was changed.",
        )


def _check_tables(connection: Connection) -> None:
    """Before a release, the first revision itself changes: a store made by an earlier checkout is named as such.

    Columns that this program does not know are left alone.

    Raises:
        KnownError: `upgrade_needed`.
    """
    for table in METADATA.tables.values():
        try:
            found = connection.exec_driver_sql(f"SELECT * FROM {table.name} WHERE 1 = 0").keys()  # noqa: S608
        except (OperationalError, ProgrammingError) as error:
            raise _between_releases() from error
        if not set(table.columns.keys()) <= set(found):
            raise _between_releases()


def _upgrade(connection: Connection, folder: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _newer() -> KnownError:
    return KnownError(
        Code.STORE_NEWER,
        "This central store was made by a newer FieldRep. Install that version again; nothing was changed.",
    )


def _between_releases() -> KnownError:
    return KnownError(
        Code.UPGRADE_NEEDED,
        "This central store was made by an unreleased FieldRep whose tables were others, and there is no way over from "
        "it. Go back to the version that made it, or begin with a new store in another place; nothing was changed.",
    )
