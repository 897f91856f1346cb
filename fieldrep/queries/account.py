"""One account's page: header, key figures, open tasks, what the record does not know and how old it is.

Owns what the overview says about an account. Its tabs have modules of their own (`timeline`, `contacts`, `sites`,
`orders`, `invoices`, `notes`), which this one must not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from fieldrep.contract.ids import RowId
from fieldrep.domain.days import day_of, parse_day, same_day_last_year, start_of_day
from fieldrep.queries import marks
from fieldrep.queries.cells import day, joined, maybe_ref, maybe_whole, ref, text, whole
from fieldrep.queries.missing import MissingFact, missing_facts
from fieldrep.store.reader import Reader


@dataclass(frozen=True, slots=True)
class AccountHeader:
    """The record's name and the facts beside it; texts are "" where nothing is known.

    Attributes:
        address: street and city of the first site, of bills before goods before work.
        main_contact, main_contact_title: the contact marked as main, else the first by name.
        price_list: code of the list its prices come from.
        waiting: changes made here to it or to what belongs to it wait to be sent.
    """

    id: RowId
    name: str
    number: str
    lifecycle: str
    tier: str
    phone: str
    email: str
    website: str
    tax_id: str
    payment_terms: str
    delivery_terms: str
    currency: str
    address: str
    main_contact_id: RowId | None
    main_contact: str
    main_contact_title: str
    owner: str
    territory: str
    price_list: str
    archived: bool
    waiting: bool
    conflicts: int
    refused: int
    merged: bool
    conflict_fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class InvoicesTile:
    """What is owed in the account's currency, in minor units.

    Attributes:
        elsewhere: open invoices in other currencies.
        overdue_days: days since the oldest overdue invoice was due, 0 for none.
        as_of: when the office last told, None when it never did.
    """

    open_amount: int
    open_count: int
    overdue_amount: int
    overdue_count: int
    overdue_days: int
    as_of: int | None
    elsewhere: int


@dataclass(frozen=True, slots=True)
class LastActivityTile:
    """The last time anybody was in touch; `at` None when there is nothing yet."""

    at: int | None
    kind: str
    subject: str
    by: str
    visit_every_days: int | None


@dataclass(frozen=True, slots=True)
class SalesTile:
    """Orders of this year against the last, in minor units; cancelled, rejected and draft orders do not count.

    Attributes:
        last_year_to_date: last year up to the same day, the fair comparison.
        months, months_before: twelve sums each, of this and of last year.
        elsewhere, elsewhere_last_year: orders in other currencies, which are counted and never added.
    """

    this_year: int
    last_year_to_date: int
    last_year: int
    months: tuple[int, ...]
    months_before: tuple[int, ...]
    elsewhere: int
    elsewhere_last_year: int

    @property
    def change_percent(self) -> int | None:
        """Growth against last year to date in whole percent, None without a last year."""
        if self.last_year_to_date <= 0:
            return None
        return round(100 * (self.this_year - self.last_year_to_date) / self.last_year_to_date)


@dataclass(frozen=True, slots=True)
class OrdersTile:
    """Orders on their way and drafts: `open_amount` of those in the account's currency, `elsewhere` counts others."""

    open_count: int
    open_amount: int
    elsewhere: int
    draft_count: int
    newest_open_on: date | None


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task somebody still has to do for this account."""

    id: RowId
    subject: str
    due_at: int | None
    overdue: bool
    assignee: str
    waiting: bool


@dataclass(frozen=True, slots=True)
class DataAge:
    """How old what is shown is.

    Attributes:
        synced_at: when the replica last heard everything from the server, None for never.
        changed_at, changed_by: the last change of the account itself.
        changed_here: that change was made on this device and is not yet acknowledged.
    """

    synced_at: int | None
    changed_at: int
    changed_by: str
    changed_here: bool


@dataclass(frozen=True, slots=True)
class TabCounts:
    """The numbers beside the tabs."""

    contacts: int
    sites: int
    orders: int
    invoices: int
    notes: int
    files: int


@dataclass(frozen=True, slots=True)
class AccountOverview:
    """Everything the account's page shows before a tab is opened."""

    header: AccountHeader
    invoices: InvoicesTile
    last_activity: LastActivityTile
    sales: SalesTile
    orders: OrdersTile
    tasks: tuple[OpenTask, ...]
    missing: tuple[MissingFact, ...]
    age: DataAge
    counts: TabCounts


_HEADER = """
SELECT a.id, a.name, a.number, a.lifecycle, a.tier, a.phone, a.email, a.website, a.tax_id, a.payment_terms,
    a.delivery_terms, a.currency, a.archived, u.name, t.name, p.code, a.visit_every_days, a.changed_at, c.name,
    a.revision
FROM account AS a
    LEFT JOIN app_user AS u ON u.id = a.owner_user_id
    LEFT JOIN territory AS t ON t.id = a.territory_id
    LEFT JOIN price_list AS p ON p.id = a.price_list_id
    LEFT JOIN app_user AS c ON c.id = a.changed_by
WHERE a.id = ?
"""
_SITE = """
SELECT street, city FROM site WHERE account_id = ? AND archived = 0
ORDER BY kind = 'bill' DESC, kind = 'ship' DESC, row_no LIMIT 1
"""
_CONTACT = """
SELECT c.id, c.given_name, c.family_name, c.job_title FROM contact AS c
    LEFT JOIN account_contact AS l
        ON l.contact_id = c.id AND l.account_id = c.account_id AND l.archived = 0 AND l.is_primary = 1
WHERE c.account_id = ? AND c.archived = 0
ORDER BY l.id IS NOT NULL DESC, c.family_name COLLATE NOCASE, c.given_name COLLATE NOCASE, c.id LIMIT 1
"""
_INVOICES = """
SELECT coalesce(sum(open_amount), 0), count(*),
    coalesce(sum(open_amount) FILTER (WHERE due_on < ?), 0), count(*) FILTER (WHERE due_on < ?),
    min(due_on) FILTER (WHERE due_on < ?), max(as_of)
FROM ar_document WHERE account_id = ? AND open_amount > 0 AND kind = 'invoice' AND archived = 0 AND currency = ?
"""
_AS_OF = """
SELECT max(as_of),
    count(*) FILTER (WHERE open_amount > 0 AND kind = 'invoice' AND archived = 0 AND currency <> ?)
FROM ar_document WHERE account_id = ?
"""
_LAST_ACTIVITY = """
SELECT x.happened_at, x.kind, x.subject, u.name FROM activity AS x
    LEFT JOIN app_user AS u ON u.id = coalesce(x.created_by, x.assignee_id)
WHERE x.account_id = ? AND x.archived = 0 AND x.happened_at <= ? ORDER BY x.happened_at DESC, x.id DESC LIMIT 1
"""
_SALES = """
SELECT substr(ordered_on, 1, 7), sum(CASE doc_type WHEN 'return' THEN -total_amount ELSE total_amount END),
    sum(CASE WHEN ordered_on > ? THEN 0 WHEN doc_type = 'return' THEN -total_amount ELSE total_amount END)
FROM sales_order
WHERE account_id = ? AND archived = 0 AND ordered_on >= ? AND ordered_on <= ? AND currency = ?
    AND status NOT IN ('draft', 'cancelled', 'rejected')
GROUP BY 1
"""
_SALES_ELSEWHERE = """
SELECT count(*) FILTER (WHERE ordered_on >= ?1), count(*) FILTER (WHERE ordered_on < ?1) FROM sales_order
WHERE account_id = ?2 AND archived = 0 AND ordered_on >= ?3 AND ordered_on <= ?4 AND currency <> ?5
    AND status NOT IN ('draft', 'cancelled', 'rejected')
"""
_OPEN_ORDERS = """
SELECT count(*) FILTER (WHERE status <> 'draft'),
    coalesce(sum(total_amount) FILTER (WHERE status <> 'draft' AND currency = ?1), 0),
    count(*) FILTER (WHERE status <> 'draft' AND currency <> ?1),
    count(*) FILTER (WHERE status = 'draft'), max(ordered_on) FILTER (WHERE status <> 'draft')
FROM sales_order
WHERE account_id = ?2 AND archived = 0 AND status NOT IN ('completed', 'cancelled', 'rejected')
"""
_TASKS = """
SELECT x.id, x.subject, x.due_at, u.name FROM activity AS x LEFT JOIN app_user AS u ON u.id = x.assignee_id
WHERE x.account_id = ? AND x.archived = 0 AND x.kind IN ('task', 'promise') AND x.done_at IS NULL
ORDER BY x.due_at IS NULL, x.due_at, x.id LIMIT 20
"""
_COUNTS = """
SELECT
    (SELECT count(*) FROM contact WHERE account_id = ?1 AND archived = 0),
    (SELECT count(*) FROM site WHERE account_id = ?1 AND archived = 0),
    (SELECT count(*) FROM sales_order WHERE account_id = ?1 AND archived = 0),
    (SELECT count(*) FROM ar_document WHERE account_id = ?1 AND archived = 0 AND open_amount <> 0),
    (SELECT count(*) FROM activity WHERE account_id = ?1 AND archived = 0 AND kind = 'note'),
    (SELECT count(*) FROM attachment WHERE account_id = ?1 AND archived = 0)
"""
_SYNCED = "SELECT last_sync_at FROM sync_state"


def account_overview(reader: Reader, *, account_id: RowId, now: int, zone: tzinfo) -> AccountOverview | None:
    """The page of an account at a moment, None when the replica does not hold it."""
    found = reader.rows(_HEADER, (account_id,))
    if not found:
        return None
    row, today = found[0], day_of(now, zone)
    conflicts = marks.conflicts_of_account(reader, account_id)
    currency = text(row[11]) or "EUR"
    counts = TabCounts(*reader.rows(_COUNTS, (account_id,))[0])
    return AccountOverview(
        header=_header(reader, row, conflicts),
        invoices=_invoices(reader, account_id, currency, today),
        last_activity=_last_activity(reader, account_id, now, maybe_whole(row[16])),
        sales=_sales(reader, account_id, currency, today),
        orders=_orders(reader, account_id, currency),
        tasks=_tasks(reader, account_id, start_of_day(today, zone)),
        missing=missing_facts(reader, account_id, contacts=counts.contacts, sites=counts.sites),
        age=_age(reader, row),
        counts=counts,
    )


def _header(reader: Reader, row: Sequence[object], conflicts: Sequence[marks.OpenConflict]) -> AccountHeader:
    account_id = ref(row[0])
    sites = reader.rows(_SITE, (account_id,))
    contacts = reader.rows(_CONTACT, (account_id,))
    contact = contacts[0] if contacts else (None, None, None, None)
    return AccountHeader(
        id=account_id,
        name=text(row[1]),
        number=text(row[2]),
        lifecycle=text(row[3]),
        tier=text(row[4]),
        phone=text(row[5]),
        email=text(row[6]),
        website=text(row[7]),
        tax_id=text(row[8]),
        payment_terms=text(row[9]),
        delivery_terms=text(row[10]),
        currency=text(row[11]) or "EUR",
        address=joined(*sites[0]) if sites else "",
        main_contact_id=maybe_ref(contact[0]),
        main_contact=joined(contact[1], contact[2], by=" "),
        main_contact_title=text(contact[3]),
        owner=text(row[13]),
        territory=text(row[14]),
        price_list=text(row[15]),
        archived=bool(row[12]),
        waiting=account_id in marks.waiting_accounts(reader),
        conflicts=len(conflicts),
        refused=marks.refused_records(reader)[account_id],
        merged=account_id in marks.merged_records(reader),
        conflict_fields=frozenset(item.field for item in conflicts if item.row_id == account_id),
    )


def _invoices(reader: Reader, account_id: RowId, currency: str, today: date) -> InvoicesTile:
    until = today.isoformat()
    row = reader.rows(_INVOICES, (until, until, until, account_id, currency))[0]
    oldest = parse_day(row[4])
    told, elsewhere = reader.rows(_AS_OF, (currency, account_id))[0]
    return InvoicesTile(
        open_amount=row[0],
        open_count=row[1],
        overdue_amount=row[2],
        overdue_count=row[3],
        overdue_days=(today - oldest).days if oldest else 0,
        as_of=maybe_whole(told),
        elsewhere=elsewhere,
    )


def _last_activity(reader: Reader, account_id: RowId, now: int, every: int | None) -> LastActivityTile:
    found = reader.rows(_LAST_ACTIVITY, (account_id, now))
    at, kind, subject, by = found[0] if found else (None, None, None, None)
    return LastActivityTile(at, text(kind), text(subject), text(by), every)


def _sales(reader: Reader, account_id: RowId, currency: str, today: date) -> SalesTile:
    before = same_day_last_year(today)
    sums = ([0] * 12, [0] * 12)
    to_date = 0
    for year, index in ((today.year, 0), (before.year, 1)):
        until = (today if index == 0 else before).isoformat()
        first, last = f"{year:04d}-01-01", f"{year:04d}-12-31"
        for month, amount, part in reader.rows(_SALES, (until, account_id, first, last, currency)):
            sums[index][int(month[5:7]) - 1] = amount
            to_date += part if index else 0
    years = (f"{today.year:04d}-01-01", account_id, f"{before.year:04d}-01-01", f"{today.year:04d}-12-31")
    others = reader.rows(_SALES_ELSEWHERE, (*years, currency))[0]
    return SalesTile(sum(sums[0]), to_date, sum(sums[1]), tuple(sums[0]), tuple(sums[1]), *others)


def _orders(reader: Reader, account_id: RowId, currency: str) -> OrdersTile:
    row = reader.rows(_OPEN_ORDERS, (currency, account_id))[0]
    return OrdersTile(row[0], row[1], row[2], row[3], day(row[4]))


def _tasks(reader: Reader, account_id: RowId, begin_of_day: int) -> tuple[OpenTask, ...]:
    waiting = marks.waiting_rows(reader, "activity")
    return tuple(
        OpenTask(
            id=ref(row_id),
            subject=text(subject),
            due_at=maybe_whole(due),
            overdue=due is not None and due < begin_of_day,
            assignee=text(assignee),
            waiting=row_id in waiting,
        )
        for row_id, subject, due, assignee in reader.rows(_TASKS, (account_id,))
    )


def _age(reader: Reader, row: Sequence[object]) -> DataAge:
    synced = reader.rows(_SYNCED)
    return DataAge(
        synced_at=(synced[0][0] or None) if synced else None,
        changed_at=whole(row[17]),
        changed_by=text(row[18]),
        changed_here=ref(row[0]) in marks.waiting_rows(reader, "account"),
    )
