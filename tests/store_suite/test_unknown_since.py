"""Devices and people that the replaced store knew and the restored one does not: named, awaited, and brought back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from sync_server.admin.awaited import conclusion
from sync_server.store.devices.credentials import revoke
from sync_server.store.office.admin import add_user, disable_user
from sync_server.store.restoring.backup import restore
from tests.store_suite.laptop import Laptop, go_back, keep, with_shop
from tests.store_suite.test_restored import report, states
from tests.store_suite.world import SeededBytes, World


@pytest.fixture
def after(world: World, tmp_path: Path) -> Iterator[tuple[Laptop, Laptop, Laptop]]:
    """Ana's laptop, which the backup knows; her desk and Zoe's laptop, which came after it; then the restore."""
    ana, _ = with_shop(tmp_path, world)
    desk = Laptop(tmp_path, world, ana.admission.user_id, "desk")
    zoe = Laptop(tmp_path, world, world.user("zoe"), "zoe's")
    for laptop in (desk, zoe):
        laptop.create(f"Shop of {laptop.admission.login}")
        laptop.sync()
    go_back(world, tmp_path)
    ana.sync()
    yield ana, desk, zoe
    for laptop in (ana, desk, zoe):
        laptop.replica.close()


def test_who_came_after_the_backup_is_named_and_awaited_until_it_came_back(
    world: World, after: tuple[Laptop, Laptop, Laptop]
) -> None:
    _, desk, zoe = after
    assert states(world) == {"ana": "done", "desk": "unknown", "zoe's": "unknown"}
    assert report(world).people == (("zoe", "Zoe"),)
    assert report(world).knew_all
    told = "\n".join(conclusion(report(world)))
    assert not report(world).done
    assert "No device is awaited" not in told
    assert "Every device was here" not in told
    assert "unknown here: zoe (Zoe)" in told
    assert "unknown here:\n    ana's “desk” (id " in told
    assert "zoe's “zoe's” (id " in told
    desk.enrol_again("desk")
    assert states(world)["desk"] == "not_seen", "enrolled again, and not there yet"
    assert desk.sync().returned == 1
    assert states(world) == {"ana": "done", "desk": "done", "zoe's": "unknown"}
    with world.write() as tx:
        add_user(tx, login="zoe", name="Zoe", role="rep")
    assert report(world).people == ()
    zoe.enrol_again("zoe's")
    assert zoe.sync().returned == 1
    assert "Shop of zoe" in zoe.names(), "what lies on her laptop is hers as before"
    assert set(states(world).values()) == {"done"}
    assert conclusion(report(world)) == ["Every device was here and has given back all it keeps."]


def test_a_device_that_never_comes_back_is_awaited_no_more_once_it_is_withdrawn(
    world: World, tmp_path: Path, after: tuple[Laptop, Laptop, Laptop]
) -> None:
    _, desk, zoe = after
    with world.write() as tx:
        revoke(tx, desk.admission.device_id, "lost")
        with pytest.raises(KnownError) as refused:
            revoke(tx, desk.admission.device_id, "lost")
        assert refused.value.code is Code.NOT_FOUND
        revoke(tx, zoe.admission.device_id, "lost")
    assert report(world).done
    assert states(world) == {"ana": "done"}


def test_a_device_of_somebody_disabled_since_is_awaited_no_more(
    world: World, after: tuple[Laptop, Laptop, Laptop]
) -> None:
    assert states(world)["desk"] == "unknown"
    with world.write() as tx:
        disable_user(tx, "ana")
    assert "desk" not in states(world)
    assert states(world)["zoe's"] == "unknown"


def test_who_is_still_unknown_after_the_next_restore_is_named_again(world: World, tmp_path: Path) -> None:
    ana, _ = with_shop(tmp_path, world)
    desk = Laptop(tmp_path, world, ana.admission.user_id, "desk")
    better = tmp_path / "better"
    better.mkdir()
    keep(world, better)
    Laptop(tmp_path, world, world.user("zoe"), "zoe's").replica.close()
    go_back(world, tmp_path)
    assert {name for name, state in states(world).items() if state == "unknown"} == {"desk", "zoe's"}
    result = restore(world.url, better / "kept", world.clock, SeededBytes(12))
    assert [(one.kind, one.login, one.name) for one in result.carried.unknown] == [
        ("user", "zoe", "Zoe"),
        ("device", "zoe", "zoe's"),
    ]
    assert states(world) == {"ana": "not_seen", "desk": "not_seen", "zoe's": "unknown"}
    for laptop in (ana, desk):
        laptop.sync()
        laptop.replica.close()
    assert states(world) == {"ana": "done", "desk": "done", "zoe's": "unknown"}


def test_where_the_store_before_could_not_be_asked_the_report_says_that_laptops_may_be_missing(
    world: World, tmp_path: Path
) -> None:
    with_shop(tmp_path, world)
    gone = f"sqlite:///{tmp_path / 'after the fire.db'}"
    restore(gone, tmp_path / "kept", world.clock, SeededBytes(9))
    machine = World(gone)
    assert not report(machine).knew_all
    with machine.write() as tx:
        (device,) = tx.all("device")
        device_id = device["id"]
        assert isinstance(device_id, bytes)
        revoke(tx, device_id, "burnt")
    told = "\n".join(conclusion(report(machine)))
    assert "there may be laptops that are not listed here" in told
    machine.close()
