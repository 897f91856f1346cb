"""Decisions taken back, refused changes corrected where they were entered, poison set aside: keys and a real server."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldrep.contract.errors import Code
from fieldrep.contract.fields import MILLIONTH
from fieldrep.domain.queue_age import DAY
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.badge import Badge
from sync_server.reconcile import push
from sync_server.reconcile.refusal import Refusal
from tests.e2e.server_command import ServerCommand
from tests.helpers.small_company import AURORA
from tests.ui.office import Office
from tests.ui.test_orders_page import add, into_cell, new_order, page
from tests.ui.test_sync_page import clash, edit_phone, refuse
from tests.ui.window import CTRL, Window, window_on

MINE, THEIRS = "+31 10 411 2299", "+31 10 411 2277"
Patch = pytest.MonkeyPatch


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


def limited(patch: Patch) -> None:
    """An office that sells no more than three of anything at once."""
    real = push._apply

    def judged(tx: Any, rights: Any, change: Any) -> Any:
        for edit in change.edits:
            if edit.after.get("qty", 0) > 3 * MILLIONTH:
                sentence = "Quantity: at most 3 of this are sold at once."
                raise Refusal(Code.INVALID_VALUE, sentence, edit.entity, edit.row_id, "qty")
        return real(tx, rights, change)

    patch.setattr(push, "_apply", judged)


def test_a_refused_order_is_corrected_on_its_own_page_and_arrives_once(
    window: Window, office: Office, monkeypatch: Patch
) -> None:
    limited(monkeypatch)
    office.shut()
    editor = new_order(window)
    add(window, editor, "401120 x 24")
    order_id = editor.order_id
    office.open()
    window.sync()
    window.until(lambda: window.program.syncing.view().needs_you > 0)
    assert not [row for row in office.rows("document_line") if row["order_id"] == order_id]
    window.shell.go("sync", "refused")
    window.until(lambda: window.sync_page.refused.table.grid.rowCount() > 0)
    window.sync_page.refused.table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.shell.stack.currentWidget().objectName() == "orders_page")
    editor = page(window).editor
    window.until(lambda: editor.entry is not None and bool(editor.entry.head.refused))
    assert editor.order_id == order_id
    assert "at most 3" in editor.above.refused.accessibleName()
    assert len(editor.entry.lines) == 1
    window.sync()
    assert not [row for row in office.rows("document_line") if row["order_id"] == order_id], (
        "not before it is right"
    )
    into_cell(window, editor, 0, "qty", "3")
    window.until(lambda: editor.entry.lines[0].qty == 3 * MILLIONTH)
    window.click("order_refused_action")
    window.until(editor.above.refused.isHidden)
    window.until(lambda: order_id in [row["order_id"] for row in office.rows("document_line")])
    assert [row["id"] for row in office.rows("sales_order")].count(order_id) == 1
    (line,) = [row for row in office.rows("document_line") if row["order_id"] == order_id]
    assert line["qty"] == 3 * MILLIONTH
    window.until(lambda: window.program.syncing.view().needs_you == 0)


def test_a_correction_given_up_is_back_among_the_refused_ones(
    window: Window, office: Office, monkeypatch: Patch
) -> None:
    limited(monkeypatch)
    office.shut()
    editor = new_order(window)
    add(window, editor, "401120 x 24")
    office.open()
    window.sync()
    window.until(lambda: window.program.syncing.view().needs_you > 0)
    window.shell.go("sync", "refused")
    sync = window.sync_page
    window.until(lambda: sync.refused.table.grid.rowCount() == 1)
    sync.refused.table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.shell.stack.currentWidget().objectName() == "orders_page")
    window.shell.go("sync", "waiting")
    table = sync.waiting.table
    window.until(lambda: table.grid.rowCount() == 1)
    assert table.grid.rows[0].cells[4].text == "Being corrected, not sent"
    table.setFocus()
    window.key(Qt.Key.Key_Delete)
    window.until(lambda: sync.refused.table.grid.rowCount() == 1)
    assert "at most 3" in sync.refused.table.grid.rows[0].cells[1].text


def test_what_is_typed_into_a_correction_outlives_the_window(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        refuse(window, office)
        correct(window)
        window.into("fix_refused_subject", "Half a correction")
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.until(lambda: window.program.shell is not None and window.program.shell.isVisible())
        correct(window)
        editor = window.sync_page.editor
        assert editor is not None
        window.until(editor.back.isVisible)
        assert editor.form.values()["subject"] == "Half a correction"
        assert editor.form.values()["body"] == "Two cases of each"


def correct(window: Window) -> None:
    window.shell.go("sync", "refused")
    table = window.sync_page.refused.table
    window.until(lambda: table.grid.rowCount() == 1)
    table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.sync_page.editor is not None)


def test_a_change_on_which_the_server_fails_is_set_aside_and_all_behind_it_goes_on(
    window: Window, office: Office, monkeypatch: Patch
) -> None:
    real, tries = push._apply, []

    def failing(tx: Any, rights: Any, change: Any) -> Any:
        if any(edit.after.get("phone") == "poison" for edit in change.edits):
            tries.append(change.n)
            raise RuntimeError("a rule that has a bug")
        return real(tx, rights, change)

    monkeypatch.setattr(push, "_apply", failing)
    office.shut()
    edit_phone(window, "poison")
    window.choose("Blue Harbor Hotels")
    edit_phone(window, "+31 20 1")
    edit_phone(window, "+31 20 2")
    office.open()
    window.sync()
    window.until(lambda: "+31 20 2" in [row["phone"] for row in office.rows("account")])
    assert len(tries) <= 6, "fewer at a time, then alone, and then aside"
    window.shell.go("sync", "refused")
    window.until(lambda: window.sync_page.refused.table.grid.rowCount() == 1)
    words = window.sync_page.refused.table.grid.rows[0].cells[1].text
    assert words.startswith("The server failed on this change 3 times")
    assert window.program.syncing.view().waiting == 0


def test_a_queue_that_does_not_drain_is_told_with_what_to_do(window: Window, office: Office) -> None:
    office.shut()
    edit_phone(window, "+31 10 1")
    office.clock.now += 8 * DAY
    window.shell.go("sync")
    late = window.sync_page.overview.late
    window.until(late.isVisible)
    assert "has waited 8 days" in late.accessibleName()
    window.settle()
    window.until(lambda: "oldest change waits 8 days" in window.program.syncing.age_words())
    tip = window.shell.status_bar.toolTip()
    assert "All times are those of Europe/Amsterdam (UTC+01:00)." in tip
    assert "tell your admin" in tip


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
    panel.focus()
    window.key(Qt.Key.Key_1)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: office.row("sales_order", order_id)["total_amount"] == 15_920)


def test_a_refused_change_is_handed_to_the_admin_and_the_answer_comes_back(
    window: Window, office: Office, tmp_path: Path
) -> None:
    refuse(window, office)
    window.shell.go("sync", "refused")
    tab = window.sync_page.refused
    window.until(lambda: tab.table.grid.rowCount() == 1)
    window.click("refused_hand_over")
    window.until(lambda: "The admin has it" in tab.why.accessibleName())
    assert not tab.hand_button.isEnabled(), "once is enough"
    window.until(lambda: len(office.rows("handed_change")) == 1)
    admin = ServerCommand(tmp_path / "office", own_process=False)
    (waiting,) = admin.json("refused", "list")
    assert (waiting["who"], waiting["status"]) == ("Anke Visser", "open")
    shown = admin.json("refused", "show", waiting["id"])
    assert shown["entered"][0]["fields"]["body"]["after"] == "Two cases of each"
    assert "kept as first written" in shown["why"]
    admin("refused", "close", waiting["id"], "--answer", "Noted; I told the warehouse.")
    assert "closed already" in admin.refused("refused", "close", waiting["id"], "--answer", "Again")
    assert admin.json("refused", "list") == []
    window.sync()
    window.until(lambda: "The admin answered: Noted; I told the warehouse." in tab.why.accessibleName())
    window.click("refused_discard")
    window.until(lambda: tab.table.grid.rowCount() == 0)


def test_lists_and_headers_say_what_waits_was_refused_clashed_or_merged(
    window: Window, office: Office
) -> None:
    def flag() -> str:
        return next(row.flag for row in window.accounts.list.model.rows() if row.key == AURORA)

    def badges() -> list[str]:
        return [badge.text() for badge in window.record.header.findChildren(Badge)]

    clash(window, office)
    window.until(lambda: flag() == "1 conflict")
    window.until(lambda: "1 conflict" in badges())
    decide(window, Qt.Key.Key_2)
    window.until(lambda: window.program.syncing.view().needs_you == 0)
    window.until(lambda: "conflict" not in flag())
    window.until(lambda: "Merged" in badges())
    refuse(window, office)
    window.until(lambda: flag() == "1 refused")
    window.until(lambda: "1 refused" in badges())


def test_an_order_in_the_list_says_what_needs_a_person(
    window: Window, office: Office, monkeypatch: Patch
) -> None:
    limited(monkeypatch)
    office.shut()
    editor = new_order(window)
    add(window, editor, "401120 x 24")
    office.open()
    window.sync()
    window.until(lambda: window.program.syncing.view().needs_you > 0)
    window.shell.go("orders", "list")
    orders = page(window).list.model
    window.until(lambda: "1 refused" in [row.flag for row in orders.rows()])
