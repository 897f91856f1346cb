"""A backup where a disk is full: that of the store, from which it is needed most, or the one it would lie on."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.database import Database
from sync_server.store.restoring.backup import backup, check
from tests.helpers.small_disk import fill, small_disk
from tests.store_suite.world import SeededBytes, SteppingClock, World


def test_a_store_whose_disk_is_full_is_backed_up_elsewhere(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        url = f"sqlite:///{disk / 'store.db'}"
        Database.create(url, SteppingClock(), SeededBytes(0)).close()
        world = World(url)
        world.account(owner=world.user("ana"))
        filler = fill(disk)
        assert not backup(world.database, tmp_path / "kept"), "the store had no room to note it"
        found = check(tmp_path / "kept", world.clock, world.randomness)
        assert (found.revision, found.faults, found.sealed) == (world.database.info().revision, [], True)
        assert world.database.info().backup_revision == 0
        filler.unlink()
        assert backup(world.database, tmp_path / "next")
        assert world.database.info().backup_revision == found.revision
        world.close()


def test_a_backup_for_which_its_own_disk_has_no_room_names_that_one(world: World, tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        fill(disk)
        with pytest.raises(KnownError) as refused:
            backup(world.database, disk / "kept")
        assert refused.value.code is Code.DISK_FULL
        assert refused.value.sentence.startswith(f"The disk that {disk / 'kept'} would lie on is full.")
        assert [path.name for path in disk.iterdir()] == ["filler"]
    assert world.database.info().backup_revision == 0
