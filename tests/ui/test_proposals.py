"""Customers that change hands while a laptop is away: the new holder decides with one key, the former one is told."""

from PySide6.QtCore import Qt

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from tests.helpers.small_company import ANKE, AURORA, PIET, row_id
from tests.ui.office import Office
from tests.ui.test_sync_page import edit_phone
from tests.ui.window import Window

OFFERED = "+31 10 411 2299"


def offer(office: Office) -> None:
    """A colleague, who held Aurora before, handed in another phone number late."""
    declared = CATALOGUE["conflict"]
    values: dict[str, Value] = {
        "entity": "account",
        "row_id": AURORA,
        "row_label": "Aurora Dairy B.V.",
        "field": "phone",
        "account_id": AURORA,
        "user_id": PIET,
        "reason": "moved",
        "base_value": '"+31 10 411 2200"',
        "mine_value": f'"{OFFERED}"',
        "theirs_value": '"+31 10 411 2200"',
        "mine_by": PIET,
        "theirs_by": ANKE,
    }
    with office.database.write("test") as tx:
        row = {column.name: column.default for column in declared.columns} | values
        row.update(id=row_id("offered"), revision=tx.new_revision(), created_at=tx.now, changed_at=tx.now)
        tx.stage(declared, row)


def test_a_proposal_names_who_made_it_and_is_taken_with_one_key(window: Window, office: Office) -> None:
    offer(office)
    window.sync()
    window.until(lambda: window.program.syncing.view().needs_you == 1)
    window.click("nav_sync")
    panel = window.sync_page.overview.conflict
    window.until(panel.isVisible)
    assert "before it moved here" in panel.table._title.text()
    assert "Piet" in panel.table._title.text()
    panel.focus()
    window.hold(Qt.Key.Key_D)
    window.key(Qt.Key.Key_T)
    window.until(lambda: office.row("account", AURORA)["phone"] == OFFERED)
    assert office.rows("conflict")[0]["chosen"] == "mine"


def test_a_proposal_is_declined_with_one_key_and_the_value_stays(window: Window, office: Office) -> None:
    offer(office)
    window.sync()
    window.click("nav_sync")
    panel = window.sync_page.overview.conflict
    window.until(panel.isVisible)
    panel.focus()
    window.key(Qt.Key.Key_D)
    window.until(lambda: office.rows("conflict")[0]["chosen"] == "theirs")
    assert office.row("account", AURORA)["phone"] != OFFERED


def test_whoever_lost_a_customer_reads_in_the_history_what_was_proposed(
    window: Window, office: Office
) -> None:
    office.shut()
    edit_phone(window, OFFERED)
    office.change("account", AURORA, phone="+31 10 411 2277", owner_user_id=None, territory_id=None)
    office.open()
    window.sync()
    window.shell.go("sync", "history")
    history = window.sync_page.history
    window.until(lambda: history.table.grid.rowCount() == 1)
    cells = history.table.grid.rows[0].cells
    assert cells[2].text == "Proposed, not decided"
    assert "handed over" in cells[3].text
    page = window.sync_page
    window.until(lambda: page.tabs.bar.tabText(5) == "Proposals  1")
    page.tabs.open("proposals")
    row = page.proposals.table.grid.rows[0]
    assert [cell.text for cell in row.cells[:3]] == [
        f"Phone: {OFFERED}", "Edit Aurora Dairy B.V.", "This account now belongs to somebody else",
    ]  # fmt: skip
    assert row.cells[4].text == "Not decided yet"
    (told,) = office.rows("proposal")
    row_id = told["id"]
    assert isinstance(row_id, bytes)
    office.change("proposal", RowId(row_id), status="declined", decided_by=PIET, decided_at=office.clock())
    window.sync()
    window.until(
        lambda: page.proposals.table.grid.rows[0].cells[4].text.startswith("Declined by Piet de Wit today")
    )
    assert page.tabs.bar.tabText(5) == "Proposals"
    (told,) = office.rows("proposal")
    assert (told["user_id"], told["value"]) == (ANKE, f'"{OFFERED}"')
