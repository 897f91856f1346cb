"""What a customer pays for a quantity of a product on a day, and why: price list items in, price and explanation out.

Owns the order in which price rules apply: the customer's own price before the list, on each the highest quantity break
that is reached, only what is valid on the day. Laptop and server use it alike (I9). It reads nothing and rounds only
where a unit is converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fieldrep.contract.fields import MILLIONTH
from fieldrep.contract.ids import RowId
from fieldrep.domain.money import divide_rounded, format_millionths


@dataclass(frozen=True, slots=True)
class PriceList:
    """A list prices may come from; `parent_id` is the list it is based on."""

    id: RowId
    code: str
    currency: str
    parent_id: RowId | None = None
    channel: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True)
class PriceItem:
    """The price of a product from a quantity upwards; `account_id` makes it that customer's own.

    `price` and `min_qty` are millionths, the price for one `uom` ("" for the product's base unit).
    """

    id: RowId
    price_list_id: RowId
    product_id: RowId
    price: int
    min_qty: int = 0
    uom: str = ""
    account_id: RowId | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class PriceStep:
    """One rule that took part, in order: `list`, `break` or `customer`, and the price after it in millionths."""

    rule: str
    text: str
    price: int


@dataclass(frozen=True, slots=True)
class NextBreak:
    """The quantity from which the price falls further, and that price; both in millionths."""

    min_qty: int
    price: int


@dataclass(frozen=True, slots=True)
class Priced:
    """A price with its explanation.

    Attributes:
        unit_price: millionths for one `uom`.
        list_price: what everybody pays for a small quantity, for comparison.
        source: `list` or `customer`, as in a line's `price_source`.
        price_list, price_list_id: the list it came from.
        trace: the rules in the order they applied; the last one gives `unit_price`.
    """

    unit_price: int
    list_price: int
    uom: str
    source: str
    price_list_id: RowId
    price_list: str
    item_id: RowId
    trace: tuple[PriceStep, ...]
    next_break: NextBreak | None


def lists_for(
    price_lists: Mapping[RowId, PriceList], *, own: RowId | None, currency: str, on: date
) -> tuple[PriceList, ...]:
    """The lists a customer's prices come from, nearest first: the own list, then those it is based on.

    A customer without a list of its own (a new prospect) gets the standard one of the currency: the list for no
    special channel that is based on no other, the first by code. Lists of another currency or day never count.
    """
    start = price_lists.get(own) if own is not None else None
    if start is None:
        start = _standard_list(price_lists.values(), currency, on)
    chain: list[PriceList] = []
    seen: set[RowId] = set()
    while start is not None and start.id not in seen:
        seen.add(start.id)
        if _counts(start, currency, on):
            chain.append(start)
        start = price_lists.get(start.parent_id) if start.parent_id is not None else None
    return tuple(chain)


def _standard_list(lists: Iterable[PriceList], currency: str, on: date) -> PriceList | None:
    fit = [item for item in lists if _counts(item, currency, on) and item.parent_id is None]
    return min(fit, key=lambda item: (bool(item.channel), item.code, item.id), default=None)


def _counts(price_list: PriceList, currency: str, on: date) -> bool:
    return (
        not price_list.archived
        and price_list.currency == currency
        and _valid(price_list.valid_from, price_list.valid_to, on)
    )


def _valid(first: date | None, last: date | None, on: date) -> bool:
    return (first is None or first <= on) and (last is None or on <= last)


def price_for(
    items: Iterable[PriceItem],
    lists: Sequence[PriceList],
    *,
    product_id: RowId,
    account_id: RowId | None,
    qty: int,
    on: date,
    uom: str,
    base_uom: str,
    factor: int = MILLIONTH,
) -> Priced | None:
    """The price of `qty` of a product in the unit `uom`, None where no list has one.

    Args:
        items: of any product and list; only fitting ones count.
        lists: from `lists_for`, nearest first; of each kind of price the first list that has one decides.
        factor: base units in one `uom`, in millionths, to convert a price that is given for the base unit.
    """
    fitting = [
        item
        for item in items
        if item.product_id == product_id
        and item.account_id in (None, account_id)
        and (item.uom or base_uom) in (uom, base_uom)
        and _valid(item.valid_from, item.valid_to, on)
    ]
    unit = _Unit(uom, base_uom, factor)
    everybody = _nearest([item for item in fitting if item.account_id is None], lists, qty, unit)
    own = _nearest([item for item in fitting if item.account_id is not None], lists, qty, unit)
    taken = own or everybody
    if taken is None:
        return None
    start = everybody.lowest(unit) if everybody else taken.item
    return Priced(
        unit_price=unit.price(taken.item),
        list_price=unit.price(start),
        uom=unit.uom,
        source="customer" if own else "list",
        price_list_id=taken.price_list.id,
        price_list=taken.price_list.code,
        item_id=taken.item.id,
        trace=_trace(everybody, own, unit),
        next_break=_next_break(taken.items, qty, unit.price(taken.item), unit),
    )


@dataclass(frozen=True, slots=True)
class _Unit:
    """The unit a line is in, and how prices and quantities of the base unit convert to it."""

    uom: str
    base_uom: str
    factor: int

    def direct(self, item: PriceItem) -> bool:
        return (item.uom or self.base_uom) == self.uom

    def price(self, item: PriceItem) -> int:
        return item.price if self.direct(item) else divide_rounded(item.price * self.factor, MILLIONTH)

    def min_qty(self, item: PriceItem) -> int:
        """From how many of the line's units the item holds, rounded up to the next millionth."""
        return item.min_qty if self.direct(item) else -(-item.min_qty * MILLIONTH // self.factor)


@dataclass(frozen=True, slots=True)
class _Found:
    """The item a quantity reaches on the nearest list that has one, among all of its kind there."""

    price_list: PriceList
    items: tuple[PriceItem, ...]
    item: PriceItem

    def lowest(self, unit: _Unit) -> PriceItem:
        """The item of the lowest break, which is what a small quantity costs."""
        least = min(unit.min_qty(item) for item in self.items)
        return _reached(self.items, least, unit) or self.item


def _nearest(items: Sequence[PriceItem], lists: Sequence[PriceList], qty: int, unit: _Unit) -> _Found | None:
    for price_list in lists:
        here = tuple(item for item in items if item.price_list_id == price_list.id)
        reached = _reached(here, qty, unit)
        if reached is not None:
            return _Found(price_list, here, reached)
    return None


def _reached(items: Iterable[PriceItem], qty: int, unit: _Unit) -> PriceItem | None:
    """The item with the highest break that `qty` reaches; prices for the unit itself come before converted ones.

    Of two for the same break the one that became valid later counts, then the cheaper one.
    """
    return max(
        (item for item in items if unit.min_qty(item) <= max(qty, 0)),
        key=lambda item: (
            unit.direct(item),
            unit.min_qty(item),
            item.valid_from or date.min,
            -unit.price(item),
            item.id,
        ),
        default=None,
    )


def _trace(everybody: _Found | None, own: _Found | None, unit: _Unit) -> tuple[PriceStep, ...]:
    steps = []
    if everybody is not None:
        first = everybody.lowest(unit)
        steps.append(PriceStep("list", f"List price {everybody.price_list.code}", unit.price(first)))
        if everybody.item is not first and own is None:
            steps.append(
                PriceStep("break", _break_text("From", everybody.item, unit), unit.price(everybody.item))
            )
    if own is not None:
        wide = unit.min_qty(own.item) > 0
        text = _break_text("Customer's own price from", own.item, unit) if wide else "Customer's own price"
        steps.append(PriceStep("customer", text, unit.price(own.item)))
    return tuple(steps)


def _break_text(start: str, item: PriceItem, unit: _Unit) -> str:
    return f"{start} {format_millionths(unit.min_qty(item))} {unit.uom}".rstrip()


def _next_break(items: Iterable[PriceItem], qty: int, price: int, unit: _Unit) -> NextBreak | None:
    later = [
        NextBreak(unit.min_qty(item), unit.price(item))
        for item in items
        if unit.min_qty(item) > qty and unit.price(item) < price
    ]
    return min(later, key=lambda item: (item.min_qty, item.price), default=None)
