"""Possible duplicates in the window: the panel on the record, the list on the Sync page, and a merge by keys."""

from PySide6.QtCore import Qt

from fieldrep.commands.accounts import create_account
from fieldrep.contract.ids import RowId
from fieldrep.ui.pages.sync import SyncPage
from fieldrep.ui.widgets.keycap import KeyCap
from fieldrep.ui.widgets.linerow import LineRow
from sync_server.reconcile.duplicates import look_for_duplicates
from sync_server.reconcile.merges import merge
from tests.helpers.small_company import AURORA
from tests.ui.names import nameless, without_object_name
from tests.ui.office import Office
from tests.ui.window import CTRL, Window


def second_aurora(window: Window, office: Office) -> RowId:
    """Anke enters a customer that she has already; the central store notices."""
    with office.database.write("import") as tx:
        row = tx.row("account", AURORA)
        assert row is not None
        tx.stage("account", {**row, "phone": "+31 10 411 2201", "revision": tx.new_revision()})
        look_for_duplicates(tx)
    fields = {"name": "Aurora Dairy Rotterdam", "phone": "010 4112201", "note": "Ring twice", "tier": "key"}
    window.program.runner.command(create_account, site={"city": "Rotterdam"}, **fields)
    window.until(
        lambda: any(row["note"] == "Ring twice" for row in office.rows("account")), "it was not sent"
    )
    made = next(row["id"] for row in office.rows("account") if row["note"] == "Ring twice")
    assert isinstance(made, bytes)
    window.sync()
    window.shell.go("accounts", ("account", AURORA))
    window.until(window.record.pairs.isVisible, "no pair is shown")
    return RowId(made)


def listed_pair(window: Window) -> SyncPage:
    """The Sync page with its one possible duplicate chosen."""
    window.click("nav_sync")
    page = window.sync_page
    page.tabs.open("duplicates")
    window.until(lambda: page.pairs.table.grid.rowCount() == 1)
    page.pairs.table.setFocus()
    window.key(Qt.Key.Key_Home)
    window.until(page.pairs.panel.isVisible)
    return page


def test_a_pair_is_merged_by_keys_and_the_merged_account_leads_to_the_survivor(
    window: Window, office: Office
) -> None:
    made = second_aurora(window, office)
    panel = window.record.pairs
    assert panel.heading.words.text() == "Aurora Dairy Rotterdam · Rotterdam may be the same customer"
    assert "Same phone number" in panel.why.text()
    assert panel.height() < 90, "until somebody asks, it does not push the record away"
    assert not panel.merge.isVisible()
    window.click("account_pair_compare")
    assert panel.stays.checkedButton().hasFocus()
    hints = [cap.accessibleName() for cap in window.shell.status_bar.findChildren(KeyCap) if cap.isVisible()]
    assert "Ctrl Enter: Merge" in hints
    assert not nameless(panel)
    assert not without_object_name(panel)
    office.shut()
    window.click("account_pair_phone_1")
    panel.stays.button(0).setFocus()
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: "asked for" in panel.after.text(), "the merge was not asked for")
    office.open()
    window.sync()
    window.until(lambda: office.row("account", made)["merged_into_id"] == AURORA)
    window.sync()
    window.until(lambda: not panel.isVisible())
    survivor = office.row("account", AURORA)
    assert survivor["phone"] == "010 4112201"
    assert str(survivor["note"]).endswith("\n\nRing twice"), "both notes are kept"
    window.shell.go("accounts", ("account", made))
    window.until(lambda: window.record.account_id == AURORA and window.record.answer is not None)
    window.until(
        lambda: window.record.banner.heading() == "Aurora Dairy Rotterdam is part of Aurora Dairy B.V. now"
    )
    assert any(row.city == "Rotterdam" for row in window.record.answer.sites)  # type: ignore[union-attr]


def test_a_pair_listed_on_the_sync_page_is_said_to_be_two(window: Window, office: Office) -> None:
    second_aurora(window, office)
    page = listed_pair(window)
    assert [hint.keys for hint in page.hints()] == ["1 2", "3", "Ctrl Enter", "F9"]
    window.key(Qt.Key.Key_2)
    assert page.pairs.panel.stays.checkedId() == 1
    page.pairs.table.setFocus()
    window.key(Qt.Key.Key_3)
    window.until(lambda: page.pairs.table.grid.rowCount() == 0)
    window.sync()
    window.until(lambda: [row["status"] for row in office.rows("duplicate_candidate")] == ["not_duplicate"])
    window.shell.go("accounts", ("account", AURORA))
    window.until(lambda: window.record.answer is not None and window.record.account_id == AURORA)
    window.until(lambda: not window.record.pairs.isVisible())


def test_a_key_held_down_decides_nothing_about_the_next_pair(window: Window, office: Office) -> None:
    second_aurora(window, office)
    page = listed_pair(window)
    window.hold(Qt.Key.Key_3)
    window.key(Qt.Key.Key_2)
    window.sync()
    assert page.pairs.panel.isVisible()
    assert [row["status"] for row in office.rows("duplicate_candidate")] == ["open"]


def test_after_a_decision_among_the_duplicates_the_focus_is_on_their_list(
    window: Window, office: Office
) -> None:
    second_aurora(window, office)
    office.shut()
    page = listed_pair(window)
    window.key(Qt.Key.Key_2)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: page.pairs.table.grid.rows[0].cells[4].text == "Merge asked for")
    assert page.pairs.table.hasFocus()


def test_the_toasts_undo_takes_a_merge_back_before_it_was_sent(window: Window, office: Office) -> None:
    made = second_aurora(window, office)
    office.shut()
    titles = [action.title for action in window.accounts.things_to_do()]
    assert [title for title in titles if "duplicate" in title] == [
        "Compare the possible duplicate",
        "Not a duplicate",
    ]
    window.click("account_pair_compare")
    keys = {action.title: action.key for action in window.accounts.things_to_do()}
    assert keys["Merge the possible duplicate"] == "submit"
    window.accounts.list.view.setFocus()
    assert "submit" not in [action.key for action in window.accounts.things_to_do()], (
        "a key pressed elsewhere"
    )
    window.click("account_pair_merge")
    window.until(lambda: "asked for" in window.record.pairs.after.text())
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(window.record.pairs.merge.isVisible, "undo did not bring the pair back")
    office.open()
    window.sync()
    window.until(lambda: [row["status"] for row in office.rows("duplicate_candidate")] == ["split"])
    assert office.row("account", made)["merged_into_id"] is None
    assert office.row("account", made)["archived"] == 0


def test_undo_makes_two_again_of_a_merge_that_was_carried_out_meanwhile(
    window: Window, office: Office
) -> None:
    made = second_aurora(window, office)
    window.click("account_pair_compare")
    window.click("account_pair_merge")
    window.until(lambda: office.row("account", made)["merged_into_id"] == AURORA, "it was not merged")
    window.synced()
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(lambda: office.row("account", made)["merged_into_id"] is None, "undo said more than it did")
    assert office.row("account", made)["archived"] == 0
    assert [row["status"] for row in office.rows("duplicate_candidate")] == ["split"]


def test_on_the_younger_of_two_records_the_older_one_stays_all_the_same(
    window: Window, office: Office
) -> None:
    made = second_aurora(window, office)
    panel = window.record.pairs
    assert panel.stays.checkedId() == 0, "the one that is open is the older one"
    window.shell.go("accounts", ("account", made))
    window.until(lambda: panel.stays.checkedId() == 1, "the new record would stay in place of the old one")
    assert panel.after.text().startswith("Aurora Dairy Rotterdam · Rotterdam becomes part of it")
    assert all(group.checkedId() == 1 for group in panel._fields.values())


def test_a_merged_record_is_found_by_its_old_name_and_made_two_again(window: Window, office: Office) -> None:
    made = second_aurora(window, office)
    window.click("account_pair_compare")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: office.row("account", made)["merged_into_id"] == AURORA)
    window.synced()
    window.key(Qt.Key.Key_F, CTRL)
    window.write("dairy rotterd")
    found = window.accounts.list.model
    window.until(lambda: [row.key for row in found.rows()] == [AURORA], "the old name leads nowhere")
    window.key(Qt.Key.Key_Escape)
    window.key(Qt.Key.Key_K, CTRL)
    window.write("dairy rotterd")
    window.until(lambda: "Aurora Dairy B.V." in window.shell.palette_layer.titles())
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.record.account_id == AURORA and bool(window.record.answer.merged))
    line = window.find("side_merged_0")
    assert line.accessibleName().startswith("Aurora Dairy Rotterdam")
    line.setFocus()
    window.key(Qt.Key.Key_Space)
    assert window.focused() == "account_merged_action"
    window.key(Qt.Key.Key_Space)
    window.until(lambda: office.row("account", made)["merged_into_id"] is None, "it is still merged")
    assert office.row("account", made)["archived"] == 0
    window.until(lambda: not window.record.answer.merged)
    window.until(lambda: len(found.rows()) == 4)


def test_whoever_did_not_ask_for_a_merge_is_told_who_can_undo_it(window: Window, office: Office) -> None:
    made = second_aurora(window, office)
    with office.database.write("admin") as tx:
        tx.new_revision()
        merge(tx, "account", AURORA, made)
    window.sync()
    window.until(lambda: window.record.overview.findChild(LineRow, "side_merged_0") is not None)
    line = window.record.overview.findChild(LineRow, "side_merged_0")
    assert line is not None
    assert "your admin can undo it" in line.accessibleName()
    assert not line.isEnabled()
