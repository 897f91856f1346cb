"""Conflicts that arose and were decided after the backup: what was decided stands again, or can be decided anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.commands.conflicts import resolve_conflict
from fieldrep.contract.ids import RowId
from fieldrep.store.incoming.refused import refused_changes
from tests.store_suite.laptop import Laptop, go_back, keep
from tests.store_suite.world import World


def read(laptop: Laptop, sql: str) -> list[tuple[object, ...]]:
    with laptop.replica.read() as reader:
        return list(reader.rows(sql))


def decided(world: World, folder: Path, choose: str) -> tuple[Laptop, Laptop]:
    """Two laptops of one person; what the road entered after the backup clashed, and was decided there."""
    user = world.user("ana")
    desk, road = Laptop(folder, world, user, "desk"), Laptop(folder, world, user, "road")
    shop = desk.create("Shop")
    for laptop in (desk, road):
        laptop.sync()
    keep(world, folder)
    desk.edit(shop, phone="desk")
    road.edit(shop, phone="road")
    desk.sync()
    road.sync()
    ((conflict,),) = read(road, "SELECT id FROM conflict")
    assert isinstance(conflict, bytes)
    resolve_conflict(road.replica, row_id=RowId(conflict), choose=choose)
    for laptop in (road, desk):
        laptop.sync()
    return desk, road


@pytest.mark.parametrize(("choose", "stands"), [("mine", "road"), ("theirs", "desk")])
def test_a_decision_taken_after_the_backup_stands_again_once_all_have_given_back(
    world: World, tmp_path: Path, choose: str, stands: str
) -> None:
    desk, road = decided(world, tmp_path, choose)
    before = read(road, "SELECT id, status, chosen, mine_value, theirs_value FROM conflict")
    go_back(world, tmp_path)
    world.account(desk.admission.user_id, name="Entered by the office meanwhile")
    desk.sync()
    receipt = road.sync()
    assert (receipt.refused, receipt.told_to_wait, receipt.digests_equal) == (0, 0, True)
    desk.sync()
    for laptop in (desk, road):
        assert read(laptop, "SELECT phone FROM account WHERE name = 'Shop'") == [(stands,)]
        assert read(laptop, "SELECT id, status, chosen, mine_value, theirs_value FROM conflict") == before
        laptop.replica.close()


def test_where_the_other_side_clashes_this_time_the_decision_waits_to_be_taken_anew_and_says_so(
    world: World, tmp_path: Path
) -> None:
    desk, road = decided(world, tmp_path, "mine")
    go_back(world, tmp_path)
    assert road.sync().told_to_wait == 1
    desk.sync()
    assert road.sync().refused == 1
    with road.replica.read() as reader:
        (refused,) = refused_changes(reader.driver)
    assert (
        "Where the record shows the conflict again, as after a restore, decide it there" in refused.sentence
    )
    ((conflict, status),) = read(road, "SELECT id, status FROM conflict")
    assert (status, read(road, "SELECT phone FROM account")) == ("open", [("road",)])
    assert isinstance(conflict, bytes)
    resolve_conflict(road.replica, row_id=RowId(conflict), choose="theirs")
    for laptop in (road, desk):
        laptop.sync()
        assert read(laptop, "SELECT phone, (SELECT status FROM conflict) FROM account") == [
            ("road", "resolved")
        ]
        laptop.replica.close()
