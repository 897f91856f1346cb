"""History of the Sync page: every sync that did anything, its whole receipt by key and by click, and the way back."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from fieldrep.ui.sync.history import HistoryTab
from fieldrep.ui.widgets.text import Text
from tests.helpers.small_company import AURORA
from tests.ui.office import Office
from tests.ui.test_sync_page import edit_phone
from tests.ui.window import Window


def words(widget: QWidget) -> list[str]:
    return [one.text() for one in widget.findChildren(Text) if one.isVisible()]


def figure(tab: HistoryTab, name: str) -> str:
    """What stands under a name of the receipt that is shown."""
    shown = words(tab.one)
    return shown[shown.index(name) + 1]


def cells(tab: HistoryTab, at: int) -> list[str]:
    return [cell.text for cell in tab.receipts.grid.rows[at].cells]


def sent_and_received(window: Window, office: Office) -> HistoryTab:
    """Beside the first replica: one sync that sent a change, and one that brought one."""
    edit_phone(window, "+31 10 411 2299")
    window.until(lambda: office.row("account", AURORA)["phone"] == "+31 10 411 2299")
    window.sync()
    office.clock.now += 60_000
    office.change("account", AURORA, website="https://aurora.example")
    window.sync()
    window.shell.go("sync", "history")
    history = window.sync_page.history
    window.until(lambda: history.receipts.grid.rowCount() == 3)
    return history


def test_syncs_are_listed_newest_first_with_what_they_did(window: Window, office: Office) -> None:
    history = sent_and_received(window, office)
    assert cells(history, 0)[1:9] == ["By line", "0", "0", "0", "0", "0", "1", "Equal"]
    assert cells(history, 1)[1:6] == ["By line", "1", "1", "0", "0"]
    assert cells(history, 0)[-1] == "1 received; both sides hold the same records."
    assert history.table.grid.rows[0].cells[0].text == "Edit Aurora Dairy B.V."


def test_enter_opens_the_whole_receipt_with_its_changes_and_escape_leads_back(
    window: Window, office: Office
) -> None:
    history = sent_and_received(window, office)
    history.receipts.setFocus()
    window.key(Qt.Key.Key_Home)
    window.key(Qt.Key.Key_Down)
    window.key(Qt.Key.Key_Return)
    window.until(history.is_open)
    window.until(lambda: history.one.table.grid.rowCount() == 1)
    row = [cell.text for cell in history.one.table.grid.rows[0].cells]
    assert (row[0], row[2]) == ("Edit Aurora Dairy B.V.", "Accepted")
    assert (figure(history, "Sent"), figure(history, "Both sides equal")) == ("1", "yes")
    assert figure(history, "Records here") == figure(history, "At the office") != "0"
    assert [hint.keys for hint in window.sync_page.hints()] == ["Esc", "F9"]
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: not history.is_open())
    assert history.receipts.hasFocus()


def test_a_click_opens_a_receipt_and_no_figure_of_the_one_before_stays(
    window: Window, office: Office
) -> None:
    history = sent_and_received(window, office)
    window.key(Qt.Key.Key_F6)
    for at, received, changes in ((1, cells(history, 1)[7], 1), (0, "1", 0)):
        grid = history.receipts
        spot = grid.visualRect(grid.model().index(at, 0)).center()
        window.qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=spot)
        window.until(history.is_open)
        window.until(lambda changes=changes: history.one.table.grid.rowCount() == changes)  # type: ignore[misc]
        assert figure(history, "Received") == received
        assert figure(history, "Sent") == str(changes)
        window.click("sync_receipt_back")
        window.until(lambda: not history.is_open())


def test_a_sync_that_the_proxy_stopped_is_listed_with_its_sentence(window: Window, office: Office) -> None:
    office.shut()
    office.open_as_a_hotel()
    window.shell.go("sync", "history")
    history = window.sync_page.history
    window.key(Qt.Key.Key_F9)
    window.until(lambda: history.receipts.grid.rowCount() == 2)
    assert cells(history, 0)[8] == "Broke off"
    assert "perhaps this network wants you to sign in" in cells(history, 0)[-1]


def test_a_sync_that_found_nothing_is_told_as_the_last_contact(window: Window, office: Office) -> None:
    office.clock.now += 3_600_000
    window.sync()
    window.shell.go("sync", "history")
    history = window.sync_page.history
    window.until(lambda: "nothing new on either side" in history.contact.text())
    assert history.receipts.grid.rowCount() == 1
