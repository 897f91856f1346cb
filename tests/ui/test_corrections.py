"""What the office did not take: corrected where it was entered, set aside, handed to the admin."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldrep.commands.attachments import add_attachment
from fieldrep.commands.orders import edit_order
from fieldrep.contract.errors import Code
from fieldrep.contract.fields import MILLIONTH, Value
from fieldrep.contract.ids import RowId
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.badge import Badge
from fieldrep.ui.widgets.keycap import KeyHint
from sync_server.reconcile import push
from sync_server.reconcile.refusal import Refusal
from tests.e2e.server_command import ServerCommand
from tests.helpers.small_company import AURORA
from tests.ui.office import Office
from tests.ui.test_decisions import decide
from tests.ui.test_orders_page import add, into_cell, new_order, page
from tests.ui.test_sync_page import clash, edit_phone, refuse
from tests.ui.window import Window, window_on

Patch = pytest.MonkeyPatch


@pytest.fixture
def refused_order(window: Window, office: Office, monkeypatch: Patch) -> RowId:
    """An order with 24 of something of which the office sells no more than three at once."""
    real = push._apply

    def judged(tx: Any, rights: Any, change: Any) -> Any:
        for edit in change.edits:
            if edit.after.get("qty", 0) > 3 * MILLIONTH:
                sentence = "Quantity: at most 3 of this are sold at once."
                raise Refusal(Code.INVALID_VALUE, sentence, edit.entity, edit.row_id, "qty")
        return real(tx, rights, change)

    monkeypatch.setattr(push, "_apply", judged)
    office.shut()
    editor = new_order(window)
    add(window, editor, "401120 x 24")
    office.open()
    window.sync()
    window.until(lambda: window.program.syncing.view().needs_you > 0)
    assert editor.order_id is not None
    return editor.order_id


def fix_first(window: Window) -> None:
    """Enter on the first of the refused changes."""
    window.shell.go("sync", "refused")
    table = window.sync_page.refused.table
    window.until(lambda: table.grid.rowCount() == 1)
    table.setFocus()
    window.key(Qt.Key.Key_Return)


def fix_in_form(window: Window) -> None:
    fix_first(window)
    window.until(lambda: window.sync_page.editor is not None)


def lines_of(office: Office, order_id: RowId) -> list[dict[str, Value]]:
    return [row for row in office.rows("document_line") if row["order_id"] == order_id]


def test_a_refused_order_is_corrected_on_its_own_page_and_arrives_once(
    window: Window, office: Office, refused_order: RowId
) -> None:
    assert not lines_of(office, refused_order)
    fix_first(window)
    window.until(lambda: window.shell.stack.currentWidget().objectName() == "orders_page")
    editor = page(window).editor
    window.until(lambda: editor.entry is not None and bool(editor.entry.head.refused))
    assert editor.order_id == refused_order
    assert "at most 3" in editor.above.refused.accessibleName()
    assert len(editor.entry.lines) == 1
    window.sync()
    assert not lines_of(office, refused_order), "not before it is right"
    into_cell(window, editor, 0, "qty", "3")
    window.until(lambda: editor.entry.lines[0].qty == 3 * MILLIONTH)
    window.click("order_refused_action")
    window.until(editor.above.refused.isHidden)
    window.until(lambda: bool(lines_of(office, refused_order)))
    assert [row["id"] for row in office.rows("sales_order")].count(refused_order) == 1
    assert [line["qty"] for line in lines_of(office, refused_order)] == [3 * MILLIONTH]
    window.until(lambda: window.program.syncing.view().needs_you == 0)


def test_a_correction_given_up_is_back_among_the_refused_ones(window: Window, refused_order: RowId) -> None:
    fix_first(window)
    window.until(lambda: window.shell.stack.currentWidget().objectName() == "orders_page")
    window.shell.go("sync", "waiting")
    sync = window.sync_page
    table = sync.waiting.table
    window.until(lambda: table.grid.rowCount() == 1)
    assert table.grid.rows[0].cells[4].text == "Being corrected, not sent"
    table.setFocus()
    window.key(Qt.Key.Key_Delete)
    window.until(lambda: sync.refused.table.grid.rowCount() == 1)
    assert "at most 3" in sync.refused.table.grid.rows[0].cells[1].text


def test_an_order_being_corrected_needs_its_person_until_it_is_sent_again(
    window: Window, refused_order: RowId
) -> None:
    fix_first(window)
    window.until(lambda: window.shell.stack.currentWidget().objectName() == "orders_page")
    window.settle()
    pill = window.shell.top_bar.pill
    assert pill.text() == "1 needs you"
    window.shell.go("sync")
    window.settle()
    tiles = [tile.accessibleName() for tile in window.sync_page.overview.tiles]
    assert "1 correction" in tiles[3]
    assert "All but what was refused is with the office" in tiles[1]
    window.shell.go("orders", "list")
    orders = page(window).list.model
    window.until(lambda: [row.key for row in orders.rows() if row.flag == "1 refused"] == [refused_order])
    window.shell.go("orders", ("order", refused_order))
    editor = page(window).editor
    window.until(lambda: bool(editor.entry.lines))
    into_cell(window, editor, 0, "qty", "3")
    window.until(lambda: editor.entry.lines[0].qty == 3 * MILLIONTH)
    window.click("order_refused_action")
    window.until(lambda: "needs" not in pill.text())


def test_an_order_that_moved_while_it_was_corrected_can_only_be_read_and_says_the_ways_on(
    window: Window, office: Office, refused_order: RowId
) -> None:
    fix_first(window)
    window.until(lambda: window.shell.stack.currentWidget().objectName() == "orders_page")
    window.settle()
    editor = page(window).editor
    office.change("account", editor.entry.head.account_id, owner_user_id=None, territory_id=None)
    window.sync()
    assert not editor.entry.head.editable
    told = editor.above.refused.accessibleName()
    assert "has moved to a colleague and cannot be corrected here any more" in told
    assert "Correct it here" not in told
    assert "Waiting to sync" not in [badge.text() for badge in editor.header.findChildren(Badge)]
    window.click("order_refused_action")
    window.settle()
    window.sync()
    assert window.program.syncing.view().needs_you == 1, (
        "it was sent, and the office still sells three at most"
    )
    window.shell.go("sync", "refused")
    window.settle()
    assert window.sync_page.refused.table.grid.rowCount() == 1


def test_nothing_is_said_to_be_with_the_office_that_was_refused(window: Window, office: Office) -> None:
    refuse(window, office)
    window.shell.go("sync", "waiting")
    window.settle()
    told = "All but what was refused is with the office"
    assert told in window.sync_page.overview.tiles[1].accessibleName()
    assert told in window.sync_page.waiting.rows.empty.accessibleName()


def test_an_order_in_the_list_says_what_needs_a_person(window: Window, refused_order: RowId) -> None:
    window.shell.go("orders", "list")
    orders = page(window).list.model
    window.until(lambda: [row.key for row in orders.rows() if row.flag == "1 refused"] == [refused_order])


def test_what_is_typed_into_a_correction_outlives_the_window(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        refuse(window, office)
        fix_in_form(window)
        window.into("fix_refused_subject", "Half a correction")
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.until(lambda: window.program.shell is not None and window.program.shell.isVisible())
        fix_in_form(window)
        editor = window.sync_page.editor
        assert editor is not None
        window.until(editor.back.isVisible)
        assert editor.form.values()["subject"] == "Half a correction"
        assert editor.form.values()["body"] == "Two cases of each"


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


def test_a_change_on_which_the_server_fails_is_set_aside_and_all_behind_it_goes_on(
    window: Window, office: Office, monkeypatch: Patch
) -> None:
    real, tries = push.accepted, []

    def failing(tx: Any, rights: Any, change: Any) -> Any:
        if any(edit.after.get("phone") == "poison" for edit in change.edits):
            tries.append(change.n)
            raise RuntimeError("a rule that has a bug")
        return real(tx, rights, change)

    monkeypatch.setattr(push, "accepted", failing)
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
    assert tab.table.grid.rows[0].cells[3].text == "With the admin"
    window.until(lambda: window.program.syncing.view().needs_you == 0, "it needs the admin now")
    assert window.sync_page.tabs.bar.tabText(3) == "Refused"
    window.until(lambda: len(office.rows("handed_change")) == 1)
    admin = ServerCommand(tmp_path / "office")
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
    assert tab.table.grid.rows[0].cells[3].text == "Answered"
    assert window.program.syncing.view().needs_you == 0
    window.click("refused_discard")
    window.click("refused_forget")
    window.until(lambda: tab.table.grid.rowCount() == 0)


def test_an_order_the_office_closed_is_not_to_be_fixed_but_handed_over(
    window: Window, office: Office
) -> None:
    editor = new_order(window)
    add(window, editor, "401120 x 2")
    window.sync()
    order_id = editor.order_id
    assert order_id is not None
    office.shut()
    window.program.runner.command(edit_order, row_id=order_id, note="Ring twice")
    window.until(lambda: window.program.syncing.view().waiting == 1)
    office.change("sales_order", order_id, status="cancelled")
    office.open()
    window.sync()
    window.shell.go("sync", "refused")
    tab = window.sync_page.refused
    window.until(lambda: tab.table.grid.rowCount() == 1 and tab.hand_button.isVisible())
    assert tab.fix_button.isHidden()
    assert tab.hand_button.property("variant") == "primary"
    assert "is already cancelled" in tab.why.accessibleName()
    assert "Note:" not in tab.why.accessibleName(), "the sentence is not about the note"
    tab.table.setFocus()
    assert window.sync_page.hints()[0] == KeyHint("Enter", "To the buttons")
    window.key(Qt.Key.Key_Return)
    assert tab.hand_button.hasFocus()


def test_a_photo_that_was_not_taken_is_written_beside_the_change_and_never_over_another_file(
    window: Window, office: Office, monkeypatch: Patch, tmp_path: Path
) -> None:
    real = push._apply

    def judged(tx: Any, rights: Any, change: Any) -> Any:
        for edit in change.edits:
            if edit.entity == "attachment":
                raise Refusal(Code.OUT_OF_SCOPE, "No.", edit.entity, edit.row_id)
        return real(tx, rights, change)

    monkeypatch.setattr(push, "_apply", judged)
    replica = window.program.doors._replica
    add_attachment(replica, account_id=AURORA, name="shelf.txt", body_from=lambda: b"only here")
    window.sync()
    window.shell.go("sync", "refused")
    tab = window.sync_page.refused
    window.until(lambda: tab.table.grid.rowCount() == 1)
    tab.export_to(tmp_path / "refused.txt")
    window.until(lambda: window.toast() == "Written to refused.txt and shelf.txt")
    assert (tmp_path / "shelf.txt").read_bytes() == b"only here"
    (tmp_path / "shelf.txt").write_bytes(b"another")
    tab.export_to(tmp_path / "refused.txt")
    window.until(lambda: "shelf.txt is there already" in window.toast())
    assert (tmp_path / "shelf.txt").read_bytes() == b"another"
