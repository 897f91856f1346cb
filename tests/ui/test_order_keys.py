"""What keys do in an order: the unit of a line is chosen, letters stay in the table, and the list is never far."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from fieldrep.contract.fields import MILLIONTH
from fieldrep.ui.widgets.badge import Badge
from tests.helpers.small_company import row_id
from tests.ui.office import Office
from tests.ui.test_orders_page import add, cells, into_cell, new_order, page, rows, side_words
from tests.ui.window import CTRL, Window


def test_the_unit_of_a_line_is_chosen_in_its_cell_and_the_price_follows(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    add(window, editor, "210034 x 3")
    assert "5 units" in side_words(editor)
    into_cell(window, editor, 0, "unit", "PAL")  # the rest of the word is offered
    window.until(lambda: editor.entry.lines[0].uom == "pallet", "no pallet")
    shown = cells(editor, 0)
    assert (shown["unit"], shown["qty"], shown["total"]) == ("pallet", "2", "€ 1,910.40")
    assert "2 lines" in side_words(editor)
    assert "units" not in side_words(editor), "cases and pallets are not added up"


def test_a_unit_the_product_is_not_sold_by_is_named_and_stays_as_typed(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    into_cell(window, editor, 0, "unit", "barrel")
    window.until(editor.problem.isVisible, "no word")
    assert "not sold by “barrel”. It is sold by: case, pallet." in editor.problem.accessibleName()
    assert cells(editor, 0)["unit"] == "barrel"
    assert editor.entry.lines[0].uom == "case"


def test_enter_passes_a_unit_that_is_the_only_one(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "210034 x 3")
    editor.grid.setFocus()
    editor.grid.go(0, "qty")
    window.key(Qt.Key.Key_Return)
    assert editor.grid.grid.columns[editor.grid.currentIndex().column()].key == "discount"


def test_a_letter_typed_in_a_cell_that_cannot_be_edited_leaves_the_order_where_it_is(window: Window) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    editor.grid.setFocus()
    editor.grid.go(0, "product")
    window.write("ae/")
    window.settle()
    assert page(window).editing
    assert editor.grid.hasFocus()
    assert editor.grid.findChild(QLineEdit, "cell_editor") is None
    assert rows(window, "SELECT qty FROM document_line WHERE id = ?", editor.entry.lines[0].id) == [
        (2 * MILLIONTH,)
    ]


def test_the_pages_own_key_leads_from_an_order_to_the_list_and_ctrl_f_to_its_search(window: Window) -> None:
    window.shell.go("orders", ("order", row_id("order 2")))
    orders = page(window)
    window.until(lambda: orders.editor.entry is not None and orders.editor.grid.hasFocus(), "no order")
    window.key(Qt.Key.Key_2, CTRL)
    assert not orders.editing
    window.key(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    window.until(lambda: orders.editing, "history does not lead back to the order")
    window.key(Qt.Key.Key_F, CTRL)
    assert not orders.editing
    assert orders.list.search.hasFocus()


def test_an_order_says_what_of_mine_the_office_did_not_take_and_leads_there(
    window: Window, office: Office
) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    window.sync()
    office.change("sales_order", editor.order_id, status="received")
    into_cell(window, editor, 0, "qty", "48")
    window.until(lambda: editor.entry.lines[0].qty == 48 * MILLIONTH, "not saved")
    window.sync()
    window.until(lambda: editor.entry.head.refused_changes == 1, "nothing refused")
    window.until(editor.above.refused.isVisible, "no word of it")
    assert "The office did not take 1 change of yours" in editor.above.refused.accessibleName()
    assert "1 refused" in [badge.text() for badge in editor.header.findChildren(Badge)]
    window.click("order_refused_action")
    window.until(lambda: window.shell.place().page == "sync", "the way there leads nowhere")
    assert window.shell.page().tabs.key() == "refused"


def test_every_field_has_its_size_again_after_the_text_was_larger(window: Window) -> None:
    editor = new_order(window)
    fields = [editor.fast, *(field.control for field in editor.side.head.fields.values())]
    sizes = [field.font().pixelSize() for field in fields]
    for _ in range(3):
        window.key(Qt.Key.Key_Plus, CTRL)
    assert all(field.font().pixelSize() > size for field, size in zip(fields, sizes, strict=True))
    window.key(Qt.Key.Key_0, CTRL)
    assert [field.font().pixelSize() for field in fields] == sizes


def test_a_new_account_is_begun_from_any_page(window: Window) -> None:
    for place in ("orders", "sync", "products"):
        window.shell.go(place)
        window.key(Qt.Key.Key_K, CTRL)
        window.write("new acc")
        window.key(Qt.Key.Key_Return)
        window.until(lambda: window.record.editor is not None, f"no form from {place}")
        assert window.record.editor.spec.title == "New account"
        window.key(Qt.Key.Key_Escape)
        window.until(lambda: window.record.editor is None)
