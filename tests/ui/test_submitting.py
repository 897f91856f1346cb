"""What was typed and is not taken stands against submitting, and an order that was sent shows what is in it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from fieldrep.contract.fields import MILLIONTH
from fieldrep.ui.order.editor import OrderEditor
from tests.ui.office import Office
from tests.ui.test_orders_page import add, cells, into_cell, new_order, page, rows, stored
from tests.ui.window import CTRL, Window


def submit_twice(window: Window, editor: OrderEditor) -> None:
    """Ctrl+Enter and Ctrl+Enter again, as fast as a person who knows the question."""
    window.key(Qt.Key.Key_Return, CTRL)
    window.key(Qt.Key.Key_Return, CTRL)
    window.settle()


def submit(window: Window) -> None:
    """Ctrl+Enter, and again once the question stands there."""
    window.settle()
    window.key(Qt.Key.Key_Return, CTRL)
    window.settle()
    window.key(Qt.Key.Key_Return, CTRL)


def lines(window: Window, editor: OrderEditor) -> list[tuple[object, ...]]:
    """What is stored, not what is shown."""
    return rows(window, "SELECT qty, discount_rate FROM document_line WHERE order_id = ?", editor.order_id)


def told(editor: OrderEditor) -> str:
    return editor.side.banner.accessibleName() if editor.side.banner.isVisible() else ""


@pytest.mark.parametrize(
    ("column", "typed", "title"), [("qty", "-4", "Qty"), ("discount", "150", "Discount")]
)
def test_a_cell_that_was_not_taken_stands_against_submitting(
    window: Window, column: str, typed: str, title: str
) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    into_cell(window, editor, 0, column, typed)
    submit_twice(window, editor)
    assert stored(window, editor)["status"] == "draft"
    assert told(editor).startswith(f"Not yet Not in the order: {title} of line 1 “{typed}”.")
    assert editor.grid.hasFocus()
    assert editor.grid.grid.columns[editor.grid.currentIndex().column()].key == column
    assert cells(editor, 0)[column] == typed, "what was typed is still there"
    into_cell(window, editor, 0, column, "3")
    window.until(lambda: not editor.side.banner.isVisible(), "it goes on being told")
    submit(window)
    window.until(lambda: stored(window, editor)["status"] != "draft")
    expected = (3 * MILLIONTH, 0) if column == "qty" else (2 * MILLIONTH, 30_000)
    assert lines(window, editor) == [expected]


@pytest.mark.parametrize(
    ("key", "typed", "title"),
    [
        ("wanted_on", "2026-02-30", "Deliver on"),
        ("freight_amount", "-1.005", "Freight"),
        ("freight_amount", "-1", "Freight"),
        ("freight_amount", "1,250", "Freight"),
    ],
)
def test_a_field_that_was_not_taken_stands_against_submitting(
    window: Window, key: str, typed: str, title: str
) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    window.into(f"order_{key}", typed)
    submit_twice(window, editor)
    assert stored(window, editor)["status"] == "draft"
    assert told(editor).startswith(f"Not yet Not in the order: {title} “{typed}”.")
    assert window.focused() == f"order_{key}"
    assert editor.side.head.fields[key].text() == typed


def test_what_stands_in_an_open_cell_is_submitted_with_the_order(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    editor.grid.setFocus()
    editor.grid.go(0, "qty")
    for letter in "36":
        window.write(letter)
    submit(window)
    window.until(lambda: stored(window, editor)["status"] != "draft")
    assert lines(window, editor) == [(36 * MILLIONTH, 0)]


def test_a_line_typed_and_not_added_stands_against_submitting(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    window.write("210034 x 5")
    submit_twice(window, editor)
    assert stored(window, editor)["status"] == "draft"
    assert "“210034 x 5” above the lines" in told(editor)
    assert editor.fast.hasFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: len(editor.entry.lines) == 2 and not editor.side.banner.isVisible())


def test_pasted_rows_that_were_refused_are_told_until_they_are_put_away(window: Window) -> None:
    editor = new_order(window)
    QGuiApplication.clipboard().setText("401120\t24\n999999\t3\n332207\t-2\n210034\t1e3\n")
    window.key(Qt.Key.Key_V, CTRL)
    window.until(lambda: editor.problem.heading() == "3 of 4 pasted rows not added")
    reasons = editor.problem.accessibleName()
    assert "332207 × -2: Quantity: “-2” is not more than nothing; give how many." in reasons
    assert "210034 × 1e3: Quantity: “1e3” is not a number; write it like 12.50." in reasons
    window.until(lambda: len(editor.entry.lines) == 1)
    into_cell(window, editor, 0, "qty", "5")
    window.until(lambda: editor.entry.lines[0].qty == 5 * MILLIONTH)
    assert editor.problem.heading() == "3 of 4 pasted rows not added", "another step takes the reasons away"
    submit_twice(window, editor)
    assert "3 of 4 pasted rows not added" in told(editor)
    assert stored(window, editor)["status"] == "draft"
    window.key(Qt.Key.Key_Escape)
    window.key(Qt.Key.Key_Escape)
    assert not editor.problem.isVisible()
    submit(window)
    window.until(lambda: stored(window, editor)["status"] != "draft")


def test_an_order_that_became_read_only_shows_what_is_in_it_and_tells_what_is_not(
    window: Window, office: Office
) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    into_cell(window, editor, 0, "qty", "-4")
    window.until(editor.problem.isVisible)
    window.into("order_wanted_on", "2026-02-30")
    window.key(Qt.Key.Key_Tab)
    window.settle()
    page(window).editor.header.acted.emit("cancel")
    window.until(lambda: stored(window, editor)["status"] == "cancelled")
    window.settle()
    window.until(lambda: not editor.entry.head.editable)
    assert cells(editor, 0)["qty"] == "2"
    assert editor.grid.grid.rows[0].cells[editor.grid.grid.column_at("qty")].problem == ""
    field = editor.side.head.fields["wanted_on"]
    assert (field.text(), field.error()) == ("", "")
    assert editor.problem.accessibleName() == (
        "Typed, but not in this order Qty of line 1 “-4”, Deliver on “2026-02-30”"
    )
    editor.reload()
    window.settle()
    assert "Qty of line 1 “-4”" in editor.problem.accessibleName()


def test_an_order_far_above_what_the_customer_orders_is_asked_about_and_not_refused(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    window.key(Qt.Key.Key_Return, CTRL)
    assert told(editor).startswith("Submit this order? The office gets it for Aurora Dairy B.V.")
    into_cell(window, editor, 0, "qty", "1000000000")
    window.until(lambda: not told(editor), "what was asked before holds for another order")
    window.key(Qt.Key.Key_Return, CTRL)
    question = "Submit this order? € 15,920,000,000.00 is far above this customer's highest order, €"
    assert told(editor).startswith(question)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: stored(window, editor)["status"] != "draft", "it is refused")


def test_what_the_office_has_meanwhile_is_not_told_to_wait(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    submit(window)
    window.until(lambda: editor.entry.head.status == "received", "it does not arrive")
    window.until(lambda: window.toast().endswith("is with the office"), window.toast)


def test_tab_and_the_arrow_lead_from_the_entry_to_the_lines_and_on_to_submitting(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    window.key(Qt.Key.Key_Down)
    assert editor.grid.hasFocus(), "the arrow stays in the entry"
    editor.fast.setFocus()
    window.key(Qt.Key.Key_Tab)
    assert editor.grid.hasFocus()
    editor.side.head.fields["wanted_on"].control.setFocus()
    seen = []
    for _ in range(4):
        window.key(Qt.Key.Key_Tab)
        seen.append(window.focused())
    assert seen == ["order_freight_amount", "order_po_ref", "order_close", "order_submit"]


def test_an_order_copied_by_a_slip_is_taken_back_by_one_key(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    first = editor.order_id
    window.click("order_header_copy")
    window.until(lambda: editor.order_id != first and len(editor.entry.lines) == 1)
    window.until(window.toast)
    copied = editor.order_id
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(
        lambda: rows(window, "SELECT archived FROM sales_order WHERE id = ?", copied) == [(1,)], "it stays"
    )
