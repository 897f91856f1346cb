"""A stick written before a restore that arrives when its laptop has long heard of it changes nothing there."""

from __future__ import annotations

from pathlib import Path

from fieldrep.contract.ids import RowId
from sync_server.store.restoring.returns import restore_report
from tests.store_suite.laptop import Laptop, go_back, keep, office
from tests.store_suite.world import World


def waits(world: World, laptop: Laptop) -> tuple[int, ...]:
    with world.database.read() as reader:
        found = restore_report(reader)
    assert found is not None
    (one,) = (one for one in found.devices if one.device == laptop.name)
    return one.waits


def visit(laptop: Laptop, shop: RowId) -> None:
    with laptop.replica.begin("log_activity", "visit") as uow:
        uow.create("activity", {"account_id": shop, "kind": "meeting", "subject": "Hello"})


def test_what_waits_for_others_goes_on_waiting_when_an_old_file_arrives(world: World, tmp_path: Path) -> None:
    user = world.user("ana")
    desk, road = Laptop(tmp_path, world, user, "desk"), Laptop(tmp_path, world, user, "road")
    for laptop in (desk, road):
        laptop.sync()
    keep(world, tmp_path)
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    visit(road, shop)
    road.sync()
    visit(road, shop)
    old = road.out()
    go_back(world, tmp_path)
    assert road.sync().told_to_wait == 2
    assert waits(world, road) == (1, 2)
    office(world, old)
    assert waits(world, road) == (1, 2), "also the one that had been answered before the restore"
    desk.sync()
    assert road.sync().refused == 0
    assert waits(world, road) == ()
    for laptop in (desk, road):
        laptop.replica.close()
