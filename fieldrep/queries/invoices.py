"""The receivable documents of an account that are still open, and the newest paid ones on request.

Owns the rows of the Invoices tab. What is owed comes from the office; nothing here can be changed on a device.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import day, maybe_whole, ref, text, whole
from fieldrep.store.reader import Reader


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One document; amounts in minor units of `currency`, `overdue_days` 0 when it is not overdue."""

    id: RowId
    kind: str
    number: str
    issued_on: date | None
    due_on: date | None
    amount: int
    open_amount: int
    currency: str
    overdue_days: int
    order_ref: str
    dispute_state: str
    as_of: int | None


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """What is open and overdue in one currency."""

    currency: str
    open_amount: int
    overdue_amount: int


@dataclass(frozen=True, slots=True)
class Invoices:
    """Open documents, the longest overdue first, with their sums per currency."""

    rows: tuple[InvoiceRow, ...]
    sums: tuple[CurrencySum, ...]
    as_of: int | None


_OPEN = """
SELECT id, kind, number, issued_on, due_on, amount, open_amount, currency, order_ref, dispute_state, as_of
FROM ar_document WHERE account_id = ? AND archived = 0 AND open_amount <> 0
ORDER BY due_on IS NULL, due_on, issued_on, id
"""
_PAID = """
SELECT id, kind, number, issued_on, due_on, amount, open_amount, currency, order_ref, dispute_state, as_of
FROM ar_document WHERE account_id = ? AND archived = 0 AND coalesce(open_amount, 0) = 0
ORDER BY issued_on DESC, id DESC LIMIT ?
"""


def open_invoices(reader: Reader, *, account_id: RowId, today: date) -> Invoices:
    """What an account still owes, the longest overdue first; open credits count against it."""
    rows = [_row(row, today) for row in reader.rows(_OPEN, (account_id,))]
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[row.currency][0] += row.open_amount
        sums[row.currency][1] += row.open_amount if row.overdue_days else 0
    return Invoices(
        rows=tuple(rows),
        sums=tuple(CurrencySum(currency, *amounts) for currency, amounts in sorted(sums.items())),
        as_of=max((row.as_of for row in rows if row.as_of is not None), default=None),
    )


def paid_invoices(
    reader: Reader, *, account_id: RowId, today: date, limit: int = 50
) -> tuple[InvoiceRow, ...]:
    """The newest documents of an account on which nothing is open."""
    return tuple(_row(row, today) for row in reader.rows(_PAID, (account_id, limit)))


def _row(row: tuple[object, ...], today: date) -> InvoiceRow:
    row_id, kind, number, issued, due, amount, owed, currency, order_ref, dispute, as_of = row
    due_on = day(due)
    late = (today - due_on).days if due_on is not None and whole(owed) > 0 else 0
    return InvoiceRow(
        id=ref(row_id),
        kind=text(kind),
        number=text(number),
        issued_on=day(issued),
        due_on=due_on,
        amount=whole(amount),
        open_amount=whole(owed),
        currency=text(currency),
        overdue_days=max(late, 0),
        order_ref=text(order_ref),
        dispute_state=text(dispute),
        as_of=maybe_whole(as_of),
    )
