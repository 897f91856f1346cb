"""The real program in a test: keys and clicks, and waiting until what they started has happened.

Owns the waiting. A test says what it waits for; nothing here sleeps.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from fieldrep.app import Program
from fieldrep.paths import Profile
from fieldrep.secrets import PASSPHRASE_VARIABLE
from fieldrep.ui.account.record import AccountRecord
from fieldrep.ui.pages.accounts import AccountsPage
from fieldrep.ui.pages.sync import SyncPage
from fieldrep.ui.shell import AppShell
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.syncing import FIRST_AFTER_MS
from fieldrep.ui.widgets.syncpill import SyncMode

NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
PASSPHRASE = "correct horse battery"
PATIENCE_MS = 30_000


class Window:
    """One program, driven as a person drives it."""

    def __init__(self, qtbot: QtBot, program: Program) -> None:
        self.qtbot, self.program = qtbot, program
        self.errors: list[object] = []
        self._under_way = 0
        self._count_what_is_asked()
        program.runner.problem.connect(self.errors.append)

    def _count_what_is_asked(self) -> None:
        """Commands and queries from when they are asked until what their answers started was asked as well."""
        runner = self.program.runner
        submit = runner._submit

        def counted(pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
            if pool not in (runner._writer, runner._readers):
                submit(pool, work)
                return

            def told() -> None:
                work()
                runner._post(self._answered)

            self._under_way += 1
            submit(pool, told)

        runner._submit = counted  # type: ignore[method-assign]

    def _answered(self) -> None:
        self._under_way -= 1

    @property
    def shell(self) -> AppShell:
        """The work. What its toast offers is there as long as a test needs, however slow the machine is."""
        assert self.program.shell is not None
        leaves = self.program.shell.toast._timer
        if leaves.interval() != PATIENCE_MS * 10:
            leaves.setInterval(PATIENCE_MS * 10)
        return self.program.shell

    @property
    def accounts(self) -> AccountsPage:
        page = self.shell.stack.currentWidget()
        assert isinstance(page, AccountsPage)
        return page

    @property
    def record(self) -> AccountRecord:
        return self.accounts.record

    @property
    def sync_page(self) -> SyncPage:
        page = self.shell.stack.currentWidget()
        assert isinstance(page, SyncPage)
        return page

    def front(self) -> None:
        """To this window, where several are open."""
        self.shell.activateWindow()
        self.until(self.shell.isActiveWindow, "the window does not come to the front")
        self.accounts.list.view.setFocus()

    # Keys and clicks

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.qtbot.keyClick(QApplication.focusWidget() or self.shell, key, modifiers)

    def hold(self, key: Qt.Key) -> None:
        """What a key that is held down sends again and again after its first press."""
        again = QKeyEvent(QEvent.Type.KeyPress, key, NONE, "", True)
        QApplication.sendEvent(QApplication.focusWidget() or self.shell, again)

    def write(self, text: str) -> None:
        """Letters to whatever has the focus."""
        target = QApplication.focusWidget()
        assert target is not None
        self.qtbot.keyClicks(target, text)

    def click(self, name: str) -> None:
        self.until(lambda: self.find(name, QAbstractButton))
        button = self.find(name, QAbstractButton)
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=button.rect().center())

    def into(self, name: str, text: str) -> None:
        """Click into a field, once it is there, and write over what stands there."""
        self.until(lambda: self.find(name))
        field = self.find(name, QWidget)
        field.setFocus()
        if isinstance(field, QLineEdit | QPlainTextEdit):
            field.selectAll()
        self.qtbot.keyClicks(field, text) if text else self.qtbot.keyClick(field, Qt.Key.Key_Delete)

    def find(self, name: str, kind: type[QWidget] = QWidget) -> QWidget:
        windows = [one for one in (self.program.shell, self.program.gate) if one is not None]
        found = [child for one in windows for child in one.findChildren(kind, name) if child.isVisible()]
        assert found, f"nothing visible is called {name}"
        return found[-1]

    def focused(self) -> str:
        """The name of what has the focus."""
        focused = QApplication.focusWidget()
        return focused.objectName() if focused is not None else ""

    # Waiting

    def until(self, true: Callable[[], object], what: str | Callable[[], str] = "") -> None:
        """What it looks at may not be there yet, as a row of a list that is read still."""

        def seen() -> None:
            missing = ""
            try:
                happened = bool(true())
            except (AttributeError, LookupError, StopIteration) as error:
                happened, missing = False, repr(error)
            assert happened, (what() if callable(what) else what) or missing or "it did not happen"

        self.qtbot.waitUntil(seen, timeout=PATIENCE_MS)

    def ready(self) -> None:
        """The work is shown and the first sync is over."""
        self.until(lambda: self.program.shell is not None and self.program.shell.isVisible(), "no window")
        self.synced()
        self.until(
            lambda: self.accounts.list.model.rowCount() > 0 and self.record.answer is not None, "no list"
        )
        self.settle()

    def synced(self) -> None:
        """What was saved is with the office, nothing is under way, and the last try reached the server."""
        syncing = self.program.syncing

        def over() -> bool:
            if syncing._timer.isActive() and syncing._timer.interval() == FIRST_AFTER_MS:
                syncing.try_now()  # the first sync leaves the start to who types, and nobody does
            mode, state = syncing.line().mode, syncing.state
            return mode is SyncMode.ONLINE and state is not None and not state.waiting

        self.settle()
        self.until(over, lambda: f"not synced: {syncing.line()}")
        self.settle()

    def live(self) -> None:
        """It waits at the server for what others change, and says so."""
        pill = self.shell.top_bar.pill
        self.until(lambda: pill.text() == "Live", lambda: f"not live: {pill.text()}")

    def sync(self) -> None:
        """F9 once everything is saved, and wait for the end of the sync that this key began."""
        syncing = self.program.syncing
        self.settle()
        self.until(lambda: syncing.line().mode is not SyncMode.SYNCING, "the sync before never ends")
        with self.qtbot.waitSignal(syncing.finished, timeout=PATIENCE_MS):
            self.key(Qt.Key.Key_F9)
        self.settle()

    def settle(self) -> None:
        """Every command and query is answered, and what their answers asked; the numbers of the frame are new."""
        self.program.syncing.count()
        for _ in range(2):
            self.until(lambda: not self._under_way, lambda: f"{self._under_way} are not answered")
            QApplication.processEvents()  # what was put off to the next turn
        self.until(lambda: not self._under_way, lambda: f"{self._under_way} are not answered")

    def choose(self, name: str) -> None:
        """Find an account by typing, as everybody does, and open it."""
        self.key(Qt.Key.Key_F, CTRL)
        self.write(name)
        self.until(lambda: self.record.header.name() == name, f"{name} is not shown")
        self.key(Qt.Key.Key_Return)
        self.until(lambda: not self.accounts.list.unanswered, f"{name} is not opened")

    def toast(self) -> str:
        return self.shell.toast.words() if self.shell.toast.isVisible() else ""


@contextmanager
def window_on(qtbot: QtBot, theme: Theme, folder: Path, clock: Callable[[], int]) -> Iterator[Window]:
    """The program on a profile folder, closed at the end as a person closes it."""
    program = Program(theme, Profile(folder), clock, os.urandom)
    window = Window(qtbot, program)
    program.start()
    try:
        yield window
        assert window.errors == []
    finally:
        if program.shell is not None:
            if not program.shell.close():  # asked once about what was typed
                program.shell.close()
            program.shell.deleteLater()
        if program.gate is not None:
            program.gate.close()
            program.gate.deleteLater()
        program.close()
        program.deleteLater()


def passphrase_in_a_file(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """As on a machine without a keyring that unlocks by itself."""
    path = folder / "passphrase"
    path.write_text(PASSPHRASE)
    patch.setenv(PASSPHRASE_VARIABLE, str(path))


def middle(widget: QWidget) -> QPoint:
    return widget.rect().center()
