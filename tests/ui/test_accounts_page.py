"""The Accounts page on a real replica and a real server: search, edit, add, undo, and changes from elsewhere."""

from PySide6.QtCore import Qt

from fieldrep.contract.ids import RowId
from fieldrep.ui.style.tokens import WINDOW_FIRST
from fieldrep.ui.widgets.linerow import LineRow
from fieldrep.ui.widgets.navrail import NavButton
from tests.helpers.small_company import AURORA, BAKKER, HARBOR, OAK
from tests.ui.names import nameless, without_object_name
from tests.ui.office import Office
from tests.ui.window import CTRL, Window


def titles(window: Window) -> list[str]:
    return [row.title for row in window.accounts.list.model.rows()]


def test_the_list_shows_every_account_by_name_and_the_record_of_the_first(window: Window) -> None:
    assert titles(window) == ["Aurora Dairy B.V.", "Blue Harbor Hotels", "Oak & Öl GmbH"]
    assert window.record.header.name() == "Aurora Dairy B.V."
    assert window.record.overview.tiles[0].accessibleName() == (
        "Open invoices: € 6,310. € 1,940 overdue 14 days"
    )


def test_the_line_of_sales_is_told_in_words_and_shown_as_a_table_by_a_key(window: Window) -> None:
    line = window.find("account_sales_line")
    words = line.accessibleDescription()
    assert words.startswith("Sales by month: Jan € ")
    assert words.count("last year") == 11, "every month that has begun"
    months = window.find("account_overview").months
    assert not months.isVisible()
    line.setFocus()
    window.key(Qt.Key.Key_Space)
    assert months.isVisible()
    shown = [[cell.text for cell in row.cells] for row in months.grid.rows]
    assert [row[0] for row in shown] == ["2026, €", "2025, €"]
    assert shown[0][12] == "", "December is to come"
    november = words.partition("Nov ")[2].partition(",")[0]
    assert months.grid.rows[0].cells[11].tip.startswith(november)
    window.key(Qt.Key.Key_Space)
    assert not months.isVisible()


def test_typing_filters_by_name_number_and_city_and_escape_brings_all_back(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    for typed, found in (
        ("har", "Blue Harbor Hotels"),
        ("100294", "Aurora Dairy B.V."),
        ("hamb", "Blue Harbor Hotels"),
    ):
        window.accounts.list.search.selectAll()
        window.write(typed)
        window.until(lambda found=found: titles(window) == [found])
        window.until(lambda found=found: window.record.header.name() == found)
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: len(titles(window)) == 3)


def test_the_record_follows_what_is_typed_once_no_key_comes_for_a_moment(window: Window) -> None:
    shown = window.record
    window.key(Qt.Key.Key_F, CTRL)
    window.write("harbor")
    window.until(lambda: titles(window) == ["Blue Harbor Hotels"])
    window.until(lambda: shown.header.name() == "Blue Harbor Hotels")


def test_nothing_found_says_so_and_clears_by_its_button(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    window.write("zzz")
    window.until(lambda: titles(window) == [])
    assert window.accounts.list.empty.title() == "No accounts match “zzz”"
    window.click("accounts_empty_action")
    window.until(lambda: len(titles(window)) == 3)


def test_chips_and_sorts_narrow_and_order_the_list(window: Window) -> None:
    window.click("accounts_chip_prospects")
    window.until(lambda: titles(window) == ["Oak & Öl GmbH"])
    window.click("accounts_chip_all")
    window.until(lambda: len(titles(window)) == 3)
    window.accounts.list.choose_sort("name reverse")
    window.until(lambda: titles(window)[0] == "Oak & Öl GmbH")


def test_arrows_move_and_the_detail_follows(window: Window) -> None:
    window.accounts.list.view.setFocus()
    window.key(Qt.Key.Key_Down)
    window.until(lambda: window.record.header.name() == "Blue Harbor Hotels")
    window.key(Qt.Key.Key_Down)
    window.until(lambda: window.record.header.name() == "Oak & Öl GmbH")
    window.key(Qt.Key.Key_Home)
    window.until(lambda: window.record.header.name() == "Aurora Dairy B.V.")


def test_an_edit_by_keys_is_saved_waits_with_its_mark_and_goes_out(window: Window, office: Office) -> None:
    office.shut()
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", "+31 10 411 2299")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    window.until(lambda: window.accounts.list.model.rows()[0].waiting)
    assert window.toast() == "Edit Aurora Dairy B.V."
    assert office.row("account", AURORA)["phone"] == "+31 10 411 2200"
    office.open()
    window.key(Qt.Key.Key_F9)
    window.until(lambda: office.row("account", AURORA)["phone"] == "+31 10 411 2299")
    window.until(lambda: not window.accounts.list.model.rows()[0].waiting)


def test_a_wrong_entry_is_told_beside_its_field_when_it_is_left_and_nothing_is_saved(window: Window) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_email", "anke at aurora")
    window.key(Qt.Key.Key_Tab)
    editor = window.record.editor
    assert editor is not None
    assert "is not an email address" in editor.form.fields["email"].error()
    window.into("edit_account_name", "")
    window.key(Qt.Key.Key_Return, CTRL)
    assert editor.form.fields["name"].error() == "Enter name."
    assert editor.form.summary.heading() == "2 entries need a look"
    assert window.record.editor is editor
    window.key(Qt.Key.Key_Escape)
    assert window.record.editor is editor, "typed text is not thrown away by one key"
    window.key(Qt.Key.Key_Escape)
    assert window.record.editor is None
    assert window.record.header.name() == "Aurora Dairy B.V."


def test_a_currency_without_a_price_list_is_saved_and_the_window_says_what_that_means(window: Window) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_currency", "JPX")
    window.key(Qt.Key.Key_Return, CTRL)
    editor = window.record.editor
    assert editor is not None
    assert editor.form.fields["currency"].error()
    window.into("edit_account_currency", "JPY")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    said = "Edit Aurora Dairy B.V. No price list is in JPY yet, so orders of this account find no prices; "
    assert window.toast() == f"{said}ask the office for one."
    window.until(lambda: "Prices in JPY" in unknown(window))
    window.click("side_not_0")
    window.until(lambda: window.focused() == "edit_account_currency")
    window.into("edit_account_currency", "EUR")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None and "Prices in JPY" not in unknown(window))


def unknown(window: Window) -> list[str]:
    """What stands under “Not known yet”."""
    rows = window.record.overview.findChildren(LineRow)
    return [row.view().title for row in rows if row.isVisible() and row.objectName().startswith("side_not_")]


def test_closing_the_window_over_typed_text_asks_once(window: Window) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", "+31 10 000")
    window.click("nav_sync")
    assert not window.shell.close()
    editor = window.record.editor
    assert editor is not None
    assert editor.notice.heading() == "You have one entry that is not saved"
    assert window.shell.isVisible()
    assert window.shell.close()


def test_a_new_account_like_one_that_is_there_warns_and_can_be_saved_all_the_same(
    window: Window, office: Office
) -> None:
    window.click("accounts_new")
    editor = window.record.editor
    assert editor is not None
    window.into("new_account_name", "Aurora Dairy")
    window.until(editor.duplicate.isVisible)
    assert editor.duplicate.heading().startswith("This may be Aurora Dairy B.V., Rotterdam")
    window.into("new_account_site_city", "Delft")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None and window.record.header.name() == "Aurora Dairy")
    window.until(lambda: titles(window).count("Aurora Dairy") == 1)
    window.until(lambda: any(row["name"] == "Aurora Dairy" for row in office.rows("account")))
    assert any(row["city"] == "Delft" for row in office.rows("site"))


def test_a_duplicate_can_be_opened_instead(window: Window) -> None:
    window.click("accounts_new")
    editor = window.record.editor
    assert editor is not None
    window.into("new_account_name", "Blue Harbor Hotel")
    window.until(editor.duplicate.isVisible)
    window.click("new_account_duplicate_action")
    window.until(lambda: window.record.header.name() == "Blue Harbor Hotels")
    assert window.record.editor is None


def test_an_edit_is_asked_only_about_what_it_changes(window: Window) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_name", "Blue Harbor Hotel")
    editor = window.record.editor
    assert editor is not None
    window.until(editor.duplicate.isVisible)
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None and window.record.header.name() == "Blue Harbor Hotel")
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", "010 555 12 34")
    editor = window.record.editor
    assert editor is not None
    window.until(editor.duplicate.isVisible)
    assert editor.duplicate.accessibleName() == (
        "This may be Blue Harbor Hotels, Hamburg · 100310 Same phone number. You can save it anyway."
    )
    window.into("edit_account_phone", "+31 10 411 0000")
    window.until(lambda: not editor.duplicate.isVisible(), "the name was not touched")


def test_a_begun_address_needs_a_city(window: Window) -> None:
    window.click("accounts_new")
    editor = window.record.editor
    assert editor is not None
    window.into("new_account_name", "Nieuw Hof")
    window.into("new_account_site_street", "Kade 1")
    window.key(Qt.Key.Key_Return, CTRL)
    assert editor.form.fields["site.city"].error().startswith("An address needs a city")


def test_a_logged_call_stands_on_the_timeline_and_undo_takes_it_off(window: Window) -> None:
    window.key(Qt.Key.Key_A)
    window.write("Asked about the oat range")
    window.key(Qt.Key.Key_Return, CTRL)
    timeline = window.record.overview.timeline
    window.until(lambda: "Call · Asked about the oat range" in timeline.titles())
    assert window.toast() == "Call “Asked about the oat range”"
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(lambda: "Call · Asked about the oat range" not in timeline.titles())


def test_an_activity_without_a_word_asks_for_one(window: Window) -> None:
    window.key(Qt.Key.Key_A)
    window.key(Qt.Key.Key_Return, CTRL)
    editor = window.record.editor
    assert editor is not None
    assert editor.form.fields["subject"].error() == "Enter a subject or a text: what was it about?"


def test_an_open_task_is_completed_by_pressing_it(window: Window, office: Office) -> None:
    window.click("side_next_0")
    window.until(lambda: not window.record.answer.overview.tasks)
    assert window.toast() == "Task “Send oat range samples” completed"


def test_a_contact_is_edited_from_its_tab_by_keys(window: Window, office: Office) -> None:
    window.record.tabs.open("contacts")
    table = window.find("contacts_table")
    window.until(lambda: table.grid.rowCount() == 2)
    table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.record.editor is not None)
    window.into("edit_contact_job_title", "Head of purchasing")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: office.row("contact", BAKKER)["job_title"] == "Head of purchasing")
    window.until(lambda: table.grid.rows[0].cells[1].text == "Head of purchasing")


def test_an_address_is_added_from_the_tab(window: Window) -> None:
    window.record.tabs.open("addresses")
    window.until(lambda: window.find("addresses_table").grid.rowCount() == 2)
    table = window.find("addresses_table")
    state = table.grid.column_at("state")
    assert table.isColumnHidden(state), "a column without a word takes room from the street"
    window.click("addresses_add")
    window.into("new_site_street", "Haven 9")
    window.into("new_site_city", "Vlaardingen")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.find("addresses_table").grid.rowCount() == 3)


def test_a_tab_names_the_whole_address_in_the_first_window(window: Window, office: Office) -> None:
    ship = next(row["id"] for row in office.rows("site") if row["street"] == "Kade 4")
    assert isinstance(ship, bytes)
    bill = next(row["id"] for row in office.rows("site") if row["street"] == "Wijnhaven 62")
    assert isinstance(bill, bytes)
    office.change("site", RowId(bill), site_name="Aurora Dairy B.V.",
                  street="Burgemeester van Lierlaan 114, Poort C")  # fmt: skip
    office.change("site", RowId(ship), street="Van der Hoopstraat 226 b", city="Vlaardingen",
                  postal_code="3131 AB", country="Nederland", open_hours="Mo-Sa 08:00-17:00")  # fmt: skip
    window.shell.resize(*WINDOW_FIRST)
    window.sync()
    window.record.tabs.open("addresses")
    window.until(lambda: window.find("addresses_table").grid.rowCount() == 2)
    table = window.find("addresses_table")
    window.until(lambda: any(row.cells[4].text for row in table.grid.rows), "the opening hours are not shown")
    cut = [
        table.grid.index(row, at).data()
        for row in range(2)
        for at in range(table.grid.columnCount())
        if table.grid.index(row, at).data()
        and table.sizeHintForIndex(table.grid.index(row, at)).width() > table.columnWidth(at)
    ]
    assert cut == []
    office.change("site", RowId(ship), open_hours=None, country=None)
    office.change("site", RowId(bill), country=None)
    window.sync()
    hidden = [table.grid.column_at(name) for name in ("country", "hours", "state")]
    window.until(lambda: all(map(table.isColumnHidden, hidden)), "a column without a word takes room")


def test_a_change_from_the_office_shows_in_the_open_record_and_is_told(
    window: Window, office: Office
) -> None:
    office.change("account", AURORA, phone="+31 10 411 2277", tier="growth")
    window.sync()
    window.until(window.record.banner.isVisible)
    assert window.record.banner.heading() == "Piet de Wit changed phone and tier"
    window.click("account_banner_action")
    assert not window.record.banner.isVisible()


def test_a_change_from_the_office_leaves_what_is_being_typed(window: Window, office: Office) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", "+31 10 000")
    office.change("account", AURORA, phone="+31 10 411 2277", website="aurora.example")
    window.sync()
    editor = window.record.editor
    assert editor is not None
    window.until(editor.notice.isVisible)
    assert editor.notice.heading() == "Piet de Wit changed Phone meanwhile"
    assert editor.form.fields["phone"].text() == "+31 10 000"
    assert editor.form.fields["website"].text() == "aurora.example"


def test_what_was_told_of_a_colleagues_change_goes_when_another_value_is_saved_over_it(
    window: Window, office: Office
) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_phone", "0611")
    office.change("account", AURORA, phone="+31 10 411 2277", website="aurora.example")
    window.sync()
    banner = window.record.banner
    window.until(lambda: banner.heading() == "Piet de Wit changed phone and website")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    window.until(lambda: banner.heading() == "Piet de Wit changed website", "the phone is hers now")
    window.key(Qt.Key.Key_E)
    window.into("edit_account_website", "")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None)
    window.until(banner.isHidden)


def test_tab_goes_from_the_last_field_to_save_and_cancel_and_back(window: Window) -> None:
    window.key(Qt.Key.Key_E)
    editor = window.record.editor
    assert editor is not None
    last = list(editor.form.fields.values())[-1].control
    last.setFocus()
    reached = []
    for _ in range(2):
        window.key(Qt.Key.Key_Tab)
        reached.append(window.focused())
    assert reached == ["edit_account_save", "edit_account_cancel"]
    for _ in range(2):
        window.key(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert last.hasFocus()


def test_an_archived_account_leaves_the_list_and_undo_brings_it_back(window: Window) -> None:
    window.accounts.list.view.setFocus()
    window.key(Qt.Key.Key_End)
    window.until(lambda: window.record.account_id == OAK and window.record.answer.overview.header.id == OAK)
    window.record.act("archive")
    window.until(lambda: titles(window) == ["Aurora Dairy B.V.", "Blue Harbor Hotels"])
    window.key(Qt.Key.Key_Z, CTRL)
    window.until(lambda: len(titles(window)) == 3)


def test_the_palette_finds_records_and_opens_them(window: Window) -> None:
    window.key(Qt.Key.Key_K, CTRL)
    window.write("harbor")
    window.until(lambda: "Blue Harbor Hotels" in window.shell.palette_layer.titles())
    window.key(Qt.Key.Key_Return)
    window.until(
        lambda: window.record.account_id == HARBOR and window.record.header.name() == "Blue Harbor Hotels"
    )


def test_everything_on_the_page_has_a_name(window: Window) -> None:
    for tab in ("overview", "contacts", "orders", "invoices", "notes", "addresses"):
        window.record.tabs.open(tab)
        window.settle()
        assert nameless(window.shell) == []
        assert without_object_name(window.shell) == []
    assert window.find("nav_accounts", NavButton).isChecked()
