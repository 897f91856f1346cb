"""Right after a save or a search: the record that is worked on stays, whatever its list shows by now, and rows stand as
they did.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStyleOptionViewItem

from tests.helpers.small_company import HARBOR
from tests.ui.office import Office
from tests.ui.window import CTRL, Window


def titles(window: Window) -> list[str]:
    return [row.title for row in window.accounts.list.model.rows()]


def test_an_account_that_matches_its_search_no_longer_stays_beside_the_list(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    window.write("b")
    window.until(lambda: len(titles(window)) > 1 and "Blue Harbor Hotels" in titles(window))
    window.until(lambda: window.accounts.list.current_key() == window.record.account_id)
    place = titles(window).index("Blue Harbor Hotels")
    window.accounts.list.view.setFocus()
    for _ in range(place):
        window.key(Qt.Key.Key_Down)
    window.until(lambda: window.record.answer.overview.header.id == HARBOR)
    window.key(Qt.Key.Key_E)
    window.until(lambda: window.record.editor is not None)
    window.into("edit_account_name", "Zephyr")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    window.until(lambda: titles(window) == ["Aurora Dairy B.V."], "the list still shows the name before")
    window.sync()
    assert titles(window) == ["Aurora Dairy B.V."]
    assert window.record.account_id == HARBOR, "the next key would be for another customer"
    assert window.record.header.name() == "Zephyr"
    assert window.focused() == "account_tabs_bar"
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(lambda: window.accounts.list.current_key() == HARBOR, "it does not come back to its place")
    assert window.record.account_id == HARBOR


def test_a_search_that_is_cleared_leaves_the_customer_that_is_worked_on(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    window.write("harbor")
    window.until(lambda: titles(window) == ["Blue Harbor Hotels"])
    window.until(lambda: window.record.answer is not None and window.record.account_id == HARBOR)
    window.record.tabs.bar.setFocus()
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: len(titles(window)) > 1)
    window.settle()
    assert window.accounts.list.current_key() == HARBOR
    assert window.record.account_id == HARBOR, "the next key would be for another customer"


def said(window: Window) -> str:
    return " ".join(window.record.overview.timeline.titles())


def test_rows_of_a_timeline_keep_their_own_height_when_others_come(window: Window) -> None:
    view = window.record.overview.timeline.view
    for count in (1, 2):
        window.key(Qt.Key.Key_A)
        window.until(lambda: window.record.editor is not None)
        window.into("log_activity_subject", "A call")
        window.key(Qt.Key.Key_Return, CTRL)
        window.until(lambda count=count: said(window).count("A call") == count, "not on the timeline")
    delegate, model = view.itemDelegate(), view.model()
    wanted = [
        delegate.sizeHint(QStyleOptionViewItem(), model.index(row, 0)).height()
        for row in range(model.rowCount())
    ]
    assert len(set(wanted)) == 2, "headings and entries"
    assert [view.rowHeight(row) for row in range(model.rowCount())] == wanted


def test_what_is_saved_without_a_line_is_found_and_told_to_search_when_a_sync_fails(
    window: Window, office: Office
) -> None:
    office.shut()
    window.key(Qt.Key.Key_E)
    window.until(lambda: window.record.editor is not None)
    window.into("edit_account_name", "Zephyr Dairy")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    window.key(Qt.Key.Key_F, CTRL)
    window.write("zephyr")
    window.until(lambda: titles(window) == ["Zephyr Dairy"], "not found")
    window.key(Qt.Key.Key_F9)
    window.until(lambda: not waits_for_search(window), "search was not told when there was time")
    assert titles(window) == ["Zephyr Dairy"]


def waits_for_search(window: Window) -> bool:
    with window.program.doors._replica.read() as reader:
        return bool(reader.rows("SELECT 1 FROM search_due"))
