"""Laptops that come back to a restored store before those whose work they had taken back, ended or decided about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fieldrep.commands.pairs import keep_apart, merge_duplicate, undo_merge
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from tests.store_suite.laptop import Laptop, go_back
from tests.store_suite.test_restored_states import Two, add_line, cancel, pair_of
from tests.store_suite.world import World


@pytest.fixture
def two(world: World, tmp_path: Path) -> Iterator[Two]:
    found = Two(world, tmp_path)
    yield found
    for laptop in (found.desk, found.road):
        laptop.replica.close()


def write(laptop: Laptop, row_id: RowId, **values: Value) -> None:
    with laptop.replica.begin("edit_account", "edit") as uow:
        uow.update("account", row_id, values)


@pytest.mark.parametrize(
    ("field", "begun", "meanwhile"),
    [
        ("archived", 0, 1),
        ("phone", "1", "2"),
        ("custom", '{"a":1}', '{"a":2}'),
        ("lifecycle", "prospect", "customer"),
    ],
)
def test_what_was_put_back_waits_for_what_it_took_back(
    two: Two, field: str, begun: Value, meanwhile: Value
) -> None:
    shop = two.desk.create("Shop")
    write(two.desk, shop, **{field: begun})
    two.back_up()
    write(two.desk, shop, **{field: meanwhile})
    two.sync()
    write(two.road, shop, **{field: begun})
    two.road_first()
    assert two.stands(f"SELECT {field} FROM account") == [(begun,)]  # noqa: S608 - a name from above
    assert two.stands("SELECT count(*) FROM conflict") == [(0,)]


@pytest.mark.parametrize("field", ["custom", "consent"])
def test_a_key_that_was_taken_out_waits_for_who_had_put_it_in(two: Two, field: str) -> None:
    shop = two.desk.create("Shop")
    two.back_up()
    write(two.desk, shop, **{field: '{"email":true}'})
    two.sync()
    write(two.road, shop, **{field: '{"phone":true}'})
    two.road_first()
    assert two.stands(f"SELECT {field} FROM account") == [('{"phone":true}',)]  # noqa: S608 - a name from above
    assert two.stands("SELECT count(*) FROM conflict") == [(0,)]


def test_what_only_says_again_what_the_backup_said_waits_for_nobody(two: Two) -> None:
    shop = two.desk.create("Shop")
    two.back_up()
    for laptop in (two.desk, two.road):
        write(laptop, shop, phone="1")
    two.sync()
    go_back(two.world, two.folder)
    assert [laptop.sync().told_to_wait for laptop in (two.road, two.desk)] == [0, 0]


@pytest.mark.parametrize("move", [Laptop.submit, cancel])
def test_an_order_made_since_the_backup_stays_a_draft_until_another_laptops_lines_are_there(
    two: Two, move: Callable[[Laptop, RowId], None]
) -> None:
    shop = two.desk.create("Shop")
    two.back_up()
    order = two.road.draft(shop)
    two.road.sync()
    two.desk.sync()
    add_line(two.desk, order, shop)
    two.sync()
    move(two.road, order)
    two.road_first()
    assert two.stands("SELECT goods_amount, status = 'draft' FROM sales_order") == [(700, 0)]


def test_a_line_changed_on_top_of_another_laptops_change_goes_out_with_the_order(two: Two) -> None:
    shop = two.desk.create("Shop")
    order = two.desk.draft(shop)
    two.back_up()
    for laptop, quantity in ((two.desk, 2_000_000), (two.road, 3_000_000)):
        with laptop.replica.read() as reader:
            ((line,),) = reader.rows("SELECT id FROM document_line")
        with laptop.replica.begin("edit_line", "line") as uow:
            uow.update("document_line", line, {"qty": quantity})
        laptop.sync()
        two.sync()
    two.desk.submit(order)
    two.sync()
    go_back(two.world, two.folder)
    waiting = [laptop.sync().told_to_wait for laptop in (two.road, two.desk, two.road, two.desk)]
    assert waiting == [1, 1, 0, 0]
    assert two.stands("SELECT goods_amount, status FROM sales_order") == [(1500, "received")]
    assert two.stands("SELECT count(*) FROM conflict") == [(0,)]


@pytest.mark.parametrize("stays", [0, 1])
def test_a_decision_about_a_pair_that_is_still_to_come_holds_back_those_after_it(
    two: Two, stays: int
) -> None:
    first, second = two.desk.create("Corner Shop"), two.desk.create("Corner Shop Ltd")
    two.back_up()
    third = two.desk.create("Corner Shop Inc")
    two.sync()
    two.road.sync()
    merge_duplicate(
        two.road.replica, row_id=pair_of(two.road, first, third), survivor_id=(first, third)[stays]
    )
    two.road.sync()
    with two.road.replica.read() as reader:
        ((pair,),) = reader.rows(
            "SELECT id FROM duplicate_candidate WHERE status = 'open' ORDER BY id LIMIT 1"
        )
    merge_duplicate(two.road.replica, row_id=pair, survivor_id=second)
    two.road_first(waits=2)
    assert two.stands("SELECT id FROM account WHERE merged_into_id IS NULL") == [(second,)]


def enter_in_the_office(two: Two, shop: RowId) -> None:
    two.world.change("account", shop, note="entered anew", changed_by=None)


def enter_on_the_desk(two: Two, shop: RowId) -> None:
    write(two.desk, shop, note="entered anew")
    two.desk.sync()


def enter_in_the_office_before_the_desk(two: Two, shop: RowId) -> None:
    enter_in_the_office(two, shop)
    write(two.desk, shop, website="https://shop.example")
    two.desk.sync()


@pytest.mark.parametrize("is_sent", [True, False])
@pytest.mark.parametrize(
    "enter", [enter_in_the_office, enter_on_the_desk, enter_in_the_office_before_the_desk]
)
def test_what_was_entered_since_a_restore_is_not_archived_by_who_had_not_seen_it(
    two: Two, enter: Callable[[Two, RowId], None], is_sent: bool
) -> None:
    shop = written_often_and_archived(two, is_sent=is_sent)
    two.desk.sync()
    enter(two, shop)
    receipt = two.road.sync()
    assert (receipt.refused, receipt.told_to_wait) == (0, 0)
    assert two.stands("SELECT archived, note FROM account WHERE name = 'Shop'") == [(0, "entered anew")]
    assert two.stands("SELECT field FROM conflict") == [("archived",)]


def test_a_record_in_which_only_what_was_given_back_is_new_is_archived_as_it_was(two: Two) -> None:
    written_often_and_archived(two)
    two.desk.sync()
    two.road.sync()
    assert two.stands("SELECT archived, phone FROM account WHERE name = 'Shop'") == [(1, "2")]
    assert two.stands("SELECT count(*) FROM conflict") == [(0,)]


def written_often_and_archived(two: Two, *, is_sent: bool = True) -> RowId:
    """A shop that the desk laptop wrote in before the road laptop archived it, both after the backup put in place.

    Less is given back than there was, so the revisions seen then are all above those of now. Whether the road laptop
    had sent it by then makes no difference.
    """
    shop = two.desk.create("Shop")
    two.back_up()
    write(two.desk, shop, phone="1")
    two.desk.sync()
    for number in range(9):
        two.desk.create(f"Inn {number}")
    two.desk.sync()
    write(two.desk, shop, phone="2")
    two.sync()
    write(two.road, shop, archived=1)
    if is_sent:
        two.sync()
    with two.desk.replica.write() as connection:
        connection.execute("DELETE FROM sent_log WHERE command = 'create_account'")
    go_back(two.world, two.folder)
    return shop


@pytest.mark.parametrize("is_in_backup", [True, False])
def test_what_was_entered_once_a_merge_was_taken_back_does_not_go_to_the_survivor(
    two: Two, is_in_backup: bool
) -> None:
    stays, goes = two.desk.create("Corner Shop"), two.desk.create("Corner Shop Ltd")
    third = Laptop(two.folder, two.world, two.desk.admission.user_id, "third")
    third.sync()
    two.sync()
    if not is_in_backup:
        two.back_up()
    pair = pair_of(two.desk, stays, goes)
    merge_duplicate(two.desk.replica, row_id=pair, survivor_id=stays)
    if is_in_backup:
        two.back_up()
    two.desk.sync()
    third.sync()
    undo_merge(third.replica, row_id=pair)
    third.sync()
    two.road.sync()
    write(two.road, goes, phone="1")
    two.sync()
    go_back(two.world, two.folder)
    waiting = [one.sync().told_to_wait for one in (two.desk, two.road, third, two.road)]
    assert waiting == [0, 1, 0, 0]
    assert two.stands("SELECT phone FROM account WHERE name = 'Corner Shop Ltd'") == [("1",)]
    assert two.stands("SELECT phone FROM account WHERE name = 'Corner Shop'") == [(None,)]
    third.replica.close()


def test_a_decision_about_a_pair_that_its_own_laptop_brings_back_is_taken_with_the_next_sync(
    two: Two,
) -> None:
    two.desk.create("Corner Shop")
    two.back_up()
    two.road.create("Corner Shop Ltd")
    two.road.sync()
    keep_apart(two.road.replica, row_id=pair_of(two.road))
    two.sync()
    go_back(two.world, two.folder)
    assert [laptop.sync().told_to_wait for laptop in (two.desk, two.road)] == [0, 1]
    receipt = two.road.sync()
    assert (receipt.refused, receipt.told_to_wait) == (0, 0)
    assert two.stands("SELECT status FROM duplicate_candidate") == [("not_duplicate",)]
