"""A second restore, from a backup made between: what laptops had seen before the first one counts anew each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store_suite.laptop import Laptop, go_back, keep, report
from tests.store_suite.test_restored_back_again import write
from tests.store_suite.test_restored_states import Two, mark_done
from tests.store_suite.world import World


class Three(Two):
    """Two laptops that stay away between two restores, and one that works on there."""

    def __init__(self, world: World, folder: Path) -> None:
        super().__init__(world, folder)
        self.third = Laptop(folder, world, self.desk.admission.user_id, "third")

    def restored_twice(self) -> None:
        """Between the two the store comes past all that the two laptops had seen in the one before."""
        go_back(self.world, self.folder)
        for number in range(9):
            self.third.create(f"Inn {number}")
            self.third.sync()
        (self.folder / "kept").unlink()
        keep(self.world, self.folder)
        go_back(self.world, self.folder, seed=10)


@pytest.fixture
def three(world: World, tmp_path: Path) -> Iterator[Three]:
    found = Three(world, tmp_path)
    yield found
    for laptop in (found.desk, found.road, found.third):
        laptop.replica.close()


def test_what_was_put_back_before_two_restores_waits_for_what_it_took_back(three: Three) -> None:
    shop = three.desk.create("Shop")
    write(three.desk, shop, phone="1")
    three.back_up()
    write(three.desk, shop, phone="2")
    three.sync()
    write(three.road, shop, phone="1")
    three.sync()
    three.restored_twice()
    waiting = [one.sync().told_to_wait for one in (three.road, three.third, three.desk, three.road)]
    assert waiting == [1, 0, 0, 0]
    assert three.stands("SELECT phone FROM account WHERE name = 'Shop'") == [("1",)]
    assert report(three.world).done


def test_a_task_done_anew_before_two_restores_waits_until_it_was_opened_again(three: Three) -> None:
    with three.desk.replica.begin("log_activity", "task") as uow:
        shop = uow.create("account", {"name": "Shop"})
        task = uow.create("activity", {"account_id": shop, "kind": "task", "subject": "Call"})
    three.back_up()
    for done_at in (1_700_000_000_000, None):
        mark_done(three.desk, task, done_at)
        three.sync()
    mark_done(three.road, task, 1_700_000_000_001)
    three.sync()
    three.restored_twice()
    waiting = [one.sync().told_to_wait for one in (three.road, three.third, three.desk, three.road)]
    assert waiting == [1, 0, 0, 0]
    assert three.stands("SELECT done_at FROM activity") == [(1_700_000_000_001,)]
    assert report(three.world).done


def test_an_order_that_the_second_backup_has_whole_goes_at_once(three: Three) -> None:
    three.back_up()
    go_back(three.world, three.folder)
    for laptop in (three.third, three.desk, three.road):
        laptop.sync()
    order = three.desk.draft(three.desk.create("Shop"))
    three.sync()
    (three.folder / "kept").unlink()
    keep(three.world, three.folder)
    three.road.submit(order)
    three.sync()
    go_back(three.world, three.folder, seed=10)
    assert three.road.sync().told_to_wait == 0
    assert three.stands("SELECT goods_amount, status FROM sales_order") == [(500, "received")]
