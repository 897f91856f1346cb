"""The garbage: a ring with a widget in it goes on the GUI thread, however busy the others are."""

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fieldrep.ui.garbage import Garbage

MANY = 50_000


@pytest.fixture
def garbage(qapp: QCoreApplication) -> Iterator[Garbage]:
    usual = gc.get_threshold()
    gc.enable()
    owner = QObject()
    yield Garbage(owner)
    gc.set_threshold(*usual)


class Ring(QWidget):
    """A widget that Python alone owns, which refers to itself and says where it is taken away."""

    def __init__(self, gone: list[str]) -> None:
        super().__init__()
        self.itself = self
        self.gone = gone

    def __del__(self) -> None:
        self.gone.append(threading.current_thread().name)


def work_on_a_thread_of_its_own() -> None:
    thread = threading.Thread(target=lambda: [[] for _ in range(MANY)], name="busy")
    thread.start()
    thread.join()


@pytest.mark.usefixtures("garbage")
def test_a_ring_with_a_widget_goes_on_the_gui_thread_however_much_another_thread_makes(qtbot: QtBot) -> None:
    gone: list[str] = []
    Ring(gone)
    work_on_a_thread_of_its_own()
    assert gone == []
    many: list[list[int]] = [[] for _ in range(MANY)]
    qtbot.waitUntil(lambda: gone == [threading.main_thread().name])
    assert len(many) == MANY


def test_what_is_old_is_looked_at_again_as_well(garbage: Garbage) -> None:
    gone: list[str] = []
    ring = Ring(gone)
    gc.collect()
    del ring
    most = gc.get_threshold()
    for _ in range((most[1] + 2) * (most[2] + 2)):
        if gone:
            break
        many: list[list[int]] = [[] for _ in range(most[0] + 1_000)]
        garbage.look()
        del many  # what goes by itself is counted back
    assert gone == [threading.main_thread().name]
