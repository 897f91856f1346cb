"""Orders: what their totals are and which moves their state may make, judged alike on laptop and server (I9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from fieldrep.contract.fields import Value
from fieldrep.domain.money import line_amount

DEVICE_MOVES: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"submitted", "cancelled"}),
    "submitted": frozenset({"cancelled"}),
    "received": frozenset({"cancelled"}),
    "held": frozenset({"cancelled"}),
    "confirmed": frozenset({"cancelled"}),
    "exported": frozenset({"cancel_requested"}),
    "part_shipped": frozenset({"cancel_requested"}),
}
"""The moves a device may make; all later ones are the server's and the ERP's."""

EDITABLE_STATES = frozenset({"draft"})
"""States in which lines and head fields may still be changed on a device."""


OFFICE_DECIDES = {"approve": "received", "reject": "rejected"}
"""What the office may say of a held order, and what the order becomes; see `discounts.py` for why it was held."""


FAR_ABOVE = 10
"""Times the highest order before: more is asked about before it is submitted, never refused."""


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """The amounts of an order in minor units; total is goods, freight and tax."""

    goods_amount: int
    freight_amount: int
    tax_amount: int
    total_amount: int


def may_move(present: str, wanted: str) -> bool:
    """Whether a device may move an order from one state to another."""
    return wanted in DEVICE_MOVES.get(present, frozenset())


def is_far_above(total: int, highest_before: int) -> bool:
    """Whether an order's total is far above what was ordered before, so that a slip of the hand is likely."""
    return 0 < highest_before * FAR_ABOVE < total


def may_write_draft(user_id: bytes, author: Value, owner: Value, beside: Collection[bytes]) -> bool:
    """Whether a person may write in a draft: its author, or the account's owner once the author has left the account.

    `beside`: who works on the account beside its owner: its team, and the managers above him.
    """
    if author in (None, user_id):
        return True
    return owner == user_id and author not in beside


def amount_of_line(line: Mapping[str, Value], currency: str) -> int:
    """The amount a line must carry; text lines and archived lines count nothing."""
    if line.get("archived") or line.get("kind") == "text":
        return 0
    return line_amount(
        _whole(line, "qty"), _whole(line, "unit_price"), _whole(line, "discount_rate"), currency
    )


def order_totals(order: Mapping[str, Value], lines: Iterable[Mapping[str, Value]]) -> OrderTotals:
    """The totals of an order from its lines; freight and tax are the order's own fields."""
    currency = str(order.get("currency") or "EUR")
    goods = sum(amount_of_line(line, currency) for line in lines)
    freight, tax = _whole(order, "freight_amount"), _whole(order, "tax_amount")
    return OrderTotals(goods, freight, tax, goods + freight + tax)


def _whole(row: Mapping[str, Value], name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else 0
