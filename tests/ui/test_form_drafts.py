"""What is typed into a form survives the end of the program, by keys in the real window on a real replica."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldrep.store.reader import Reader
from fieldrep.ui.forms.editor import RecordEditor
from fieldrep.ui.style.theme import Theme
from tests.helpers.small_company import AURORA, HARBOR
from tests.ui.office import Office
from tests.ui.window import CTRL, Window, window_on


def texts_kept(reader: Reader) -> list[str]:
    return [text for (text,) in reader.rows("SELECT text FROM draft")]


def kept(window: Window) -> list[str]:
    return window.program.doors.query(texts_kept)


def editor_of(window: Window) -> RecordEditor:
    window.until(lambda: window.record.editor is not None)
    editor = window.record.editor
    assert editor is not None
    return editor


def power_cut(profile: Path) -> Path:
    """The disk as it is while the program still runs."""
    return Path(shutil.copytree(profile, profile.with_name("after the power cut")))


@pytest.fixture
def cut_while_logging(qtbot: QtBot, theme: Theme, office: Office, profile: Path) -> Path:
    """The power went while a call was being written down."""
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        window.key(Qt.Key.Key_A)
        window.write("Asked about the oat range")
        window.into("log_activity_body", "Wants samples of all four")
        window.until(lambda: any("all four" in text for text in kept(window)))
        window.settle()
        assert not window.record.answer.overview.header.waiting
        return power_cut(profile)


def test_what_was_typed_before_a_power_cut_is_back_and_can_be_saved(
    qtbot: QtBot, theme: Theme, office: Office, cut_while_logging: Path
) -> None:
    with window_on(qtbot, theme, cut_while_logging, office.clock) as window:
        window.ready()
        window.key(Qt.Key.Key_A)
        editor = editor_of(window)
        window.until(editor.back.isVisible)
        assert editor.back.heading().startswith("What you typed today ")
        assert editor.back.heading().endswith(" was not saved; it is back")
        assert editor.form.fields["subject"].text() == "Asked about the oat range"
        assert editor.form.fields["body"].text() == "Wants samples of all four"
        window.key(Qt.Key.Key_Return, CTRL)
        window.until(lambda: window.record.editor is None)
        window.until(
            lambda: "Call · Asked about the oat range" in window.record.overview.timeline.titles(),
        )
        assert kept(window) == []


def test_a_form_that_is_back_can_be_begun_empty(
    qtbot: QtBot, theme: Theme, office: Office, cut_while_logging: Path
) -> None:
    with window_on(qtbot, theme, cut_while_logging, office.clock) as window:
        window.ready()
        window.key(Qt.Key.Key_A)
        editor = editor_of(window)
        window.until(editor.back.isVisible)
        window.click("log_activity_back_action")
        assert editor.form.fields["subject"].text() == editor.form.fields["body"].text() == ""
        assert not editor.back.isVisible()
        window.until(lambda: kept(window) == [])


def test_a_form_closed_with_the_window_is_back_too_with_what_the_office_changed(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        window.key(Qt.Key.Key_E)
        window.into("edit_account_phone", "+31 10 000")
    office.change("account", AURORA, website="aurora.example")
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        window.sync()
        window.key(Qt.Key.Key_E)
        editor = editor_of(window)
        window.until(editor.back.isVisible)
        assert editor.form.changed() == {"phone": "+31 10 000"}
        assert editor.form.fields["website"].text() == "aurora.example"
        window.click("edit_account_back_action")
        assert editor.form.fields["phone"].text() == "+31 10 411 2200"


def test_a_form_left_on_purpose_is_not_offered_again(window: Window) -> None:
    window.key(Qt.Key.Key_A)
    window.write("Never mind")
    window.until(lambda: len(kept(window)) == 1)
    window.key(Qt.Key.Key_Escape)
    assert window.record.editor is not None
    window.key(Qt.Key.Key_Escape)
    assert window.record.editor is None
    window.key(Qt.Key.Key_A)
    editor = editor_of(window)
    window.settle()
    assert kept(window) == []
    assert not editor.back.isVisible()
    assert editor.form.fields["subject"].text() == ""


def test_a_field_that_is_left_is_kept_at_once(window: Window) -> None:
    window.key(Qt.Key.Key_A)
    window.write("Asked about the oat range")
    editor_of(window).draft._soon.stop()
    window.key(Qt.Key.Key_Tab)
    window.until(lambda: any("oat range" in text for text in kept(window)))


def test_a_text_put_back_as_it_was_needs_no_draft(window: Window) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", "+31 10 000")
    window.until(lambda: len(kept(window)) == 1)
    window.into("edit_account_phone", "+31 10 411 2200")
    window.until(lambda: kept(window) == [])


def test_an_entry_that_is_not_right_yet_is_kept_like_any_other(window: Window) -> None:
    window.click("accounts_new")
    window.into("new_account_name", "Nieuw Hof")
    window.until(lambda: len(kept(window)) == 1)
    window.into("new_account_email", "nobody at all")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: any("nobody at all" in text for text in kept(window)))
    window.into("new_account_email", "info@nieuw-hof.example")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    window.settle()
    assert kept(window) == []


def test_a_form_just_opened_stays_open_when_the_list_comes_to_the_account_it_shows(window: Window) -> None:
    page = window.accounts
    window.key(Qt.Key.Key_A)
    editor = editor_of(window)
    page.list.current.emit(page.record.account_id)
    assert page.record.editor is editor
    page.list.opened.emit(page.record.account_id)
    assert page.record.editor is None


def test_a_form_opened_right_after_a_save_shows_what_was_saved(window: Window) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", "0611")
    editor = window.record.editor
    assert editor is not None
    editor.saved.connect(lambda _: window.shell.press("edit_record"))
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor not in (editor, None))
    assert window.record.editor.form.fields["phone"].text() == "0611"


def test_while_something_is_typed_the_list_stays_on_its_account_and_says_why(window: Window) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", "0800 HALF")
    window.accounts.list.view.setFocus()
    window.key(Qt.Key.Key_Down)
    window.until(lambda: window.toast() == "Save or leave the open form first.")
    assert window.accounts.list.current_key() == AURORA
    window.shell.go("accounts", ("account", HARBOR))
    window.settle()
    assert window.accounts.list.current_key() == AURORA
    assert editor_of(window).form.values()["phone"] == "0800 HALF"
    editor_of(window).submit()
    window.until(lambda: window.record.editor is None)
    window.settle()
    assert window.record.header.name() == "Aurora Dairy B.V."
