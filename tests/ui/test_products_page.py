"""Products on a real replica: the list, one product at the present customer's prices, its stock and how old that is."""

from PySide6.QtCore import Qt

from fieldrep.ui.pages.orders import OrdersPage
from fieldrep.ui.pages.products import ProductsPage
from fieldrep.ui.product.record import Section
from fieldrep.ui.widgets.listview import FOLLOWS_AFTER_MS
from tests.helpers.small_company import BUTTER, GOUDA, HARBOR
from tests.ui.names import nameless, without_object_name
from tests.ui.window import CTRL, Window


def products(window: Window) -> ProductsPage:
    """The page by its key, until a product is shown."""
    window.shell.go("products")
    page = window.shell.stack.currentWidget()
    assert isinstance(page, ProductsPage)
    window.until(lambda: page.list.model.rowCount() > 0 and page.record.header.name() != "")
    return page


def titles(page: ProductsPage) -> list[str]:
    return [row.title for row in page.list.model.rows()]


def texts(section: Section) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in section.table.grid.rows]


def test_the_list_shows_what_is_sold_with_price_and_stock_and_the_arrows_move(window: Window) -> None:
    page = products(window)
    assert titles(page) == ["Butter salted 250 g", "Gouda aged 36 weeks", "Oat drink barista 1 l"]
    row = page.list.model.rows()[2]
    assert (row.meta, row.value, row.flag) == ("401120  ·  Drinks", "€ 15.92", "312 case")
    page.list.view.setFocus()
    window.key(Qt.Key.Key_Down)
    window.until(lambda: page.record.header.name() == "Gouda aged 36 weeks")


def test_prices_are_those_of_the_customer_last_looked_at_until_one_asks_for_the_list(window: Window) -> None:
    page = products(window)
    assert page.record.whose.text() == "Prices for Aurora Dairy B.V."
    assert page.record.tiles[0].accessibleName() == "Price: € 44.72. Per case, list NL-KEY"
    assert texts(page.record.prices)[0] == [
        "any",
        "case",
        "€ 44.72",
        "NL-KEY, this customer's own",
        "open end",
    ]
    assert page.list.model.rows()[0].value == "€ 44.72"
    window.click("product_prices_switch")
    window.until(lambda: page.record.tiles[0].accessibleName() == "Price: € 52.00. Per case, list NL-2026")
    window.until(lambda: page.list.model.rows()[0].value == "€ 52.00")
    assert texts(page.record.prices) == [
        ["any", "case", "€ 52.00", "NL-2026", "open end"],
        ["24", "case", "€ 49.50", "NL-2026", "open end"],
    ]
    window.shell.go("accounts", ("account", HARBOR))
    window.until(lambda: window.record.header.name() == "Blue Harbor Hotels")
    window.shell.go("products")
    window.until(lambda: page.record.whose.text() == "Prices for Blue Harbor Hotels")
    window.until(lambda: page.list.model.rows()[0].value == "€ 52.00")


def test_stock_stands_by_warehouse_with_its_age_and_a_product_without_says_so(window: Window) -> None:
    page = products(window)
    assert page.record.tiles[1].accessibleName() == "Available: 41 case. As of today 08:42"
    assert texts(page.record.stock) == [["Rotterdam", "51", "10", "41", "0", "today 08:42"]]
    window.click("products_chip_discontinued")
    window.until(lambda: titles(page) == ["Skyr 1 kg"] and page.record.header.name() == "Skyr 1 kg")
    assert page.record.tiles[1].accessibleName() == "Available: –. No stock known"
    assert page.record.tiles[0].accessibleName() == "Price: –. On no price list"
    assert texts(page.record.stock) == []
    assert not page.record.stock.table.isVisible()


def test_what_this_customer_ordered_before_opens_its_order(window: Window) -> None:
    page = products(window)
    window.until(
        lambda: [row[0] for row in texts(page.record.bought)] == ["SO-000140", "SO-000101", "SO-000020"]
    )
    page.record.bought.table.setFocus()
    window.key(Qt.Key.Key_Return)
    orders = window.shell.stack.currentWidget()
    assert isinstance(orders, OrdersPage)
    window.until(lambda: orders.editor.header.name() == "Order SO-000140")
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: window.shell.stack.currentWidget() is page)


def test_the_search_finds_by_sku_and_what_this_customer_bought_is_a_filter(window: Window) -> None:
    page = products(window)
    window.key(Qt.Key.Key_F, CTRL)
    window.write("3322")
    window.until(lambda: titles(page) == ["Gouda aged 36 weeks"])
    window.until(lambda: page.record.header.name() == "Gouda aged 36 weeks")
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: len(titles(page)) == 3)
    window.click("products_chip_bought_before")
    window.until(lambda: titles(page) == ["Butter salted 250 g"])


def test_a_product_is_opened_from_elsewhere_and_its_row_is_current(window: Window) -> None:
    page = products(window)
    window.shell.go("accounts")
    window.shell.go("products", ("product", GOUDA))
    window.until(lambda: page.record.header.name() == "Gouda aged 36 weeks")
    assert page.list.current_key() == GOUDA
    window.shell.go("products", BUTTER)
    window.until(lambda: page.record.header.name() == "Butter salted 250 g")


def test_a_product_that_is_sold_no_more_stays_open_when_the_list_answers(window: Window) -> None:
    page = products(window)
    window.click("products_chip_discontinued")
    window.until(lambda: titles(page) == ["Skyr 1 kg"] and page.record.header.name() == "Skyr 1 kg")
    skyr = page.list.current_key()
    window.click("products_chip_all")
    window.until(lambda: len(titles(page)) == 3 and page.record.header.name() == "Butter salted 250 g")
    window.shell.go("products", ("product", skyr))
    with window.qtbot.assertNotEmitted(page.list.current, wait=3 * FOLLOWS_AFTER_MS):
        window.settle()
    assert page.record.header.name() == "Skyr 1 kg"


def test_what_is_typed_right_after_a_product_was_opened_is_followed(window: Window) -> None:
    page = products(window)
    window.key(Qt.Key.Key_F, CTRL)
    window.write("oat")
    window.until(lambda: page.record.header.name() == "Oat drink barista 1 l")
    window.shell.go("products", ("product", BUTTER))
    window.key(Qt.Key.Key_F, CTRL)
    window.write("gouda")
    window.until(lambda: titles(page) == ["Gouda aged 36 weeks"])
    window.until(lambda: page.record.header.name() == "Gouda aged 36 weeks")


def test_units_of_a_product_say_what_they_contain(window: Window) -> None:
    page = products(window)
    page.list.view.setFocus()
    window.key(Qt.Key.Key_End)
    window.until(lambda: page.record.header.name() == "Oat drink barista 1 l")
    assert texts(page.record.units) == [["pallet", "60 case", "–", "8712345678906"]]


def test_everything_on_the_page_has_a_name(window: Window) -> None:
    products(window)
    assert nameless(window.shell) == []
    assert without_object_name(window.shell) == []
