"""Backup and restore: one file holds a whole central store, whichever database it came from and goes to.

A backup is a central store on SQLite. Restoring gives the store a new epoch, so that devices notice and hand back what
the backup does not know. Must not know what any table means but the one that holds the epoch.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Clock, Randomness
from sync_server.store.address import dialect_of
from sync_server.store.database import Database
from sync_server.store.dialect import SqliteDialect
from sync_server.store.driver_errors import known_errors
from sync_server.store.lineage import renew
from sync_server.store.migrate import bring_up_to_date
from sync_server.store.proof.verify import broken_seals, verify
from sync_server.store.reading import Reader
from sync_server.store.replaced import Replaced, replaced_file, replaced_in
from sync_server.store.restoring.placing import put_in_place
from sync_server.store.restoring.seal import Seal, drop_seal, seal, seal_of
from sync_server.store.restoring.shut_out import Carried, carry_over
from sync_server.store.schema import METADATA
from sync_server.store.series import given_out, raise_to
from sync_server.store.session import Session
from sync_server.store.sql_text import compose, insert_text
from sync_server.store.transaction import WriteTransaction
from sync_server.store.whereabouts import keep

Unknown = Literal["", "unread", "other", "earlier"]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to.

    Attributes:
        unsure: why there may be people and devices that it does not know of, "" where there are none: the replaced
            store could not be read whole, was another company's or a new one, or had itself been restored so.
        aside: where the replaced store lies now that was too damaged to be written over, None where there was none.
        sealed: the backup is proven to be as it was made; others were made by an earlier version, or used as a store.
    """

    carried: Carried
    unsure: Unknown
    aside: Path | None
    sealed: bool


def backup(database: Database, path: Path) -> bool:
    """Writes one consistent state of a store to a file while it goes on working; the file appears whole or not at all.

    Gives whether the store could note that there is one. Where its own disk is full it could not, and laptops keep what
    they sent until the next one.

    Raises:
        KnownError: `already_exists`, `disk_full` or `disk_error`.
    """
    if path.exists():
        raise KnownError(Code.ALREADY_EXISTS, f"{path} is there already. Name a new file for the backup.")
    with _draft(path) as draft:
        if database.dialect.name == "sqlite":
            with database.connection() as connection, closing(sqlite3.connect(draft)) as target:
                connection.backup(target)
        else:
            bring_up_to_date(_url(draft), SqliteDialect())
            with database.read() as reader, closing(sqlite3.connect(draft)) as target:
                for table, columns in _tables():
                    _fill(target, table, columns, reader.session)
                target.commit()
        with closing(sqlite3.connect(draft, isolation_level=None)) as whole:
            whole.execute("PRAGMA journal_mode=DELETE")
            seal(whole)
            covered = whole.execute("SELECT revision FROM store_info").fetchone()[0]
    try:
        with database.beside() as session:
            session.run(
                "UPDATE store_info SET backup_revision = ?, backup_at = ? WHERE one = 1",
                (covered, database.clock()),
            )
    except KnownError as error:
        if error.code is not Code.DISK_FULL:
            raise
        return False
    return True


def restore(url: str, path: Path, clock: Clock, randomness: Randomness) -> Restored:
    """Puts a backup in the place of the store at an address, under a new epoch; all of it or nothing.

    Devices withdrawn and users disabled in the replaced store stay so. No one-time link of before is good any more: the
    backup cannot know which were used. The replaced store may be damaged in any way.

    Raises:
        KnownError: `store_missing`, `store_damaged` or `store_newer`, about the backup; `disk_full`, `disk_error`.
    """
    dialect = dialect_of(url)
    file = _file(url) if dialect.name == "sqlite" else None
    with _copy(path, file.parent if file else None) as copy:
        with _damage_told_of(path):
            found = _check(copy, path)
            bring_up_to_date(_url(copy), SqliteDialect())
        if file is None:
            bring_up_to_date(url, dialect)
        before = replaced_file(file) if file else _replaced_at(url, clock, randomness)
        carried, unsure = _renew_epoch(copy, clock, randomness, before)
        _require_whole(found, path)
        aside = None
        with known_errors():
            if file is not None:
                aside = put_in_place(copy, file, clock())
            else:
                with closing(sqlite3.connect(copy)) as source:
                    _replace_all(url, source, clock, randomness)
    return Restored(carried, unsure, aside, found == "whole")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a backup holds.

    Attributes:
        changed_at: when the store was last written before the backup was made, None for one that never was.
        faults: what is wrong with it although all of it can be read, in sentences.
        sealed: as of `Restored`.
    """

    revision: int
    changed_at: int | None
    faults: list[str]
    sealed: bool


def check(path: Path, clock: Clock, randomness: Randomness) -> Checked:
    """Reads a backup as a restore does, and recomputes all that can be; replaces nothing.

    Raises:
        KnownError: as `restore`, about the backup.
    """
    with _copy(path, None) as copy:
        with _damage_told_of(path):
            found = _check(copy, path)
            bring_up_to_date(_url(copy), SqliteDialect())
        database = Database.open(_url(copy), clock, randomness)
        try:
            with database.read() as reader:
                _require_seals(reader)
                _require_whole(found, path)
                ((changed_at,),) = reader.rows("SELECT max(at) FROM audit_entry")
            return Checked(database.info().revision, changed_at, verify(database), found == "whole")
        finally:
            database.close()


def _replaced_at(url: str, clock: Clock, randomness: Randomness) -> Replaced:
    """What a store on PostgreSQL says."""
    database = Database(url, clock, randomness)
    try:
        with database.beside() as session:
            return replaced_in(session)
    finally:
        database.close()


def _file(url: str) -> Path:
    """The file of a store on SQLite, where a link points; its folder is made when it is missing."""
    path = Path(SqliteDialect.file_of(url)).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _replace_all(url: str, source: sqlite3.Connection, clock: Clock, randomness: Randomness) -> None:
    """Empties every table of a store on PostgreSQL and fills it from a backup, in one transaction."""
    database = Database(url, clock, randomness)
    try:
        with database.exclusive() as session:
            given = given_out(session)
            for table, columns in _tables():
                session.run(compose("TRUNCATE TABLE {table}", table=table))
                found = source.execute(compose("SELECT {columns} FROM {table}", columns=columns, table=table))
                while rows := found.fetchmany(5_000):
                    session.insert_many(table, columns, rows)
            raise_to(session, given)
            keep(session, database.whereabouts)
        database.analyze()
    finally:
        database.close()


def _fill(target: sqlite3.Connection, table: str, columns: tuple[str, ...], session: Session) -> None:
    sql = compose("SELECT {columns} FROM {table}", columns=columns, table=table)
    for rows in session.stream(sql):
        target.executemany(insert_text(table, columns), rows)


def _tables() -> list[tuple[str, tuple[str, ...]]]:
    return [(table.name, tuple(column.name for column in table.columns)) for table in METADATA.sorted_tables]


def _check(copy: Path, path: Path) -> Seal:
    """Makes sure that a file is a sound central store before anything is replaced by it; gives what its seal says."""
    with known_errors(), closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'store_info'").fetchone()
        if not found[0] or not connection.execute("SELECT count(*) FROM store_info").fetchone()[0]:
            raise KnownError(
                Code.STORE_MISSING, f"{path} is no backup of a central store. Nothing was restored."
            )
        if path.stat().st_size % connection.execute("PRAGMA page_size").fetchone()[0]:
            raise KnownError(Code.STORE_DAMAGED, "The file ends within a page.")
        if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise KnownError(Code.STORE_DAMAGED, "The integrity check failed.")
        found_seal = seal_of(connection)
        drop_seal(connection)
    return found_seal


def _require_whole(found: Seal, path: Path) -> None:
    """Asked after all that can be named: a broken seal says no more than that something is not as it was."""
    if found == "broken":
        raise KnownError(
            Code.STORE_DAMAGED,
            f"{path} is damaged: it does not hold what it held when it was made. Nothing was restored; take another "
            "backup. If it was used as a store since, make a backup of it first.",
        )


@contextmanager
def _damage_told_of(path: Path) -> Iterator[None]:
    """Damage met in the working copy is the backup's; the store itself is sound as far as anybody knows."""
    try:
        yield
    except KnownError as error:
        if error.code is not Code.STORE_DAMAGED:
            raise
        sentence = f"{path} is damaged. Nothing was restored; take another backup."
        raise KnownError(Code.STORE_DAMAGED, sentence) from error


def _renew_epoch(
    copy: Path, clock: Clock, randomness: Randomness, before: Replaced
) -> tuple[Carried, Unknown]:
    """Checks all that is sealed by a hash, which finds what the file's own check does not, and gives the new epoch.

    What was read of the replaced store goes in: how far its series had come, so that no number names two things, and
    whom it knew.
    """
    database = Database.open(_url(copy), clock, randomness)
    try:
        with database.read() as reader:
            _require_seals(reader)
        with database.write("fieldrep-server restore") as tx:
            unsure = _unsure(tx, before)
            renew(tx, randomness, knew_all=not unsure)
            tx.session.run("UPDATE store_info SET whereabouts = '' WHERE one = 1")
            raise_to(tx.session, before.given)
            return carry_over(tx, before, sure=not unsure), unsure
    finally:
        database.close()


def _require_seals(reader: Reader) -> None:
    for finding in broken_seals(reader):
        raise KnownError(
            Code.STORE_DAMAGED, f"The backup is damaged. {finding} Nothing was restored; take another backup."
        )


def _unsure(tx: WriteTransaction, before: Replaced) -> Unknown:
    """Why the replaced store may not have known everybody that this company's stores had known by then."""
    if not before.whole:
        return "unread"
    if before.server_id != tx.info().server_id:
        return "other"
    there = {epoch for (epoch,) in tx.rows("SELECT epoch FROM restoration")}
    return "" if before.blind <= there else "earlier"


@contextmanager
def _copy(path: Path, beside: Path | None) -> Iterator[Path]:
    """A working copy of a backup, gone at the end; the backup itself is only read."""
    if not path.is_file():
        raise KnownError(Code.STORE_MISSING, f"{path} is not there. Nothing was restored.")
    try:
        with tempfile.TemporaryDirectory(prefix="fieldrep-restore-", dir=beside) as folder:
            copy = Path(folder) / "store.db"
            address = f"{path.resolve().as_uri()}?mode=ro"
            with (
                closing(sqlite3.connect(address, uri=True)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
            yield copy
    except sqlite3.DatabaseError as error:
        raise KnownError(
            Code.STORE_DAMAGED,
            f"{path} is no backup, or a damaged one. Nothing was restored; the store is as it was.",
        ) from error
    except OSError as error:
        raise KnownError(
            Code.DISK_ERROR, f"The backup cannot be unpacked ({error.strerror}). Nothing was restored."
        ) from error


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A file that takes its name when it is complete and on the disk; only its owner may read it."""
    draft = path.with_name(path.name + ".part")
    try:
        _remove(draft)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with known_errors():
            yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise KnownError(
            Code.DISK_ERROR, f"{path} cannot be written ({error.strerror}). There is no backup."
        ) from error
    except KnownError as error:
        if error.code is not Code.DISK_FULL:
            raise
        sentence = (
            f"The disk that {path} would lie on is full. There is no backup; name a file where there is room."
        )
        raise KnownError(Code.DISK_FULL, sentence) from error
    finally:
        _remove(draft)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def _url(path: Path) -> str:
    return f"sqlite:///{path}"
