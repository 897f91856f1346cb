"""How the oracle adds up orders and receives them, and the word with which it refuses.

Shares no code with the product. Must not judge anything but orders.
"""

from __future__ import annotations

from typing import Any, Protocol

from tests.sim.judge.limits import hold
from tests.sim.judge.values import line_total

Row = dict[str, Any]


class No(Exception):
    """The oracle refuses a change."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Judge(Protocol):
    """The oracle, as far as orders need it."""

    orders_numbered: int
    _fresh: dict[tuple[str, bytes], Row]

    def row(self, entity: str, row_id: bytes) -> Row | None: ...
    def all(self, entity: str) -> Any: ...


def settle_orders(judge: Judge, who: Any, change: Any, now: int) -> None:
    """Derives the amounts of every order a change touched, and receives those submitted."""
    touched: dict[bytes, None] = {}
    for edit in change.edits:
        if edit.entity == "sales_order":
            touched[edit.row_id] = None
        elif edit.entity == "document_line":
            line = judge.row("document_line", edit.row_id)
            if line is not None:
                touched[line["order_id"]] = None
    for order_id in touched:
        order = judge.row("sales_order", order_id)
        if order is not None:
            _settle_order(judge, who, order, now)


def _settle_order(judge: Judge, who: Any, found: Row, now: int) -> None:
    order, goods, items = dict(found), 0, 0
    lines = [one for one in judge.all("document_line") if one["order_id"] == order["id"]]
    for line in lines:
        amount = line_total(line)
        goods += amount
        items += line["kind"] == "item" and not line["archived"]
        if amount != line["line_amount"]:
            judge._fresh["document_line", line["id"]] = dict(
                line, line_amount=amount, changed_at=now, changed_by=who.user
            )
    order["goods_amount"] = goods
    order["total_amount"] = goods + (order["freight_amount"] or 0) + (order["tax_amount"] or 0)
    if order["status"] == "submitted":
        if not items:
            raise No("move_not_allowed")
        why = hold(judge, who.user, lines, now)
        order["status"] = "held" if why else "received"
        order["hold_reasons"] = why or order["hold_reasons"]
        order["sales_rep_id"] = order["sales_rep_id"] or who.user
        order["number_official"] = order["number_official"] or f"SO-{judge.orders_numbered + 1:06d}"
    if order != found:
        order.update(changed_at=now, changed_by=who.user)
        judge._fresh["sales_order", order["id"]] = order
