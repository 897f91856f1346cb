"""Orders on a real replica beside a real server, by keys and clicks: lines, prices, totals, drafts, submitting."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fieldrep.contract.fields import MILLIONTH, Value
from fieldrep.domain.orders import order_totals
from fieldrep.ui.order import sheet
from fieldrep.ui.order.editor import OrderEditor
from fieldrep.ui.pages.orders import OrdersPage
from fieldrep.ui.style.theme import Theme
from tests.helpers.small_company import AURORA, BUTTER, GOUDA, OAT, row_id
from tests.ui.names import nameless, without_object_name
from tests.ui.office import Office
from tests.ui.window import CTRL, Window, window_on

SHIFT = Qt.KeyboardModifier.ShiftModifier


def page(window: Window) -> OrdersPage:
    found = window.shell.stack.currentWidget()
    assert isinstance(found, OrdersPage)
    return found


def new_order(window: Window) -> OrderEditor:
    """Ctrl+N on Aurora, until the cursor stands where lines are typed."""
    window.key(Qt.Key.Key_N, CTRL)
    editor = page(window).editor
    window.until(lambda: editor.entry is not None and editor.fast.hasFocus(), "no order to write in")
    return editor


def add(window: Window, editor: OrderEditor, typed: str) -> None:
    before = len(editor.entry.lines)
    window.write(typed)
    window.key(Qt.Key.Key_Return)
    window.until(
        lambda: len(editor.entry.lines) == before + 1, f"“{typed}” is no line: {editor.problem.heading()}"
    )


def rows(window: Window, sql: str, *given: object) -> list[tuple[Value, ...]]:
    with window.program.doors._replica.read() as reader:
        return reader.rows(sql, given)


def stored(window: Window, editor: OrderEditor) -> dict[str, Value]:
    with window.program.doors._replica.read() as reader:
        found = reader.row("sales_order", editor.order_id)
    assert found is not None
    return dict(found)


def cells(editor: OrderEditor, line: int) -> dict[str, str]:
    columns = editor.grid.grid.columns
    shown = editor.grid.grid.rows[line].cells
    return {column.key: cell.text for column, cell in zip(columns, shown, strict=True)}


def into_cell(window: Window, editor: OrderEditor, line: int, column: str, text: str) -> None:
    """Letters go where the focus is: the first one opens the cell."""
    editor.grid.setFocus()
    editor.grid.go(line, column)
    for letter in text:
        window.write(letter)
    window.key(Qt.Key.Key_Return)


def side_words(editor: OrderEditor) -> str:
    return editor.side.findChild(QWidget, "order_totals").accessibleName()


def test_typing_skus_and_quantities_makes_lines_with_prices_and_exact_totals(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 24")
    add(window, editor, "210034 × 2.5")
    assert editor.fast.text() == ""
    assert editor.fast.hasFocus()
    assert cells(editor, 0) == {
        "seq": "1",
        "sku": "401120",
        "product": "Oat drink barista 1 l",
        "qty": "24",
        "unit": "case",
        "list": "€ 15.92",
        "discount": "–",
        "net": "€ 15.92",
        "stock": "312",
        "total": "€ 382.08",
    }
    assert cells(editor, 1)["total"] == "€ 111.80"
    lines = [
        {"kind": "item", "qty": 24 * MILLIONTH, "unit_price": 15_920_000, "discount_rate": 0},
        {"kind": "item", "qty": 2_500_000, "unit_price": 44_720_000, "discount_rate": 0},
    ]
    order = stored(window, editor)
    assert order["total_amount"] == order_totals(order, lines).total_amount == 49_388
    assert "Total, € 493.88" in side_words(editor)
    assert editor.header.name() == f"Order {order['number_local']}"


def test_the_current_line_says_why_it_costs_what_it_does(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 1")
    add(window, editor, "210034 x 30")
    words = editor.side.why_words()
    assert words[0] == "Why € 44.72?"
    assert words[1] == "Line 2 · Butter salted 250 g"
    assert words[2:6] == ["List price NL-2026", "€ 52.00", "Customer's own price", "€ 44.72"]
    editor.grid.setFocus()
    window.key(Qt.Key.Key_Up)
    window.until(lambda: editor.side.why_words()[0] == "Why € 15.92?")
    window.key(Qt.Key.Key_F4)
    assert window.find("order_why").hasFocus()
    assert "List price NL-2026" in window.find("order_why").accessibleName()


def test_a_quantity_is_typed_over_and_the_stock_says_what_is_short(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "332207 x 4")
    into_cell(window, editor, 0, "qty", "18")
    window.until(lambda: cells(editor, 0)["total"] == "€ 2,664.00")
    assert cells(editor, 0)["stock"] == "9 of 18"
    assert stored(window, editor)["total_amount"] == 266_400


def test_a_discount_is_taken_off_exactly_and_a_wrong_one_stays_with_its_reason(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 3")
    into_cell(window, editor, 0, "discount", "7,5")
    window.until(lambda: cells(editor, 0)["discount"] == "7.5 %")
    assert cells(editor, 0)["total"] == "€ 44.18"
    assert list(editor.side.why_words()[4:6]) == ["Your discount", "– 7.5 %"]
    into_cell(window, editor, 0, "discount", "120")
    window.until(editor.problem.isVisible)
    cell = editor.grid.grid.rows[0].cells[editor.grid.grid.column_at("discount")]
    assert (cell.text, cell.problem) == ("120", "Discount: give a number of percent from 0 to 100.")
    assert stored(window, editor)["total_amount"] == 4_418


def test_del_removes_a_line_and_ctrl_z_brings_it_back(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    add(window, editor, "332207 x 1")
    editor.grid.setFocus()
    window.key(Qt.Key.Key_Delete)
    window.until(lambda: len(editor.entry.lines) == 1)
    assert "Gouda" in window.toast()
    assert stored(window, editor)["total_amount"] == 3_184
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(lambda: [line.product_id for line in editor.entry.lines] == [OAT, GOUDA])
    assert stored(window, editor)["total_amount"] == 3_184 + 14_800


def test_ctrl_d_gives_the_chosen_lines_one_discount_and_one_undo_takes_it_off_all(window: Window) -> None:
    editor = new_order(window)
    for typed in ("401120 x 2", "210034 x 1", "332207 x 1"):
        add(window, editor, typed)
    editor.grid.setFocus()
    window.key(Qt.Key.Key_D, CTRL)
    assert editor.problem.heading() == "Choose the lines first"
    into_cell(window, editor, 2, "discount", "10")
    window.until(lambda: cells(editor, 2)["discount"] == "10 %")
    editor.grid.go(0, "discount")
    window.key(Qt.Key.Key_Down, SHIFT)
    window.key(Qt.Key.Key_Down, SHIFT)
    window.key(Qt.Key.Key_D, CTRL)
    window.until(lambda: [cells(editor, line)["discount"] for line in range(3)] == ["10 %"] * 3)
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(lambda: [cells(editor, line)["discount"] for line in range(3)] == ["–", "–", "10 %"])


def test_a_wrong_sku_says_so_and_keeps_what_was_typed(window: Window) -> None:
    editor = new_order(window)
    window.write("401129 x 3")
    window.key(Qt.Key.Key_Return)
    window.until(editor.problem.isVisible)
    assert editor.problem.accessibleName() == (
        "Not done There is no product with the SKU “401129”. Did you mean 401120?"
    )
    assert editor.fast.text() == "401129 x 3"
    window.key(Qt.Key.Key_Escape)
    assert editor.fast.text() == ""
    assert not editor.problem.isVisible()
    assert page(window).editing


def test_a_name_offers_products_and_the_arrows_choose_one(window: Window) -> None:
    editor = new_order(window)
    window.write("oat x 12")
    window.until(editor.fast.offers.isVisible, "nothing is offered")
    window.key(Qt.Key.Key_Return)
    assert editor.entry.lines == (), "the first Enter only chooses"
    window.key(Qt.Key.Key_Return)
    window.until(
        lambda: [(line.product_id, line.qty) for line in editor.entry.lines] == [(OAT, 12 * MILLIONTH)]
    )
    assert not editor.fast.offers.isVisible()
    window.write("butt")
    window.until(
        lambda: [row.title for row in editor.fast.offers.model.rows()][:1] == ["Butter salted 250 g"]
    )
    window.key(Qt.Key.Key_Down)
    window.key(Qt.Key.Key_Return)
    window.until(lambda: [line.product_id for line in editor.entry.lines] == [OAT, BUTTER])


def test_a_barcode_adds_its_own_unit(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "8712345678906")
    assert (editor.entry.lines[0].uom, cells(editor, 0)["total"]) == ("pallet", "€ 955.20")


def test_pasted_rows_become_lines_and_the_refused_one_is_named(window: Window) -> None:
    editor = new_order(window)
    QGuiApplication.clipboard().setText("401120\t24\n999999\t3\n332207\t2\n")
    window.key(Qt.Key.Key_V, CTRL)
    window.until(lambda: [line.qty for line in editor.entry.lines] == [24 * MILLIONTH, 2 * MILLIONTH])
    window.until(lambda: editor.problem.heading() == "1 of 3 pasted rows not added")
    assert "999999 × 3: There is no product with the SKU “999999”" in editor.problem.accessibleName()


def test_the_head_is_saved_while_it_is_typed_and_half_a_date_is_told_on_leaving(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 1")
    window.into("order_po_ref", "77-1204")
    window.until(lambda: stored(window, editor)["po_ref"] == "77-1204", "not saved by itself")
    assert window.find("order_po_ref").hasFocus()
    window.into("order_freight_amount", "12.5")
    window.until(lambda: stored(window, editor)["total_amount"] == 1_592 + 1_250)
    window.until(lambda: "Freight, € 12.50" in side_words(editor))
    window.into("order_wanted_on", "2026-11-")
    window.key(Qt.Key.Key_Tab)
    field = editor.side.head.fields["wanted_on"]
    assert field.error() == "“2026-11-” is not a day; write it like 2026-11-30."
    assert field.text() == "2026-11-"
    window.into("order_wanted_on", "26.11.2026")
    window.until(lambda: stored(window, editor)["wanted_on"] == "2026-11-26")
    assert field.error() == ""


def test_ctrl_enter_asks_once_submits_and_the_order_waits_until_the_office_has_it(
    window: Window, office: Office
) -> None:
    office.shut()
    editor = new_order(window)
    window.key(Qt.Key.Key_Return, CTRL)
    assert editor.side.banner.accessibleName() == (
        "Not yet Add a product; an order without lines cannot be submitted."
    )
    add(window, editor, "401120 x 24")
    window.key(Qt.Key.Key_Return, CTRL)
    assert editor.side.banner.heading() == "Submit this order?"
    window.key(Qt.Key.Key_Escape)
    assert stored(window, editor)["status"] == "draft"
    assert not editor.side.banner.isVisible()
    window.key(Qt.Key.Key_Return, CTRL)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: stored(window, editor)["status"] == "submitted")
    window.until(lambda: editor.side.banner.heading() == "Read only")
    assert not editor.fast.isVisible()
    assert rows(window, "SELECT count(*) FROM outbox WHERE command = 'submit_order'") == [(1,)]
    assert "sent with the next sync" in window.toast()
    order_id = editor.order_id
    office.open()
    window.key(Qt.Key.Key_F9)
    window.until(lambda: any(row["id"] == order_id for row in office.rows("sales_order")))
    assert office.row("sales_order", order_id)["total_amount"] == 38_208


def test_who_goes_away_before_submitting_is_asked_again(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 1")
    assert sheet.total_rows(editor.entry)[0][0] == "1 line, 1 unit"
    window.write("401120 x 2")
    window.key(Qt.Key.Key_F, CTRL)
    assert editor.fast.selectedText() == "401120 x 2", "what stands there is written over"
    editor.fast.clear()
    window.key(Qt.Key.Key_Return, CTRL)
    assert editor.side.submit_button.accessibleName() == "Yes, submit now"
    window.shell.go("sync")
    window.shell.go("orders")
    window.until(editor.side.isVisible)
    assert editor.side.submit_button.accessibleName() == "Submit order"
    window.key(Qt.Key.Key_Return, CTRL)
    assert editor.side.banner.heading() == "Submit this order?"
    assert stored(window, editor)["status"] == "draft"


def test_a_draft_is_there_after_the_window_was_closed_and_opened_again(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        editor = new_order(window)
        add(window, editor, "401120 x 7")
        window.into("order_po_ref", "typed and not left")
        order_id = editor.order_id
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.until(lambda: window.program.shell is not None and window.program.shell.isVisible())
        window.shell.go("orders", ("order", order_id))
        editor = page(window).editor
        window.until(lambda: editor.entry is not None and len(editor.entry.lines) == 1)
        assert editor.entry.lines[0].qty == 7 * MILLIONTH
        assert editor.entry.head.po_ref == "typed and not left"


def test_an_order_with_a_line_stays_and_history_does_not_begin_another(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 1")
    order_id = editor.order_id
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: window.shell.place().page == "accounts")
    window.key(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    window.until(lambda: page(window).editor.order_id == order_id)
    assert rows(window, "SELECT count(*) FROM sales_order WHERE status = 'draft' AND archived = 0") == [(1,)]


def test_an_empty_order_takes_the_lines_of_the_last_one(window: Window) -> None:
    editor = new_order(window)
    window.until(editor.lines.empty.isVisible)
    window.until(lambda: window.find("order_empty_action").isVisible())
    assert window.find("order_empty_action").accessibleName() == "Copy last order of Tue 17 Nov, 1 line"
    window.click("order_empty_action")
    window.until(
        lambda: [(line.product_id, line.qty) for line in editor.entry.lines] == [(BUTTER, 10 * MILLIONTH)]
    )
    assert editor.entry.lines[0].unit_price == 44_720_000, "at today's price for this customer"
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(lambda: editor.entry.lines == ())


def test_the_list_searches_filters_sorts_and_enter_opens(window: Window) -> None:
    window.shell.go("orders")
    orders = page(window)
    titles = lambda: [row.meta.split("  ·  ")[0] for row in orders.list.model.rows()]  # noqa: E731
    window.until(lambda: titles()[:2] == ["SO-000140", "SO-000133"])
    window.key(Qt.Key.Key_F, CTRL)
    window.write("000101")
    window.until(lambda: titles() == ["SO-000101"])
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: len(titles()) == 5)
    window.click("orders_chip_open")
    window.until(lambda: titles() == ["SO-000140"])
    window.click("orders_chip_all")
    orders.list.choose_sort("customer")
    window.until(lambda: [row.title for row in orders.list.model.rows()][-1] == "Blue Harbor Hotels")
    orders.list.view.setFocus()
    window.key(Qt.Key.Key_Home)
    window.key(Qt.Key.Key_Return)
    window.until(lambda: orders.editing and orders.editor.header.name() == "Order SO-000140")
    window.until(orders.editor.side.banner.isVisible)
    assert orders.editor.side.banner.accessibleName() == (
        "Read only This order is already confirmed; ask the office for a change to it."
    )
    assert not orders.editor.fast.isVisible()
    window.key(Qt.Key.Key_5)
    assert window.shell.findChild(type(orders.editor.fast), "cell_editor") is None
    window.key(Qt.Key.Key_Escape)
    assert not orders.editing
    assert orders.list.view.hasFocus()


def test_an_order_of_the_office_that_changes_shows_at_once(window: Window, office: Office) -> None:
    window.shell.go("orders", ("order", row_id("order 2")))
    editor = page(window).editor
    window.until(lambda: editor.entry is not None and editor.entry.head.status == "confirmed")
    office.change("sales_order", row_id("order 2"), status="completed")
    window.sync()
    window.until(lambda: editor.entry.head.status == "completed")


def test_everything_on_the_page_has_a_name(window: Window) -> None:
    window.shell.go("orders")
    window.settle()
    assert nameless(window.shell) == []
    editor = new_order_for_aurora(window)
    add(window, editor, "401120 x 1")
    for look in (nameless, without_object_name):
        assert look(window.shell) == []


def new_order_for_aurora(window: Window) -> OrderEditor:
    window.shell.go("orders", ("new", AURORA))
    editor = page(window).editor
    window.until(lambda: editor.entry is not None and editor.fast.hasFocus())
    return editor
