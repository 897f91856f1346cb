"""Data that cannot be opened, and a laptop the server admits no longer: a card with one sentence and one next step."""

from contextlib import suppress
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from fieldrep.paths import Profile
from fieldrep.secrets import KeyVault
from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.repairing.repair import repair
from fieldrep.ui.start.enrol import DownloadCard, EnrolAgainCard, EnrolCard
from fieldrep.ui.start.mending import AnewCard, LostKeyCard, MendCard, MendedCard
from fieldrep.ui.start.unlock import UnlockCard
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.syncing import EVERYTHING
from sync_server.store.devices.credentials import LOCKED, WITHDRAWN, revoke
from sync_server.store.devices.standing import lock, unlock
from tests.sim.dying import dying_at
from tests.sim.tap import Killed
from tests.ui.names import nameless, without_object_name
from tests.ui.office import Office
from tests.ui.test_first_start import card as shown_card
from tests.ui.window import CTRL, PASSPHRASE, Window, window_on


def card(window: Window, kind: type) -> object:
    shown = shown_card(window, kind)
    window.until(shown.title.isVisible)
    return shown


def damage(replica: Path) -> bytes:
    content = bytearray(replica.read_bytes())
    content[:PAGE_BYTES] = bytes(PAGE_BYTES)
    replica.write_bytes(content)
    return bytes(content)


def page_of_accounts(window: Window) -> int:
    replica = window.program.doors._replica
    assert replica is not None
    with replica.read() as reader:
        ((page,),) = reader.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'account'")
    return int(page)


def blot(replica: Path, page: int) -> None:
    """One page that cannot be read."""
    with replica.open("r+b") as content:
        content.seek((page - 1) * PAGE_BYTES + 100)
        content.write(bytes(200))


def change_phone(window: Window, number: str) -> None:
    window.choose("Aurora Dairy B.V.")
    window.key(Qt.Key.Key_E)
    window.until(lambda: window.record.editor is not None, "no form")
    window.into("edit_account_phone", number)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    window.settle()


def laptop_of(office: Office) -> bytes:
    (device,) = [row["id"] for row in office.rows("device") if row["state"] == "active"]
    return bytes(device)


def withdraw(office: Office) -> None:
    with office.database.write("admin") as tx:
        revoke(tx, laptop_of(office), "lost")


def phones(office: Office) -> set[object]:
    return {row["phone"] for row in office.rows("account")}


def test_a_damaged_replica_is_repaired_at_the_start_by_keys_alone_and_what_waited_goes_out(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    office.shut()
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.until(lambda: window.program.shell is not None and window.program.syncing.state is not None)
        window.until(lambda: window.accounts.list.model.rowCount() > 0 and window.record.answer is not None)
        change_phone(window, "0800 UNSENT")
        window.until(lambda: window.program.syncing.state.waiting == 1)
    damaged = damage(profile / "replica.db")
    office.open()
    with window_on(qtbot, theme, profile, office.clock) as window:
        mend = card(window, MendCard)
        assert nameless(window.program.gate) == []
        assert without_object_name(window.program.gate) == []
        assert QApplication.focusWidget() is mend.first
        window.key(Qt.Key.Key_Space)
        mended = card(window, MendedCard)
        assert mended.title.text() == "Repaired: nothing of yours is lost"
        assert "1 change that waits" in mended.sentence.text()
        window.key(Qt.Key.Key_Space)
        window.ready()
        window.until(lambda: window.accounts.list.model.rowCount() == 3)
        window.until(lambda: "0800 UNSENT" in phones(office))
    (kept,) = profile.glob("replica-damaged-*.db")
    assert kept.read_bytes() == damaged


def test_what_a_killed_repair_did_is_told_at_the_next_start_until_it_was_read(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    damage(profile / "replica.db")
    place = Profile(profile)
    with suppress(Killed), dying_at("REPAIR_READY"):
        repair(place, KeyVault(place).unlock(PASSPHRASE), office.clock())
    with window_on(qtbot, theme, profile, office.clock) as window:
        card(window, MendedCard)
    with window_on(qtbot, theme, profile, office.clock) as window:
        mended = card(window, MendedCard)
        assert "The damaged file is kept as replica-damaged-" in mended.sentence.text()
        window.key(Qt.Key.Key_Space)
        window.ready()
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()


def test_damage_found_while_the_work_goes_on_stops_it_and_offers_the_repair(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        assert window.program.doors._replica is not None
        window.program.doors._replica.tidy()
        file = profile / "replica.db"
        with file.open("r+b") as content:
            for page in range(2, file.stat().st_size // PAGE_BYTES):
                content.seek(page * PAGE_BYTES + 100)
                content.write(b"\0" * 16)
        window.program.doors._replica._readers._idle.clear()
        window.program.syncing.count()
        mend = card(window, MendCard)
        assert not window.shell.isVisible()
        window.qtbot.keyClick(mend.first, Qt.Key.Key_Space)
        window.until(lambda: not isinstance(window.program.gate.card(), MendCard), "the repair never ends")
        window.errors.clear()


def test_damage_met_by_the_first_list_is_repaired_in_the_window_and_the_work_goes_on(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    office.shut()
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.until(lambda: window.program.shell is not None and window.program.syncing.state is not None)
        window.until(lambda: window.accounts.list.model.rowCount() > 0 and window.record.answer is not None)
        change_phone(window, "0800 UNSENT")
        window.until(lambda: window.program.syncing.state.waiting == 1)
        page = page_of_accounts(window)
    blot(profile / "replica.db", page)
    office.open()
    with window_on(qtbot, theme, profile, office.clock) as window:
        card(window, MendCard)
        before = window.shell
        window.key(Qt.Key.Key_Space)
        card(window, MendedCard)
        window.until(lambda: not window.program.syncing._timer.isActive(), "the sync of before never begins")
        window.key(Qt.Key.Key_Space)
        window.ready()
        assert window.shell is not before, "the window that met the damage"
        window.until(lambda: window.accounts.list.model.rowCount() == 3)
        window.until(lambda: "0800 UNSENT" in phones(office))
        assert window.toast() == ""
        assert window.shell.top_bar.pill.accessibleName() in ("Sync: Live", "Sync: Online")
        window.choose("Aurora Dairy B.V.")
        window.errors.clear()


def test_what_was_typed_when_the_damage_was_met_still_stands_in_its_form_after_the_repair(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        window.choose("Aurora Dairy B.V.")
        window.key(Qt.Key.Key_E)
        window.until(lambda: window.record.editor is not None, "no form")
        window.into("edit_account_phone", "0800 TYPED")
        assert window.program.doors._replica is not None
        window.program.doors._replica.tidy()
        blot(profile / "replica.db", page_of_accounts(window))
        window.program.doors._replica._readers._idle.clear()
        window.program.runner.tell(EVERYTHING)
        card(window, MendCard)
        window.key(Qt.Key.Key_Space)
        card(window, MendedCard)
        window.key(Qt.Key.Key_Space)
        window.until(lambda: window.program.gate is None)
        window.ready()
        field = window.find("edit_account_phone", QLineEdit)
        assert field.text() == "0800 TYPED"
        window.until(window.shell.isActiveWindow)
        window.errors.clear()  # what met the damage
        field.setFocus()
        window.key(Qt.Key.Key_Return, CTRL)
        window.until(lambda: window.record.editor is None, "it cannot be saved")
        assert window.toast() == "Edit Aurora Dairy B.V."
        window.until(lambda: "0800 TYPED" in phones(office))
        window.until(lambda: "0800 TYPED" in window.record.header._facts.text())


def test_no_key_closes_the_window_while_it_repairs(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    damage(profile / "replica.db")
    with window_on(qtbot, theme, profile, office.clock) as window:
        mend = card(window, MendCard)
        gate = window.program.gate
        for key in (Qt.Key.Key_Space, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Space):
            window.qtbot.keyClick(QApplication.focusWidget() or gate, key)
            assert window.program.gate.card() is mend
            assert gate.isVisible()
        assert not gate.close(), "closed in the middle of the repair"
        card(window, MendedCard)
        window.key(Qt.Key.Key_Space)
        window.ready()


def test_a_missing_key_is_named_and_the_profile_can_begin_anew(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    (profile / "key.json").rename(profile / "elsewhere.json")
    before = (profile / "replica.db").read_bytes()
    with window_on(qtbot, theme, profile, office.clock) as window:
        lost = card(window, LostKeyCard)
        assert "key file" in lost.sentence.text()
        assert nameless(window.program.gate) == []
        window.click("lost_key_anew")
        card(window, AnewCard)
        assert without_object_name(window.program.gate) == []
        window.click("anew_back")
        card(window, LostKeyCard)
        window.click("lost_key_anew")
        card(window, AnewCard)
        window.click("anew_agree")
        card(window, EnrolCard)
        window.write(office.link("anke.visser"))
        window.key(Qt.Key.Key_Return)
        download = card(window, DownloadCard)
        window.until(download.button.isEnabled)
    (kept,) = profile.glob("replica-damaged-*.db")
    assert kept.read_bytes() == before


def test_a_forgotten_passphrase_has_a_way_out(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIELDREP_PASSPHRASE_FILE")
    with window_on(qtbot, theme, profile, office.clock) as window:
        card(window, UnlockCard)
        window.click("unlock_forgotten")
        card(window, AnewCard)
        window.click("anew_back")
        card(window, UnlockCard)
        window.write(PASSPHRASE)
        window.key(Qt.Key.Key_Return)
        window.ready()


def test_a_withdrawn_laptop_works_on_and_is_set_up_again_with_its_work(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        withdraw(office)
        window.key(Qt.Key.Key_F9)
        again = card(window, EnrolAgainCard)
        assert not window.shell.isVisible()
        assert "Everything waits here" in again.sentence.text()
        window.click("enrol_later")
        window.until(window.shell.isActiveWindow)
        change_phone(window, "0800 LATER")
        assert "0800 LATER" not in phones(office)
        assert window.program.gate is None, "asked once by itself"
        pill = window.shell.top_bar.pill
        window.until(lambda: pill.text() == "New link needed · 1 change waiting", pill.text)
        window.key(Qt.Key.Key_F9)
        again = card(window, EnrolAgainCard)
        assert "1 change waits here" in again.sentence.text()
        window.write(office.link("anke.visser"))
        window.key(Qt.Key.Key_Return)
        download = card(window, DownloadCard)
        window.until(download.button.isEnabled)
        window.key(Qt.Key.Key_Space)
        window.ready()
        assert "0800 LATER" in phones(office)


def test_a_withdrawal_waits_for_who_is_typing_and_is_told_beside(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        pill = window.shell.top_bar.pill
        window.live()
        window.choose("Aurora Dairy B.V.")
        window.key(Qt.Key.Key_E)
        window.until(lambda: window.record.editor is not None, "no form")
        window.into("edit_account_phone", "0800 TYPED")
        withdraw(office)
        window.until(lambda: pill.text() == "New link needed", pill.text)
        assert window.toast() == f"{WITHDRAWN} Press F9 when you have it."
        assert (window.program.gate, window.shell.isVisible()) == (None, True)
        window.key(Qt.Key.Key_Return, CTRL)
        window.until(lambda: window.record.editor is None)
        window.until(lambda: pill.text() == "New link needed · 1 change waiting", pill.text)
        window.key(Qt.Key.Key_F9)
        again = card(window, EnrolAgainCard)
        assert "1 change waits here" in again.sentence.text()


def test_a_locked_laptop_says_what_to_do_works_on_and_goes_on_by_itself_once_unlocked(
    qtbot: QtBot, theme: Theme, office: Office, profile: Path
) -> None:
    with window_on(qtbot, theme, profile, office.clock) as window:
        window.ready()
        pill = window.shell.top_bar.pill
        window.live()
        device = laptop_of(office)
        with office.database.write("admin") as tx:
            lock(tx, device)
        window.until(lambda: pill.text() == "Locked by the office", pill.text)
        assert window.toast() == LOCKED
        change_phone(window, "0800 LOCKED")
        window.until(lambda: pill.text() == "Locked by the office · 1 change waiting", pill.text)
        assert "0800 LOCKED" not in phones(office)
        window.click("nav_sync")
        banner = window.sync_page.overview.problem
        window.until(banner.isVisible)
        assert banner.accessibleName().endswith(LOCKED)
        assert window.program.gate is None, "no new link is asked for"

        with office.database.write("admin") as tx:
            unlock(tx, device)
        office.clock.now += 15 * 60_000
        window.program.syncing._feel_time()
        window.live()
        assert "0800 LOCKED" in phones(office)
        assert not banner.isVisible()
