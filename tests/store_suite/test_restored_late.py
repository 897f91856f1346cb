"""What was on its way when a store was restored, and comes long after: it stands for nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.ids import RowId
from tests.store_suite.laptop import Laptop, go_back, keep, office, report
from tests.store_suite.world import World


def states(world: World) -> dict[str, str]:
    return {one.device: one.state for one in report(world).devices}


def waits(world: World, laptop: Laptop) -> tuple[int, ...]:
    (one,) = (one for one in report(world).devices if one.device == laptop.name)
    return one.waits


def visit(laptop: Laptop, shop: RowId) -> None:
    with laptop.replica.begin("log_activity", "visit") as uow:
        uow.create("activity", {"account_id": shop, "kind": "meeting", "subject": "Hello"})


@pytest.mark.parametrize("times", [1, 2])
def test_an_old_stick_shows_nobody_to_have_heard_of_a_restore(
    world: World, tmp_path: Path, times: int
) -> None:
    user = world.user("ana")
    desk, road = (Laptop(tmp_path, world, user, name) for name in ("desk", "road"))
    for laptop in (desk, road):
        laptop.sync()
    keep(world, tmp_path)
    stick = desk.out()
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    road.edit(shop, phone="1")
    road.sync()
    go_back(world, tmp_path)
    for _ in range(times):
        office(world, stick)
    assert road.sync().told_to_wait == 1
    assert states(world) == {"desk": "giving_back", "road": "waits"}
    desk.sync()
    assert road.sync().refused == 0
    assert road.names() == {"Shop"}
    assert report(world).done
    office(world, stick)
    assert (states(world), report(world).done) == ({"desk": "done", "road": "done"}, True)
    for laptop in (desk, road):
        laptop.replica.close()


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
