"""Laptops that come back to a restored store before those that had brought its records into the state they moved on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fieldrep.commands.pairs import keep_apart, merge_duplicate, undo_merge
from fieldrep.contract.ids import RowId
from sync_server.store.devices.credentials import revoke
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.returns import restore_report
from tests.store_suite.laptop import Laptop, go_back, keep
from tests.store_suite.world import World


class Two:
    """Two laptops of one person, and the backup that is restored."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder, user = world, folder, world.user("ana")
        self.desk, self.road = (Laptop(folder, world, user, name) for name in ("desk", "road"))

    def sync(self) -> None:
        """Both hear of everything, the road laptop last."""
        for laptop in (self.desk, self.road):
            laptop.sync()

    def back_up(self) -> None:
        self.sync()
        keep(self.world, self.folder)

    def road_first(self, waits: int = 1) -> None:
        """The backup is put in place, and the one comes first that had come last."""
        self.sync()
        go_back(self.world, self.folder)
        receipt = self.road.sync()
        assert (receipt.refused, receipt.told_to_wait) == (0, waits)
        assert self.desk.sync().refused == 0
        receipt = self.road.sync()
        assert (receipt.refused, receipt.told_to_wait, receipt.digests_equal) == (0, 0, True)
        with self.world.database.read() as reader:
            report = restore_report(reader)
        assert report is not None
        assert report.done
        assert verify(self.world.database) == []

    def stands(self, sql: str) -> list[tuple[object, ...]]:
        with self.world.database.read() as reader:
            return list(reader.rows(sql))


@pytest.fixture
def two(world: World, tmp_path: Path) -> Iterator[Two]:
    found = Two(world, tmp_path)
    yield found
    for laptop in (found.desk, found.road):
        laptop.replica.close()


def add_line(laptop: Laptop, order: RowId, shop: RowId) -> None:
    with laptop.replica.begin("add_line", "line") as uow:
        line = {"order_id": order, "account_id": shop, "description": "Cup", "qty": 2_000_000, "seq": 2}
        uow.create("document_line", {**line, "unit_price": 1_000_000})


def empty_order(laptop: Laptop, shop: RowId) -> RowId:
    with laptop.replica.begin("create_order", "order") as uow:
        number = uow.next_number("order")
        return uow.create("sales_order", {"account_id": shop, "currency": "EUR", "number_local": number})


def cancel(laptop: Laptop, order: RowId) -> None:
    with laptop.replica.begin("cancel_order", "cancel") as uow:
        uow.update("sales_order", order, {"status": "cancelled"})


def put_below(laptop: Laptop, account: RowId, parent: RowId | None) -> None:
    with laptop.replica.begin("edit_account", "parent") as uow:
        uow.update("account", account, {"parent_id": parent})


def mark_done(laptop: Laptop, activity: RowId, at: int | None) -> None:
    with laptop.replica.begin("complete_task", "done") as uow:
        uow.update("activity", activity, {"done_at": at})


def pair_of(laptop: Laptop, *records: RowId) -> RowId:
    """The pair raised of two records, or the only one."""
    with laptop.replica.read() as reader:
        found = [
            row_id
            for row_id, *two in reader.rows("SELECT id, one_id, other_id FROM duplicate_candidate")
            if not records or set(two) == set(records)
        ]
    (pair,) = found
    return pair


def test_a_submitted_order_waits_for_the_lines_that_another_laptop_had_entered(two: Two) -> None:
    shop = two.desk.create("Shop")
    order = empty_order(two.desk, shop)
    two.back_up()
    add_line(two.desk, order, shop)
    two.sync()
    two.road.submit(order)
    two.road.sync()
    two.road_first()
    assert two.stands("SELECT status, goods_amount FROM sales_order") == [("received", 200)]


@pytest.mark.parametrize("move", [Laptop.submit, cancel])
def test_an_order_is_no_draft_any_more_only_when_what_another_laptop_had_entered_in_it_is_there(
    two: Two, move: Callable[[Laptop, RowId], None]
) -> None:
    shop = two.desk.create("Shop")
    order = two.desk.draft(shop)
    two.back_up()
    add_line(two.desk, order, shop)
    two.sync()
    move(two.road, order)
    two.road_first()
    assert two.stands("SELECT goods_amount, status = 'draft' FROM sales_order") == [(700, 0)]


def test_an_order_that_only_its_own_laptop_had_worked_on_waits_for_nobody(two: Two) -> None:
    shop = two.desk.create("Shop")
    two.sync()
    order = two.road.draft(shop)
    two.road.sync()
    two.back_up()
    add_line(two.road, order, shop)
    two.sync()
    two.road.submit(order)
    two.sync()
    go_back(two.world, two.folder)
    assert two.road.sync().told_to_wait == 0
    assert two.stands("SELECT goods_amount, status FROM sales_order") == [(700, "received")]


def test_a_cancelled_order_waits_until_it_has_been_submitted(two: Two) -> None:
    order = two.desk.draft(two.desk.create("Shop"))
    two.back_up()
    two.desk.submit(order)
    two.sync()
    cancel(two.road, order)
    two.road_first()
    assert two.stands("SELECT status, number_official IS NOT NULL FROM sales_order") == [("cancelled", 1)]


def test_a_merge_taken_back_waits_until_it_was_made(two: Two) -> None:
    stays, _ = two.desk.create("Corner Shop"), two.desk.create("Corner Shop Ltd")
    two.back_up()
    pair = pair_of(two.desk)
    merge_duplicate(two.desk.replica, row_id=pair, survivor_id=stays)
    two.sync()
    undo_merge(two.road.replica, row_id=pair)
    two.road_first()
    assert two.stands("SELECT status FROM duplicate_candidate") == [("split",)]
    assert two.stands("SELECT count(*) FROM account WHERE merged_into_id IS NOT NULL") == [(0,)]


def test_a_merge_made_again_waits_until_it_was_taken_back(two: Two) -> None:
    one, other = two.desk.create("Corner Shop"), two.desk.create("Corner Shop Ltd")
    two.sync()
    pair = pair_of(two.road)
    merge_duplicate(two.road.replica, row_id=pair, survivor_id=one)
    two.road.sync()
    two.back_up()
    undo_merge(two.desk.replica, row_id=pair)
    two.sync()
    merge_duplicate(two.road.replica, row_id=pair, survivor_id=other)
    two.road_first()
    assert two.stands("SELECT id FROM account WHERE merged_into_id IS NULL") == [(other,)]


def test_a_merge_waits_until_the_pair_is_open_again_that_had_been_kept_apart(two: Two) -> None:
    stays, _ = two.desk.create("Corner Shop"), two.desk.create("Corner Shop Ltd")
    two.sync()
    pair = pair_of(two.desk)
    keep_apart(two.desk.replica, row_id=pair)
    two.back_up()
    with two.desk.replica.begin("undo", "open again") as uow:
        uow.update("duplicate_candidate", pair, {"status": "open"})
    two.sync()
    merge_duplicate(two.road.replica, row_id=pair, survivor_id=stays)
    two.road_first()
    assert two.stands("SELECT status FROM duplicate_candidate") == [("merged",)]


def test_a_merge_is_taken_back_once_a_later_one_on_its_survivor_was(two: Two) -> None:
    first, second, third = (two.desk.create(f"Corner Shop{end}") for end in ("", " Ltd", " Inc"))
    two.sync()
    inner, outer = pair_of(two.desk, first, second), pair_of(two.desk, second, third)
    merge_duplicate(two.desk.replica, row_id=inner, survivor_id=second)
    two.desk.sync()
    merge_duplicate(two.desk.replica, row_id=outer, survivor_id=third)
    two.back_up()
    undo_merge(two.desk.replica, row_id=outer)
    two.sync()
    undo_merge(two.road.replica, row_id=inner)
    two.road_first()
    assert two.stands("SELECT count(*) FROM account WHERE merged_into_id IS NOT NULL") == [(0,)]


def test_a_merge_waits_with_another_one_of_the_same_record_that_is_taken_back(two: Two) -> None:
    first, second, third = (two.desk.create(f"Corner Shop{end}") for end in ("", " Ltd", " Inc"))
    two.back_up()
    pair = pair_of(two.desk, first, second)
    merge_duplicate(two.desk.replica, row_id=pair, survivor_id=first)
    two.sync()
    undo_merge(two.road.replica, row_id=pair)
    two.road.sync()
    merge_duplicate(two.road.replica, row_id=pair_of(two.road, second, third), survivor_id=third)
    two.road_first(waits=2)
    assert two.stands("SELECT id, merged_into_id FROM account WHERE archived = 1") == [(second, third)]


def test_an_account_put_below_another_waits_until_that_one_has_left_its_place_below_it(two: Two) -> None:
    above, below = two.desk.create("Holding"), two.desk.create("Branch")
    put_below(two.desk, below, above)
    two.back_up()
    put_below(two.desk, below, None)
    two.sync()
    put_below(two.road, above, below)
    two.road_first()
    assert two.stands("SELECT name FROM account WHERE parent_id IS NOT NULL") == [("Holding",)]


def test_a_task_opened_again_waits_until_it_was_done(two: Two) -> None:
    shop = two.desk.create("Shop")
    with two.desk.replica.begin("log_activity", "task") as uow:
        task = uow.create("activity", {"account_id": shop, "kind": "task", "subject": "Call"})
    two.back_up()
    mark_done(two.desk, task, 1_700_000_000_000)
    two.sync()
    mark_done(two.road, task, None)
    two.road_first()
    assert two.stands("SELECT done_at FROM activity") == [(None,)]


def test_what_waited_for_a_state_is_judged_as_ever_once_nobody_may_bring_it(two: Two) -> None:
    shop = two.desk.create("Shop")
    order, second = empty_order(two.desk, shop), two.desk.draft(shop)
    two.back_up()
    add_line(two.desk, order, shop)
    two.desk.submit(second)
    two.sync()
    two.road.submit(order)
    cancel(two.road, second)
    two.sync()
    go_back(two.world, two.folder)
    for _ in range(2):
        assert two.road.sync().told_to_wait == 2
    with two.world.write() as tx:
        revoke(tx, two.desk.admission.device_id, "lost")
    receipt = two.road.sync()
    assert (receipt.refused, receipt.told_to_wait, receipt.digests_equal) == (1, 0, True)
    assert two.stands("SELECT code FROM refused_change") == [("move_not_allowed",)]
    assert sorted(two.stands("SELECT status FROM sales_order")) == [("cancelled",), ("draft",)]


def test_what_was_entered_since_the_restore_waits_for_no_state(two: Two) -> None:
    shop = two.desk.create("Shop")
    order = empty_order(two.desk, shop)
    two.back_up()
    add_line(two.desk, order, shop)
    two.sync()
    go_back(two.world, two.folder)
    two.road.submit(order)
    receipt = two.road.sync()
    assert (receipt.refused, receipt.told_to_wait) == (1, 0)


def test_two_that_wait_for_each_others_state_end(two: Two) -> None:
    shop = two.desk.create("Shop")
    first, second = empty_order(two.desk, shop), empty_order(two.road, two.road.create("Inn"))
    lost = Laptop(two.folder, two.world, two.desk.admission.user_id, "lost")
    two.back_up()
    lost.sync()
    for order in (first, second):
        with lost.replica.read() as reader:
            (account,) = reader.rows("SELECT account_id FROM sales_order WHERE id = ?", (order,))[0]
        add_line(lost, order, account)
    lost.sync()
    two.sync()
    two.desk.submit(first)
    two.road.submit(second)
    two.sync()
    go_back(two.world, two.folder)
    assert [laptop.sync().told_to_wait for laptop in (two.desk, two.road, two.desk)] == [1, 1, 1]
    with two.world.write() as tx:
        revoke(tx, lost.admission.device_id, "lost")
    assert [laptop.sync().refused for laptop in (two.road, two.desk)] == [1, 1]
    lost.replica.close()
