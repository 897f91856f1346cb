"""A laptop that was away for long: hundreds of changes wait, and hundreds are answered by one sync."""

import os
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldrep.commands.activities import log_activity
from fieldrep.paths import Profile
from fieldrep.secrets import KeyVault
from fieldrep.store.replica import Replica
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.text import Text
from tests.helpers.small_company import AURORA
from tests.ui.office import Office
from tests.ui.window import Window, window_on


def away(profile: Path, office: Office, calls: int) -> None:
    """So many calls were noted without a line."""
    key = KeyVault(Profile(profile)).unlock()
    replica = Replica.open(Profile(profile), key, office.clock, os.urandom)
    for at in range(calls):
        log_activity(replica, kind="call", account_id=AURORA, subject=f"Call {at}", body="Samples")
    replica.close()


def shown(window: Window) -> list[str]:
    """What is read on the page, but for its tables."""
    return [text.text() for text in window.sync_page.findChildren(Text) if text.isVisible()]


def test_a_long_queue_is_counted_whole_and_its_receipt_says_what_it_lists(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    away(profile, office, 503)
    office.shut()
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.until(lambda: window.program.shell is not None and window.program.shell.isVisible())
        window.settle()
        window.shell.go("sync")
        window.settle()
        assert window.sync_page.tabs.bar.tabText(1) == "Waiting  503"
        assert "499 more" in shown(window)
        window.shell.go("sync", "waiting")
        assert "The oldest 500 of 503" in shown(window)
        office.open()
        window.sync()
        window.shell.go("sync", "history")
        window.settle()
        window.sync_page.history.receipts.setFocus()
        window.key(Qt.Key.Key_Up)  # the receipt that was current before the newest came still is
        window.key(Qt.Key.Key_Return)
        window.settle()
        assert "Changes that were answered, the newest 200" in shown(window)
        assert window.sync_page.history.one.table.grid.rowCount() == 200
