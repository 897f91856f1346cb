"""Enter pressed before the list has answered to what was typed, and the keys that the footer offers meanwhile."""

from PySide6.QtCore import Qt

from fieldrep.commands.accounts import archive_account
from fieldrep.queries.accounts import AccountChip
from fieldrep.ui.page import Place
from fieldrep.ui.runner import Notice
from fieldrep.ui.widgets.keycap import KeyCap
from fieldrep.ui.widgets.listview import FOLLOWS_AFTER_MS
from fieldrep.ui.widgets.recordlist import RecordList
from tests.helpers.small_company import BAKKER, GOUDA, HARBOR, OAK
from tests.ui.office import Office
from tests.ui.test_orders_page import page
from tests.ui.test_products_page import products
from tests.ui.test_sync_page import clash
from tests.ui.window import CTRL, Window

CHANGED = Notice(frozenset({"account", "sales_order", "product"}))


def opened(found: RecordList) -> list[object]:
    """What the list opens from now on."""
    keys: list[object] = []
    found.opened.connect(keys.append)
    return keys


def test_enter_opens_the_account_that_was_typed_and_not_the_one_still_shown(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    keys = opened(window.accounts.list)
    window.write("harbor")
    window.key(Qt.Key.Key_Return)
    window.until(lambda: keys)
    assert keys == [HARBOR]
    window.until(lambda: window.focused() == "account_tabs_bar")
    window.until(lambda: window.record.header.name() == "Blue Harbor Hotels")


def test_an_edit_begun_before_the_opened_account_is_read_is_for_that_account(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    keys = opened(window.accounts.list)
    window.write("harbor")
    window.key(Qt.Key.Key_Return)
    window.accounts.list.opened.connect(lambda _: window.shell.press("edit_record"))
    window.until(lambda: keys)
    window.until(lambda: window.record.editor is not None)
    editor = window.record.editor
    assert editor is not None
    assert editor.form.fields["name"].text() == "Blue Harbor Hotels"


def test_rows_that_change_before_the_answer_do_not_lose_the_enter(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    keys = opened(window.accounts.list)
    window.write("harbor")
    window.key(Qt.Key.Key_Return)
    window.shell.notify(CHANGED)
    window.until(lambda: keys)
    assert keys == [HARBOR]


def test_enter_is_for_the_text_it_followed(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    keys = opened(window.accounts.list)
    window.write("harbor")
    window.key(Qt.Key.Key_Return)
    window.write("x")
    window.settle()
    window.until(lambda: window.accounts.list.model.rowCount() == 0)
    assert (keys, window.focused()) == ([], "accounts_search")


def test_somebody_who_went_elsewhere_is_not_taken_back_by_the_enter(window: Window) -> None:
    window.key(Qt.Key.Key_F, CTRL)
    accounts = window.accounts
    keys = opened(accounts.list)
    window.write("harbor")
    window.key(Qt.Key.Key_Return)
    window.shell.go("sync")
    window.until(lambda: accounts.list.model.rowCount() == 1)
    assert keys == []


def test_what_is_typed_right_after_an_account_was_opened_is_followed(window: Window) -> None:
    window.shell.notify(CHANGED)
    window.shell.go("accounts", ("account", OAK))
    window.key(Qt.Key.Key_F, CTRL)
    window.write("harbor")
    window.until(lambda: [row.key for row in window.accounts.list.model.rows()] == [HARBOR])
    window.until(lambda: window.record.header.name() == "Blue Harbor Hotels")


def test_an_account_that_no_list_shows_stays_open_when_the_list_answers(window: Window) -> None:
    window.program.runner.command(archive_account, row_id=OAK)
    window.until(lambda: window.accounts.list.model.rowCount() == 2)
    window.accounts.list.choose_chip(AccountChip.ALL.value)
    window.until(lambda: not window.accounts.list.unanswered)
    window.shell.go("accounts", ("account", OAK))
    with window.qtbot.assertNotEmitted(window.accounts.list.current, wait=3 * FOLLOWS_AFTER_MS):
        window.settle()
    assert window.record.account_id == OAK
    assert window.record.header.name() == "Oak & Öl GmbH"


def test_what_was_read_is_not_shown_once_nothing_is_chosen(window: Window) -> None:
    record = window.record
    record.show_account(HARBOR)
    record.show_nothing()
    product = products(window).record
    product.show_product(GOUDA)
    product.show_product(None)
    window.settle()
    assert record.answer is None
    assert product.header.name() != "Gouda aged 36 weeks"
    assert product.empty.isVisible()


def test_a_form_asked_for_does_not_open_over_another_account(window: Window) -> None:
    record = window.record
    record.edit_contact(BAKKER)
    record.show_account(HARBOR)
    window.settle()
    assert record.header.name() == "Blue Harbor Hotels"
    assert record.editor is None


def test_enter_in_the_palette_is_for_the_text_it_followed(window: Window) -> None:
    window.key(Qt.Key.Key_K, CTRL)
    window.write("oak")
    window.until(lambda: "Oak & Öl GmbH" in window.shell.palette_layer.titles())
    window.shell.palette_layer.input.selectAll()
    window.write("harbor")
    window.key(Qt.Key.Key_Return)
    window.until(window.shell.palette_layer.isHidden, "nothing was opened")
    assert window.shell.place() == Place("accounts", ("account", HARBOR))


def test_enter_opens_the_product_that_was_typed(window: Window) -> None:
    shown = products(window)
    window.key(Qt.Key.Key_F, CTRL)
    keys = opened(shown.list)
    window.write("gouda")
    window.key(Qt.Key.Key_Return)
    window.until(lambda: keys)
    assert keys == [GOUDA]
    window.until(lambda: shown.record.header.name() == "Gouda aged 36 weeks")


def test_enter_opens_the_order_that_was_typed(window: Window) -> None:
    window.shell.go("orders")
    orders = page(window)
    window.until(lambda: orders.list.model.rowCount() > 1)
    wanted = orders.list.model.rows()[1]
    window.key(Qt.Key.Key_F, CTRL)
    keys = opened(orders.list)
    window.write("harbor")
    window.key(Qt.Key.Key_Return)
    window.until(lambda: keys)
    assert keys == [wanted.key]


def footer(window: Window) -> list[str]:
    """The keys of the page that the window names at its foot."""
    caps = window.shell.status_bar.findChildren(KeyCap)
    return [cap.accessibleName().partition(":")[0] for cap in caps if cap.isVisible()]


def test_with_no_account_chosen_only_keys_that_do_something_are_offered(
    window: Window, office: Office
) -> None:
    clash(window, office)
    window.until(window.record.conflicts.isVisible)
    everything = ["1 2 3", "/", "Enter", "E", "A", "Ctrl N", "F1"]
    window.until(lambda: footer(window) == everything)
    window.key(Qt.Key.Key_F, CTRL)
    window.write("zzz")
    window.until(lambda: window.record.answer is None)
    window.until(lambda: footer(window) == ["/", "F1"], "keys of the account that was shown before")
    offered = {action.title for action in window.accounts.things_to_do() if not action.why_not}
    assert offered == {"New account"}
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: footer(window) == everything)
