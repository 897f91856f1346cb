"""Products at a customer's prices, and the page of an order: stock, sums, and what stands against submitting."""

from __future__ import annotations

from datetime import date

import pytest

from fieldrep.commands.lines import edit_order_line
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import create_order, submit_order
from fieldrep.contract.fields import MILLIONTH
from fieldrep.contract.ids import RowId
from fieldrep.domain.days import zone_named
from fieldrep.queries.order_entry import OrderEntry, order_entry
from fieldrep.queries.product_hits import find_for_order
from fieldrep.queries.products import (
    ProductChip,
    ProductRow,
    ProductsQuestion,
    find_products,
    product_detail,
    product_rows,
)
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, BUTTER, GOUDA, HARBOR, NOW, OAT, PIET, put, row_id

TODAY = date(2026, 11, 20)
ZONE = zone_named("Europe/Amsterdam")


def products(
    replica: Replica, question: ProductsQuestion, account_id: RowId | None = AURORA
) -> dict[str, ProductRow]:
    with replica.read() as reader:
        found = find_products(reader, question=question)
        rows = product_rows(reader, keys=found.keys, account_id=account_id, today=TODAY)
    return {row.sku: row for row in rows}


def entry(replica: Replica, order_id: RowId | None) -> OrderEntry:
    assert order_id is not None
    with replica.read() as reader:
        found = order_entry(reader, order_id=order_id, now=NOW, zone=ZONE)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("question", "skus"),
    [
        (ProductsQuestion(), ["210034", "332207", "401120"]),
        (ProductsQuestion("butter"), ["210034"]),
        (ProductsQuestion("2100"), ["210034"]),
        (ProductsQuestion("polder", family="Dairy"), ["210034"]),
        (ProductsQuestion(chip=ProductChip.DISCONTINUED), ["210099"]),
        (ProductsQuestion(chip=ProductChip.BOUGHT_BEFORE, account_id=AURORA), ["210034"]),
        (ProductsQuestion(chip=ProductChip.IN_STOCK), ["210034", "332207", "401120"]),
        (ProductsQuestion("nothing like this"), []),
    ],
)
def test_products_are_found_by_words_skus_and_chips(
    replica: Replica, question: ProductsQuestion, skus: list[str]
) -> None:
    assert list(products(replica, question)) == skus


def test_a_product_shows_the_present_customers_price(replica: Replica) -> None:
    wanted = {AURORA: (44_720_000, "customer"), HARBOR: (52_000_000, "list"), None: (52_000_000, "list")}
    for account, (price, source) in wanted.items():
        row = products(replica, ProductsQuestion("butter"), account)["210034"]
        assert (row.price, row.price_source, row.currency) == (price, source, "EUR")


def test_without_a_customer_prices_are_those_of_the_usual_currency(replica: Replica) -> None:
    with replica.write() as connection:
        connection.execute("UPDATE price_list SET currency = 'USD'")
    oat = products(replica, ProductsQuestion(), account_id=None)["401120"]
    assert (oat.price, oat.currency) == (15_920_000, "USD")


def test_stock_is_less_what_waits_in_drafts_in_the_products_own_unit(replica: Replica) -> None:
    assert products(replica, ProductsQuestion())["401120"].available_qty == 312 * MILLIONTH
    order = create_order(
        replica, account_id=HARBOR, lines=[NewLine(sku="401120", uom="pallet", qty=3 * MILLIONTH)]
    )
    assert products(replica, ProductsQuestion())["401120"].available_qty == 132 * MILLIONTH
    assert order.id is not None
    submit_order(replica, row_id=order.id)
    assert products(replica, ProductsQuestion())["401120"].available_qty == 132 * MILLIONTH


def test_a_products_page_explains_price_breaks_and_history(replica: Replica) -> None:
    with replica.read() as reader:
        page = product_detail(reader, product_id=BUTTER, account_id=AURORA, today=TODAY)
        assert product_detail(reader, product_id=row_id("none"), account_id=None, today=TODAY) is None
        oat = product_detail(reader, product_id=OAT, account_id=None, today=TODAY)
    assert page is not None
    assert oat is not None
    assert page.priced is not None
    assert [step.text for step in page.priced.trace] == ["List price NL-2026", "Customer's own price"]
    assert [(item.own, item.min_qty, item.price) for item in page.breaks] == [
        (True, 0, 44_720_000),
        (False, 0, 52_000_000),
        (False, 24 * MILLIONTH, 49_500_000),
    ]
    assert [item.number for item in page.last_bought] == ["SO-000140", "SO-000101", "SO-000020"]
    assert [(level.warehouse, level.available_qty) for level in page.stock] == [("Rotterdam", 41 * MILLIONTH)]
    assert [(unit.uom, unit.barcode) for unit in oat.units] == [("pallet", "8712345678906")]
    assert oat.last_bought == ()


def test_an_orders_page_agrees_with_the_order_to_the_cent(replica: Replica) -> None:
    order = create_order(
        replica,
        account_id=AURORA,
        lines=[
            NewLine(sku="210034", qty=30 * MILLIONTH),
            NewLine(sku="332207", qty=MILLIONTH, discount_rate=50_000),
        ],
        freight_amount=1250,
    )
    page = entry(replica, order.id)
    with replica.read() as reader:
        stored = reader.row("sales_order", order.id or b"")
    assert stored is not None
    assert page.totals.total_amount == stored["total_amount"] == 134_160 + 14_060 + 1250
    assert page.totals.goods_amount == sum(line.amount for line in page.lines)
    assert (page.totals.line_count, page.totals.units) == (2, 31 * MILLIONTH)
    assert [line.net_price for line in page.lines] == [44_720_000, 140_600_000]
    assert page.problems == ()
    assert (page.head.ship_to, page.head.price_list) == ("Kade 4, Schiedam", "NL-KEY")
    assert (page.head.editable, page.head.moves) == (True, {"submitted", "cancelled"})


def test_a_line_that_asks_for_more_than_there_is_says_so(replica: Replica) -> None:
    order = create_order(
        replica,
        account_id=HARBOR,
        lines=[NewLine(sku="332207", qty=6 * MILLIONTH), NewLine(sku="332207", qty=4 * MILLIONTH)],
    )
    first, second = entry(replica, order.id).lines
    assert (first.available_qty, first.short) == (5 * MILLIONTH, True)
    assert (second.available_qty, second.short) == (3 * MILLIONTH, True)
    assert first.stock_as_of == NOW - 65 * 60_000


def test_a_price_that_moved_since_is_shown_and_a_manual_one_is_not(replica: Replica) -> None:
    order = create_order(
        replica, account_id=HARBOR, lines=[NewLine(sku="332207"), NewLine(sku="401120", unit_price=1)]
    )
    with replica.write() as connection:
        connection.execute("UPDATE price_list_item SET price = 150000000 WHERE product_id = ?", (GOUDA,))
    gouda, oat = entry(replica, order.id).lines
    assert gouda.price_changed
    assert gouda.priced is not None
    assert (gouda.unit_price, gouda.priced.unit_price) == (148_000_000, 150_000_000)
    assert (oat.price_changed, oat.price_source) == (False, "manual")
    edit_order_line(replica, row_id=order.lines[0], qty=2 * MILLIONTH)
    assert not entry(replica, order.id).lines[0].price_changed


def test_what_stands_against_submitting_is_said(replica: Replica) -> None:
    empty = create_order(replica, account_id=HARBOR, wanted_on="2026-11-01")
    assert entry(replica, empty.id).problems == (
        "Add a product; an order without lines cannot be submitted.",
        "The wanted day 2026-11-01 has passed; choose a later one.",
    )
    order = create_order(replica, account_id=HARBOR, lines=[NewLine(sku="332207")])
    with replica.write() as connection:
        connection.execute("UPDATE product SET status = 'discontinued' WHERE id = ?", (GOUDA,))
    assert entry(replica, order.id).problems == (
        "332207 Gouda aged 36 weeks is discontinued; remove line 1.",
    )


def test_an_order_that_is_not_mine_to_change_says_why(replica: Replica) -> None:
    theirs = put(replica, "sales_order", "theirs", account_id=AURORA, currency="EUR", created_by=PIET)
    assert "draft of Piet de Wit" in entry(replica, theirs).head.read_only_reason
    done = entry(replica, row_id("order 1")).head
    assert (done.editable, done.moves) == (False, frozenset())
    assert "already completed" in done.read_only_reason


@pytest.mark.parametrize(
    ("typed", "sku", "uom", "qty", "exact"),
    [
        ("210034", "210034", "case", 1, True),
        ("210034 x 24", "210034", "case", 24, True),
        ("8712345678906", "401120", "pallet", 1, True),
        ("gouda x 3", "332207", "case", 3, False),
        ("2100", "210034", "case", 1, False),
    ],
)
def test_the_fast_field_finds_a_product_and_its_price(
    replica: Replica, typed: str, sku: str, uom: str, qty: int, exact: bool
) -> None:
    with replica.read() as reader:
        hits = find_for_order(reader, typed=typed, account_id=HARBOR, today=TODAY)
    assert [hit.sku for hit in hits] == [sku]
    assert (hits[0].uom, hits[0].qty, hits[0].exact) == (uom, qty * MILLIONTH, exact)
    assert hits[0].price


def test_the_fast_field_offers_the_break_of_the_typed_quantity_and_stock_in_the_scanned_unit(
    replica: Replica,
) -> None:
    with replica.read() as reader:
        (butter,) = find_for_order(reader, typed="210034 x 24", account_id=HARBOR, today=TODAY)
        (oat,) = find_for_order(reader, typed="8712345678906", account_id=HARBOR, today=TODAY)
        assert find_for_order(reader, typed="   ", account_id=HARBOR, today=TODAY) == ()
    assert butter.price == 49_500_000
    assert oat.available_qty == 5_200_000
