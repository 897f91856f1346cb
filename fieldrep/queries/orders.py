"""Lists of orders: those of one account, and all of them with chips and a search.

Owns the rows of both lists. It must not know order entry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldrep.contract.ids import RowId
from fieldrep.domain.orders import EDITABLE_STATES
from fieldrep.queries.cells import day, ref, text, whole
from fieldrep.queries.marks import conflicts_by_order, refused_records, waiting_rows
from fieldrep.queries.matching import MOST_HITS, key_list, matches
from fieldrep.store.reader import Reader


class OrderChip(StrEnum):
    """The quick filters above the list of orders."""

    ALL = "all"
    DRAFTS = "drafts"
    OPEN = "open"
    HELD = "held"
    DONE = "done"
    CHANGED_HERE = "changed_here"


class OrderSort(StrEnum):
    """The order of the list."""

    NEWEST = "newest"
    CUSTOMER = "customer"
    TOTAL = "total"
    WANTED = "wanted"


@dataclass(frozen=True, slots=True)
class OrdersQuestion:
    """What a person asked the list for; the text finds numbers, references and accounts by name."""

    text: str = ""
    chip: OrderChip = OrderChip.ALL
    sort: OrderSort = OrderSort.NEWEST


@dataclass(frozen=True, slots=True)
class OrdersFound:
    """The orders that answer a question, in its order; `keys` are for `order_rows`."""

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
        editable: a draft this person made.
        conflicts, refused: what waits for a decision in it, and changes to it that the server did not take.
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
    conflicts: int
    refused: int


_FIND = "SELECT json_group_array(row_no) FROM (SELECT o.row_no FROM sales_order AS o WHERE o.archived = 0"
_CHIPS: Mapping[OrderChip, str] = {
    OrderChip.ALL: "",
    OrderChip.DRAFTS: "AND o.status = 'draft'",
    OrderChip.OPEN: (
        "AND o.status IN ('submitted', 'received', 'held', 'confirmed', 'exported', 'part_shipped', "
        "'cancel_requested')"
    ),
    OrderChip.HELD: "AND o.status = 'held'",
    OrderChip.DONE: "AND o.status IN ('completed', 'cancelled', 'rejected')",
    OrderChip.CHANGED_HERE: (
        "AND (o.id IN (SELECT row_id FROM outbox_edit WHERE entity = 'sales_order') OR o.id IN "
        "(SELECT order_id FROM document_line WHERE id IN "
        "(SELECT row_id FROM outbox_edit WHERE entity = 'document_line')))"
    ),
}
_OF_ACCOUNT = "AND o.account_id = ?"
_AMONG = (
    "AND o.account_id IN (SELECT a.id FROM json_each(?) AS j CROSS JOIN account AS a ON a.row_no = j.value)"
)
_NUMBERS = """
AND (o.number_official LIKE ?1 ESCAPE '\\' OR o.number_local LIKE ?1 ESCAPE '\\' OR o.po_ref LIKE ?1 ESCAPE '\\'
    OR o.account_id IN (SELECT a.id FROM json_each(?2) AS j CROSS JOIN account AS a ON a.row_no = j.value))
"""
_NEWEST = "ORDER BY coalesce(o.ordered_on, o.pricing_date, '9999') DESC, o.row_no DESC LIMIT ?)"
_SORTS: Mapping[OrderSort, str] = {
    OrderSort.NEWEST: _NEWEST,
    OrderSort.CUSTOMER: (
        "ORDER BY (SELECT a.name FROM account AS a WHERE a.id = o.account_id) COLLATE NOCASE, "
        "o.ordered_on DESC, o.row_no DESC LIMIT ?)"
    ),
    OrderSort.TOTAL: "ORDER BY o.total_amount DESC, o.row_no DESC LIMIT ?)",
    OrderSort.WANTED: "ORDER BY o.wanted_on IS NULL, o.wanted_on DESC, o.row_no DESC LIMIT ?)",
}
_ROWS = """
SELECT o.row_no, o.id, o.number_official, o.number_local, o.doc_type, o.account_id, a.name, o.status,
    o.ordered_on, o.wanted_on, o.shipped_on, o.po_ref, o.total_amount, o.currency, u.name, o.created_by,
    (SELECT count(*) FROM document_line AS l WHERE l.order_id = o.id AND l.archived = 0 AND l.kind = 'item'),
    (SELECT user_id FROM sync_state)
FROM sales_order AS o
    LEFT JOIN account AS a ON a.id = o.account_id
    LEFT JOIN app_user AS u ON u.id = coalesce(o.sales_rep_id, o.created_by)
WHERE o.row_no IN (SELECT value FROM json_each(?))
"""
_EVERY = 1_000_000


def find_orders(reader: Reader, *, question: OrdersQuestion) -> OrdersFound:
    """The orders that answer a question; a search lists at most `MOST_HITS`."""
    typed = question.text.strip()
    if not typed:
        every = _keys(reader, (_FIND, _CHIPS[question.chip], _SORTS[question.sort]), (_EVERY,))
        return OrdersFound(question, every, more=False)
    accounts = key_list(matches(reader, "account", typed).keys)
    # numbers and references hold digits, so words need not be looked for in every order
    digits = any(letter.isdigit() for letter in typed)
    parts = (_FIND, _NUMBERS if digits else _AMONG, _CHIPS[question.chip], _SORTS[question.sort])
    given = (f"%{_escaped(typed)}%", accounts) if digits else (accounts,)
    keys = _keys(reader, parts, (*given, MOST_HITS + 1))
    return OrdersFound(question, keys[:MOST_HITS], len(keys) > MOST_HITS)


def orders_of_account(
    reader: Reader, *, account_id: RowId, chip: OrderChip = OrderChip.ALL, limit: int = MOST_HITS
) -> tuple[OrderRow, ...]:
    """The orders of an account, newest first."""
    parts = (_FIND, _OF_ACCOUNT, _CHIPS[chip], _NEWEST)
    return order_rows(reader, keys=_keys(reader, parts, (account_id, limit)))


def order_rows(reader: Reader, *, keys: Sequence[int]) -> tuple[OrderRow, ...]:
    """The rows of a window of `OrdersFound.keys`, in that order; one that left meanwhile is missing."""
    waiting = waiting_rows(reader, "sales_order")
    conflicts, refused = conflicts_by_order(reader), refused_records(reader)
    rows = {
        row[0]: _row(row, row[1] in waiting, conflicts[row[1]], refused[row[1]])
        for row in reader.rows(_ROWS, (key_list(keys),))
    }
    return tuple(rows[key] for key in keys if key in rows)


def _row(row: Sequence[object], waiting: bool, conflicts: int, refused: int) -> OrderRow:
    return OrderRow(
        key=whole(row[0]),
        id=ref(row[1]),
        number=text(row[2]) or text(row[3]),
        number_local=text(row[3]),
        doc_type=text(row[4]),
        account_id=ref(row[5]),
        account=text(row[6]),
        status=text(row[7]),
        ordered_on=day(row[8]),
        wanted_on=day(row[9]),
        shipped_on=day(row[10]),
        po_ref=text(row[11]),
        line_count=whole(row[16]),
        total_amount=whole(row[12]),
        currency=text(row[13]),
        taken_by=text(row[14]),
        editable=text(row[7]) in EDITABLE_STATES and row[15] in (None, row[17]),
        waiting=waiting,
        conflicts=conflicts,
        refused=refused,
    )


def _keys(reader: Reader, parts: Sequence[str], parameters: Sequence[object]) -> tuple[int, ...]:
    found: list[int] = json.loads(reader.rows(" ".join(parts), parameters)[0][0])
    return tuple(found)


def _escaped(typed: str) -> str:
    return typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
