"""The scenario of the README by real keys and clicks: three windows, a line that drops, an office, one truth.

The same story is told by command lines in the end-to-end tests; here nothing is done that a hand could not do.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fieldrep.contract.ids import RowId
from fieldrep.store.export import export_lines
from fieldrep.store.reader import Reader
from fieldrep.ui.start.enrol import DownloadCard, EnrolCard
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.syncpill import SyncMode
from sync_server.interchange.importing import import_folder
from sync_server.interchange.profile import load_profile
from sync_server.store.proof.export import export
from tests.helpers.bad_line import Proxy, bad_line
from tests.helpers.small_company import Ticking
from tests.ui.office import Office
from tests.ui.window import CTRL, Window, passphrase_in_a_file, window_on

NANCY, JANET, ANDREW = "nancy.davolio", "janet.leverling", "andrew.fuller"
PEOPLE = (NANCY, JANET, ANDREW)
HER_PHONE, THEIR_PHONE = "0800 NANCY", "0800 OFFICE"


@dataclass
class Northwind:
    """The office with the imported company, the line to it, and a window for each of three people."""

    office: Office
    line: Proxy
    windows: dict[str, Window]
    folder: Path

    def account(self, who: str, at: int = 0) -> tuple[RowId, str]:
        """An account of a person by its place in her list."""
        row = self.windows[who].accounts.list.model.rows()[at]
        assert isinstance(row.key, bytes)
        return RowId(row.key), row.title

    def sync(self) -> None:
        """Everybody presses F9 until nothing is left to say, as a day goes on."""
        for _ in range(2):
            for window in self.windows.values():
                window.front()
                window.sync()
                window.synced()

    def everybody_holds_what_is_hers(self) -> None:
        """Byte for byte what the central store would give each of them."""
        for who, window in self.windows.items():
            file = self.folder / f"{who}.jsonl"
            export(self.office.database, file, who)
            mine = window.program.doors.query(_exported)
            assert mine == file.read_bytes(), who


def _exported(reader: Reader) -> bytes:
    return b"".join(export_lines(reader))


def set_up(window: Window, link: str) -> None:
    """The first start of a laptop, by keys."""
    program = window.program
    window.until(lambda: program.gate is not None and isinstance(program.gate.card(), EnrolCard))
    assert program.gate is not None
    program.gate.activateWindow()
    window.until(program.gate.isActiveWindow)
    window.into("enrol_link", link)
    window.key(Qt.Key.Key_Return)
    window.until(lambda: program.gate is not None and isinstance(program.gate.card(), DownloadCard))
    window.until(lambda: window.find("download_start").isEnabled())
    window.click("download_start")
    window.ready()


@pytest.fixture
def northwind_company(
    northwind: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, theme: Theme
) -> Iterator[Northwind]:
    passphrase_in_a_file(tmp_path, monkeypatch)
    (tmp_path / "office").mkdir()
    office = Office(tmp_path / "office", Ticking())
    import_folder(office.database, load_profile("northwind"), northwind)
    office.open()
    with ExitStack() as open_things:
        open_things.callback(office.close)
        line = open_things.enter_context(bad_line(office.address))
        windows = {}
        for who in PEOPLE:
            window = open_things.enter_context(window_on(qtbot, theme, tmp_path / who, office.clock))
            set_up(window, office.link(who, line.address))
            windows[who] = window
        yield Northwind(office, line, windows, tmp_path)


def nancy_works_offline(company: Northwind) -> None:
    """A phone, a note, and an order of two lines, by keys alone."""
    window = company.windows[NANCY]
    window.front()
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", HER_PHONE)
    window.into("edit_account_note", "Ask for Maria")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    sku = next(str(row["sku"]) for row in company.office.rows("product") if row["status"] == "active")
    window.front()
    window.key(Qt.Key.Key_N, CTRL)
    editor = window.shell.stack.currentWidget().editor
    window.until(lambda: editor.entry is not None)
    for lines, entered in enumerate((f"{sku} x 2", f"{sku} x 3"), start=1):
        window.key(Qt.Key.Key_F, CTRL)
        window.write(entered)
        window.key(Qt.Key.Key_Return)
        window.until(lambda lines=lines: len(editor.entry.lines) >= min(lines, 1) and not editor.fast.text())
    window.key(Qt.Key.Key_Return, CTRL)  # an order cannot be called back, so that it is asked for twice
    window.until(lambda: editor.side.banner.heading() == "Submit this order?", "nothing was asked")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: editor.entry.head.status == "submitted", "the order was not submitted")
    window.key(Qt.Key.Key_1, CTRL)


def janet_makes_an_account(company: Northwind) -> None:
    window = company.windows[JANET]
    window.front()
    window.click("accounts_new")
    window.into("new_account_name", "Corner Shop")
    window.into("new_account_phone", "+1 555 0100")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None and window.record.header.name() == "Corner Shop")


def each_holds_her_own(company: Northwind) -> None:
    """A rep her accounts only, the manager all."""
    held = {who: window.accounts.list.model.total() for who, window in company.windows.items()}
    accounts = company.office.rows("account")
    owners = logins(company.office)
    for who in (NANCY, JANET):
        assert held[who] == sum(owners[row["owner_user_id"]] == who for row in accounts)
    assert held[ANDREW] == len(accounts)


def logins(office: Office) -> dict[object, object]:
    return {row["id"]: row["login"] for row in office.rows("user")}


def the_reply_is_lost(company: Northwind, account: RowId) -> None:
    """Nancy's push arrives, its answer does not: she is told she is offline, and nothing is forgotten."""
    company.line.breaks("drop reply")
    nancy = company.windows[NANCY]
    nancy.front()
    nancy.key(Qt.Key.Key_F9)
    nancy.until(
        lambda: company.office.row("account", account)["note"] == "Ask for Maria", "the push never arrived"
    )
    nancy.until(lambda: nancy.program.syncing.line().mode is SyncMode.OFFLINE)
    nancy.settle()
    assert nancy.program.syncing.view().waiting >= 3
    company.line.heals()


def the_order_is_there_once(office: Office, account: RowId) -> None:
    owners = logins(office)
    orders = [order for order in office.rows("sales_order") if order["account_id"] == account]
    (made,) = [order for order in orders if owners.get(order["created_by"]) == NANCY]
    assert made["number_official"]
    lines = [
        one for one in office.rows("document_line") if one["order_id"] == made["id"] and not one["archived"]
    ]
    assert made["goods_amount"] == sum(int(str(one["line_amount"])) for one in lines) > 0


def the_conflict_is_decided_offline(company: Northwind, name: str, before: object) -> None:
    """Both phones with who and when; Nancy keeps hers by key, without a line."""
    nancy = company.windows[NANCY]
    nancy.front()
    nancy.choose(name)
    panel = nancy.record.conflicts
    nancy.until(panel.isVisible)
    cells = [cell.text for cell in panel.table.grid.grid.rows[0].cells]
    assert cells == ["Phone", before, HER_PHONE, THEIR_PHONE, "Choose…"]
    assert "You: today" in panel.table._who.text()
    assert "Andrew Fuller: today" in panel.table._who.text()
    company.line.breaks("drop request")
    panel.focus()
    nancy.key(Qt.Key.Key_1)
    nancy.key(Qt.Key.Key_Return, CTRL)
    nancy.until(panel.isHidden)
    company.line.heals()


def test_offline_work_a_lost_reply_and_the_office_meet_again_in_the_windows(
    northwind_company: Northwind,
) -> None:
    company = northwind_company
    office = company.office
    each_holds_her_own(company)
    account, name = company.account(NANCY)
    before = office.row("account", account)["phone"]
    company.line.breaks("drop request")
    nancy_works_offline(company)
    janet_makes_an_account(company)
    andrew = next(row_id for row_id, login in logins(office).items() if login == ANDREW)
    assert isinstance(andrew, bytes)
    office.change("account", account, by=RowId(andrew), phone=THEIR_PHONE, website="www.example.com")

    the_reply_is_lost(company, account)
    company.sync()
    company.everybody_holds_what_is_hers()
    row = office.row("account", account)
    assert (row["phone"], row["note"], row["website"]) == (THEIR_PHONE, "Ask for Maria", "www.example.com")
    the_order_is_there_once(office, account)
    assert any(shop["name"] == "Corner Shop" for shop in office.rows("account"))

    the_conflict_is_decided_offline(company, name, before)
    company.sync()
    assert office.row("account", account)["phone"] == HER_PHONE
    company.everybody_holds_what_is_hers()
    assert all(window.program.syncing.view().needs_you == 0 for window in company.windows.values())
