"""An order is written down with its first entry: who only looks leaves nothing behind, and nothing typed is lost."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import Qt

from fieldrep.commands.orders import edit_order
from fieldrep.ui.page import Place
from tests.helpers.small_company import AURORA, HARBOR
from tests.ui.office import Office
from tests.ui.test_orders_page import new_order, page, rows, side_words
from tests.ui.window import CTRL, Window


def test_an_order_nobody_wrote_in_leaves_nothing_behind(window: Window, office: Office) -> None:
    orders = len(office.rows("sales_order"))
    counted = rows(window, "SELECT count(*) FROM outbox"), rows(window, "SELECT count(*) FROM sent_log")
    for way in ("at once", "after a look", "to another page"):
        if way == "at once":
            window.key(Qt.Key.Key_N, CTRL)
        else:
            editor = new_order(window)
            assert editor.header.name() == "New order"
            assert "€ 0.00" in side_words(editor)
        window.key(Qt.Key.Key_4, CTRL) if way == "to another page" else window.key(Qt.Key.Key_Escape)
        window.until(lambda: window.shell.place().page != "orders")
    window.key(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert window.shell.place().page == "accounts", "history does not come back to it"
    window.sync()
    assert len(office.rows("sales_order")) == orders
    now = rows(window, "SELECT count(*) FROM outbox"), rows(window, "SELECT count(*) FROM sent_log")
    assert now == counted, "not even a change that takes it back"
    assert window.errors == []


def test_two_lines_entered_faster_than_the_order_begins_stand_in_one_order(window: Window) -> None:
    editor = new_order(window)
    for typed in ("401120 x 24", "210034 x 2"):
        window.write(typed)
        window.key(Qt.Key.Key_Return)
    window.until(lambda: len(editor.entry.lines) == 2)
    assert rows(window, "SELECT count(*) FROM sales_order WHERE status = 'draft' AND archived = 0") == [(1,)]
    assert window.shell.place() == Place("orders", ("order", editor.order_id))


def test_the_head_alone_begins_an_order_as_well(window: Window, office: Office) -> None:
    editor = new_order(window)
    window.into("order_po_ref", "4711")
    window.key(Qt.Key.Key_Escape)
    window.key(Qt.Key.Key_1, CTRL)
    window.until(lambda: "4711" in [row["po_ref"] for row in office.rows("sales_order")])
    window.settle()
    assert editor.problem.isHidden()
    assert window.shell.place().page == "accounts", "history goes where nobody went"


def test_what_is_being_saved_stays_under_the_cursor_while_the_order_begins(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = new_order(window)
    run, disk = window.program.doors.command, Event()

    def slowly(fn: Callable[..., Any], /, **kw: Any) -> Any:
        if fn is edit_order:
            disk.wait()
        return run(fn, **kw)

    monkeypatch.setattr(window.program.doors, "command", slowly)
    try:
        window.into("order_po_ref", "47")
        window.until(lambda: editor.entry is not None and editor.entry.head.id is not None)
        window.write("11")
    finally:
        disk.set()
    window.until(lambda: rows(window, "SELECT po_ref FROM sales_order WHERE status = 'draft'") == [("4711",)])
    window.settle()
    assert editor.side.head.fields["po_ref"].text() == "4711"


def test_the_palette_finds_what_can_be_done_for_the_customer_of_an_order(window: Window) -> None:
    new_order(window)
    window.key(Qt.Key.Key_K, CTRL)
    window.write("log act")
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.shell.stack.currentWidget() is window.accounts)
    window.until(lambda: window.record.editor is not None)
    assert window.record.editor.spec.name == "log_activity"
    assert window.record.account_id == AURORA


def test_not_done_goes_when_the_field_is_emptied(window: Window) -> None:
    editor = new_order(window)
    window.write("no such product")
    window.key(Qt.Key.Key_Return)
    window.until(editor.problem.isVisible)
    editor.fast.setFocus()
    editor.fast.selectAll()
    window.key(Qt.Key.Key_Delete)
    assert editor.problem.isHidden()


def test_what_is_done_right_after_typing_is_done_to_the_account_that_was_found(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    window.write("harbor")
    window.until(lambda: window.accounts.list.current_key() == HARBOR)
    window.shell.press("new_order")
    window.until(lambda: window.shell.place().page == "orders")
    editor = page(window).editor
    window.until(lambda: editor.entry is not None)
    assert editor.entry is not None
    assert editor.entry.head.account_id == HARBOR
