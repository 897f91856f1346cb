"""Live: what others do appears by itself, what is saved goes out by itself, and a line that broke is taken up again."""

from pathlib import Path
from zoneinfo import ZoneInfo

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldrep.paths import Profile
from fieldrep.settings import load_settings
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.syncing import Syncing
from fieldrep.ui.widgets.card import Heading
from fieldrep.ui.widgets.linerow import LineRow
from fieldrep.ui.widgets.syncpill import SyncMode
from tests.helpers.small_company import AURORA
from tests.ui.office import Office, enrolled
from tests.ui.window import CTRL, PATIENCE_MS, Window, window_on


def shows(window: Window, phone: str) -> bool:
    """Whether the number stands in the head of the record on the screen."""
    return phone in window.record.header._facts.text()


def test_what_the_office_changes_appears_without_a_key(window: Window, office: Office) -> None:
    window.choose("Aurora Dairy B.V.")
    window.live()
    assert window.program.syncing.schedule.wait(office.clock()) > 60_000, "no sync is due by itself"
    for phone in ("+31 10 411 2277", "+31 10 411 2278", "+31 10 411 2279"):
        office.change("account", AURORA, phone=phone)
        window.until(lambda phone=phone: shows(window, phone), f"{phone} did not appear")
    window.live()


def test_while_live_nothing_says_an_hour_that_has_passed(window: Window, office: Office) -> None:
    window.choose("Aurora Dairy B.V.")
    window.live()
    window.until(lambda: "Up to date" in side(window), "the record says an old hour")
    window.click("nav_sync")
    window.until(lambda: window.sync_page.overview.tiles[2].figure().text() == "Up to date")
    window.key(Qt.Key.Key_1, CTRL)
    office.shut()
    window.until(lambda: any(line.startswith("Synced today") for line in side(window)), "how old is it?")


def test_times_of_another_zone_than_the_computers_are_said_to_be_so(window: Window) -> None:
    window.live()
    desk, bar = window.program.desk, window.shell.status_bar
    desk._machine = lambda: desk.zone
    assert desk.zone_beside() == ""
    desk._machine = lambda: ZoneInfo("Asia/Tokyo")
    window.sync()
    assert "Amsterdam time" in bar._age.text()
    window.record.reload()
    window.until(lambda: "How old this is, Amsterdam time" in [
        heading.words.text() for heading in window.record.overview.findChildren(Heading)
    ])  # fmt: skip


def side(window: Window) -> list[str]:
    """What stands in the record's side column."""
    return [row.view().title for row in window.record.overview.findChildren(LineRow) if row.isVisible()]


def test_what_one_window_saves_appears_in_the_other(
    qtbot: QtBot, theme: Theme, window: Window, office: Office, tmp_path: Path
) -> None:
    enrolled(office, tmp_path / "piet", "piet.dewit", "Piet's laptop")
    window.choose("Aurora Dairy B.V.")
    window.live()
    with window_on(qtbot, theme, tmp_path / "piet", office.clock) as piet:
        piet.ready()
        piet.live()
        piet.front()
        piet.choose("Aurora Dairy B.V.")
        piet.key(Qt.Key.Key_E)
        piet.into("edit_account_phone", "+31 10 411 2266")
        piet.key(Qt.Key.Key_Return, CTRL)
        window.until(lambda: shows(window, "+31 10 411 2266"), "it did not come over")


def test_a_line_that_broke_is_taken_up_again_by_itself(window: Window, office: Office) -> None:
    window.live()
    office.shut()
    pill = window.shell.top_bar.pill
    window.until(lambda: pill.text() == "Offline", "the broken line went unnoticed")
    assert not window.program.syncing.schedule.live
    office.open()
    window.live()


def test_a_window_that_starts_without_its_server_says_offline_through_every_try(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    office.shut()
    with window_on(qtbot, theme, profile, office.clock) as window:
        syncing = window.program.syncing
        window.until(lambda: window.program.shell is not None and syncing.schedule.failures > 0)
        seen: list[SyncMode] = []
        syncing.stood.connect(lambda _: seen.append(syncing.view().mode))
        window.key(Qt.Key.Key_F9)
        window.until(lambda: syncing.schedule.failures > 1)
        assert set(seen) == {SyncMode.OFFLINE}
        office.open()
        window.live()


def test_a_laptop_that_slept_finds_its_line_again(window: Window, office: Office) -> None:
    window.live()
    syncing = window.program.syncing
    office.clock.now += 8 * 3_600_000
    with window.qtbot.waitSignal(syncing.finished, timeout=PATIENCE_MS):
        syncing._feel_time()
        assert not syncing.schedule.live, "a line from before the sleep is not believed"
    window.live()


def test_on_a_metered_line_nothing_goes_out_by_itself_where_the_person_wants_it_so(
    window: Window, office: Office, profile: Path
) -> None:
    window.live()
    syncing = window.program.syncing
    pill = window.shell.top_bar.pill
    window.program.network.watch()  # so that this machine's own network has been asked before and says no more
    syncing.meter(True)
    assert pill.text() == "Live", "a line that costs is used, unless the person says otherwise"
    window.shell.go("sync")
    window.qtbot.keyClick(window.find("sync_metered"), Qt.Key.Key_Space)
    window.program.network.metered.emit(True)  # as the system says when it finds itself on a phone's line
    assert pill.text() == "Paused"
    assert syncing.view().look()[1] is Tone.WARNING
    tiles = window.sync_page.overview.tiles
    window.until(lambda: "Paused" in tiles[0].accessibleName(), tiles[0].accessibleName())
    assert load_settings(Profile(profile).settings).pause_on_metered
    assert quiet(syncing)

    window.shell.go("accounts")
    window.choose("Aurora Dairy B.V.")
    office.change("account", AURORA, phone="+31 10 411 2277")
    window.key(Qt.Key.Key_E)
    window.into("edit_account_email", "orders@aurora.example")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: pill.text() == "Paused · 1 change waiting")
    assert quiet(syncing), "what was saved waits for the person"

    window.sync()
    window.until(lambda: shows(window, "+31 10 411 2277"))
    assert office.row("account", AURORA)["email"] == "orders@aurora.example"
    assert quiet(syncing), "one sync was asked for, and no more"
    syncing.meter(False)
    window.live()


def quiet(syncing: Syncing) -> bool:
    """Whether nothing is under way and nothing will be by itself."""
    return (
        not syncing._timer.isActive() and not syncing._listen_timer.isActive() and syncing._listening is None
    )


def test_what_is_wrong_with_the_line_is_said_on_the_pill_and_in_full_on_the_page(
    window: Window, office: Office
) -> None:
    office.shut()
    office.open_as_a_hotel()
    window.shell.go("sync")
    window.key(Qt.Key.Key_F9)
    pill = window.shell.top_bar.pill
    window.until(lambda: pill.text() == "Sign in to the network")
    page = window.sync_page
    window.until(page.overview.problem.isVisible)
    assert "open a browser, sign in, and try again" in page.overview.problem.accessibleName()
    assert window.program.syncing.line().mode is SyncMode.OFFLINE
