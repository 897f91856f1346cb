"""One application for all window tests, in the light theme, with the stylesheet the person sees.

An exception in a slot or a line that Qt logs fails the test that caused it.
"""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
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
