"""The accounts list: which accounts a search, a chip and a sort find, and the two-line rows of a window of them.

Owns the order of the list and what a row says. The order is found once as light keys; rows are read for the part of
the list that is on the screen, so that 10,000 accounts cost what a screenful costs. It must not know the account page.
"""

# ruff: noqa: S608 - the texts are made of the constants below alone

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldrep.contract.ids import RowId
from fieldrep.queries import cities
from fieldrep.queries.cells import maybe_whole, ref, text, whole
from fieldrep.queries.marks import conflicts_by_account, refused_records, waiting_accounts
from fieldrep.queries.matching import MOST_HITS, key_list, matches
from fieldrep.queries.merged import with_survivors
from fieldrep.store.reader import Reader


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
        sales_elsewhere: where there is none of these, how many of this year's orders are in other currencies.
        last_activity_at: when somebody was last in touch, None for never.
        open_amount, overdue_amount, overdue_count: of open invoices.
        waiting: has changes made here that the server has not yet acknowledged.
        conflicts: open conflicts of the account and what belongs to it.
        refused: changes to them that the server did not take.
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
    sales_elsewhere: int
    last_activity_at: int | None
    open_amount: int
    overdue_amount: int
    overdue_count: int
    waiting: bool
    conflicts: int
    refused: int


_ALL = "SELECT json_group_array(row_no) FROM (SELECT a.row_no FROM account AS a WHERE a.archived = 0"
_AMONG = (
    "SELECT json_group_array(row_no) FROM (SELECT a.row_no FROM json_each(?) AS j "
    "CROSS JOIN account AS a ON a.row_no = j.value WHERE +a.archived = 0"
)
_CHIPS: Mapping[AccountChip, str] = {
    AccountChip.ALL: "",
    AccountChip.KEY: "AND a.tier = 'key'",
    AccountChip.PROSPECTS: "AND a.lifecycle = 'prospect'",
    AccountChip.OPEN_INVOICES: (
        "AND a.id IN (SELECT account_id FROM ar_document "
        "WHERE open_amount > 0 AND kind = 'invoice' AND archived = 0)"
    ),
    AccountChip.CHANGED_HERE: "AND a.id IN (SELECT unhex(value) FROM json_each(?))",
}
_CITY = (
    "(SELECT s.city FROM site AS s WHERE s.account_id = a.id AND s.archived = 0 "
    "ORDER BY s.kind = 'bill' DESC, s.kind = 'ship' DESC, s.row_no LIMIT 1)"
)
_LAST_ACTIVITY = "(SELECT max(x.happened_at) FROM activity AS x WHERE x.account_id = a.id AND x.archived = 0)"
_SALES = (
    "(SELECT sum(CASE o.doc_type WHEN 'return' THEN -o.total_amount ELSE o.total_amount END) "
    "FROM sales_order AS o WHERE o.account_id = a.id AND o.archived = 0 AND o.ordered_on >= ? "
    "AND o.status NOT IN ('draft', 'cancelled', 'rejected') AND o.currency = a.currency)"
)
_ORDERS: Mapping[tuple[AccountSort, bool], str] = {
    (AccountSort.BEST_MATCH, False): "",  # the search has put them in order
    (AccountSort.BEST_MATCH, True): "",
    (AccountSort.NAME, False): "ORDER BY a.name COLLATE NOCASE, a.tier, a.lifecycle, a.id",
    (AccountSort.NAME, True): (
        "ORDER BY a.name COLLATE NOCASE DESC, a.tier DESC, a.lifecycle DESC, a.id DESC"
    ),
    (AccountSort.CITY, False): f"ORDER BY {_CITY} COLLATE NOCASE NULLS LAST, a.name COLLATE NOCASE, a.id",
    (AccountSort.CITY, True): f"ORDER BY {_CITY} COLLATE NOCASE DESC NULLS LAST, a.name COLLATE NOCASE, a.id",
    (AccountSort.LAST_ACTIVITY, False): (
        f"ORDER BY {_LAST_ACTIVITY} DESC NULLS LAST, a.name COLLATE NOCASE, a.id"
    ),
    (AccountSort.LAST_ACTIVITY, True): f"ORDER BY {_LAST_ACTIVITY} NULLS FIRST, a.name COLLATE NOCASE, a.id",
    (AccountSort.SALES, False): f"ORDER BY coalesce({_SALES}, 0) DESC, a.name COLLATE NOCASE, a.id",
    (AccountSort.SALES, True): f"ORDER BY coalesce({_SALES}, 0), a.name COLLATE NOCASE, a.id",
}
_NAMES_FROM = (
    "SELECT row_no FROM account WHERE archived = 0 AND name >= ? COLLATE NOCASE AND name < ? COLLATE NOCASE "
    "ORDER BY name COLLATE NOCASE, id LIMIT ?"
)
# The joins begin with the smaller side, which the planner cannot know.
_IN_CITY = (
    "SELECT DISTINCT a.row_no FROM site AS s CROSS JOIN account AS a ON a.id = s.account_id "
    "WHERE s.city >= ? COLLATE NOCASE AND s.city < ? COLLATE NOCASE AND s.archived = 0 AND +a.archived = 0 "
    "LIMIT ?"
)
_AMONG_IN_CITY = (
    "SELECT a.row_no FROM json_each(?) AS j CROSS JOIN account AS a ON a.row_no = j.value "
    "WHERE EXISTS (SELECT 1 FROM site AS s WHERE s.account_id = a.id AND s.archived = 0 "
    "AND s.city >= ? COLLATE NOCASE AND s.city < ? COLLATE NOCASE)"
)
_OWED = (
    "FROM ar_document AS d WHERE d.account_id = a.id "
    "AND d.open_amount > 0 AND d.kind = 'invoice' AND d.archived = 0"
)
_ROWS = f"""
SELECT a.row_no, a.id, a.name, a.number, {_CITY}, a.tier, a.lifecycle, a.currency, {_SALES}, {_LAST_ACTIVITY},
    (SELECT sum(d.open_amount) {_OWED}),
    (SELECT sum(d.open_amount) {_OWED} AND d.due_on < ?),
    (SELECT count(*) {_OWED} AND d.due_on < ?)
FROM account AS a WHERE a.row_no IN (SELECT value FROM json_each(?))
"""
_SALES_ELSEWHERE = """
SELECT a.row_no, count(*) FROM json_each(?) AS j CROSS JOIN account AS a ON a.row_no = j.value
    CROSS JOIN sales_order AS o ON o.account_id = a.id
WHERE o.archived = 0 AND o.ordered_on >= ? AND o.status NOT IN ('draft', 'cancelled', 'rejected')
    AND o.currency <> a.currency
GROUP BY 1
"""
_SALES_AT = 8
_LAST_LETTER = "\uffff"


def find_accounts(reader: Reader, *, question: AccountsQuestion, today: date) -> AccountsFound:
    """The accounts that answer a question, in order; a search lists at most `MOST_HITS`."""
    if not question.text.strip():
        sort = AccountSort.NAME if question.sort in (None, AccountSort.BEST_MATCH) else question.sort
        keys = _ordered(reader, question, sort, None, today)
        return AccountsFound(question, keys, more=False)
    best, more = _search(reader, question.text)
    standing = set(_ordered(reader, question, AccountSort.BEST_MATCH, best, today))
    if len(standing) < len(best) and (now := with_survivors(reader, best)) != best:
        best = now
        standing = set(_ordered(reader, question, AccountSort.BEST_MATCH, best, today))
    if question.sort in (None, AccountSort.BEST_MATCH):
        keys = tuple(key for key in best if key in standing)
        return AccountsFound(question, keys[::-1] if question.reverse else keys, more)
    return AccountsFound(question, _ordered(reader, question, question.sort, best, today), more)


def account_rows(reader: Reader, *, keys: Sequence[int], today: date) -> tuple[AccountRow, ...]:
    """The rows of a window of `AccountsFound.keys`, in that order; one that left meanwhile is missing."""
    day = today.isoformat()
    found = reader.rows(_ROWS, (_year(today), day, day, key_list(keys)))
    waiting, conflicts = waiting_accounts(reader), conflicts_by_account(reader)
    refused = refused_records(reader)
    none = [row[0] for row in found if row[_SALES_AT] is None]
    others = dict(reader.rows(_SALES_ELSEWHERE, (key_list(none), _year(today)))) if none else {}
    rows = {
        row[0]: _row(row, others.get(row[0], 0), row[1] in waiting, conflicts[row[1]], refused[row[1]])
        for row in found
    }
    return tuple(rows[key] for key in keys if key in rows)


def account_position(reader: Reader, *, found: AccountsFound, account_id: RowId) -> int | None:
    """Where an account stands in a list, None when it is not among those found."""
    key = reader.rows("SELECT row_no FROM account WHERE id = ?", (account_id,))
    if not key or key[0][0] not in found.keys:
        return None
    return found.keys.index(key[0][0])


def _row(row: Sequence[object], elsewhere: int, waiting: bool, conflicts: int, refused: int) -> AccountRow:
    key, row_id, name, number, city, tier, lifecycle, currency, sales, last, owed, overdue, count = row
    return AccountRow(
        key=whole(key),
        id=ref(row_id),
        name=text(name),
        number=text(number),
        city=text(city),
        tier=text(tier),
        lifecycle=text(lifecycle),
        currency=text(currency) or "EUR",
        sales_amount=whole(sales),
        sales_elsewhere=elsewhere,
        last_activity_at=maybe_whole(last),
        open_amount=whole(owed),
        overdue_amount=whole(overdue),
        overdue_count=whole(count),
        waiting=waiting,
        conflicts=conflicts,
        refused=refused,
    )


def _year(today: date) -> str:
    return f"{today.year:04d}-01-01"


def _ordered(
    reader: Reader,
    question: AccountsQuestion,
    sort: AccountSort,
    among: Sequence[int] | None,
    today: date,
) -> tuple[int, ...]:
    order = _ORDERS[sort, question.reverse]
    parameters: list[object] = [] if among is None else [key_list(among)]
    if question.chip is AccountChip.CHANGED_HERE:
        parameters.append(_id_list(waiting_accounts(reader)))
    if sort is AccountSort.SALES:
        parameters.append(_year(today))
    parts = (_ALL if among is None else _AMONG, _CHIPS[question.chip], order, ")")
    found: list[int] = json.loads(reader.rows(" ".join(parts), parameters)[0][0])
    return tuple(found)


def _id_list(ids: Iterable[bytes]) -> str:
    return json.dumps([row_id.hex() for row_id in ids])


def _search(reader: Reader, text: str) -> tuple[tuple[int, ...], bool]:
    """The best accounts for a text over name, number, phone, email and note, and then by city."""
    found = matches(reader, "account", text)
    start = text.strip()
    first = reader.rows(_NAMES_FROM, (start, start + _LAST_LETTER, MOST_HITS)) if found.more else []
    keys = dict.fromkeys([*(row[0] for row in first), *found.keys])
    words = start.split()
    for split in range(len(words)):
        if len(keys) >= MOST_HITS:
            break
        city = " ".join(words[split:])
        if len(city) < cities.SHORTEST:
            break
        head = key_list(matches(reader, "account", " ".join(words[:split])).keys) if split else ""
        for begin, end in cities.stretches(reader, city):
            asked = (_AMONG_IN_CITY, (head, begin, end)) if split else (_IN_CITY, (begin, end, MOST_HITS))
            keys.update(dict.fromkeys(row[0] for row in reader.rows(*asked)))
    return tuple(keys)[:MOST_HITS], found.more or len(keys) > MOST_HITS
