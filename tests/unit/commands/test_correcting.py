"""A change set aside is shown, grows while it is corrected, is not sent meanwhile, and goes as one change at last."""

from __future__ import annotations

import json

import pytest

from fieldrep.commands.accounts import edit_account
from fieldrep.commands.activities import edit_activity, log_activity
from fieldrep.commands.lines import add_order_line, edit_order_line, remove_order_line
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import create_order, drop_empty_order, submit_order
from fieldrep.commands.refused import (
    correct_order,
    correct_refused,
    hand_over,
    send_again,
    send_corrected,
    stop_correcting,
)
from fieldrep.contract.change import Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import MILLIONTH
from fieldrep.contract.ids import RowId
from fieldrep.store.incoming.quarantine import set_aside
from fieldrep.store.incoming.refused import refused_changes
from fieldrep.store.outgoing import outbox
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, HARBOR
from tests.unit.commands.test_decisions import row


def refused_order(replica: Replica) -> tuple[RowId, tuple[RowId, ...]]:
    """An order of two lines, submitted, and refused with all that builds on it."""
    lines = [NewLine(sku="210034", qty=2 * MILLIONTH), NewLine(sku="210034", qty=5 * MILLIONTH)]
    made = create_order(replica, account_id=HARBOR, lines=lines)
    assert made.id is not None
    submit_order(replica, row_id=made.id)
    for change in replica.waiting(10, 10**6):
        set_aside(replica, change.n, "Quantity: at most 3 pieces of this are sold at once.")
    with replica.read() as reader:
        assert reader.row("sales_order", made.id) is None
        assert len(refused_changes(reader.driver)) == 2
    return made.id, made.lines


def test_a_refused_order_comes_back_as_it_was_entered_and_is_not_sent(replica: Replica) -> None:
    order, lines = refused_order(replica)
    correct_order(replica, row_id=order)
    shown = row(replica, "sales_order", order)
    assert (shown["status"], shown["total_amount"]) == ("draft", 36_400)
    assert [row(replica, "document_line", line)["qty"] for line in lines] == [2 * MILLIONTH, 5 * MILLIONTH]
    assert (replica.waiting(10, 10**6), replica.depth()) == ([], 0)
    with replica.read() as reader:
        assert refused_changes(reader.driver) == []


def test_what_is_corrected_goes_as_one_new_change_with_the_same_rows(replica: Replica) -> None:
    order, lines = refused_order(replica)
    correct_order(replica, row_id=order)
    edit_order_line(replica, row_id=lines[1], qty=3 * MILLIONTH)
    remove_order_line(replica, row_id=lines[0])
    assert replica.waiting(10, 10**6) == []
    sent = send_corrected(replica, row_id=order)
    assert (sent.changed, sent.change_n) == (True, 0), "it travels under a number of its own"
    assert sent.told == (
        f"Order {row(replica, 'sales_order', order)['number_local']} is sent again as a draft. "
        "The office does nothing about it until it is submitted."
    ), "it had been submitted before it was refused"
    (change,) = replica.waiting(10, 10**6)
    edits = {edit.row_id: edit for edit in change.edits}
    assert set(edits) == {order, *lines}
    assert {edit.kind for edit in change.edits} == {"create"}
    assert edits[lines[1]].after["qty"] == 3 * MILLIONTH
    assert edits[lines[0]].after["archived"] == 1
    assert (edits[order].after["status"], edits[order].after["total_amount"]) == ("draft", 15_600)
    assert change.n == replica.state().highest_n, "numbers go on without a gap"


def test_submitting_a_corrected_order_sends_it_first_as_it_is_and_then_the_move(replica: Replica) -> None:
    order, lines = refused_order(replica)
    correct_order(replica, row_id=order)
    edit_order_line(replica, row_id=lines[1], qty=3 * MILLIONTH)
    submit_order(replica, row_id=order)
    whole, move = replica.waiting(10, 10**6)
    assert {edit.kind for edit in whole.edits} == {"create"}
    assert [(edit.row_id, edit.after["status"]) for edit in move.edits] == [(order, "submitted")]
    assert row(replica, "sales_order", order)["status"] == "submitted"


def test_an_order_whose_lines_were_refused_is_not_taken_for_an_empty_one(replica: Replica) -> None:
    made = create_order(replica, account_id=HARBOR)
    assert made.id is not None
    line = add_order_line(replica, order_id=made.id, line=NewLine(sku="210034"))
    set_aside(replica, line.change_n, "No.")
    drop_empty_order(replica, row_id=made.id)
    assert row(replica, "sales_order", made.id)["archived"] == 0
    archive(replica, made.id)
    correct_order(replica, row_id=made.id)
    assert row(replica, "sales_order", made.id)["archived"] == 0, "it was archived meanwhile, and comes back"


def archive(replica: Replica, order_id: RowId) -> None:
    with replica.begin("archive_order", "Archive") as unit:
        unit.archive("sales_order", order_id)


def test_other_work_is_sent_while_an_order_is_being_corrected(replica: Replica) -> None:
    order, _ = refused_order(replica)
    correct_order(replica, row_id=order)
    other = create_order(replica, account_id=AURORA, lines=[NewLine(sku="210034", qty=MILLIONTH)])
    (change,) = replica.waiting(10, 10**6)
    assert change.edits[0].row_id == other.id


def test_an_edit_of_a_known_row_starts_from_the_first_value_and_ends_with_the_last(replica: Replica) -> None:
    refusal = Refused(1, Code.INVALID_VALUE, "No.")
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", AURORA, {"phone": "1", "note": "a"})
        unit.hold_back = refusal
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", AURORA, {"phone": "2"})
    with replica.write() as connection:
        from fieldrep.store.outgoing.correcting import release

        assert release(connection, AURORA)
    (change,) = replica.waiting(10, 10**6)
    (edit,) = change.edits
    assert (edit.before["phone"], edit.after) == ("+31 10 411 2200", {"phone": "2", "note": "a"})


def test_an_order_nobody_refused_is_not_corrected(replica: Replica) -> None:
    made = create_order(replica, account_id=HARBOR)
    assert made.id is not None
    for command in (correct_order, send_corrected):
        with pytest.raises(KnownError):
            command(replica, row_id=made.id)


def test_a_refused_change_is_handed_over_once_with_everything_that_was_entered(replica: Replica) -> None:
    edit_account(replica, row_id=AURORA, phone="1", note="typed once")
    (change,) = replica.waiting(10, 10**6)
    set_aside(replica, change.n, "No.")
    with replica.read() as reader:
        (entry,) = refused_changes(reader.driver)
    handed = hand_over(replica, key=entry.refused_no, note="What now?")
    kept = row(replica, "handed_change", handed.id)
    (edit,) = json.loads(str(kept["payload"]))
    assert edit["fields"]["phone"] == {"before": "+31 10 411 2200", "after": "1"}
    assert (kept["sentence"], kept["note"], kept["status"]) == ("No.", "What now?", "open")
    with pytest.raises(KnownError, match="with the admin already"):
        hand_over(replica, key=entry.refused_no)


def test_a_correction_given_up_keeps_what_was_corrected_so_far(replica: Replica) -> None:
    order, lines = refused_order(replica)
    correct_order(replica, row_id=order)
    edit_order_line(replica, row_id=lines[1], qty=3 * MILLIONTH)
    with replica.read() as reader:
        (entry,) = outbox.entries(reader.driver)
    stop_correcting(replica, n=entry.n)
    with replica.read() as reader:
        assert reader.row("sales_order", order) is None
        (back,) = refused_changes(reader.driver)
    assert {edit.after["qty"] for edit in back.change.edits if edit.entity == "document_line"} == {
        2 * MILLIONTH, 3 * MILLIONTH,
    }  # fmt: skip
    with pytest.raises(KnownError):
        stop_correcting(replica, n=entry.n)


@pytest.mark.parametrize("typed", [None, "Mine, and better"])
def test_a_text_refused_since_another_was_first_stands_beside_that_when_it_is_sent_again(
    replica: Replica, typed: str | None
) -> None:
    task = log_activity(replica, kind="task", account_id=HARBOR, subject="Call them").id
    assert task is not None
    edit_activity(replica, row_id=task, subject="Ring them", body="Mine")
    set_aside(replica, replica.waiting(10, 10**6)[-1].n, "Text of activities is kept as first written.")
    edit_activity(replica, row_id=task, body="Theirs")
    with replica.read() as reader:
        (refused,) = refused_changes(reader.driver)
    if typed is None:
        send_again(replica, key=refused.refused_no)
    else:
        correct_refused(replica, key=refused.refused_no, rows={task: {"body": typed}})
    assert (row(replica, "activity", task)["subject"], row(replica, "activity", task)["body"]) == (
        "Ring them",
        "Theirs",
    )
    with replica.read() as reader:
        assert reader.rows("SELECT kind, account_id, body FROM activity WHERE replaces_id = ?", (task,)) == [
            ("task", HARBOR, typed or "Mine")
        ]
        assert refused_changes(reader.driver) == []
