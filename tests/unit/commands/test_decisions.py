"""Deciding conflicts, undoing, refused changes: one change each, and nothing that was entered is lost."""

from __future__ import annotations

import pytest

from fieldrep.commands.accounts import create_account, edit_account
from fieldrep.commands.activities import complete_task
from fieldrep.commands.conflicts import resolve_conflict
from fieldrep.commands.lines import remove_order_line
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import create_order
from fieldrep.commands.undo import undo
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import MILLIONTH, Value
from fieldrep.contract.ids import RowId
from fieldrep.store.outgoing import outbox
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, HARBOR, PIET, conflict, put, row_id


def row(replica: Replica, entity: str, wanted: RowId | None) -> dict[str, Value]:
    assert wanted is not None
    with replica.read() as reader:
        found = reader.row(entity, wanted)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("choose", "value", "phone"),
    [
        ("mine", None, "+31 10 411 2299"),
        ("other", "+31 10 411 0000", "+31 10 411 0000"),
    ],
)
def test_a_decision_moves_the_field_and_the_conflict_in_one_change(
    replica: Replica, choose: str, value: object, phone: str
) -> None:
    clash = conflict(replica, "clash")
    resolve_conflict(replica, row_id=clash, choose=choose, value=value)
    decided = row(replica, "conflict", clash)
    assert (decided["status"], decided["chosen"]) == ("resolved", choose)
    assert row(replica, "account", AURORA)["phone"] == phone
    with replica.read() as reader:
        (entry,) = outbox.entries(reader.driver)
    assert {edit.entity for edit in entry.change.edits} == {"account", "conflict"}


def test_keeping_what_already_stands_sends_only_the_decision(replica: Replica) -> None:
    clash = conflict(replica, "clash")
    resolve_conflict(replica, row_id=clash, choose="theirs")
    with replica.read() as reader:
        (entry,) = outbox.entries(reader.driver)
    assert [edit.entity for edit in entry.change.edits] == ["conflict"]


@pytest.mark.parametrize(("choose", "phone"), [("mine", "+31 10 411 9999"), ("theirs", "+31 10 411 2200")])
def test_after_another_edit_of_mine_mine_is_the_newest_and_theirs_what_the_colleague_entered(
    replica: Replica, choose: str, phone: str
) -> None:
    clash = conflict(replica, "clash")
    edit_account(replica, row_id=AURORA, phone="+31 10 411 9999")
    resolve_conflict(replica, row_id=clash, choose=choose)
    assert row(replica, "account", AURORA)["phone"] == phone


def test_keeping_what_stands_keeps_what_another_entered_after_the_conflict_arose(replica: Replica) -> None:
    clash = conflict(replica, "clash")
    with replica.write() as driver:
        driver.execute("UPDATE account SET phone = ?, changed_by = ? WHERE id = ?", ("0633", PIET, AURORA))
    resolve_conflict(replica, row_id=clash, choose="theirs")
    assert row(replica, "account", AURORA)["phone"] == "0633"


def test_a_conflict_is_decided_once(replica: Replica) -> None:
    clash = conflict(replica, "clash")
    resolve_conflict(replica, row_id=clash, choose="mine")
    with pytest.raises(KnownError, match=r"decided already \(mine\)"):
        resolve_conflict(replica, row_id=clash, choose="theirs")


@pytest.mark.parametrize(
    ("choose", "value", "words"),
    [
        ("ours", None, "one of mine, theirs or other"),
        ("other", None, "Give the value"),
        ("other", 5, "must be text"),
        ("other", 1.5, "decimal fraction"),
        ("other", "x" * 61, "61 characters"),
    ],
)
def test_a_decision_that_does_not_fit_leaves_the_conflict_open(
    replica: Replica, choose: str, value: object, words: str
) -> None:
    clash = conflict(replica, "clash")
    with pytest.raises(KnownError, match=words):
        resolve_conflict(replica, row_id=clash, choose=choose, value=value)
    assert row(replica, "conflict", clash)["status"] == "open"


def test_taking_my_edit_of_a_record_deleted_elsewhere_brings_it_back(replica: Replica) -> None:
    gone = put(replica, "site", "gone", account_id=HARBOR, city="Kiel", archived=1)
    clash = conflict(replica, "clash", entity="site", row_id=gone, field="city", account_id=HARBOR,
                     reason="deleted", mine_value='"Lübeck"', theirs_value='"Kiel"')  # fmt: skip
    resolve_conflict(replica, row_id=clash, choose="mine")
    site = row(replica, "site", gone)
    assert (site["archived"], site["city"]) == (0, "Lübeck")


def test_letting_the_deletion_stand_changes_only_the_conflict(replica: Replica) -> None:
    gone = put(replica, "site", "gone", account_id=HARBOR, city="Kiel", archived=1)
    clash = conflict(replica, "clash", entity="site", row_id=gone, field="city", account_id=HARBOR,
                     reason="deleted", mine_value='"Lübeck"', theirs_value='"Kiel"')  # fmt: skip
    resolve_conflict(replica, row_id=clash, choose="theirs")
    assert row(replica, "site", gone)["archived"] == 1


def test_undo_puts_back_the_fields_of_the_newest_change(replica: Replica) -> None:
    before = row(replica, "account", AURORA)
    edit_account(replica, row_id=AURORA, phone="1", note="2")
    undone = undo(replica)
    after = row(replica, "account", AURORA)
    assert (after["phone"], after["note"]) == (before["phone"], before["note"])
    assert undone.label == "Undone: Edit Aurora Dairy B.V."


def test_undo_goes_back_step_by_step_and_then_says_that_nothing_is_left(replica: Replica) -> None:
    made = create_account(replica, name="Neu")
    complete_task(replica, row_id=row_id("task"))
    undo(replica)
    assert row(replica, "activity", row_id("task"))["done_at"] is None
    undo(replica)
    assert row(replica, "account", made.id)["archived"] == 1
    with pytest.raises(KnownError) as raised:
        undo(replica)
    assert raised.value.code is Code.NOTHING_TO_CHANGE


def test_undoing_a_removed_line_brings_line_and_total_back(replica: Replica) -> None:
    order = create_order(replica, account_id=HARBOR, lines=[NewLine(sku="210034", qty=2 * MILLIONTH)])
    remove_order_line(replica, row_id=order.lines[0])
    assert row(replica, "sales_order", order.id)["total_amount"] == 0
    undo(replica)
    assert row(replica, "document_line", order.lines[0])["archived"] == 0
    assert row(replica, "sales_order", order.id)["total_amount"] == 10_400
