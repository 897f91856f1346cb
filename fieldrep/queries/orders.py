"""Lists of orders: those of one account, and all of them with chips and a search.

Owns the rows of both lists. It must not know order entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldrep.contract.ids import RowId


class OrderChip(StrEnum):
    """The quick filters above the list of orders."""

    ALL = "all"
    DRAFTS = "drafts"
    OPEN = "open"
    HELD = "held"
    DONE = "done"
    CHANGED_HERE = "changed_here"


@dataclass(frozen=True, slots=True)
class OrdersQuestion:
    """What a person asked the list for; the text finds numbers, references and accounts by name."""

    text: str = ""
    chip: OrderChip = OrderChip.ALL


@dataclass(frozen=True, slots=True)
class OrdersFound:
    """The orders that answer a question, newest first; `keys` are for `order_rows`."""

    question: OrdersQuestion
    keys: tuple[int, ...]
    more: bool

    @property
    def count(self) -> int:
        """How many orders are listed."""
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order of a list.

    Attributes:
        number: the official one, else the one made here.
        total_amount: minor units of `currency`.
        editable: a draft this person may still write in.
    """

    key: int
    id: RowId
    number: str
    number_local: str
    doc_type: str
    account_id: RowId
    account: str
    status: str
    ordered_on: date | None
    wanted_on: date | None
    shipped_on: date | None
    po_ref: str
    line_count: int
    total_amount: int
    currency: str
    taken_by: str
    editable: bool
    waiting: bool
