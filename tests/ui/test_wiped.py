"""The admin has the laptop wiped while its window is open: one sentence, nothing left, and a new start."""

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldrep.paths import Profile
from fieldrep.store.wiping import marker_of
from fieldrep.ui.start.enrol import DownloadCard, EnrolCard
from fieldrep.ui.style.theme import Theme
from sync_server.store.devices.wiping import order_wipe
from tests.ui.names import nameless
from tests.ui.office import Office
from tests.ui.test_first_start import card
from tests.ui.window import Window, window_on


def order(office: Office, *, lost: bool = False) -> bytes:
    (device,) = [row["id"] for row in office.rows("device") if row["state"] == "active"]
    assert isinstance(device, bytes)
    with office.database.write("admin") as tx:
        order_wipe(tx, device, lost=lost)
    return device


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()} - {"profile.lock"}


def wiped(window: Window, office: Office, folder: Path) -> EnrolCard:
    """The card that stands where the work was."""
    gone = card(window, EnrolCard)
    assert isinstance(gone, EnrolCard)
    assert gone.title.text() == "This laptop was wiped"
    assert window.program.shell is None
    window.until(lambda: marker_of(Profile(folder)) is None, "the server is not told")
    assert left_in(folder) == set()
    return gone


def test_an_order_that_comes_while_the_window_is_open_ends_at_the_start_page(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        window.key(Qt.Key.Key_E)
        window.into("edit_account_phone", "0800 NEVER SAVED")
        device = order(office)
        window.program.syncing.try_now()
        gone = wiped(window, office, profile)
        assert "Your admin had this laptop wiped" in gone.sentence.text()
        assert "set it up with a new link" in gone.sentence.text()
        assert nameless(window.program.gate) == []
        assert office.row("device", device)["state"] == "wiped"

        window.write(office.link("anke.visser"))
        window.key(Qt.Key.Key_Return)
        download = card(window, DownloadCard)
        assert isinstance(download, DownloadCard)
        window.until(download.button.isEnabled)
        window.key(Qt.Key.Key_Space)
        window.ready()
        assert window.program.gate is None


def test_one_that_nobody_could_be_told_of_is_told_at_the_next_start(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        device = order(office, lost=True)
        window.program.doors.tell_wiped = lambda: None  # type: ignore[method-assign]
        window.key(Qt.Key.Key_F9)
        card(window, EnrolCard)
    assert office.row("device", device)["state"] == "wipe"
    with window_on(qtbot, theme, profile, office.clock) as window:
        wiped(window, office, profile)
    assert office.row("device", device)["state"] == "wiped"
