"""RecordList and Timeline by keys and clicks: search, chips, empty states, following detail, scroll."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from fieldrep.ui.shell import AppShell
from fieldrep.ui.widgets.recordlist import ListWords, RecordList, Wanted
from fieldrep.ui.widgets.rows import RowView
from fieldrep.ui.widgets.text import ElidedText
from fieldrep.ui.widgets.timeline import Timeline
from tests.ui.conftest import Stage
from tests.ui.gallery.accounts import AccountsGallery, sample_entries, sample_rows


@pytest.fixture
def page(shell: AppShell) -> AccountsGallery:
    page = shell.stack.currentWidget()
    assert isinstance(page, AccountsGallery)
    return page


@pytest.fixture
def plain(stage: Stage) -> RecordList:
    words = ListWords("account", "accounts", "Search name")
    chips, sorts = [("all", "All"), ("due", "Due")], [("name", "Name"), ("city", "City")]
    widget = RecordList(words, chips, sorts, name="plain")
    stage(widget, 350, 600)
    return widget


def test_a_search_that_found_more_than_it_lists_says_so(plain: RecordList) -> None:
    rows = [RowView(key, f"Mill {key}") for key in range(2)]
    plain.set_rows(rows, 500, more=True)
    assert "The first 500 accounts" in [text.text() for text in plain.findChildren(QLabel)]
    plain.set_rows(rows, 2)
    assert "2 accounts" in [text.text() for text in plain.findChildren(QLabel)]


def focused() -> object:
    return QApplication.focusWidget()


def test_slash_then_typing_filters_and_makes_the_first_hit_current(
    qtbot: QtBot, shell: AppShell, page: AccountsGallery
) -> None:
    page.list.view.setFocus()
    qtbot.keyClick(page.list.view, Qt.Key.Key_End)
    assert page.list.view.verticalScrollBar().value() > 0
    qtbot.keyClick(page.list.view, Qt.Key.Key_Slash)
    assert focused() is page.list.search
    qtbot.keyClicks(focused(), "elm")
    assert {row.title.split()[0] for row in page.list.model.rows()} == {"Elm"}
    assert page.list.view.current_row() == 0
    assert page.list.view.verticalScrollBar().value() == 0
    qtbot.waitUntil(lambda: page.header.name().startswith("Elm"))


def test_arrows_in_the_search_box_move_the_list_and_enter_opens(
    qtbot: QtBot, shell: AppShell, page: AccountsGallery
) -> None:
    page.list.focus_search()
    qtbot.keyClick(focused(), Qt.Key.Key_Down)
    qtbot.keyClick(focused(), Qt.Key.Key_Down)
    assert focused() is page.list.search
    assert page.list.view.current_row() == 2
    qtbot.keyClick(focused(), Qt.Key.Key_Return)
    assert page.log == [2]


def test_the_detail_follows_after_the_last_of_quick_arrows(
    qtbot: QtBot, shell: AppShell, page: AccountsGallery
) -> None:
    told: list[object] = []
    page.list.current.connect(told.append)
    page.list.view.setFocus()
    for _ in range(5):
        qtbot.keyClick(page.list.view, Qt.Key.Key_Down)
    assert told == []
    qtbot.waitUntil(lambda: bool(told))
    assert told == [5]


def test_up_from_the_first_row_reaches_the_search_box(
    qtbot: QtBot, shell: AppShell, page: AccountsGallery
) -> None:
    page.list.view.setFocus()
    qtbot.keyClick(page.list.view, Qt.Key.Key_Home)
    qtbot.keyClick(page.list.view, Qt.Key.Key_Up)
    assert focused() is page.list.search


def test_a_chip_asks_for_its_rows_and_stays_pressed(qtbot: QtBot, plain: RecordList) -> None:
    asked: list[Wanted] = []
    plain.wanted.connect(asked.append)
    chip = plain.findChild(type(next(iter(plain._chip_keys.values()))), "plain_chip_due")
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    plain.choose_sort("city")
    qtbot.keyClicks(plain.search, " x ")
    assert asked[0] == Wanted("", "due", "name")
    assert asked[1] == Wanted("", "due", "city")
    assert asked[-1] == Wanted("x", "due", "city")
    assert chip.isChecked()


def test_a_search_says_that_its_rows_stand_in_order_of_the_best_match(qtbot: QtBot, stage: Stage) -> None:
    words = ListWords("account", "accounts", "Search name", ranked=True)
    ranked = RecordList(words, [("all", "All")], [("name", "Name  A–Z"), ("city", "City")], name="ranked")
    stage(ranked, 350, 600)
    assert ranked._sort_button.accessibleName() == "Sort: Name  A–Z"
    qtbot.keyClicks(ranked.search, "herberg")
    assert ranked._sort_button.accessibleName() == "Sort: Best match"
    ranked.choose_sort("city")
    assert ranked._sort_button.accessibleName() == "Sort: City"
    ranked.choose_sort("name")
    ranked.clear_search()
    assert ranked._sort_button.accessibleName() == "Sort: Name  A–Z"


def test_nothing_found_says_why_and_clears_by_one_click(qtbot: QtBot, plain: RecordList) -> None:
    qtbot.keyClicks(plain.search, "zzz")
    plain.set_rows([], 0)
    assert plain.empty.isVisible()
    assert plain.empty.title() == "No accounts match “zzz”"
    asked: list[Wanted] = []
    plain.wanted.connect(asked.append)
    plain.empty.acted.emit()
    assert plain.search.text() == ""
    assert asked == [Wanted("", "all", "name")]


def test_a_filter_that_leaves_nothing_offers_all(plain: RecordList) -> None:
    plain.choose_chip("due")
    plain.set_rows([], 0)
    assert plain.empty.title() == "No accounts here"
    plain.empty.acted.emit()
    assert plain.state().chip == "all"


def test_a_failed_list_says_so_and_can_be_tried_again(qtbot: QtBot, plain: RecordList) -> None:
    plain.failed("The disk did not answer. Try again, or restart FieldRep.")
    with qtbot.waitSignal(plain.retried, timeout=1000):
        plain.empty.acted.emit()


def test_grey_rows_appear_only_when_loading_takes_long(qtbot: QtBot, plain: RecordList) -> None:
    plain.loading()
    assert not plain._skeleton._inked
    qtbot.waitUntil(lambda: plain._skeleton._inked)
    plain.set_rows(sample_rows(3), 3)
    plain.loading()
    assert plain.view.isVisible()


def test_a_refresh_keeps_the_current_record_and_the_scroll(plain: RecordList) -> None:
    rows = sample_rows(200)
    plain.set_rows(rows, 200)
    plain.select(100)
    scroll = plain.view.verticalScrollBar().value()
    assert scroll > 0
    plain.set_rows([RowView(-1, "A new one"), *rows], 201, keep=True)
    assert plain.current_key() == 100
    assert plain.view.verticalScrollBar().value() == scroll


def test_a_refresh_that_brings_the_first_rows_marks_the_one_that_opens(
    qtbot: QtBot, plain: RecordList
) -> None:
    with qtbot.waitSignal(plain.current) as opened:
        plain.set_rows(sample_rows(20), 20, keep=True)
        plain.view.setFocus()
    assert opened.args == [plain.model.rows()[0].key]
    assert [index.row() for index in plain.view.selectionModel().selectedRows()] == [0]


def test_the_end_of_a_page_of_rows_asks_for_the_next(qtbot: QtBot, plain: RecordList) -> None:
    rows = sample_rows(120)
    asked: list[int] = []
    plain.more_wanted.connect(asked.append)
    plain.set_rows(rows[:60], 120)
    plain.view.scrollToBottom()
    qtbot.waitUntil(lambda: asked == [60])
    plain.append_rows(rows[60:])
    plain.view.scrollToBottom()
    assert plain.model.rowCount() == 120
    assert asked == [60]


def test_a_screen_reader_hears_the_whole_row(plain: RecordList) -> None:
    plain.set_rows([RowView(1, "Elm Deli", "Leeds", "€ 5", "2 overdue", waiting=True)], 1)
    spoken = plain.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Elm Deli, Leeds, € 5, 2 overdue, waiting to sync"


def test_the_timeline_groups_by_day_and_arrows_pass_over_the_headings(qtbot: QtBot, stage: Stage) -> None:
    timeline = Timeline("Activity", "Log activity", [("call", "Calls"), ("visit", "Visits")], name="activity")
    timeline.set_entries(sample_entries())
    stage(timeline, 700, 500)
    opened: list[object] = []
    timeline.opened.connect(opened.append)
    timeline.view.setFocus()
    qtbot.keyClick(timeline.view, Qt.Key.Key_Home)
    for _ in range(2):
        qtbot.keyClick(timeline.view, Qt.Key.Key_Down)
    qtbot.keyClick(timeline.view, Qt.Key.Key_Return)
    assert opened == [3]
    timeline.choose_type("call")
    assert timeline.titles() == ["Call with Purchasing"]
    timeline.choose_type("visit")
    timeline.set_entries([])
    assert timeline.empty.isVisible()
    assert timeline.empty.title() == "Nothing of this type"


def test_shortened_words_are_told_in_full_by_the_tooltip(stage: Stage) -> None:
    label = ElidedText("A very long company name that does not fit")
    stage(label, 90, 24)
    assert label.shown_text().endswith("…")
    assert label.toolTip() == label.text()
    label.resize(600, 24)
    assert label.toolTip() == ""
