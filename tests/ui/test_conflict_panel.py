"""The panel that decides conflicts, while more arrives, another record is looked at, or there is little room."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fieldrep.commands.accounts import edit_account
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.ui.conflicts import ConflictPanel
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.mergeview import Pick
from tests.helpers.small_company import AURORA, HARBOR
from tests.screens.fit import too_large
from tests.ui.office import Office
from tests.ui.window import CTRL, Window, window_on

FIRST, SECOND = sorted((AURORA, HARBOR))
"""As they are listed."""

TYPED = "+31 10 411 2255"


def clash(window: Window, office: Office, account: RowId, **fields: tuple[Value, Value]) -> None:
    """Anke enters the first of each pair, the office the second, before either has heard of the other."""
    before = window.program.syncing.view().needs_you
    office.shut()
    mine = {name: mine for name, (mine, _) in fields.items()}
    window.program.runner.command(edit_account, row_id=account, **mine)
    window.until(lambda: window.program.syncing.view().waiting == 1)
    office.change("account", account, **{name: theirs for name, (_, theirs) in fields.items()})
    office.open()
    window.sync()
    window.until(lambda: window.program.syncing.view().needs_you == before + len(fields))
    window.settle()


def phones(window: Window, office: Office, account: RowId) -> None:
    clash(window, office, account, phone=("+31 10 411 2299", "+31 10 411 2277"))


def to_decide(window: Window, office: Office) -> ConflictPanel:
    """The Sync page with one conflict on it."""
    phones(window, office, FIRST)
    window.shell.go("sync")
    window.settle()
    return window.sync_page.overview.conflict


def title(panel: ConflictPanel) -> str:
    return panel.table._title.text()


def type_another(window: Window) -> None:
    window.key(Qt.Key.Key_3)
    window.write(TYPED)


def test_what_arrives_leaves_the_conflict_that_is_being_decided_where_it_is(
    window: Window, office: Office
) -> None:
    phones(window, office, SECOND)
    window.shell.go("sync")
    window.settle()
    panel = window.sync_page.overview.conflict
    decided = title(panel)
    type_another(window)
    phones(window, office, FIRST)
    assert (title(panel), panel.table._badge.text()) == (decided, "1 of 2 conflicts")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: title(panel) != decided)
    window.until(lambda: office.row("account", SECOND)["phone"] == TYPED)
    assert office.row("account", FIRST)["phone"] == "+31 10 411 2277", "nobody decided about this one"
    assert [one.pick for one in panel.table.decisions().values()] == [Pick.OPEN]


def test_what_was_chosen_and_typed_is_there_again_after_a_look_at_another_record(
    window: Window, office: Office
) -> None:
    phones(window, office, FIRST)
    phones(window, office, SECOND)
    window.shell.go("sync", "conflicts")
    window.settle()
    conflicts = window.sync_page.conflicts
    conflicts.table.setFocus()
    type_another(window)
    conflicts.table.setFocus()
    window.key(Qt.Key.Key_Down)
    assert [one.pick for one in conflicts.panel.table.decisions().values()] == [Pick.OPEN]
    window.key(Qt.Key.Key_Up)
    (again,) = conflicts.panel.table.decisions().values()
    assert (again.pick, again.text) == (Pick.TYPED, TYPED)


def test_in_the_list_what_arrives_leaves_the_record_current_that_was(window: Window, office: Office) -> None:
    phones(window, office, SECOND)
    window.shell.go("sync", "conflicts")
    window.settle()
    conflicts = window.sync_page.conflicts
    decided = title(conflicts.panel)
    type_another(window)
    phones(window, office, FIRST)
    assert conflicts.table.grid.rowCount() == 2
    assert conflicts.table.current_key() == SECOND
    assert title(conflicts.panel) == decided
    assert [one.text for one in conflicts.panel.table.decisions().values()] == [TYPED]


def test_a_decision_that_was_taken_back_is_not_made_beforehand(window: Window, office: Office) -> None:
    panel = to_decide(window, office)
    office.shut()
    type_another(window)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(panel.isHidden)
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(panel.isVisible)
    assert [one.pick for one in panel.table.decisions().values()] == [Pick.OPEN]
    panel.focus()
    window.key(Qt.Key.Key_3)
    assert [one.made for one in panel.table.decisions().values()] == [False]


def test_what_was_put_off_stays_away_whatever_arrives_until_somebody_comes_again(
    window: Window, office: Office
) -> None:
    phones(window, office, FIRST)
    phones(window, office, SECOND)
    window.shell.go("sync")
    window.settle()
    panel = window.sync_page.overview.conflict
    put_off = title(panel)
    window.click("sync_conflict_merge_later")
    assert panel.isVisible()
    assert title(panel) != put_off, "the next one is offered"
    window.click("sync_conflict_merge_later")
    assert panel.isHidden()
    assert window.sync_page.tabs.bar.hasFocus()
    office.change("account", FIRST, website="www.aurora.example")
    window.sync()
    assert panel.isHidden(), "nothing was asked again"
    window.shell.go("accounts")
    window.shell.go("sync")
    window.settle()
    assert panel.isVisible()
    assert title(panel) == put_off


def test_on_an_account_what_was_put_off_comes_back_after_a_look_at_another(
    window: Window, office: Office
) -> None:
    phones(window, office, AURORA)
    panel = window.record.conflicts
    window.choose("Aurora Dairy B.V.")
    window.until(panel.isVisible)
    window.click("account_conflict_merge_later")
    office.change("account", AURORA, website="www.aurora.example")
    window.sync()
    assert panel.isHidden()
    window.choose("Blue Harbor Hotels")
    window.choose("Aurora Dairy B.V.")
    window.until(panel.isVisible)


def test_escape_leaves_the_box_that_is_typed_in_and_nothing_else(window: Window, office: Office) -> None:
    panel = to_decide(window, office)
    type_another(window)
    window.key(Qt.Key.Key_Escape)
    assert panel.isVisible()
    assert panel.table.grid.hasFocus()
    assert [one.text for one in panel.table.decisions().values()] == [TYPED]


def test_a_window_that_is_closed_over_a_typed_value_asks_once(window: Window, office: Office) -> None:
    panel = to_decide(window, office)
    type_another(window)
    window.shell.go("sync", "history")
    assert not window.shell.close()
    assert panel.isVisible()
    assert f"“{TYPED}” is not applied" in panel.problem.accessibleName()
    window.write("0")
    assert not window.shell.close(), "something else was typed since"
    assert window.shell.close()


def kept(window: Window) -> int:
    """How many unfinished forms lie on the disk."""
    with window.program.doors._replica.read() as reader:
        ((count,),) = reader.rows("SELECT count(*) FROM draft")
    return int(count)


def test_what_was_typed_lies_on_the_disk_and_stands_there_again_until_it_is_applied(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        to_decide(window, office)
        type_another(window)
        window.until(lambda: kept(window) == 1)
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        window.shell.go("sync")
        panel = window.sync_page.overview.conflict
        window.until(lambda: [one.text for one in panel.table.decisions().values()] == [TYPED])
        panel.focus()
        window.key(Qt.Key.Key_Return, CTRL)
        window.until(lambda: office.row("account", FIRST)["phone"] == TYPED)
        assert kept(window) == 0


def test_whoever_chooses_something_else_after_all_keeps_nothing_typed(window: Window, office: Office) -> None:
    panel = to_decide(window, office)
    type_another(window)
    window.until(lambda: kept(window) == 1)
    panel.focus()
    window.key(Qt.Key.Key_2)
    window.until(lambda: kept(window) == 0)


@pytest.mark.parametrize("scale", [100, 130])
def test_many_fields_with_long_values_are_all_reached_in_the_first_window(
    window: Window, office: Office, theme: Theme, scale: int
) -> None:
    long = "Ring at gate B; the loading dock is closed until March, so drive round the market hall. "
    clash(
        window, office, AURORA,
        note=(long * 3, long * 4),
        name=(f"Aurora {long}", f"Aurora Dairy {long}"),
        phone=("+31 10 411 2299", "+31 10 411 2277"),
        email=("mine@aurora.example", "theirs@aurora.example"),
        website=("www.mine.example", "www.theirs.example"),
    )  # fmt: skip
    theme.choose_scale(scale)
    for place in ("sync", "conflicts"), ("accounts", None):
        window.shell.go(*place)
        window.settle()
        panel = window.sync_page.conflicts.panel if place[0] == "sync" else window.record.conflicts
        grid, whole = panel.table.grid, panel.table._whole
        panel.focus()
        for row in range(5):
            QApplication.processEvents()
            assert too_large(window.shell) == []
            cell = grid.visualRect(grid.currentIndex())
            assert grid.viewport().rect().contains(cell), f"field {row} is cut"
            assert whole.isHidden() or grid.geometry().bottom() < whole.geometry().top()
            assert panel.table._field.shown_text() == panel.table._field.text()
            window.key(Qt.Key.Key_Down)
