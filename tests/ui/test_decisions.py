"""Decisions on conflicts, and what undo makes of them: by keys, with a real server."""

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldrep.contract.fields import MILLIONTH
from fieldrep.ui.style.theme import Theme
from tests.helpers.small_company import AURORA
from tests.ui.office import Office, enrolled
from tests.ui.test_orders_page import add, into_cell, new_order
from tests.ui.test_sync_page import clash, edit_phone
from tests.ui.window import CTRL, Window, window_on

SHIFT = Qt.KeyboardModifier.ShiftModifier
MINE, THEIRS = "+31 10 411 2299", "+31 10 411 2277"


def decide(window: Window, key: Qt.Key) -> None:
    panel = window.record.conflicts
    window.until(panel.isVisible)
    panel.focus()
    window.key(key)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(panel.isHidden)


def phone(window: Window) -> object:
    assert window.record.answer is not None
    return window.record.answer.form.values["phone"]


def test_a_decision_not_yet_sent_is_undone_exactly(window: Window, office: Office) -> None:
    clash(window, office)
    office.shut()
    decide(window, Qt.Key.Key_1)
    window.until(lambda: phone(window) == MINE)
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(window.record.conflicts.isVisible, "the conflict did not come back")
    assert phone(window) == THEIRS
    office.open()
    window.sync()
    (conflict,) = office.rows("conflict")
    assert (conflict["status"], conflict["chosen"]) == ("open", None)
    assert office.row("account", AURORA)["phone"] == THEIRS


def test_a_decision_the_office_has_taken_is_undone_by_another_change(window: Window, office: Office) -> None:
    clash(window, office)
    decide(window, Qt.Key.Key_1)
    window.until(lambda: office.rows("conflict")[0]["chosen"] == "mine")
    window.synced()
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(lambda: office.rows("conflict")[0]["status"] == "open")
    assert office.row("account", AURORA)["phone"] == THEIRS
    window.until(window.record.conflicts.isVisible)


def test_whoever_decides_second_is_told_and_decides_about_the_first(window: Window, office: Office) -> None:
    clash(window, office)
    office.shut()
    decide(window, Qt.Key.Key_1)
    conflict = office.rows("conflict")[0]["id"]
    assert isinstance(conflict, bytes)
    office.change("conflict", conflict, status="resolved", chosen="theirs")  # type: ignore[arg-type]
    office.open()
    window.sync()
    panel = window.record.conflicts
    window.until(panel.isVisible)
    assert "decided by somebody else first" in panel.table._title.text()
    assert office.row("account", AURORA)["phone"] == THEIRS


def test_a_conflict_of_an_order_is_decided_on_its_page_and_tells_the_totals(
    window: Window, office: Office
) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 24")
    line, order_id = editor.entry.lines[0].id, editor.order_id
    window.until(lambda: [row["id"] for row in office.rows("document_line")].count(line) == 1)
    window.synced()
    office.shut()
    into_cell(window, editor, 0, "qty", "10")
    window.until(lambda: editor.entry.lines[0].qty == 10 * MILLIONTH)
    office.change("document_line", line, qty=20 * MILLIONTH, line_amount=31_840)
    office.change("sales_order", order_id, goods_amount=31_840, total_amount=31_840)
    office.open()
    window.sync()
    panel = editor.above.conflicts
    window.until(panel.isVisible)
    cells = panel.table.grid.grid.rows[0].cells
    assert [cell.text for cell in cells[:4]] == ["Quantity", "24", "10", "20"]
    assert "Total 159.20 EUR" in cells[2].tip
    assert "Total 318.40 EUR" in cells[3].tip
    assert "Piet de Wit" in cells[3].tip
    editor.fast.setFocus()
    window.key(Qt.Key.Key_F6, SHIFT)
    assert panel.table.grid.hasFocus(), "from the order's own field it is one pane back"
    window.key(Qt.Key.Key_1)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: office.row("sales_order", order_id)["total_amount"] == 15_920)


def test_a_decision_that_waits_is_taken_back_from_the_list_long_after_its_toast(
    window: Window, office: Office
) -> None:
    clash(window, office)
    office.shut()
    decide(window, Qt.Key.Key_1)
    window.shell.toast.dismiss()
    window.shell.go("sync", "conflicts")
    tab = window.sync_page.conflicts
    window.until(lambda: bool(tab.decided()))
    assert tab.table.grid.rows[0].cells[4].text == "Decided, waiting to sync"
    window.until(lambda: "Del" in [hint.keys for hint in window.sync_page.hints()])
    tab.table.setFocus()
    window.key(Qt.Key.Key_Delete)
    window.until(tab.panel.isVisible, "the conflict did not come back")
    office.open()
    window.sync()
    assert office.rows("conflict")[0]["status"] == "open"
    assert office.row("account", AURORA)["phone"] == THEIRS


def sides(window: Window) -> list[str]:
    grid = window.record.conflicts.table.grid.grid
    return [cell.text for cell in grid.rows[0].cells[2:4]] if grid.rows else []


def test_what_is_entered_while_the_panel_is_open_is_mine_and_the_colleagues_value_stays(
    qtbot: QtBot, theme: Theme, window: Window, office: Office, tmp_path: Path
) -> None:
    clash(window, office)
    window.until(lambda: sides(window) == [MINE, THEIRS])
    office.shut()
    edit_phone(window, "0611 mine")
    window.until(lambda: sides(window) == ["0611 mine", THEIRS], "my own value stands under another name")
    office.open()
    window.sync()
    window.until(lambda: office.row("account", AURORA)["phone"] == "0611 mine")
    window.synced()
    assert sides(window) == ["0611 mine", THEIRS]
    enrolled(office, tmp_path / "piet", "piet.dewit", "Piet's laptop")
    with window_on(qtbot, theme, tmp_path / "piet", office.clock) as piet:
        piet.ready()
        piet.front()
        piet.choose("Aurora Dairy B.V.")
        piet.until(piet.record.conflicts.isVisible)
        assert sides(piet) == [THEIRS, "0611 mine"], "his own on his side, hers on hers"
    window.front()
    decide(window, Qt.Key.Key_2)
    window.until(lambda: office.row("account", AURORA)["phone"] == THEIRS)


def test_a_choice_half_made_is_told_when_somebody_else_decides_first(window: Window, office: Office) -> None:
    clash(window, office)
    panel = window.record.conflicts
    window.until(panel.isVisible)
    panel.focus()
    window.key(Qt.Key.Key_3)
    window.write("0611 BOTH")
    conflict = office.rows("conflict")[0]["id"]
    assert isinstance(conflict, bytes)
    office.change("conflict", conflict, status="resolved", chosen="theirs")  # type: ignore[arg-type]
    window.sync()
    window.until(panel.isHidden)
    window.until(lambda: "0611 BOTH" in window.toast(), "what was typed went without a word")
    assert window.toast().startswith("Phone of Aurora Dairy B.V. was decided by ")
    assert window.record.tabs.bar.hasFocus(), "the focus stays on the record"


def test_after_a_decision_on_the_overview_of_sync_the_focus_stays_there(
    window: Window, office: Office
) -> None:
    clash(window, office)
    window.click("nav_sync")
    page = window.sync_page
    window.until(page.overview.conflict.isVisible)
    page.overview.conflict.focus()
    window.key(Qt.Key.Key_1)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(page.overview.conflict.isHidden)
    assert page.tabs.bar.hasFocus()


def test_somebody_who_decided_in_sync_is_not_told_of_a_colleague_who_did(
    window: Window, office: Office
) -> None:
    clash(window, office)
    window.until(window.record.conflicts.isVisible)
    window.record.conflicts.focus()
    window.key(Qt.Key.Key_3)
    window.write("-7")
    window.shell.go("sync", "overview")
    panel = window.sync_page.overview.conflict
    window.until(panel.isVisible)
    panel.focus()
    window.key(Qt.Key.Key_1)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: office.rows("conflict")[0]["chosen"] == "mine")
    window.synced()
    window.shell.toast.dismiss()
    window.click("nav_accounts")
    window.until(window.record.conflicts.isHidden)
    window.settle()
    assert "was decided by" not in window.toast()
