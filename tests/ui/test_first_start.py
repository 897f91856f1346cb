"""Before the work: enrolment on first start, unlocking, two programs on one profile, and what goes wrong there."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldrep.secrets import PASSPHRASE_VARIABLE
from fieldrep.ui.start.enrol import DownloadCard, EnrolCard
from fieldrep.ui.start.gate import Gate, StoppedCard
from fieldrep.ui.start.unlock import UnlockCard
from fieldrep.ui.style.theme import Look, Theme
from tests.ui.names import nameless, without_object_name
from tests.ui.office import Office
from tests.ui.window import PASSPHRASE, Window, window_on


def card(window: Window, kind: type) -> object:
    window.until(lambda: window.program.gate is not None and isinstance(window.program.gate.card(), kind))
    assert window.program.gate is not None
    shown = window.program.gate.card()
    if kind is not DownloadCard:
        window.until(lambda: shown.isAncestorOf(QApplication.focusWidget()), "nothing has the focus")
    return shown


def test_first_start_asks_for_the_link_and_ends_in_the_list_by_keys_alone(
    qtbot: QtBot, theme: Theme, office: Office, tmp_path: Path
) -> None:
    with window_on(qtbot, theme, tmp_path / "new", office.clock) as window:
        first = card(window, EnrolCard)
        assert QApplication.focusWidget() is first.link.control
        assert nameless(window.program.gate) == []
        assert without_object_name(window.program.gate) == []
        window.write(office.link("anke.visser"))
        window.key(Qt.Key.Key_Tab)
        first.name.control.selectAll()
        window.write("Anke's new laptop")
        window.key(Qt.Key.Key_Return)
        download = card(window, DownloadCard)
        window.until(
            lambda: download.button.isEnabled() and download.words.text().startswith("Everything is here")
        )
        assert download.title.text() == "Welcome, Anke Visser"
        assert QApplication.focusWidget() is download.button
        window.key(Qt.Key.Key_Return)
        window.until(lambda: window.program.gate is None)
        window.ready()
        window.until(window.accounts.list.view.hasFocus, "the list does not have the focus")
        assert window.accounts.list.model.row_at(0).title == "Aurora Dairy B.V."
        assert any(row["name"] == "Anke's new laptop" for row in office.rows("device"))


def test_what_is_typed_right_after_start_looks_for_an_account(
    qtbot: QtBot, theme: Theme, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with window_on(qtbot, theme, tmp_path / "new", office.clock) as window:
        card(window, EnrolCard)
        window.write(office.link("anke.visser"))
        window.key(Qt.Key.Key_Return)
        download = card(window, DownloadCard)
        window.until(lambda: download.words.text().startswith("Everything is here"))
        ask, disk = window.program.doors.query, Event()

        def slowly(fn: Callable[..., Any], /, **kw: Any) -> Any:
            disk.wait()
            return ask(fn, **kw)

        monkeypatch.setattr(window.program.doors, "query", slowly)
        try:
            window.key(Qt.Key.Key_Return)
            window.until(lambda: window.program.gate is None and window.shell.isActiveWindow())
            assert window.focused() == "accounts_search"
            window.write("oak")
        finally:
            disk.set()
        window.until(lambda: [row.title for row in window.accounts.list.model.rows()] == ["Oak & Öl GmbH"])
        assert window.focused() == "accounts_search"
        assert window.accounts.list.search.text() == "oak"


def test_the_gate_hands_on_what_is_typed_until_the_work_has_the_keys(qtbot: QtBot, theme: Theme) -> None:
    gate, work = Gate(), QWidget()
    qtbot.addWidget(work)
    field, button = QLineEdit(work), QPushButton(work)
    gate.show_card(StoppedCard("FieldRep is open already", "Close it."))
    gate.activateWindow()
    qtbot.waitUntil(gate.isActiveWindow)
    button.setFocus()
    gone: list[str] = []
    gate.destroyed.connect(lambda: gone.append("gate"))
    gate.go_through(work, field.setFocus)
    for letter in "oak":
        qtbot.keyClick(QApplication.focusWidget() or gate, letter)
    assert field.text() == "oak"
    assert not gone
    work.show()
    work.activateWindow()
    qtbot.waitUntil(lambda: gone == ["gate"])


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("hello", "This is not an enrolment link."),
        ("fieldrep://enroll?server=http://example.com&code=AAAA", "is not encrypted"),
        ("fieldrep://enroll?server=http://127.0.0.1:PORT&code=ABCD-EFGH-JKLM-NPQR", "link"),
    ],
)
def test_a_wrong_link_gets_a_sentence_beside_it_and_stays_to_be_corrected(
    qtbot: QtBot, theme: Theme, office: Office, tmp_path: Path, link: str, sentence: str
) -> None:
    link = link.replace("PORT", str(office.port))
    with window_on(qtbot, theme, tmp_path / "new", office.clock) as window:
        first = card(window, EnrolCard)
        window.write(link)
        window.key(Qt.Key.Key_Return)
        assert first.link.control.hasFocus(), "what is typed while the server is asked would be lost"
        window.until(first.link.error)
        assert sentence in first.link.error()
        assert first.link.text() == link
        assert first.button.isEnabled()


def test_a_used_link_says_so(qtbot: QtBot, theme: Theme, office: Office, tmp_path: Path) -> None:
    link = office.link("anke.visser")
    with window_on(qtbot, theme, tmp_path / "one", office.clock) as window:
        card(window, EnrolCard)
        window.write(link)
        window.key(Qt.Key.Key_Return)
        card(window, DownloadCard)
    with window_on(qtbot, theme, tmp_path / "two", office.clock) as window:
        first = card(window, EnrolCard)
        window.write(link)
        window.key(Qt.Key.Key_Return)
        window.until(first.link.error)
        assert "used" in first.link.error()


def test_without_a_line_the_link_stays_and_the_next_try_goes_on(
    qtbot: QtBot, theme: Theme, office: Office, tmp_path: Path
) -> None:
    link = office.link("anke.visser")
    office.shut()
    with window_on(qtbot, theme, tmp_path / "new", office.clock) as window:
        first = card(window, EnrolCard)
        window.write(link)
        window.key(Qt.Key.Key_Return)
        window.until(first.problem.isVisible)
        assert "cannot be reached" in first.problem.accessibleName()
        office.open()
        window.click("enrol_button")
        card(window, DownloadCard)


def test_without_a_keyring_a_passphrase_is_asked_and_checked(
    qtbot: QtBot, theme: Theme, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSPHRASE_VARIABLE)
    with window_on(qtbot, theme, tmp_path / "new", office.clock) as window:
        first = card(window, EnrolCard)
        window.write(office.link("anke.visser"))
        window.key(Qt.Key.Key_Return)
        window.until(first.passphrase.isVisible)
        window.until(lambda: QApplication.focusWidget() is first.passphrase.control)
        window.write("short")
        window.into("enrol_again", "short")
        window.key(Qt.Key.Key_Return)
        assert first.passphrase.error() == "Use at least 8 characters; a few words are best."
        window.into("enrol_passphrase", PASSPHRASE)
        window.key(Qt.Key.Key_Return)
        assert first.again.error().startswith("The two are not the same")
        window.into("enrol_again", PASSPHRASE)
        window.key(Qt.Key.Key_Return)
        card(window, DownloadCard)


def test_a_locked_profile_opens_with_its_passphrase_and_tells_a_wrong_one(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSPHRASE_VARIABLE)
    with window_on(qtbot, theme, profile, office.clock) as window:
        lock = card(window, UnlockCard)
        window.write("not the passphrase")
        window.key(Qt.Key.Key_Return)
        window.until(lock.field.error)
        assert lock.field.error() == "The passphrase is not right. Try again; nothing was changed."
        window.write(PASSPHRASE)
        window.key(Qt.Key.Key_Return)
        window.ready()
        assert window.accounts.list.model.rowCount() == 3


def test_a_second_program_on_one_profile_says_so_and_opens_once_the_first_is_closed(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as second_first:
        second_first.ready()
        with window_on(qtbot, theme, profile, office.clock) as second:
            stopped = card(second, StoppedCard)
            assert stopped.title.text() == "FieldRep is open already"
            assert "already open on this profile" in stopped.sentence.text()
            second_first.shell.close()
            second.qtbot.keyClick(stopped.first, Qt.Key.Key_Space)
            second.ready()


def test_theme_and_text_size_are_kept_for_the_next_start(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        theme.choose(Look.DARK)
        window.key(Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
        assert window.program.settings.theme == "dark"
        assert window.program.settings.text_size == 115
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        assert window.program.settings.text_size == 115
