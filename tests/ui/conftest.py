"""One application for all window tests, in the light theme, with the stylesheet the person sees.

An exception in a slot or a line that Qt logs fails the test that caused it.
"""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fieldrep.ui.shell import AppShell
from fieldrep.ui.style.theme import Look, Theme
from fieldrep.ui.style.tokens import WINDOW_FIRST
from tests.ui.gallery import build_shell


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    theme = Theme(qapp, Look.LIGHT)
    theme.prepare()
    theme.dress()
    return theme


@pytest.fixture(autouse=True)
def light_and_normal(theme: Theme) -> Iterator[None]:
    """Every test starts in the light theme at normal text size."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.choose(Look.LIGHT)
    theme.choose_scale(100)


@pytest.fixture
def shell(qtbot: QtBot, theme: Theme) -> AppShell:
    shell = build_shell(theme)
    qtbot.addWidget(shell)
    shell.resize(*WINDOW_FIRST)
    shell.go("accounts")
    with qtbot.waitExposed(shell):
        shell.show()
    shell.activateWindow()
    return shell


Stage = Callable[[QWidget, int, int], None]


@pytest.fixture
def stage(qtbot: QtBot, theme: Theme) -> Iterator[Stage]:
    """Shows one widget in a window that has no layout, so that the window asks the platform for nothing."""
    windows: list[QWidget] = []

    def show_alone(widget: QWidget, wide: int, tall: int) -> None:
        window = QWidget()
        windows.append(window)
        qtbot.addWidget(window)
        window.resize(wide + 20, tall + 20)
        widget.setParent(window)
        widget.setGeometry(10, 10, wide, tall)
        with qtbot.waitExposed(window):
            window.show()
        widget.show()
        window.activateWindow()

    yield show_alone
    windows.clear()
