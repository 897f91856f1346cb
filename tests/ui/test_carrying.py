"""The card "Carry by file": a file written and an answer read, by keys, with the real server's own code in between."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from fieldrep.ui.style.tokens import Tone
from sync_server.admin.bundles import open_request, write_answer
from tests.helpers.small_company import AURORA
from tests.ui.office import Office
from tests.ui.test_sync_page import edit_phone
from tests.ui.window import Window


def answered(office: Office, file: Path, answer: Path) -> None:
    with file.open("rb") as source, answer.open("wb") as out:
        write_answer(office.database, open_request(office.database, source), out)


def choosing(patch: pytest.MonkeyPatch, path: Path) -> None:
    """The person chooses this file in either dialog of the platform."""
    for dialog in ("getSaveFileName", "getOpenFileName"):
        patch.setattr(QFileDialog, dialog, lambda *_: (str(path), ""))


def press(window: Window, name: str) -> None:
    """The button, by keys."""
    window.find(name).setFocus()
    window.key(Qt.Key.Key_Space)


def test_what_waits_goes_out_and_news_comes_in_by_file_without_a_line(
    window: Window, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.shut()
    edit_phone(window, "+31 10 411 2299")
    office.change("account", AURORA, website="https://aurora.example")
    window.click("nav_sync")
    card = window.sync_page.overview.carry
    choosing(monkeypatch, tmp_path / "out.frb")
    press(window, "sync_carry_out")
    window.until(lambda: card.outcome.isVisible() and card.write.isEnabled())
    assert "out.frb holds 1 change" in card.outcome.heading()

    answered(office, tmp_path / "out.frb", tmp_path / "answer.frb")
    choosing(monkeypatch, tmp_path / "answer.frb")
    press(window, "sync_carry_in")
    window.until(lambda: "both sides hold the same records" in card.outcome._sentence.text())
    window.until(lambda: window.program.syncing.view().waiting == 0)
    assert office.row("account", AURORA)["phone"] == "+31 10 411 2299"
    window.sync_page.tabs.open("history")
    window.until(lambda: window.sync_page.history.receipts.grid.rowCount() == 2)
    newest = [cell.text for cell in window.sync_page.history.receipts.grid.rows[0].cells]
    assert (newest[1], newest[2], newest[8]) == ("By stick", "1", "Equal")
    assert newest[-1].startswith("1 sent")
    window.click("nav_accounts")
    window.until(lambda: window.record.answer.overview.header.website == "https://aurora.example")


def test_a_file_that_is_not_for_this_laptop_gets_its_sentence_and_the_next_try_is_free(
    window: Window, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.shut()
    window.click("nav_sync")
    card = window.sync_page.overview.carry
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8\xff not ours")
    choosing(monkeypatch, tmp_path / "holiday.jpg")
    press(window, "sync_carry_in")
    window.until(lambda: "not a file of FieldRep" in card.outcome._sentence.text())
    choosing(monkeypatch, tmp_path / "no folder" / "out.frb")
    press(window, "sync_carry_out")
    window.until(lambda: "cannot be written" in card.outcome._sentence.text() and card.write.isEnabled())
    assert card.outcome.property("tone") == Tone.DANGER.value
