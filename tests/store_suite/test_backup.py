"""Backup and restore: one file for both databases, a new epoch, and nothing left of the old store (I21)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.database import Database
from sync_server.store.devices.credentials import revoke
from sync_server.store.proof.export import export
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import backup, check, restore
from tests.store_suite.databases import KINDS, Databases
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, World, contacts


def filled(world: World) -> bytes:
    boss = world.user("boss", role="manager")
    ana = world.user("ana", manager=boss)
    account = world.account(owner=ana, name="Corner “Shop”")
    with world.write() as tx:
        contacts(tx, account, ["Ö'Neill", "Zoë"])
        tx.next_number("sales_order")
        tx.audit("test", detail="kept")
    return account


def exported(database: Database, path: Path) -> bytes:
    export(database, path)
    return path.read_bytes()


@pytest.mark.parametrize("target_kind", KINDS)
def test_a_backup_of_either_database_restores_to_either(
    world: World, stores: Databases, target_kind: str, tmp_path: Path
) -> None:
    account = filled(world)
    before, was = exported(world.database, tmp_path / "before"), world.database.info()
    backup(world.database, tmp_path / "kept.backup")
    world.change("account", account, phone="after the backup")
    other = World(stores.new(target_kind), seed=5)
    other.user("somebody else's")
    other.close()
    restore(other.url, tmp_path / "kept.backup", world.clock, SeededBytes(9))
    restored = Database.open(other.url, world.clock, SeededBytes(3))
    now = restored.info()
    assert exported(restored, tmp_path / "after") == before
    assert (now.server_id, now.revision) == (was.server_id, was.revision)
    assert now.epoch != was.epoch
    assert verify(restored) == []
    with restored.write() as tx:
        assert tx.next_number("sales_order") == 11_001
    restored.close()


def test_a_damaged_backup_is_told_of_the_backup_and_not_of_the_store(world: World, tmp_path: Path) -> None:
    filled(world)
    kept = tmp_path / "kept"
    backup(world.database, kept)
    with kept.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff")
    with pytest.raises(KnownError) as refused:
        restore(world.url, kept, world.clock, SeededBytes(9))
    assert refused.value.sentence == f"{kept} is damaged. Nothing was restored; take another backup."
    assert verify(world.database) == []


def test_a_backup_is_checked_as_a_restore_checks_it_and_nothing_is_replaced(
    world: World, tmp_path: Path
) -> None:
    filled(world)
    kept = tmp_path / "kept"
    backup(world.database, kept)
    before = world.database.info()
    held = check(kept, world.clock, SeededBytes(9))
    assert (held.revision, held.faults, held.sealed) == (before.revision, [], True)
    assert world.database.info().epoch == before.epoch
    altered(kept, "UPDATE user_digest SET total = total + 1")
    with pytest.raises(KnownError, match="does not hold what it held when it was made"):
        check(kept, world.clock, SeededBytes(9))
    altered(kept, "DROP TABLE backup_seal")
    held = check(kept, world.clock, SeededBytes(9))
    assert held.faults, "all of it can be read, and it is not right"
    assert not held.sealed
    kept.write_bytes(kept.read_bytes()[:-100])
    with pytest.raises(KnownError, match="Nothing was restored; take another backup"):
        check(kept, world.clock, SeededBytes(9))


def test_a_server_that_runs_goes_on_with_the_restored_store(world: World, tmp_path: Path) -> None:
    account = filled(world)
    backup(world.database, tmp_path / "kept")
    world.change("account", account, phone="lost with the disk")
    late = world.user("late")
    was = world.database.info()
    restore(world.url, tmp_path / "kept", world.clock, SeededBytes(9))
    assert world.database.info().epoch != was.epoch
    with world.database.read() as reader:
        row = reader.row("account", account)
        assert row is not None
        assert row["phone"] is None
        assert reader.row("user", late) is None
    world.change("account", account, phone="2")
    assert verify(world.database) == []


def test_a_backup_is_taken_while_others_write(world: World, tmp_path: Path) -> None:
    account = filled(world)
    with world.database.read() as reader:
        seen = reader.info().revision
        world.change("account", account, phone="1")
        assert reader.info().revision == seen
        backup(world.database, tmp_path / "kept")
    copy = Database.open(f"sqlite:///{tmp_path / 'kept'}", world.clock, SeededBytes(0))
    assert copy.info().revision == seen + 1
    assert verify(copy) == []
    copy.close()


def test_a_backup_never_replaces_a_file_and_only_its_owner_may_read_it(world: World, tmp_path: Path) -> None:
    filled(world)
    backup(world.database, tmp_path / "kept")
    content = (tmp_path / "kept").read_bytes()
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    with pytest.raises(KnownError) as refused:
        backup(world.database, tmp_path / "kept")
    assert refused.value.code is Code.ALREADY_EXISTS
    assert (tmp_path / "kept").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["kept"], "no draft is left behind"


@pytest.mark.parametrize("damage", ["rubbish", "cut", "page", "table's name", "empty", "missing"])
def test_what_is_no_sound_backup_is_named_and_replaces_nothing(
    world: World, tmp_path: Path, damage: str
) -> None:
    filled(world)
    path = tmp_path / "kept"
    backup(world.database, path)
    content = bytearray(path.read_bytes())
    if damage == "page":
        content[len(content) // 2 // 4096 * 4096 : len(content) // 2 // 4096 * 4096 + 4096] = b"\xaa" * 4096
    parts = {
        "rubbish": b"Dear customer, " * 500,
        "cut": content[: len(content) // 2],
        "page": content,
        "table's name": content.replace(b"CREATE TABLE account (", b"CREATE TABLE account \xff"),
        "empty": b"",
    }
    path.unlink() if damage == "missing" else path.write_bytes(parts[damage])
    before = exported(world.database, tmp_path / "before")
    epoch = world.database.info().epoch
    with pytest.raises(KnownError) as refused:
        restore(world.url, path, world.clock, SeededBytes(9))
    assert refused.value.code in (Code.STORE_MISSING, Code.STORE_DAMAGED)
    assert world.database.info().epoch == epoch
    assert exported(world.database, tmp_path / "after") == before
    assert not list(Path(make_url(world.url).database or "").parent.glob("fieldrep-restore*"))


def test_a_backup_whose_rows_were_altered_is_named(world: World, tmp_path: Path) -> None:
    account = filled(world)
    path = tmp_path / "kept"
    backup(world.database, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE account SET name = 'Corner “Shoq”' WHERE id = ?", (account,))
        connection.commit()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with pytest.raises(KnownError, match="altered outside FieldRep"):
        restore(world.url, path, world.clock, SeededBytes(9))


def damaged_in_its_log(world: World, folder: Path, damage: str) -> Path:
    """A backup in whose audit log something is no longer what was written."""
    filled(world)
    with world.write() as tx:
        tx.audit("test", detail="A word that stands only here. " * 20)
    path = folder / "kept"
    backup(world.database, path)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    return path


@pytest.mark.parametrize("damage", ["a cut within the last page", "no text", "another letter"])
def test_a_backup_damaged_in_its_audit_log_replaces_nothing(
    world: World, tmp_path: Path, damage: str
) -> None:
    path = damaged_in_its_log(world, tmp_path, damage)
    epoch = world.database.info().epoch
    with pytest.raises(KnownError) as refused:
        restore(world.url, path, world.clock, SeededBytes(9))
    assert refused.value.code is Code.STORE_DAMAGED
    assert refused.value.sentence.endswith("Nothing was restored; take another backup.")
    assert world.database.info().epoch == epoch
    assert verify(world.database) == []


@pytest.mark.parametrize("damage", ["no text", "another letter"])
def test_verify_names_the_audit_entry_whose_bytes_are_damaged(
    world: World, tmp_path: Path, damage: str
) -> None:
    path = damaged_in_its_log(world, tmp_path, damage)
    damaged = Database.open(f"sqlite:///{path}", world.clock, SeededBytes(3))
    entry = damaged.info().audit_n
    assert verify(damaged) == [
        f"Audit entry {entry} does not follow from the one before: the log was altered."
    ]
    damaged.close()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a cut within the last page": lambda content: content[:-10],
    "no text": lambda content: content.replace(b"A word that", b"A \xff\x00\xaad that"),
    "another letter": lambda content: content.replace(b"A word that", b"A ward that"),
}


def altered(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE user_digest SET total = total + 1",
        "UPDATE user_digest SET count = count + 1",
        "UPDATE device_credential SET token_hash = x'00'",
        "UPDATE device_credential SET revoked_at = NULL",
        "DELETE FROM scope_ledger",
        "UPDATE store_info SET backup_at = 1",
    ],
)
def test_damage_of_a_backup_that_reads_as_valid_replaces_nothing(
    world: World, tmp_path: Path, damage: str
) -> None:
    device = Laptop(tmp_path, world, world.user("zoe"), "zoe's")
    filled(world)
    with world.write() as tx:
        revoke(tx, device.admission.device_id, "lost")
    kept = tmp_path / "kept"
    backup(world.database, kept)
    epoch = world.database.info().epoch
    altered(kept, damage)
    with pytest.raises(KnownError, match="Nothing was restored; take another backup") as refused:
        restore(world.url, kept, world.clock, SeededBytes(9))
    assert refused.value.code is Code.STORE_DAMAGED
    assert world.database.info().epoch == epoch
    device.replica.close()


def test_a_backup_that_was_opened_or_copied_is_proven_still_and_the_restored_store_has_no_seal(
    world: World, tmp_path: Path
) -> None:
    filled(world)
    kept = tmp_path / "kept"
    backup(world.database, kept)
    altered(kept, "PRAGMA journal_mode=WAL")
    altered(kept, "VACUUM")
    moved = tmp_path / "moved"
    moved.write_bytes(kept.read_bytes())
    assert restore(world.url, moved, world.clock, SeededBytes(9)).sealed
    assert restore(f"sqlite:///{tmp_path / 'restored.db'}", moved, world.clock, SeededBytes(9)).sealed
    with closing(sqlite3.connect(tmp_path / "restored.db")) as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'backup_seal'").fetchall()


def test_a_backup_without_a_seal_and_one_used_as_a_store_since_are_restored_and_told(
    world: World, tmp_path: Path
) -> None:
    filled(world)
    old, used = tmp_path / "old", tmp_path / "used.db"
    for path in (old, used):
        backup(world.database, path)
    altered(old, "DROP TABLE backup_seal")
    store = World(f"sqlite:///{used}", seed=3)
    store.user("added since")
    store.close()
    for path in (old, used):
        assert not restore(world.url, path, world.clock, SeededBytes(9)).sealed
