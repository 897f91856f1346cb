"""The prices one customer pays, read from the replica as they are needed: lists once, items per product.

Owns the SQL that feeds `domain/pricing.py`, for commands and queries alike, so that a page and its order
agree. It must not decide which price applies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fieldrep.contract.fields import MILLIONTH
from fieldrep.contract.ids import RowId
from fieldrep.domain.days import parse_day
from fieldrep.domain.pricing import Priced, PriceItem, PriceList, lists_for, price_for

Rows = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
"""How a unit of work and a reader both read: SQL and parameters in, tuples out."""

_LISTS = "SELECT id, code, currency, parent_id, channel, valid_from, valid_to, archived FROM price_list"
_USUAL = (
    "SELECT currency FROM price_list WHERE archived = 0 AND currency IS NOT NULL "
    "GROUP BY currency ORDER BY count(*) DESC, currency = 'EUR' DESC, currency LIMIT 1"
)
_PRICED = "SELECT 1 FROM price_list WHERE currency = ? AND archived = 0 LIMIT 1"
_ACCOUNT = "SELECT currency, price_list_id FROM account WHERE id = ?"
# The plus keeps the planner from the index on lists, where every item of a list is one entry.
_ITEMS = (
    "SELECT id, price_list_id, product_id, price, min_qty, uom, account_id, valid_from, valid_to "
    "FROM price_list_item WHERE product_id = ? AND (account_id IS NULL OR +account_id = ?) AND archived = 0"
)
_UNITS = "SELECT uom, factor FROM product_uom WHERE product_id = ? AND archived = 0"


def has_prices_in(rows: Rows, currency: object) -> bool:
    """Whether any price list is in a currency."""
    return bool(rows(_PRICED, (currency,)))


@dataclass(slots=True)
class PriceBook:
    """What one customer (or nobody in particular) pays on a day; reads each product once.

    Attributes:
        lists: the lists that count, nearest first.
    """

    account_id: RowId | None
    currency: str
    on: date
    lists: tuple[PriceList, ...]
    _rows: Rows
    _items: dict[RowId, list[PriceItem]] = field(default_factory=dict)
    _factors: dict[RowId, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def of_account(
        cls,
        rows: Rows,
        account_id: RowId | None,
        on: date,
        *,
        currency: str = "",
        price_list: RowId | None = None,
    ) -> PriceBook:
        """The prices of an account on a day; an order's own currency and list come before the account's.

        Where nobody says a currency it is the one most price lists are in.
        """
        found = rows(_ACCOUNT, (account_id,)) if account_id is not None else []
        own_currency, own_list = found[0] if found else (None, None)
        money = currency or own_currency or _usual_currency(rows)
        known = {RowId(row[0]): _price_list(row) for row in rows(_LISTS, ())}
        chosen = price_list or (RowId(own_list) if own_list else None)
        return cls(account_id, money, on, lists_for(known, own=chosen, currency=money, on=on), rows)

    def price(self, product_id: RowId, qty: int, uom: str, base_uom: str) -> Priced | None:
        """The price of `qty` of a product in a unit, with its explanation; None where no list has one."""
        return price_for(
            self.items(product_id),
            self.lists,
            product_id=product_id,
            account_id=self.account_id,
            qty=qty,
            on=self.on,
            uom=uom,
            base_uom=base_uom,
            factor=self.factor(product_id, uom, base_uom),
        )

    def items(self, product_id: RowId) -> list[PriceItem]:
        """Everybody's and this customer's price list items of a product."""
        found = self._items.get(product_id)
        if found is None:
            found = self._items[product_id] = [
                _price_item(row) for row in self._rows(_ITEMS, (product_id, self.account_id))
            ]
        return found

    def units(self, product_id: RowId) -> dict[str, int]:
        """The units a product is sold in besides its base unit, with their base units in millionths."""
        found = self._factors.get(product_id)
        if found is None:
            found = self._factors[product_id] = {
                str(uom): int(factor) for uom, factor in self._rows(_UNITS, (product_id,))
            }
        return found

    def factor(self, product_id: RowId, uom: str, base_uom: str) -> int:
        """Base units in one `uom`, in millionths; one for the base unit itself and for a unit nobody declared."""
        return MILLIONTH if uom == base_uom else self.units(product_id).get(uom, MILLIONTH)


def _usual_currency(rows: Rows) -> str:
    found = rows(_USUAL, ())
    return str(found[0][0]) if found else "EUR"


def _price_list(row: Iterable[Any]) -> PriceList:
    row_id, code, currency, parent_id, channel, valid_from, valid_to, archived = row
    return PriceList(
        id=RowId(row_id),
        code=code or "",
        currency=currency or "",
        parent_id=RowId(parent_id) if parent_id else None,
        channel=channel or "",
        valid_from=parse_day(valid_from),
        valid_to=parse_day(valid_to),
        archived=bool(archived),
    )


def _price_item(row: Iterable[Any]) -> PriceItem:
    row_id, price_list_id, product_id, price, min_qty, uom, account_id, valid_from, valid_to = row
    return PriceItem(
        id=RowId(row_id),
        price_list_id=RowId(price_list_id),
        product_id=RowId(product_id),
        price=price,
        min_qty=min_qty or 0,
        uom=uom or "",
        account_id=RowId(account_id) if account_id else None,
        valid_from=parse_day(valid_from),
        valid_to=parse_day(valid_to),
    )
