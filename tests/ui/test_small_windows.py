"""The Sync page with long names where there is little room, and from the tabs by keys alone."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.editgrid import EditGrid
from tests.screens.fit import clipped, too_large
from tests.ui.office import Office
from tests.ui.test_sync_page import TASK, clash, refuse
from tests.ui.window import CTRL, Window

LONG = (
    "Rückfrage wegen der Donaudampfschifffahrtselektrizitätenhauptbetriebswerke und der Lieferung im Dezember"
)


@pytest.fixture
def refused(window: Window, office: Office) -> Window:
    """Something with a long name was refused, and the list of it is shown."""
    office.change("activity", TASK, subject=LONG)
    window.sync()
    refuse(window, office)
    window.shell.go("sync", "refused")
    window.settle()
    return window


def room(grid: EditGrid, column: str) -> int:
    return grid.columnWidth(grid.grid.column_at(column))


@pytest.mark.parametrize(("wide", "tall", "scale"), [(1024, 640, 100), (1366, 768, 130)])
def test_what_was_entered_and_the_question_before_forgetting_it_have_room(
    refused: Window, theme: Theme, wide: int, tall: int, scale: int
) -> None:
    refused.shell.resize(wide, tall)
    theme.choose_scale(scale)
    refused.settle()
    tab = refused.sync_page.refused
    assert room(tab.entered, "after") >= 200
    tab.ask_to_forget()
    QApplication.processEvents()
    assert clipped(refused.shell) == []
    assert too_large(refused.shell) == []
    assert [hint.keys for hint in refused.sync_page.hints()] == ["Esc", "F9"], "Enter fixes nothing there"


@pytest.mark.parametrize(("wide", "tall", "scale"), [(1024, 640, 100), (1366, 768, 130)])
def test_what_a_sync_did_and_what_needs_a_person_can_be_read(
    refused: Window, theme: Theme, wide: int, tall: int, scale: int
) -> None:
    refused.shell.resize(wide, tall)
    theme.choose_scale(scale)
    page = refused.sync_page
    page.tabs.open("history")
    refused.settle()
    assert room(page.history.receipts, "sentence") >= 300
    page.tabs.open("overview")
    refused.settle()
    widths = [tile.width() for tile in page.overview.tiles]
    assert max(widths) - min(widths) <= 1
    needs = page.overview.tiles[3].figure()
    assert needs.fontMetrics().horizontalAdvance("1 change refused") <= needs.width()


def test_enter_on_the_tabs_does_what_the_status_bar_says_of_the_list(refused: Window) -> None:
    page = refused.sync_page
    assert page.tabs.bar.hasFocus()
    assert [hint.word for hint in page.hints()] == ["Fix", "Try now"]
    refused.key(Qt.Key.Key_Down)
    assert page.refused.table.hasFocus()
    page.tabs.bar.setFocus()
    refused.key(Qt.Key.Key_Return)
    refused.settle()
    assert page.editor is not None


def test_a_correction_is_gone_on_with_in_its_form_after_a_look_at_another_page(refused: Window) -> None:
    page = refused.sync_page
    refused.key(Qt.Key.Key_Return)
    refused.settle()
    refused.shell.go("accounts")
    refused.shell.go("sync")
    assert page.editor is not None
    assert page.editor.form.isAncestorOf(QApplication.focusWidget())


def test_a_decision_whose_key_is_pressed_twice_is_made_once_and_complains_of_nothing(
    window: Window, office: Office
) -> None:
    clash(window, office)
    window.shell.go("sync")
    window.settle()
    panel = window.sync_page.overview.conflict
    said: list[str] = []
    panel.decided.connect(lambda words, _: said.append(words))
    window.key(Qt.Key.Key_1)
    window.key(Qt.Key.Key_Return, CTRL)
    window.key(Qt.Key.Key_Return, CTRL)
    window.settle()
    assert len(said) == 1
    assert panel.problem.accessibleName() == ""
