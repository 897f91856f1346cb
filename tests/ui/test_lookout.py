"""A server that is back is noticed within seconds while somebody is at the laptop, and not looked for otherwise."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from fieldrep.contract.errors import Code, KnownError
from fieldrep.sync.schedule import SOON_MS
from fieldrep.ui.sync.lookout import LOOKS, PACE_MS, Lookout
from tests.ui.office import Office
from tests.ui.window import Window


@pytest.fixture
def lookout(window: Window, office: Office) -> Iterator[Lookout]:
    """Of a window that has lost its server and would try again by itself in some minutes only."""
    window.live()
    lookout = window.program.lookout
    lookout.pace = 40
    lose(window, office)
    yield lookout
    assert window.errors == []


def lose(window: Window, office: Office) -> None:
    syncing = window.program.syncing
    office.shut()
    window.until(lambda: window.shell.top_bar.pill.text() == "Offline")
    window.until(lambda: syncing.unreached)
    far_off(window)


def far_off(window: Window) -> None:
    """What a few failures more would come to."""
    syncing = window.program.syncing
    syncing.schedule._set(window.program.clock(), 240_000)
    syncing._arm()


def far_apart(window: Window, lookout: Lookout) -> None:
    """The look under way is over, and the next one is far off."""
    lookout.pace = 3_600_000
    window.until(lambda: lookout._looking is None)
    lookout._arm()


def test_two_looks_and_the_sync_after_them_take_no_longer_than_ten_seconds() -> None:
    assert PACE_MS + SOON_MS <= 10_000


def test_a_server_that_is_back_is_noticed_while_somebody_is_at_the_laptop(
    window: Window, office: Office, lookout: Lookout
) -> None:
    assert window.program.syncing.schedule.wait(window.program.clock()) > 60_000
    window.key(Qt.Key.Key_Down)
    assert lookout.left == LOOKS
    office.open()
    window.live()
    assert not lookout._timer.isActive(), "nobody is looked for who is there"


def test_where_nobody_is_the_lookout_rests_until_a_key(
    window: Window, office: Office, lookout: Lookout
) -> None:
    lookout.left = min(lookout.left, 3)
    window.until(lambda: lookout.left == 0 and lookout._looking is None and not lookout._timer.isActive())
    office.open()
    window.settle()
    assert window.program.syncing.unreached
    assert not lookout._timer.isActive(), "it looks though nobody is there"
    window.key(Qt.Key.Key_Down)
    window.live()


def test_coming_back_to_the_window_looks_at_once(window: Window, office: Office, lookout: Lookout) -> None:
    far_apart(window, lookout)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert not lookout._timer.isActive(), "it looks though another program is in front"
    office.open()
    app.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    window.live()


def test_a_network_that_comes_is_tried_at_once(window: Window, office: Office, lookout: Lookout) -> None:
    far_apart(window, lookout)
    office.open()
    window.program.network.came.emit()  # as the operating system says
    window.live()


def test_f9_does_not_wait_for_any_look(window: Window, office: Office, lookout: Lookout) -> None:
    far_apart(window, lookout)
    office.open()
    window.key(Qt.Key.Key_F9)
    window.live()


def test_a_login_page_in_the_servers_place_is_not_taken_for_it(
    window: Window, office: Office, lookout: Lookout
) -> None:
    office.open_as_a_hotel()
    assert not window.program.doors.server_answers()
    tries = window.program.syncing.schedule.failures
    lookout.left = 3
    window.until(lambda: lookout.left == 0 and lookout._looking is None)
    assert window.program.syncing.schedule.failures == tries, "a sync was tried against a login page"
    office.shut()
    assert not window.program.doors.server_answers()
    office.open()
    assert window.program.doors.server_answers()


def test_a_server_that_answers_and_takes_no_sync_is_looked_for_ever_less(
    window: Window, office: Office, lookout: Lookout
) -> None:
    syncing = window.program.syncing
    whole, lookout.left = syncing._run, LOOKS

    def broken(_tell: object) -> None:
        raise KnownError(Code.OFFLINE, "The line broke.")

    syncing._run = broken
    office.open()
    lookout._someone(at_once=True)
    window.until(lambda: lookout._vain >= 1)
    far_off(window)
    window.until(lambda: lookout._vain >= 2)
    far_off(window)
    assert lookout._timer.interval() >= lookout.pace
    syncing._run = whole
    window.live()
    assert lookout._vain == 0


def test_what_a_server_asked_to_wait_for_is_waited_for(
    window: Window, office: Office, lookout: Lookout
) -> None:
    office.open()
    window.live()
    syncing = window.program.syncing

    def busy(_tell: object) -> None:
        raise KnownError(Code.SERVER_BUSY, "The server is busy.", retry_after=120)

    whole, syncing._run = syncing._run, busy
    window.key(Qt.Key.Key_F9)
    window.until(lambda: window.shell.top_bar.pill.text() == "Server busy")
    window.key(Qt.Key.Key_Down)
    assert not syncing.unreached
    assert not lookout._timer.isActive()
    syncing._run = whole
