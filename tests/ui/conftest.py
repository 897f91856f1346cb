"""One application for all window tests, in the light theme, with the stylesheet the person sees.

An exception in a slot or a line that Qt logs fails the test that caused it.
"""

import gc
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fieldrep.ui.shell import AppShell
from fieldrep.ui.style.theme import Look, Theme
from fieldrep.ui.style.tokens import WINDOW_FIRST
from tests.helpers.held_port import held_port
from tests.ui.gallery import build_shell
from tests.ui.office import Office, enrolled, small_office
from tests.ui.window import PATIENCE_MS, Window, passphrase_in_a_file, window_on

_HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    theme = Theme(qapp, Look.LIGHT)
    theme.prepare()
    return theme


@pytest.fixture(autouse=True)
def light_and_normal(theme: Theme) -> Iterator[None]:
    """Every test starts in the light theme at normal text size."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme._resized = False  # no widget is left that must be told of this test's text size
    theme.choose(Look.LIGHT)
    theme.choose_scale(100)
    theme._resized = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    """Rings of what a test made are taken away on this thread, as in the program, and before the next test."""
    if not item.path.is_relative_to(_HERE):
        return (yield)
    gc.disable()
    gc.freeze()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.unfreeze()
        gc.enable()


class Patient(QtBot):
    """What is waited for may take as long on a slow machine as anywhere in these tests."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return Patient(request)


@pytest.fixture
def shell(qtbot: QtBot, theme: Theme) -> AppShell:
    shell = build_shell(theme)
    qtbot.addWidget(shell)
    shell.resize(*WINDOW_FIRST)
    shell.go("accounts")
    theme.dress(shell)
    with qtbot.waitExposed(shell):
        shell.show()
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow)
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
        theme.dress(window)
        window.resize(wide + 20, tall + 20)
        widget.setParent(window)
        widget.setGeometry(10, 10, wide, tall)
        with qtbot.waitExposed(window):
            window.show()
        widget.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)

    yield show_alone
    windows.clear()


@dataclass(frozen=True)
class World:
    """A folder with the office's store and Anke's enrolled laptop, and the port the laptop looks for the office at."""

    folder: Path
    port: int


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Made once; every test works on a copy of its own, and its server listens where this one did."""
    folder = tmp_path_factory.mktemp("world")
    with held_port() as port:
        with pytest.MonkeyPatch.context() as patch, small_office(folder / "office", port) as office:
            passphrase_in_a_file(folder, patch)
            enrolled(office, folder / "laptop", "anke.visser", "Anke's laptop")
        yield World(folder, port)


@pytest.fixture
def office(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A central store with the small company behind a real server; profiles are unlocked by a file."""
    passphrase_in_a_file(tmp_path, monkeypatch)
    shutil.copytree(world.folder / "office", tmp_path / "office")
    with small_office(tmp_path / "office", world.port) as office:
        yield office


@pytest.fixture
def profile(tmp_path: Path, world: World, office: Office) -> Path:
    """Anke's laptop: enrolled over HTTP, with everything on it."""
    return Path(shutil.copytree(world.folder / "laptop", tmp_path / "laptop"))


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, office: Office, profile: Path) -> Iterator[Window]:
    """Her window, open and synced, with the list in focus."""
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        yield window
