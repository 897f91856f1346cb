"""The accounts list: which accounts a search, a chip and a sort find, and the two-line rows of a window of them.

Owns the order of the list and what a row says. The order is found once as light keys; rows are read for the part of
the list that is on the screen, so that 10,000 accounts cost what a screenful costs. It must not know the account page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fieldrep.contract.ids import RowId


class AccountChip(StrEnum):
    """The quick filters above the list."""

    ALL = "all"
    KEY = "key"
    PROSPECTS = "prospects"
    OPEN_INVOICES = "open_invoices"
    CHANGED_HERE = "changed_here"


class AccountSort(StrEnum):
    """How the list can be sorted; BEST_MATCH needs a search text and is the order of a search nobody sorted."""

    BEST_MATCH = "best_match"
    NAME = "name"
    CITY = "city"
    LAST_ACTIVITY = "last_activity"
    SALES = "sales"


@dataclass(frozen=True, slots=True)
class AccountsQuestion:
    """What a person asked the list for.

    Attributes:
        sort: None for the usual one: best match of a search text, else by name.
        reverse: the other way round; by itself names run from A, sales and last activity from the highest.
    """

    text: str = ""
    chip: AccountChip = AccountChip.ALL
    sort: AccountSort | None = None
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class AccountsFound:
    """The accounts that answer a question, in order.

    Attributes:
        keys: one per account, to be given to `account_rows` a window at a time; they mean nothing else.
        more: the search found more than it lists; a longer text finds fewer.
    """

    question: AccountsQuestion
    keys: tuple[int, ...]
    more: bool

    @property
    def count(self) -> int:
        """How many accounts are listed."""
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One row of the list.

    Attributes:
        key: its key in `AccountsFound.keys`.
        sales_amount: orders of this calendar year, in minor units of `currency`.
        last_activity_at: when somebody was last in touch, None for never.
        open_amount, overdue_amount, overdue_count: of open invoices.
        waiting: has changes made here that the server has not yet acknowledged.
        conflicts: open conflicts of the account and what belongs to it.
    """

    key: int
    id: RowId
    name: str
    number: str
    city: str
    tier: str
    lifecycle: str
    currency: str
    sales_amount: int
    last_activity_at: int | None
    open_amount: int
    overdue_amount: int
    overdue_count: int
    waiting: bool
    conflicts: int
