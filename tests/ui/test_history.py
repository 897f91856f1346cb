"""History of the Sync page: sentence and figures are always those of one receipt."""

from datetime import UTC, date

from pytestqt.qtbot import QtBot

from fieldrep.queries.sync_history import Receipt, SyncHistory
from fieldrep.ui.sync.tabs import HistoryTab
from fieldrep.ui.widgets.text import Text
from tests.ui.conftest import Stage


def words(tab: HistoryTab) -> list[str]:
    return [one.text() for one in tab.findChildren(Text) if one.isVisible()]


def test_a_new_receipt_takes_the_place_of_the_one_before_at_once(qtbot: QtBot, stage: Stage) -> None:
    tab = HistoryTab()
    stage(tab, 900, 500)
    today = date(2026, 11, 22)
    tab.set(SyncHistory(Receipt(accepted=41, pulled=12), ()), today, UTC)
    qtbot.waitUntil(lambda: {"41", "12"} <= set(words(tab)))
    tab.set(SyncHistory(Receipt(accepted=3, pulled=57), ()), today, UTC)
    shown = words(tab)
    assert ("3" in shown, "57" in shown) == (True, True)
    assert not {"41", "12"} & set(shown), "figures of the receipt before"
    tab.set(SyncHistory(None, ()), today, UTC)
    assert "Accepted" not in words(tab)
