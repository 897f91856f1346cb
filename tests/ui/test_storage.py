"""Storage of the Sync page, and the export of diagnostics by button and by key, in the real program."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from fieldrep.ui.sync.storage import StorageTab
from tests.ui.names import nameless, without_object_name
from tests.ui.office import Office
from tests.ui.test_sync_page import edit_phone
from tests.ui.window import CTRL, Window


def part(tab: StorageTab, key: str) -> list[str]:
    grid = tab.parts.grid
    return [cell.text for cell in next(row for row in grid.rows if row.key == key).cells]


def choosing(patch: pytest.MonkeyPatch, path: Path) -> None:
    patch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))


def test_storage_says_what_takes_room_and_follows_what_is_done(window: Window, office: Office) -> None:
    office.shut()
    window.shell.go("sync", "storage")
    tab = window.sync_page.storage
    window.until(lambda: tab.parts.grid.rowCount() > 0)
    assert part(tab, "waiting")[1] == "0"
    kinds = {row.cells[0].text: row.cells[1].text for row in tab.kinds.grid.rows}
    assert kinds["Accounts"] == "3"
    assert tab.tiles[0].figure().text().endswith("MB")
    assert tab.tiles[2].figure().text() == "None"
    assert nameless(window.shell) == []
    assert without_object_name(window.shell) == []
    window.click("nav_accounts")
    edit_phone(window, "+31 10 411 2299")
    window.shell.go("sync", "storage")
    window.until(lambda: part(tab, "waiting")[1] == "1")


def test_diagnostics_are_exported_by_a_click(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "diagnostics.json"
    choosing(monkeypatch, file)
    window.click("nav_sync")
    window.click("sync_header_diagnostics")
    window.until(lambda: window.toast().startswith("Written to diagnostics.json"))
    told = json.loads(file.read_bytes())
    assert dict(told["storage"]["kinds"])["Accounts"] == 3
    assert told["receipts"][-1]["digests_equal"] is True
    assert "Aurora" not in file.read_text()


def test_diagnostics_are_exported_by_keys_alone_and_never_over_the_replica(
    window: Window, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choosing(monkeypatch, profile / "replica.db")
    window.shell.go("sync")
    window.key(Qt.Key.Key_K, CTRL)
    window.qtbot.keyClicks(window.shell.palette_layer.input, ">export diag")
    window.until(lambda: "Export diagnostics" in window.shell.palette_layer.titles())
    window.key(Qt.Key.Key_Return)
    window.until(lambda: "a file of FieldRep itself" in window.toast())
