"""The shell by keys and clicks: pages, history, palette, panes, undo, sync pill and notices."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fieldrep.ui.keys import Keymap, readable
from fieldrep.ui.page import Place
from fieldrep.ui.panes import next_pane
from fieldrep.ui.runner import Notice
from fieldrep.ui.shell import AppShell
from fieldrep.ui.style.fonts import text_scale
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.keycap import KeyCap
from fieldrep.ui.widgets.syncpill import SyncMode, SyncView
from fieldrep.ui.widgets.text import ElidedText
from fieldrep.ui.widgets.toast import Toast
from tests.ui.gallery import record_items

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
NONE = Qt.KeyboardModifier.NoModifier


def press(qtbot: QtBot, shell: AppShell, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """A real key to whatever has the focus."""
    qtbot.keyClick(QApplication.focusWidget() or shell, key, modifiers)


def page_key(shell: AppShell) -> str:
    place = shell.place()
    return place.page if place else ""


def test_control_and_a_number_opens_the_page_of_that_place_in_the_rail(qtbot: QtBot, shell: AppShell) -> None:
    for key, page in (
        (Qt.Key.Key_2, "orders"),
        (Qt.Key.Key_3, "products"),
        (Qt.Key.Key_4, "sync"),
        (Qt.Key.Key_1, "accounts"),
    ):
        press(qtbot, shell, key, CTRL)
        assert page_key(shell) == page
        assert shell.rail.buttons[page].isChecked()
        assert shell.stack.currentWidget().isVisible()


def test_a_page_is_built_on_its_first_visit_and_kept(qtbot: QtBot, shell: AppShell) -> None:
    assert shell.stack.count() == 1
    qtbot.mouseClick(shell.rail.buttons["orders"], Qt.MouseButton.LeftButton)
    first = shell.stack.currentWidget()
    press(qtbot, shell, Qt.Key.Key_1, CTRL)
    press(qtbot, shell, Qt.Key.Key_2, CTRL)
    assert shell.stack.currentWidget() is first
    assert shell.stack.count() == 2


def test_alt_and_arrows_walk_the_history_of_places(qtbot: QtBot, shell: AppShell) -> None:
    shell.go("accounts", 12)
    shell.go("orders")
    press(qtbot, shell, Qt.Key.Key_Left, ALT)
    assert shell.place() == Place("accounts", 12)
    assert shell.stack.currentWidget().list.current_key() == 12
    press(qtbot, shell, Qt.Key.Key_Left, ALT)
    assert shell.place() == Place("accounts", None)
    press(qtbot, shell, Qt.Key.Key_Right, ALT)
    press(qtbot, shell, Qt.Key.Key_Right, ALT)
    assert page_key(shell) == "orders"
    press(qtbot, shell, Qt.Key.Key_Right, ALT)
    assert page_key(shell) == "orders"


def test_a_new_place_after_going_back_forgets_the_way_forward(shell: AppShell) -> None:
    shell.go("orders")
    shell.back()
    shell.go("sync")
    shell.forward()
    assert page_key(shell) == "sync"
    shell.back()
    assert page_key(shell) == "accounts"


def test_the_palette_finds_records_and_opens_the_one_chosen(qtbot: QtBot, shell: AppShell) -> None:
    shell.record_sought.connect(lambda query: shell.offer_records(query, record_items(query)))
    press(qtbot, shell, Qt.Key.Key_K, CTRL)
    assert QApplication.focusWidget() is shell.palette_layer.input
    qtbot.keyClicks(QApplication.focusWidget(), "blue")
    assert shell.palette_layer.titles()[:2] == ["Blue Harbor & Co", "Blue Harbor AB"]
    press(qtbot, shell, Qt.Key.Key_Down)
    press(qtbot, shell, Qt.Key.Key_Return)
    assert not shell.palette_layer.isVisible()
    assert shell.stack.currentWidget().header.name() == "Blue Harbor AB"
    press(qtbot, shell, Qt.Key.Key_K, CTRL)
    assert shell.palette_layer.titles()[0] == "Blue Harbor AB"


def test_an_answer_to_an_older_text_does_not_reach_the_palette(qtbot: QtBot, shell: AppShell) -> None:
    press(qtbot, shell, Qt.Key.Key_K, CTRL)
    qtbot.keyClicks(QApplication.focusWidget(), "blu")
    shell.offer_records("b", record_items("aurora"))
    assert not any(title.startswith("Aurora") for title in shell.palette_layer.titles())


def test_records_that_come_later_leave_the_item_somebody_has_stepped_to(
    qtbot: QtBot, shell: AppShell
) -> None:
    press(qtbot, shell, Qt.Key.Key_K, CTRL)
    qtbot.keyClicks(QApplication.focusWidget(), "new")
    press(qtbot, shell, Qt.Key.Key_Down)
    palette = shell.palette_layer
    stepped = palette.model.items[palette.view.current_row()]
    shell.offer_records("new", record_items("blue"))
    assert palette.model.items[palette.view.current_row()] == stepped
    press(qtbot, shell, Qt.Key.Key_Return)
    assert not palette.isVisible()


def test_the_palette_runs_a_command_and_shows_its_key(qtbot: QtBot, shell: AppShell) -> None:
    press(qtbot, shell, Qt.Key.Key_K, CTRL)
    qtbot.keyClicks(QApplication.focusWidget(), ">new or")
    items = [item for item in shell.palette_layer.model.items if not isinstance(item, str)]
    assert [(item.title, item.keys) for item in items] == [("New order", "Ctrl N")]
    press(qtbot, shell, Qt.Key.Key_Return)
    assert shell.stack.currentWidget().log == ["order"]


def test_escape_closes_the_layer_then_clears_the_search_then_goes_back(qtbot: QtBot, shell: AppShell) -> None:
    shell.go("orders")
    shell.go("accounts")
    page = shell.stack.currentWidget()
    press(qtbot, shell, Qt.Key.Key_Slash)
    qtbot.keyClicks(QApplication.focusWidget(), "elm")
    press(qtbot, shell, Qt.Key.Key_K, CTRL)
    press(qtbot, shell, Qt.Key.Key_Escape)
    assert not shell.palette_layer.isVisible()
    assert page.list.search.text() == "elm"
    press(qtbot, shell, Qt.Key.Key_Escape)
    assert page.list.search.text() == ""
    press(qtbot, shell, Qt.Key.Key_Escape)
    assert page_key(shell) == "orders"


def test_a_shortcut_of_the_page_runs_its_action(qtbot: QtBot, shell: AppShell) -> None:
    page = shell.stack.currentWidget()
    page.list.view.setFocus()
    press(qtbot, shell, Qt.Key.Key_N, CTRL)
    press(qtbot, shell, Qt.Key.Key_A)
    assert page.log == ["order", "call"]


def test_a_single_letter_in_a_text_box_is_only_a_letter(qtbot: QtBot, shell: AppShell) -> None:
    page = shell.stack.currentWidget()
    page.list.focus_search()
    press(qtbot, shell, Qt.Key.Key_A)
    assert page.log == []
    assert page.list.search.text() == "a"


def test_an_action_that_cannot_run_says_why(qtbot: QtBot, shell: AppShell) -> None:
    shell.stack.currentWidget().list.view.setFocus()
    press(qtbot, shell, Qt.Key.Key_E)
    assert shell.toast.isVisible()
    assert shell.toast.words() == "Choose an account first."


def test_control_z_takes_back_what_the_toast_says_once(qtbot: QtBot, shell: AppShell) -> None:
    undone: list[object] = []
    shell.undone.connect(undone.append)
    shell.stack.currentWidget().list.focus_search()
    shell.say("Contact removed", undo="token")
    assert shell.toast.isVisible()
    press(qtbot, shell, Qt.Key.Key_Z, CTRL)
    assert undone == ["token"]
    assert not shell.toast.isVisible()
    press(qtbot, shell, Qt.Key.Key_Z, CTRL)
    assert undone == ["token"]
    assert shell.toast.isVisible()
    assert shell.toast.words().startswith("Nothing to undo by key any more.")
    press(qtbot, shell, Qt.Key.Key_Z, CTRL)
    assert undone == ["token"]


def _covered(shell: AppShell) -> int:
    """How much of the page the toast lies over, in pixels from its lower edge."""
    return shell.stack.mapTo(shell, shell.stack.rect().bottomLeft()).y() - shell.toast.geometry().top()


def test_a_toast_lies_over_the_status_bar_and_over_nothing_a_person_needs(
    qtbot: QtBot, shell: AppShell, theme: Theme
) -> None:
    for scale in (100, 130):
        theme.choose_scale(scale)
        shell.say("Task “Send oat range samples” completed", undo="token")
        qtbot.waitUntil(lambda: _covered(shell) <= 5)
        assert shell.rect().contains(shell.toast.geometry())
        assert shell.toast.findChild(QWidget, "toast_undo").height() >= 24


@pytest.mark.parametrize("words", ["Undone", f"Edit Aurora Dairy. {'No price list is in CHF yet; ' * 4}"])
@pytest.mark.parametrize("direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
def test_the_keys_of_the_footer_make_room_for_a_toast(
    qtbot: QtBot, shell: AppShell, words: str, direction: Qt.LayoutDirection
) -> None:
    bar = shell.status_bar
    shell.setLayoutDirection(direction)
    shell.resize(1366, 768)
    shell.set_age("Data on this laptop is live")
    before = len(_told(bar))
    shell.say(words, undo="token")
    shell.set_age("Data on this laptop as of today 08:41 · oldest change waits 2 minutes")
    qtbot.waitUntil(lambda: not _beneath(shell))
    assert shell.rect().contains(shell.toast.geometry())
    assert len(_told(bar)) >= 4
    assert shell.toast.dismiss()
    qtbot.waitUntil(lambda: len(_told(bar)) == before)


def _beneath(shell: AppShell) -> list[QWidget]:
    """What the footer says below the toast."""
    toast = shell.toast.geometry()
    return [
        part
        for part in _told(shell.status_bar)
        if toast.intersects(QRect(part.mapTo(shell, QPoint()), part.size()))
    ]


def _told(bar: QWidget) -> list[QWidget]:
    """The keys, and how old the data is, as far as they are shown."""
    return [part for part in (*bar.findChildren(KeyCap), *bar.findChildren(ElidedText)) if part.isVisible()]


def test_a_toast_leaves_by_itself_but_not_while_it_has_the_focus(qtbot: QtBot, shell: AppShell) -> None:
    toast = Toast(shell, stays_ms=30)
    toast.say("Saved", undo=1)
    undo = toast.findChild(QWidget, "toast_undo")
    undo.setFocus()
    QTest.mouseMove(shell.windowHandle(), QPoint(3, 3))
    qtbot.wait(80)
    assert toast.isVisible()
    shell.stack.currentWidget().list.view.setFocus()
    qtbot.waitUntil(lambda: not toast.isVisible())


def test_f6_walks_the_panes_and_comes_round(qtbot: QtBot, shell: AppShell) -> None:
    page = shell.stack.currentWidget()
    page.list.view.setFocus()
    order = []
    for _ in range(4):
        press(qtbot, shell, Qt.Key.Key_F6)
        order.append(QApplication.focusWidget().objectName())
    assert order == ["account_tabs_bar", "nav_accounts", "command_field", "accounts_rows"]
    press(qtbot, shell, Qt.Key.Key_F6, SHIFT)
    assert QApplication.focusWidget().objectName() == "command_field"


def test_a_pane_without_anything_to_focus_is_passed_over(shell: AppShell) -> None:
    assert next_pane([QWidget()], None, 1) is None


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (SyncView(SyncMode.ONLINE), "Online"),
        (SyncView(SyncMode.ONLINE, live=True), "Live"),
        (SyncView(SyncMode.ONLINE, waiting=2, live=True, paused=True), "Paused · 2 changes waiting"),
        (SyncView(SyncMode.OFFLINE, paused=True), "Paused"),
        (
            SyncView(SyncMode.OFFLINE, waiting=1, trouble="Check the clock"),
            "Check the clock · 1 change waiting",
        ),
        (SyncView(SyncMode.ONLINE, waiting=1), "Online · 1 change waiting"),
        (SyncView(SyncMode.SYNCING, done=3, total=14), "Syncing 3 of 14"),
        (SyncView(SyncMode.OFFLINE), "Offline"),
        (SyncView(SyncMode.OFFLINE, waiting=14), "Offline · 14 changes waiting"),
        (SyncView(SyncMode.ONLINE, waiting=3, needs_you=2), "2 need you"),
        (SyncView(SyncMode.OFFLINE, waiting=1, needs_you=1), "Offline · 1 needs you"),
    ],
)
def test_the_pill_says_each_state_in_words(shell: AppShell, view: SyncView, words: str) -> None:
    shell.set_sync(view)
    assert shell.top_bar.pill.text() == words
    assert shell.top_bar.pill.accessibleName() == f"Sync: {words}"
    expected = view.waiting + view.needs_you
    assert shell.rail.buttons["sync"].accessibleName() == (f"Sync, {expected}" if expected else "Sync")


def test_a_click_on_the_pill_opens_sync_and_f9_asks_for_one(qtbot: QtBot, shell: AppShell) -> None:
    qtbot.mouseClick(shell.top_bar.pill, Qt.MouseButton.LeftButton)
    assert page_key(shell) == "sync"
    with qtbot.waitSignal(shell.sync_wanted, timeout=1000):
        press(qtbot, shell, Qt.Key.Key_F9)


def test_a_hidden_page_hears_everything_it_missed_when_it_is_shown(shell: AppShell) -> None:
    page = shell.stack.currentWidget()
    heard: list[Notice] = []
    page.on_notice = heard.append
    shell.notify(Notice(frozenset({"account"}), "me"))
    shell.go("orders")
    shell.notify(Notice(frozenset({"activity"})))
    shell.notify(Notice(frozenset({"contact"})))
    assert heard == [Notice(frozenset({"account"}), "me")]
    shell.go("accounts")
    assert heard[1:] == [Notice(frozenset({"activity", "contact"}))]


def test_text_size_keys_change_every_font_and_stop_at_the_largest(
    qtbot: QtBot, shell: AppShell, theme: Theme
) -> None:
    press(qtbot, shell, Qt.Key.Key_Plus, CTRL)
    assert text_scale() == 114 or text_scale() == 115
    for _ in range(5):
        press(qtbot, shell, Qt.Key.Key_Plus, CTRL)
    assert text_scale() in (129, 130)
    press(qtbot, shell, Qt.Key.Key_0, CTRL)
    assert text_scale() == 100


def test_f1_lists_every_key_of_the_map(qtbot: QtBot, shell: AppShell) -> None:
    press(qtbot, shell, Qt.Key.Key_F1)
    assert shell.keymap_layer.isVisible()
    caps = {cap.accessibleName() for cap in shell.keymap_layer.findChildren(QWidget)}
    assert {"Ctrl K", "F6", "Ctrl 1", "Alt Enter"} <= caps
    press(qtbot, shell, Qt.Key.Key_Escape)
    assert not shell.keymap_layer.isVisible()


def test_a_person_can_change_a_key_and_switch_single_letters_off() -> None:
    keymap = Keymap({"new_order": "Ctrl+Shift+N", "no_such": "F2"}, single_letters=False)
    assert keymap.text("new_order") == "Ctrl Shift N"
    assert keymap.sequences("log_activity") == ()
    assert keymap.sequences("search") == ("Ctrl+F",)
    assert "no_such" not in keymap.names()
    assert readable("Ctrl++") == "Ctrl +"


@pytest.mark.parametrize("count", [5, 620, 5003])
def test_a_count_in_the_rail_is_never_cut(shell: AppShell, count: int) -> None:
    button = shell.rail.buttons["sync"]
    shell.rail.set_count("sync", count)
    beside_the_icon = QRect(button.width() // 2 + 5, 2, 28, 16)
    assert button.rect().contains(button.count_place(beside_the_icon))


def test_a_wide_window_puts_the_words_beside_the_icons(qtbot: QtBot, shell: AppShell) -> None:
    narrow = shell.rail.width()
    shell.resize(1700, 900)
    qtbot.waitUntil(lambda: shell.rail.width() > narrow)
    shell.resize(1366, 768)
    qtbot.waitUntil(lambda: shell.rail.width() == narrow)
