"""The Sync page: waiting changes, conflicts by keys, refused changes and the history, with a real server."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fieldrep.commands.activities import edit_activity
from fieldrep.domain.queue_age import DAY
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.syncpill import SyncMode
from tests.helpers.small_company import AURORA, row_id
from tests.ui.names import nameless, without_object_name
from tests.ui.office import Office, enrolled
from tests.ui.window import CTRL, Window, window_on

TASK = row_id("task")


def edit_phone(window: Window, phone: str) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", phone)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)


def clash(window: Window, office: Office) -> None:
    """Anke and the office change one phone before either has heard of the other."""
    office.shut()
    edit_phone(window, "+31 10 411 2299")
    office.change("account", AURORA, phone="+31 10 411 2277")
    office.open()
    window.sync()
    window.until(lambda: window.program.syncing.view().needs_you == 1)


def refuse(window: Window, office: Office) -> None:
    """Anke puts a text where the office has put its own meanwhile; what is written first stays."""
    office.shut()
    window.program.runner.command(edit_activity, row_id=TASK, body="Two cases of each")
    window.until(lambda: window.program.syncing.view().waiting == 1)
    office.change("activity", TASK, body="One case of each")
    office.open()
    window.sync()
    window.until(lambda: window.program.syncing.view().needs_you == 1)


def test_without_a_line_the_pill_says_offline_in_amber_and_counts_what_waits(
    window: Window, office: Office
) -> None:
    office.shut()
    edit_phone(window, "+31 10 411 2299")
    window.key(Qt.Key.Key_F9)
    pill = window.shell.top_bar.pill
    window.until(lambda: pill.text() == "Offline · 1 change waiting", "the pill never said offline")
    assert window.program.syncing.view().look()[1] is Tone.WARNING
    syncing, schedule = window.program.syncing, window.program.syncing.schedule
    window.until(lambda: schedule.failures and syncing.line().mode is SyncMode.OFFLINE, "it goes on trying")
    office.open()
    assert schedule.wait(office.clock()) > 0
    window.click("sync_pill")
    assert schedule.wait(office.clock()) == 0, "whoever asks is not kept waiting by the failures before"
    window.live()
    assert window.sync_page.isVisible()


def test_what_waits_is_listed_opens_its_record_and_can_be_taken_back(window: Window, office: Office) -> None:
    office.shut()
    edit_phone(window, "+31 10 411 2299")
    window.click("nav_sync")
    page = window.sync_page
    window.until(lambda: page.tabs.bar.tabText(1) == "Waiting  1")
    page.tabs.open("waiting")
    assert page.waiting.table.grid.rows[0].cells[0].text == "Edit Aurora Dairy B.V."
    page.waiting.table.setFocus()
    window.key(Qt.Key.Key_Delete)
    window.until(lambda: page.waiting.table.grid.rowCount() == 2)
    assert page.waiting.table.grid.rows[1].cells[0].text == "Undone: Edit Aurora Dairy B.V."
    window.key(Qt.Key.Key_Home)
    window.key(Qt.Key.Key_Return)
    assert window.record.account_id == AURORA
    window.until(lambda: window.record.answer.overview.header.phone == "+31 10 411 2200")


def test_what_waits_of_a_visit_opens_its_account(window: Window, office: Office) -> None:
    office.shut()
    window.choose("Blue Harbor Hotels")
    window.program.runner.command(edit_activity, row_id=TASK, body="Two cases of each")
    window.until(lambda: window.program.syncing.view().waiting == 1)
    window.shell.go("sync", "waiting")
    window.settle()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.record.account_id == AURORA)


def test_a_conflict_shows_before_mine_and_theirs_and_is_decided_by_keys(
    window: Window, office: Office
) -> None:
    clash(window, office)
    window.click("nav_sync")
    page = window.sync_page
    panel = page.overview.conflict
    window.until(panel.isVisible)
    row = panel.table.grid.grid.rows[0]
    assert [cell.text for cell in row.cells] == [
        "Phone", "+31 10 411 2200", "+31 10 411 2299", "+31 10 411 2277", "Choose…",
    ]  # fmt: skip
    panel.focus()
    window.key(Qt.Key.Key_1)
    assert panel.table.grid.grid.rows[0].cells[4].text == "+31 10 411 2299  ·  yours"
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(panel.isHidden)
    window.until(lambda: office.row("account", AURORA)["phone"] == "+31 10 411 2299")
    assert office.rows("conflict")[0]["chosen"] == "mine"
    window.until(lambda: window.program.syncing.view().needs_you == 0)


def two_clashes(window: Window, office: Office) -> None:
    """Anke and the office change the same two fields; she stands on Sync, where they are listed."""
    office.shut()
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", "+31 10 411 2299")
    window.into("edit_account_email", "mine@aurora.example")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    office.change("account", AURORA, phone="+31 10 411 2277", email="theirs@aurora.example")
    office.open()
    window.sync()
    window.until(lambda: window.program.syncing.view().needs_you == 2)
    window.shell.go("sync", "overview")
    window.until(window.sync_page.overview.conflict.isVisible)


def test_the_status_bar_names_the_keys_that_decide_only_where_there_is_something(
    window: Window, office: Office
) -> None:
    two_clashes(window, office)
    page = window.sync_page
    assert [hint.keys for hint in page.hints()] == ["1 2 3", "N", "Ctrl Enter", "F9"]
    page.tabs.open("waiting")
    assert [hint.keys for hint in page.hints()] == ["F9"], "nothing to decide here"
    assert page.tabs.bar.tabText(2) == "Conflicts  2"
    page.tabs.open("conflicts")
    assert page.conflicts.panel.table._badge.text() == "2 conflicts"
    assert [hint.keys for hint in page.hints()] == ["1 2 3", "N", "Ctrl Enter", "F9"]


def test_from_the_list_of_conflicts_every_field_is_decided_by_keys(window: Window, office: Office) -> None:
    two_clashes(window, office)
    page = window.sync_page
    page.tabs.open("conflicts")
    panel = page.conflicts.panel
    window.until(lambda: panel.isVisible() and page.conflicts.table.grid.rowCount() == 1)
    page.tabs.bar.setFocus()
    window.key(Qt.Key.Key_Tab)
    assert page.conflicts.table.hasFocus()
    grid = panel.table.grid
    window.key(Qt.Key.Key_Return, CTRL)
    assert grid.hasFocus()
    assert grid.currentIndex().row() == 0, "the first field that needs a choice"
    page.conflicts.table.setFocus()
    window.key(Qt.Key.Key_1)
    assert grid.hasFocus()
    window.key(Qt.Key.Key_N)
    window.key(Qt.Key.Key_3)
    titles = [row.cells[0].text for row in grid.grid.rows]
    mine = {"Phone": "+31 10 411 2299", "Email": "mine@aurora.example"}[titles[0]]
    window.write(typed := {"Phone": "+31 10 411 2255", "Email": "both@aurora.example"}[titles[1]])
    window.key(Qt.Key.Key_Return)
    assert [panel.table.decisions()[row.key].pick for row in grid.grid.rows] == ["mine", "typed"]
    office.shut()
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(panel.isHidden)
    assert page.conflicts.table.hasFocus(), "back on the record, while it waits there to be sent"
    office.open()
    window.sync()
    window.until(lambda: office.row("account", AURORA)[titles[1].lower()] == typed)
    assert office.row("account", AURORA)[titles[0].lower()] == mine


def test_where_the_last_conflict_is_gone_at_once_the_focus_goes_to_the_tabs(
    window: Window, office: Office
) -> None:
    two_clashes(window, office)
    page, desk = window.sync_page, window.program.desk
    page.tabs.open("conflicts")
    page.conflicts.panel.focus()
    assert page.conflicts.panel.isAncestorOf(QApplication.focusWidget())
    page.conflicts.set((), desk.today(), desk.zone)
    assert page.tabs.bar.hasFocus()


def test_theirs_and_a_typed_value_can_be_chosen_on_the_record_itself(window: Window, office: Office) -> None:
    clash(window, office)
    panel = window.record.conflicts
    window.until(panel.isVisible)
    panel.focus()
    window.key(Qt.Key.Key_2)
    window.key(Qt.Key.Key_3)
    window.write("+31 10 411 2255")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(panel.isHidden)
    window.until(lambda: office.row("account", AURORA)["phone"] == "+31 10 411 2255")
    assert office.rows("conflict")[0]["chosen"] == "other"


def test_whose_value_stood_sees_it_as_hers_and_keeps_it(
    qtbot: QtBot, theme: Theme, window: Window, office: Office, tmp_path: Path
) -> None:
    clash(window, office)
    enrolled(office, tmp_path / "piet", "piet.dewit", "Piet's laptop")
    with window_on(qtbot, theme, tmp_path / "piet", office.clock) as piet:
        piet.ready()
        piet.front()
        piet.choose("Aurora Dairy B.V.")
        panel = piet.record.conflicts
        piet.until(panel.isVisible)
        cells = [cell.text for cell in panel.table.grid.grid.rows[0].cells]
        assert cells[2:4] == ["+31 10 411 2277", "+31 10 411 2299"]
        panel.focus()
        piet.key(Qt.Key.Key_1)
        piet.key(Qt.Key.Key_Return, CTRL)
        piet.until(lambda: office.rows("conflict")[0]["chosen"] == "theirs")
    assert office.row("account", AURORA)["phone"] == "+31 10 411 2277"


def test_deciding_later_keeps_the_conflict(window: Window, office: Office) -> None:
    clash(window, office)
    window.until(window.record.conflicts.isVisible)
    assert "1 2 3" in [hint.keys for hint in window.accounts.hints()]
    window.click("account_conflict_merge_later")
    assert window.record.conflicts.isHidden()
    assert window.shell.status_bar._caps[0].accessibleName() != "1 2 3: Decide"
    window.settle()
    assert window.program.syncing.view().needs_you == 1
    assert office.rows("conflict")[0]["status"] == "open"


def test_a_refused_change_says_why_and_what_was_entered_and_is_let_go(window: Window, office: Office) -> None:
    refuse(window, office)
    window.click("nav_sync")
    page = window.sync_page
    window.until(lambda: page.tabs.bar.tabText(3) == "Refused  1")
    page.tabs.open("refused")
    assert "kept as first written" in page.refused.table.grid.rows[0].cells[1].text
    assert page.refused.entered.grid.rows[0].cells[3].text == "Two cases of each"
    window.click("refused_discard")
    for _ in range(5):  # who keeps pressing Enter forgets nothing
        window.key(Qt.Key.Key_Return)
        window.key(Qt.Key.Key_Escape)
    window.settle()
    assert page.refused.table.grid.rowCount() == 1
    window.shell.go("sync", "refused")
    window.click("refused_discard")
    assert page.refused.keep_button.hasFocus()
    window.key(Qt.Key.Key_Tab)
    window.key(Qt.Key.Key_Return)
    window.until(lambda: page.refused.table.grid.rowCount() == 0)
    assert window.toast().startswith("Let go: ")


def test_a_refused_change_is_fixed_in_a_form_with_what_was_entered(window: Window, office: Office) -> None:
    refuse(window, office)
    window.shell.go("sync", "refused")
    page = window.sync_page
    window.until(lambda: page.refused.table.grid.rowCount() == 1)
    page.refused.table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: page.editor is not None)
    form = page.editor.form
    assert form.values()["body"] == "Two cases of each"
    assert form.values()["subject"], "the whole form, not only what was refused"
    assert "kept as first written" in form.fields["body"].error()
    window.into("fix_refused_body", "One case of each")
    office.shut()
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: page.editor is None)
    window.until(lambda: page.refused.table.grid.rowCount() == 0)
    office.open()
    window.sync()
    assert window.program.syncing.view().needs_you == 0


def test_a_refused_change_is_written_to_a_file_whole(window: Window, office: Office, tmp_path: Path) -> None:
    refuse(window, office)
    window.shell.go("sync", "refused")
    page = window.sync_page
    window.until(lambda: page.refused.table.grid.rowCount() == 1)
    page.refused.export_to(tmp_path / "refused.txt")
    window.until(lambda: window.toast() == "Written to refused.txt")
    text = (tmp_path / "refused.txt").read_text()
    assert "Body: Two cases of each" in text
    assert "kept as first written" in text


def test_the_history_keeps_the_receipt_and_what_was_sent(window: Window, office: Office) -> None:
    edit_phone(window, "+31 10 411 2299")
    window.until(lambda: office.row("account", AURORA)["phone"] == "+31 10 411 2299")
    window.shell.go("sync", "history")
    page = window.sync_page
    window.until(lambda: page.history.table.grid.rowCount() == 1)
    cells = page.history.table.grid.rows[0].cells
    assert (cells[0].text, cells[2].text) == ("Edit Aurora Dairy B.V.", "Accepted")
    assert page.history.receipts.grid.rows[0].cells[-1].text.startswith("1 sent")


def test_a_login_page_in_place_of_the_server_is_a_sentence_and_nothing_is_lost(
    window: Window, office: Office
) -> None:
    office.shut()
    edit_phone(window, "+31 10 411 2299")
    office.open_as_a_hotel()
    window.shell.go("sync")
    window.key(Qt.Key.Key_F9)
    page = window.sync_page
    window.until(page.overview.problem.isVisible)
    window.until(lambda: window.program.syncing.line().mode is SyncMode.OFFLINE)
    window.settle()
    assert "perhaps this network wants you to sign in" in page.overview.problem.accessibleName()
    assert window.program.syncing.view().waiting == 1


def test_every_tab_has_names_for_all_its_controls(window: Window, office: Office) -> None:
    clash(window, office)
    window.click("nav_sync")
    for tab in ("overview", "waiting", "conflicts", "refused", "proposals", "history"):
        window.sync_page.tabs.open(tab)
        window.settle()
        assert nameless(window.shell) == []
        assert without_object_name(window.shell) == []


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


def test_a_wrong_clock_is_told_where_one_looks_and_in_the_receipt(window: Window, office: Office) -> None:
    office.database.clock = lambda: office.clock.now + 3 * DAY
    office.change("account", AURORA, phone="+31 10 411 2277")
    window.sync()
    assert "clock is 3 days behind" in window.program.syncing.age_words()
    window.shell.go("sync", "history")
    told = "This laptop's clock is 3 days behind: set it right"
    window.until(lambda: told in window.sync_page.history.receipts.grid.rows[0].cells[-1].text)
    office.database.clock = office.clock
    window.sync()
    assert "clock" not in window.program.syncing.age_words()
