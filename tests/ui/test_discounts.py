"""Discount authority on the order page by keys: it warns while an order is entered, and tells what the office says."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from fieldrep.contract.fields import Value
from fieldrep.domain.discounts import Hold, LineAbove
from fieldrep.queries.authority import Authority
from fieldrep.ui.order import authority
from fieldrep.ui.order.editor import OrderEditor
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from sync_server.store.office.acts import add_row
from sync_server.store.office.held_orders import approve, order_named, reject
from tests.helpers.small_company import ANKE
from tests.ui.office import Office
from tests.ui.test_orders_page import add, cells, into_cell, new_order, rows, stored
from tests.ui.test_submitting import submit
from tests.ui.window import CTRL, Window


def limited(window: Window, office: Office, rate: int = 100_000, **values: Value) -> None:
    """The admin limits reps, and Anke's laptop hears of it."""
    about: dict[str, Value] = {"role": None if values.get("user_id") else "rep", "max_rate": rate}
    with office.database.write("test") as tx:
        add_row(tx, "discount_policy", {**about, **values}, "set_discount_limit")
    heard(window)


def heard(window: Window) -> None:
    window.sync()
    window.synced()


def told(banner: Banner) -> str:
    return banner.accessibleName() if banner.isVisible() else ""


def above(window: Window, discount: str = "15") -> OrderEditor:
    """An order of two lines, the second with a discount."""
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    add(window, editor, "210034 x 3")
    into_cell(window, editor, 1, "discount", discount)
    window.until(lambda: cells(editor, 1)["discount"] == f"{discount} %")
    return editor


def sent(window: Window, editor: OrderEditor, becomes: str) -> None:
    submit(window)
    window.until(lambda: stored(window, editor)["status"] == "submitted")
    heard(window)
    window.until(lambda: editor.entry.head.status == becomes)


def test_a_discount_past_the_limit_is_said_while_it_is_entered_and_holds_nothing_up(
    window: Window, office: Office
) -> None:
    limited(window, office)
    editor = above(window, "10")
    assert told(editor.side.limit) == "", "up to the limit is within it"
    assert "Your limit, 10 %" in ", ".join(editor.side.why_words())
    into_cell(window, editor, 1, "discount", "15")
    window.until(editor.side.limit.isVisible, "nothing is said")
    assert told(editor.side.limit) == (
        "Line 2 goes past your 10 % limit "
        "Submit it as it is: it then waits as “Held” until Piet de Wit or the office approves it."
    )
    window.until(lambda: cells(editor, 1)["discount"] == "15 %")
    cell = editor.grid.grid.rows[1].cells[editor.grid.grid.column_at("discount")]
    assert (cell.tone, cell.tip) == (Tone.WARNING, "Your limit here is 10 %.")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: editor.side.banner.heading() == "Submit this order?")
    assert told(editor.side.banner).startswith(
        "Submit this order? Line 2 goes past your 10 % limit: it then waits as “Held” until Piet de Wit or the office"
    )
    assert not editor.side.limit.isVisible(), "it is said once"
    window.key(Qt.Key.Key_Escape)
    assert editor.side.limit.isVisible()
    into_cell(window, editor, 1, "discount", "5")
    window.until(lambda: not editor.side.limit.isVisible(), "it goes on being said")


def test_without_a_limit_nothing_is_said(window: Window) -> None:
    editor = above(window, "90")
    assert told(editor.side.limit) == ""
    assert "limit" not in ", ".join(editor.side.why_words())


def test_each_line_has_the_limit_of_its_products_family(window: Window, office: Office) -> None:
    limited(window, office, family="Drinks")
    limited(window, office, 50_000, user_id=ANKE, family="Dairy")
    editor = above(window, "15")
    into_cell(window, editor, 0, "discount", "12")
    window.until(lambda: editor.side.limit.heading() == "Lines 1 and 2 go past your limit")


@pytest.mark.parametrize("answer", ["approved", "rejected"])
def test_a_held_order_says_why_and_then_what_the_office_decided(
    window: Window, office: Office, answer: str
) -> None:
    limited(window, office)
    editor = above(window)
    sent(window, editor, "held")
    assert told(editor.side.limit) == ""
    assert told(editor.side.banner) == (
        "Held: waits for approval Line 2 gives 15 %, limit 10 %. Piet de Wit or the office approves or rejects it; "
        "a sync brings the answer. To change it, cancel it and copy it as a new order."
    )
    with office.database.write("test") as tx:
        order = order_named(tx, str(stored(window, editor)["number_official"]))
        approve(tx, order) if answer == "approved" else reject(tx, order, "Too much for one case")
    heard(window)
    becomes = "received" if answer == "approved" else "rejected"
    window.until(lambda: editor.entry.head.status == becomes)
    if answer == "approved":
        assert told(editor.side.banner).startswith("Read only This order is already received")
    else:
        assert told(editor.side.banner) == (
            "Rejected by the office “Too much for one case” Copy it as a new order to enter it again."
        )


def test_an_order_that_waits_to_be_sent_says_that_it_will_be_held(window: Window, office: Office) -> None:
    limited(window, office)
    editor = above(window)
    office.shut()
    submit(window)
    window.until(lambda: stored(window, editor)["status"] == "submitted")
    window.until(lambda: not editor.entry.head.editable)
    assert "The office will hold it until Piet de Wit or the office approves it." in told(editor.side.limit)


def test_a_limit_that_comes_while_the_question_stands_is_said_before_anything_is_submitted(
    window: Window, office: Office
) -> None:
    editor = above(window)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: editor.side.banner.heading() == "Submit this order?")
    limited(window, office)
    window.until(editor.side.limit.isVisible, "the limit is not heard of")
    window.key(Qt.Key.Key_Return, CTRL)
    window.settle()
    assert stored(window, editor)["status"] == "draft"
    assert "Line 2 goes past your 10 % limit" in told(editor.side.banner)


def test_a_discount_is_judged_while_it_is_typed_and_escape_takes_that_back(
    window: Window, office: Office
) -> None:
    limited(window, office)
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    editor.grid.setFocus()
    editor.grid.go(0, "discount")
    window.write("1")
    assert not editor.side.limit.isVisible()
    window.write("5")
    assert editor.side.limit.heading() == "Line 1 goes past your 10 % limit"
    assert cells(editor, 0)["discount"] == "–", "nothing is entered yet"
    window.key(Qt.Key.Key_Escape)
    assert not editor.side.limit.isVisible()
    window.settle()
    assert rows(window, "SELECT discount_rate FROM document_line WHERE order_id = ?", editor.order_id) == [
        (0,)
    ]


def test_many_lines_are_counted_and_other_reasons_of_a_hold_are_said_as_well(window: Window) -> None:
    entry = new_order(window).entry
    assert entry is not None
    five = tuple(LineAbove(number, 150_000, 100_000) for number in range(1, 6))
    passed = authority.passed_words(replace(entry, authority=Authority({}, five)))
    assert passed is not None
    assert passed[0] == "5 lines go past your 10 % limit"
    assert passed[1].endswith("until the office approves it."), "nobody manages her, as far as is known here"
    holds = (Hold("approval", 5, five), Hold("credit"))
    held = replace(entry.head, status="held", holds=holds, editable=False)
    heading, sentence, _ = authority.read_only_words(replace(entry, head=held))
    assert heading == "Held: waits for approval"
    assert "Line 1 gives 15 %, limit 10 %; line 2 gives" in sentence
    assert "; and 2 lines more. It waits for credit as well. The office approves or rejects it" in sentence
