"""What stands first when the program starts, and that nobody has to ask for the rest."""

import builtins
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fieldrep.ui.style.theme import Theme
from fieldrep.ui.syncing import FIRST_AFTER_MS
from tests.helpers.small_company import HARBOR
from tests.ui.office import Office
from tests.ui.window import Window, window_on


def _record(window: Window) -> QWidget | None:
    """Looked for, because asking the page for it would build it."""
    return window.accounts.findChild(QWidget, "account_record")


def test_the_list_stands_before_the_record_beside_it_which_comes_by_itself(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        waited: list[bool] = []
        page = window.accounts
        page.list.model.modelReset.connect(lambda: waited.append(_record(window) is None))
        window.until(lambda: page.list.model.rowCount() > 0 and _record(window) is not None, "no record")
        assert waited[0], "the list waited for the record"
        window.until(page.record.header.isVisible, "the record shows nothing")
        assert page.record.account_id == page.list.current_key()


def test_an_account_asked_for_at_once_is_shown_and_not_the_first_of_the_list(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.shell.go("accounts", ("account", HARBOR))
        window.ready()
        window.settle()
        assert window.record.account_id == window.accounts.list.current_key() == HARBOR


def test_enter_right_after_the_first_letters_waits_for_the_list_and_goes_into_the_account_found(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.until(lambda: window.program.shell is not None and window.program.shell.isVisible())
        page = window.accounts
        assert page.list.model.rowCount() == 0, "the list has answered already"
        page.focus_search()
        qtbot.keyClicks(page.list.search, "harbor")
        qtbot.keyClick(page.list.search, Qt.Key.Key_Return)
        window.until(lambda: window.focused() == "account_tabs_bar", "the account is not open")
        assert page.list.search.text() == "harbor"
        assert window.record.account_id == HARBOR
        window.key(Qt.Key.Key_E)
        window.until(lambda: window.record.editor is not None)
        assert window.focused() == "edit_account_name"


def test_a_key_pressed_before_the_record_is_loaded_does_what_it_says(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        assert _record(window) is None
        window.shell.press("new_account")
        window.until(lambda: window.record.editor is not None and window.record.editor.isVisible())
        editor = window.record.editor
        assert editor is not None
        assert editor.spec.name == "new_account"


def test_the_record_is_not_put_together_while_somebody_types(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.until(lambda: window.program.shell is not None and window.program.shell.isVisible())
        page = window.accounts
        page.focus_search()
        qtbot.keyClicks(page.list.search, "h")
        page._on_loaded(None)  # as the reader tells when it has loaded what the record is made of
        assert page._record is None, "somebody who types waits for the record"
        window.until(lambda: _record(window) is not None, "the record never comes")


def test_the_first_sync_leaves_the_start_to_the_window(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        syncing, waits = window.program.syncing, []
        window.program.runner.noticed.connect(lambda _: waits.append(syncing._timer.interval()))
        window.until(lambda: bool(waits), "the replica never opened")
        assert waits[0] == FIRST_AFTER_MS
        assert syncing._running is None


def test_no_source_is_searched_for_features_of_pyside_with_each_import() -> None:
    assert builtins.__import__ is not builtins.__feature_import__  # type: ignore[attr-defined]
