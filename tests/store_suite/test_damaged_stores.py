"""A restore works whatever became of the store it replaces; what then cannot be known is told."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.database import Database
from sync_server.store.devices.credentials import revoke
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import backup, restore
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, World

PAGE = 4096


def _head(content: bytearray) -> bytes:
    content[:15] = b"\0" * 15
    return bytes(content)


def _page_size(content: bytearray) -> bytes:
    content[16:18] = (8192).to_bytes(2, "big")
    return bytes(content)


def _first_page(content: bytearray) -> bytes:
    content[:PAGE] = os.urandom(PAGE)
    return bytes(content)


def _middle(content: bytearray) -> bytes:
    at = len(content) // 2 // PAGE * PAGE
    content[at : at + PAGE] = b"\xaa" * PAGE
    return bytes(content)


DAMAGES = {
    "head": _head,
    "page size": _page_size,
    "first page": _first_page,
    "middle": _middle,
    "text": lambda _: b"Dear customer, " * 500,
    "short text": lambda _: b"?",
    "empty": lambda _: b"",
    "cut": lambda content: bytes(content[: len(content) // 2]),
}


@pytest.fixture
def damaged(tmp_path: Path) -> World:
    """A store on SQLite with a laptop, whose server does not run; its backup is `kept`."""
    url = f"sqlite:///{tmp_path / 'central.db'}"
    Database.create(url, noon, SeededBytes(0)).close()
    world = World(url)
    Laptop(tmp_path / "laptops", world, world.user("ana"), "ana").replica.close()
    backup(world.database, tmp_path / "kept")
    world.user("ben")
    world.close()
    return world


def noon() -> int:
    return 1_780_000_000_000


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_store_damaged_in_any_way_is_replaced_by_the_backup(
    damaged: World, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "central.db"
    content = DAMAGES[damage](bytearray(file.read_bytes()))
    file.write_bytes(content)
    result = restore(damaged.url, tmp_path / "kept", damaged.clock, SeededBytes(9))
    assert result.unsure == "unread"
    if result.aside is not None:
        assert result.aside.parent == tmp_path
        assert result.aside.read_bytes() == content, "whoever looks into it finds it as it was"
    with closing(sqlite3.connect(file)) as whole:
        assert whole.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    restored = Database.open(damaged.url, damaged.clock, SeededBytes(3))
    with restored.read() as reader:
        assert [row["login"] for row in reader.all("user")] == ["ana"]
    assert verify(restored) == []
    restored.close()
    assert file.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob("fieldrep-restore*"))


@pytest.mark.parametrize("damage", ["head", "people"])
def test_what_a_damaged_store_still_tells_of_who_was_withdrawn_is_kept(
    damaged: World, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "central.db"
    database = Database.open(damaged.url, damaged.clock, SeededBytes(4))
    with database.write() as tx:
        (device,) = tx.all("device")
        device_id = device["id"]
        assert isinstance(device_id, bytes)
        revoke(tx, device_id, "stolen")
    database.close()
    with closing(sqlite3.connect(file)) as told:
        (root,) = told.execute("SELECT rootpage FROM sqlite_master WHERE name = 'app_user'").fetchone()
    content = bytearray(file.read_bytes())
    if damage == "people":
        content[(root - 1) * PAGE : root * PAGE] = b"\xaa" * PAGE
    file.write_bytes(_head(content) if damage == "head" else content)
    result = restore(damaged.url, tmp_path / "kept", damaged.clock, SeededBytes(9))
    assert result.unsure == "unread"
    assert [(one.row_id, one.why) for one in result.carried.shut_out] == [(device_id, "stolen")]


def test_a_damaged_store_that_cannot_be_moved_aside_stays_where_it_is(damaged: World, tmp_path: Path) -> None:
    file = tmp_path / "central.db"
    file.write_bytes(b"Dear customer, " * 500)
    moment = "20260528T202640Z"
    (tmp_path / f"central.db.damaged-{moment}").mkdir()
    (tmp_path / f"central.db.damaged-{moment}" / "somebody's").write_bytes(b"")
    with pytest.raises(KnownError) as refused:
        restore(damaged.url, tmp_path / "kept", noon, SeededBytes(9))
    assert refused.value.code is Code.DISK_ERROR
    assert "cannot be moved aside" in refused.value.sentence
    assert file.read_bytes() == b"Dear customer, " * 500
