"""What a restore leaves for the office to do again: what others had done, and nothing a laptop still has."""

from __future__ import annotations

from pathlib import Path

from sync_server.store.backup import backup
from sync_server.store.returns import RestoreReport, restore_report
from tests.store_suite.laptop import Laptop
from tests.store_suite.test_restored_numbers import again, order
from tests.store_suite.world import World


def report(world: World) -> RestoreReport:
    with world.database.read() as reader:
        found = restore_report(reader)
    assert found is not None
    return found


def named(world: World) -> set[tuple[str, str, str]]:
    return {(row.entity, row.record, row.by) for row in report(world).lost}


def test_a_refused_order_that_its_laptop_keeps_is_not_for_the_office_to_enter_anew(
    world: World, tmp_path: Path
) -> None:
    andrew = Laptop(tmp_path, world, world.user("andrew"), "andrew")
    nancy = Laptop(tmp_path, world, world.user("nancy", andrew.admission.user_id), "nancy")
    janet = world.user("janet", andrew.admission.user_id)
    shop = world.account(janet, name="Shop")
    for laptop in (andrew, nancy):
        laptop.sync()
    backup(world.database, tmp_path / "kept")
    world.change("account", shop, owner_user_id=nancy.admission.user_id)
    nancy.sync()
    order(nancy, shop)
    for laptop in (nancy, andrew):
        laptop.sync()
    steven = Laptop(tmp_path, world, world.user("steven"), "vm")
    steven.sync()
    andrew.sync()
    again(world, tmp_path)
    andrew.sync()
    expected = {("account", "Shop", "the office"), ("user", "Steven", "the office")}
    assert named(world) == expected, "Nancy's laptop may still give her order back"
    assert nancy.sync().refused == 2
    assert named(world) == expected, "she keeps it and can send it again"
    (of_nancy,) = [device for device in report(world).devices if device.login == "nancy"]
    assert of_nancy.refused == (1, 2)
    assert of_nancy.missing == ()
    for laptop in (andrew, nancy, steven):
        laptop.replica.close()
