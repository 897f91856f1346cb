"""Prices: which rule gives a line its price, and that the explanation leads to it."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from fieldrep.contract.fields import MILLIONTH
from fieldrep.contract.ids import RowId
from fieldrep.domain.pricing import Priced, PriceItem, PriceList, lists_for, price_for

TODAY = date(2026, 11, 20)
PRODUCT, CUSTOMER, OTHER = RowId(b"p" * 16), RowId(b"c" * 16), RowId(b"o" * 16)
STANDARD = PriceList(RowId(b"1" * 16), "NL-2026", "EUR")
KEY = PriceList(RowId(b"2" * 16), "NL-KEY", "EUR", parent_id=STANDARD.id, channel="key")
LISTS = {price_list.id: price_list for price_list in (STANDARD, KEY)}


def item(name: str, price: int, **more: object) -> PriceItem:
    given = {"price_list_id": STANDARD.id, "product_id": PRODUCT, **more}
    return PriceItem(id=RowId(name.encode().ljust(16)), price=price * MILLIONTH, **given)  # type: ignore[arg-type]


def priced(
    *items: PriceItem, qty: int = 1, uom: str = "case", factor: int = 1, on: date = TODAY
) -> Priced | None:
    return price_for(
        items,
        (KEY, STANDARD),
        product_id=PRODUCT,
        account_id=CUSTOMER,
        qty=qty * MILLIONTH,
        on=on,
        uom=uom,
        base_uom="case",
        factor=factor * MILLIONTH,
    )


def price_of(*items: PriceItem, qty: int = 1, on: date = TODAY) -> int | None:
    found = priced(*items, qty=qty, on=on)
    return found.unit_price // MILLIONTH if found else None


def test_the_highest_break_that_the_quantity_reaches_gives_the_price() -> None:
    breaks = (item("a", 52), item("b", 50, min_qty=24 * MILLIONTH), item("c", 48, min_qty=48 * MILLIONTH))
    assert [price_of(*breaks, qty=qty) for qty in (1, 23, 24, 47, 48, 900)] == [52, 52, 50, 50, 48, 48]


def test_a_customers_own_price_comes_before_a_cheaper_break_of_the_list() -> None:
    items = (item("a", 52), item("b", 40, min_qty=24 * MILLIONTH), item("own", 45, account_id=CUSTOMER))
    found = priced(*items, qty=30)
    assert found is not None
    assert (found.unit_price, found.source) == (45 * MILLIONTH, "customer")


def test_another_customers_own_price_never_counts() -> None:
    assert price_of(item("a", 52), item("theirs", 1, account_id=OTHER)) == 52


def test_a_price_counts_from_its_first_to_its_last_day() -> None:
    items = (item("a", 52, valid_from=date(2026, 1, 1), valid_to=date(2026, 11, 20)),)
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 11, 20), date(2026, 11, 21))
    assert [price_of(*items, on=day) for day in days] == [None, 52, 52, None]


def test_of_two_prices_for_one_break_the_later_valid_one_counts() -> None:
    old, new = item("z", 40), item("a", 55, valid_from=date(2026, 11, 1))
    assert price_of(old, new) == price_of(new, old) == 55


def test_the_nearest_list_decides_and_its_base_list_fills_the_gaps() -> None:
    base, near = item("a", 52), item("k", 49, price_list_id=KEY.id)
    assert price_of(base, near) == 49
    assert price_of(base) == 52


def test_without_any_price_there_is_none_rather_than_nothing_to_pay() -> None:
    assert price_of() is None
    assert price_of(item("b", 50, min_qty=24 * MILLIONTH), qty=3) is None


def test_a_price_for_the_base_unit_is_converted_to_the_unit_of_the_line() -> None:
    found = priced(item("a", 16), uom="pallet", factor=60)
    assert found is not None
    assert found.unit_price == 960 * MILLIONTH


def test_a_price_for_the_unit_itself_comes_before_a_converted_one() -> None:
    found = priced(item("a", 16), item("p", 900, uom="pallet"), uom="pallet", factor=60)
    assert found is not None
    assert found.unit_price == 900 * MILLIONTH


def test_a_break_in_base_units_is_reached_by_fewer_larger_units() -> None:
    items = (item("a", 16), item("b", 15, min_qty=120 * MILLIONTH))
    small, large = (priced(*items, qty=qty, uom="pallet", factor=60) for qty in (1, 2))
    assert small is not None
    assert large is not None
    assert (small.unit_price, large.unit_price) == (960 * MILLIONTH, 900 * MILLIONTH)


def test_the_explanation_names_list_break_and_own_price_in_order() -> None:
    broken = priced(item("a", 52), item("b", 50, min_qty=24 * MILLIONTH), qty=24)
    own = priced(item("a", 52), item("own", 45, account_id=CUSTOMER))
    assert broken is not None
    assert own is not None
    assert [(step.rule, step.text) for step in broken.trace] == [
        ("list", "List price NL-2026"),
        ("break", "From 24 case"),
    ]
    assert [step.rule for step in own.trace] == ["list", "customer"]
    assert (own.list_price, own.unit_price) == (52 * MILLIONTH, 45 * MILLIONTH)


def test_the_next_break_is_the_nearest_one_that_is_cheaper() -> None:
    dear = item("d", 60, min_qty=12 * MILLIONTH)
    found = priced(item("a", 52), dear, item("b", 50, min_qty=24 * MILLIONTH), qty=10)
    assert found is not None
    assert found.next_break is not None
    assert (found.next_break.min_qty, found.next_break.price) == (24 * MILLIONTH, 50 * MILLIONTH)


def test_a_customer_without_a_list_gets_the_standard_one_of_the_currency() -> None:
    dollars = PriceList(RowId(b"3" * 16), "AA", "USD")
    known = {**LISTS, dollars.id: dollars}
    assert lists_for(known, own=None, currency="EUR", on=TODAY) == (STANDARD,)
    assert lists_for(known, own=None, currency="USD", on=TODAY) == (dollars,)
    assert lists_for(known, own=KEY.id, currency="EUR", on=TODAY) == (KEY, STANDARD)


def test_lists_that_are_based_on_each_other_end() -> None:
    one = PriceList(RowId(b"4" * 16), "A", "EUR", parent_id=RowId(b"5" * 16))
    two = PriceList(RowId(b"5" * 16), "B", "EUR", parent_id=RowId(b"4" * 16))
    assert lists_for({one.id: one, two.id: two}, own=one.id, currency="EUR", on=TODAY) == (one, two)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 99), st.booleans()), min_size=1, max_size=8),
    st.integers(1, 60),
    st.randoms(),
)
def test_the_order_of_the_items_changes_nothing_and_the_trace_ends_in_the_price(
    entries: list[tuple[int, int, bool]], qty: int, random: object
) -> None:
    items = [
        item(f"{n}", price, min_qty=low * MILLIONTH, account_id=CUSTOMER if own else None)
        for n, (low, price, own) in enumerate(entries)
    ]
    found = priced(*items, qty=qty)
    random.shuffle(items)  # type: ignore[attr-defined]
    assert priced(*items, qty=qty) == found
    if found is not None:
        assert found.trace[-1].price == found.unit_price
