"""Whom the replaced store admitted no longer is not admitted again by an older backup."""

from __future__ import annotations

from pathlib import Path

from sync_server.store.admin import disable_user
from sync_server.store.backup import restore
from sync_server.store.credentials import identify, revoke
from sync_server.store.database import Database
from sync_server.store.shut_out import ShutOut
from sync_server.store.verify import verify
from tests.store_suite.laptop import Laptop, keep, with_shop
from tests.store_suite.world import SeededBytes, World


def test_a_device_withdrawn_since_the_backup_gets_nothing_of_the_restored_store(
    world: World, tmp_path: Path
) -> None:
    ana, _ = with_shop(tmp_path, world)
    device = ana.admission.device_id
    with world.write() as tx:
        revoke(tx, device, "stolen")
    again = restore(world.url, tmp_path / "kept", world.clock, SeededBytes(9))
    assert again == ShutOut(devices=((device, "stolen"),))
    assert identify(world.database, ana.admission.token) is None
    with world.database.read() as reader:
        row = reader.row("device", device)
    assert row is not None
    assert row["state"] == "locked"
    assert verify(world.database) == []


def test_a_user_disabled_since_the_backup_stays_so_with_his_devices(world: World, tmp_path: Path) -> None:
    ana, _ = with_shop(tmp_path, world)
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    later = tmp_path / "later"
    later.mkdir()
    keep(world, later)
    with world.write() as tx:
        disable_user(tx, "ben")
    again = restore(world.url, later / "kept", world.clock, SeededBytes(9))
    assert again is not None
    assert [one for one, _ in again.devices] == [ben.admission.device_id]
    assert identify(world.database, ben.admission.token) is None
    with world.database.read() as reader:
        assert reader.session.rows("SELECT login FROM app_user WHERE active = 0") == [("ben",)]
    assert ana.sync().whole


def test_where_nothing_can_be_read_of_the_replaced_store_that_is_told(world: World, tmp_path: Path) -> None:
    with_shop(tmp_path, world)
    gone = f"sqlite:///{tmp_path / 'after the fire.db'}"
    assert restore(gone, tmp_path / "kept", world.clock, SeededBytes(9)) is None
    restored = Database.open(gone, world.clock, SeededBytes(3))
    assert verify(restored) == []
    restored.close()
