"""The receivable documents of an account that are still open, and the newest paid ones on request.

Owns the rows of the Invoices tab. What is owed comes from the office; nothing here can be changed on a device.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fieldrep.contract.ids import RowId


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
