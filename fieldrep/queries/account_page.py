"""What the Accounts page asks for its list in one trip: the order, and the rows as far as it shows.

Owns the putting together of other queries into one snapshot, so that the list never shows two moments at once. What the
record beside it opens with stands in `whole_account`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fieldrep.contract.ids import RowId
from fieldrep.queries.accounts import (
    AccountRow,
    AccountsFound,
    AccountsQuestion,
    account_position,
    account_rows,
    find_accounts,
)
from fieldrep.store.reader import Reader

WINDOW = 100
"""Rows of the list read at a time."""


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """An ordered list, its first rows, and where the wanted account stands in it (None: not in it)."""

    found: AccountsFound
    rows: tuple[AccountRow, ...]
    place: int | None


def read_list(
    reader: Reader, *, question: AccountsQuestion, today: date, wanted: RowId | None, at_least: int = WINDOW
) -> ListAnswer:
    """The list that answers a question, its rows as far as the wanted account."""
    found = find_accounts(reader, question=question, today=today)
    place = account_position(reader, found=found, account_id=wanted) if wanted else None
    upto = max(at_least, (place or 0) + WINDOW // 2)
    return ListAnswer(found, account_rows(reader, keys=found.keys[:upto], today=today), place)
