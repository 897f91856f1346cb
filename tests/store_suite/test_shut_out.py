"""Whom a replaced store admitted no longer is not admitted again by an older backup, over several restores in a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollRequest
from sync_server.store.database import Database
from sync_server.store.devices.credentials import admit, identify, make_code, revoke
from sync_server.store.office.admin import add_user, disable_user, enable_user
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import Restored, restore
from tests.store_suite.databases import Databases
from tests.store_suite.laptop import Laptop, go_back, keep, with_shop
from tests.store_suite.world import SeededBytes, World


def restored(world: World, file: Path, seed: int = 9) -> Restored:
    return restore(world.url, file, world.clock, SeededBytes(seed))


def shut(result: Restored) -> list[tuple[str, str, str | None]]:
    return [(one.kind, one.login, one.why) for one in result.carried.shut_out]


def kept(world: World, tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    keep(world, folder)
    return folder / "kept"


def test_a_device_withdrawn_since_the_backup_gets_nothing_of_the_restored_store(
    world: World, tmp_path: Path
) -> None:
    ana, _ = with_shop(tmp_path, world)
    device = ana.admission.device_id
    with world.write() as tx:
        revoke(tx, device, "stolen")
    result = restored(world, tmp_path / "kept")
    assert shut(result) == [("device", "ana", "stolen")]
    assert result.unsure == ""
    assert identify(world.database, ana.admission.token) is None
    with world.database.read() as reader:
        row = reader.row("device", device)
    assert row is not None
    assert row["state"] == "withdrawn"
    assert verify(world.database) == []


def test_a_user_disabled_since_the_backup_stays_so_with_his_devices(world: World, tmp_path: Path) -> None:
    ana, _ = with_shop(tmp_path, world)
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    later = kept(world, tmp_path, "later")
    with world.write() as tx:
        disable_user(tx, "ben")
    result = restored(world, later)
    assert [one.row_id for one in result.carried.shut_out if one.kind == "device"] == [
        ben.admission.device_id
    ]
    assert identify(world.database, ben.admission.token) is None
    with world.database.read() as reader:
        assert reader.session.rows("SELECT login FROM app_user WHERE active = 0") == [("ben",)]
    assert ana.sync().whole


def test_who_was_shut_out_stays_so_although_a_store_restored_in_between_does_not_know_them(
    world: World, tmp_path: Path
) -> None:
    ana, _ = with_shop(tmp_path, world)
    zoe = Laptop(tmp_path, world, world.user("zoe"), "zoe")
    desk = Laptop(tmp_path, world, ana.admission.user_id, "desk")
    later = kept(world, tmp_path, "later")
    with world.write() as tx:
        revoke(tx, desk.admission.device_id, "lost")
        disable_user(tx, "zoe")
    assert shut(restored(world, tmp_path / "kept")) == [], "it knows none of them"
    between = kept(world, tmp_path, "between")
    for turn in (1, 2):
        result = restored(world, later, 10 + turn)
        assert sorted(shut(result)) == [
            ("device", "ana", "lost"),
            ("device", "zoe", "the user was disabled"),
            ("user", "zoe", "the user was disabled"),
        ], turn
        for laptop in (zoe, desk):
            assert identify(world.database, laptop.admission.token) is None
        assert verify(world.database) == []
        assert shut(restored(world, between, 20 + turn)) == []
    assert ana.sync().whole


def test_who_was_disabled_is_shut_out_by_login_where_a_backup_has_another_of_that_login(
    world: World, tmp_path: Path
) -> None:
    with_shop(tmp_path, world)
    old = Laptop(tmp_path, world, world.user("zoe"), "old")
    later = kept(world, tmp_path, "later")
    with world.write() as tx:
        revoke(tx, old.admission.device_id, "lost")
    restored(world, tmp_path / "kept", 10)
    with world.write() as tx:
        tx.session.run("DELETE FROM known_before WHERE kind = 'user'")  # as if zoe came by another way
        anew = add_user(tx, login="zoe", name="Zoe", role="rep")
    with world.write() as tx:
        disable_user(tx, "zoe")
    result = restored(world, later, 11)
    assert ("user", "zoe", "the user was disabled") in shut(result)
    with world.database.read() as reader:
        assert reader.row("user", anew) is None
        assert reader.session.rows("SELECT login FROM app_user WHERE active = 0") == [("zoe",)]


def test_who_was_let_in_again_is_not_shut_out_by_what_stood_before(world: World, tmp_path: Path) -> None:
    with_shop(tmp_path, world)
    world.user("zoe")
    later = kept(world, tmp_path, "later")
    with world.write() as tx:
        disable_user(tx, "zoe")
    restored(world, tmp_path / "kept", 10)
    with world.write() as tx:
        add_user(tx, login="zoe", name="Zoe", role="rep")
    assert shut(restored(world, later, 11)) == []
    with world.write() as tx, pytest.raises(KnownError):
        enable_user(tx, "zoe")


def test_where_nothing_can_be_read_of_the_replaced_store_that_is_told(
    world: World, stores: Databases, kind: str, tmp_path: Path
) -> None:
    with_shop(tmp_path, world)
    gone = stores.empty(kind)
    assert restore(gone, tmp_path / "kept", world.clock, SeededBytes(9)).unsure == "unread"
    database = Database.open(gone, world.clock, SeededBytes(3))
    assert verify(database) == []
    database.close()


def test_a_new_store_knows_nobody_who_was_shut_out_and_that_is_told_until_a_backup_made_since(
    world: World, stores: Databases, kind: str, tmp_path: Path
) -> None:
    with_shop(tmp_path, world)
    later = kept(world, tmp_path, "later")
    machine = World(stores.new(kind), seed=5)
    with machine.write() as tx:
        tx.session.run("UPDATE store_info SET server_id = ?", (machine.randomness(16),))
    assert restored(machine, tmp_path / "kept").unsure == "other"
    since = kept(machine, tmp_path, "since")
    assert restored(machine, later, 10).unsure == "earlier", (
        "who was shut out before the fire is still unknown"
    )
    assert restored(machine, since, 11).unsure == "earlier"
    assert restored(machine, kept(machine, tmp_path, "again"), 12).unsure == ""
    machine.close()


def test_no_link_of_before_a_restore_admits_anybody_after_it(world: World, tmp_path: Path) -> None:
    ana, _ = with_shop(tmp_path, world)
    with world.write() as tx:
        used, unused = (make_code(tx, SeededBytes(seed), ana.admission.user_id) for seed in (31, 32))
    links = kept(world, tmp_path, "links")
    request = EnrollRequest(used, "Desk", "test", "1", PROTOCOL_VERSION, b"one key")
    admit(world.database, request)
    restored(world, links)
    for code in (used, unused):
        with pytest.raises(KnownError) as refused:
            admit(world.database, EnrollRequest(code, "Stranger", "test", "1", PROTOCOL_VERSION, b"another"))
        assert refused.value.code is Code.LINK_INVALID
    assert ana.sync().whole


def test_a_restore_of_the_same_backup_twice_keeps_what_the_first_kept(world: World, tmp_path: Path) -> None:
    with_shop(tmp_path, world)
    zoe = Laptop(tmp_path, world, world.user("zoe"), "zoe")
    with world.write() as tx:
        revoke(tx, zoe.admission.device_id, "lost")
    for seed in (9, 10):
        go_back(world, tmp_path, seed)
        with world.database.read() as reader:
            sql = "SELECT row_id, why FROM known_before WHERE kind = 'device'"
            assert reader.rows(sql) == [(zoe.admission.device_id, "lost")]
