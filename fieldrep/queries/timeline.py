"""The timeline of an account: activities, orders and invoices by day, newest first.

Owns what one entry says and how days are grouped. It must not know how an entry is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby

from fieldrep.contract.counts import counted
from fieldrep.contract.ids import RowId
from fieldrep.domain.days import day_of
from fieldrep.queries.cells import day, joined, maybe_whole, ref, text, whole
from fieldrep.queries.marks import waiting_rows
from fieldrep.store.reader import Reader


class TimelineType(StrEnum):
    """The filter above the timeline."""

    ALL = "all"
    ACTIVITIES = "activities"
    TASKS = "tasks"
    ORDERS = "orders"
    INVOICES = "invoices"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened.

    Attributes:
        entity: `activity`, `sales_order` or `ar_document`, with `id` the record to open.
        kind: of an activity its kind, else `order`, `return`, `blanket`, `invoice`, `credit`, `payment`, `claim`.
        at: the moment in ms, None for what only has a day.
        title, detail: first and second line, without amounts.
        amount: minor units of `currency` for orders and invoices, None for activities.
        open_amount: of an invoice, what is still owed.
        status: of an order its state, of a task `open`, `done` or `overdue`, of an invoice `open`, `overdue` or `paid`.
        replaced: a later note corrects this one.
    """

    entity: str
    id: RowId
    kind: str
    day: date
    at: int | None
    title: str
    detail: str
    by: str
    amount: int | None
    open_amount: int | None
    currency: str
    status: str
    waiting: bool
    replaced: bool


@dataclass(frozen=True, slots=True)
class TimelineGroup:
    """Entries under one heading: Today, Yesterday, This week, Last week, then months."""

    heading: str
    entries: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest entries in groups; `more` says that older ones exist."""

    groups: tuple[TimelineGroup, ...]
    count: int
    more: bool


TO_DO = frozenset({"task", "promise"})
USUAL_LIMIT = 100

_ACTIVITIES = """
SELECT x.id, x.kind, coalesce(x.happened_at, x.done_at, x.due_at, x.created_at), x.subject, x.body, u.name,
    x.due_at, x.done_at,
    EXISTS (SELECT 1 FROM activity AS y
        WHERE y.account_id = x.account_id AND y.archived = 0 AND y.replaces_id = x.id),
    c.given_name, c.family_name
FROM activity AS x
    LEFT JOIN app_user AS u ON u.id = coalesce(x.created_by, x.assignee_id)
    LEFT JOIN contact AS c ON c.id = x.contact_id
WHERE x.account_id = ? AND x.archived = 0
"""
_NEWEST_ACTIVITIES = " ORDER BY 3 DESC, x.id DESC LIMIT ?"
_ORDERS = """
SELECT o.id, o.doc_type, coalesce(o.ordered_on, o.pricing_date), o.created_at, o.number_official, o.number_local,
    o.status, o.total_amount, o.currency, u.name, p.code,
    (SELECT count(*) FROM document_line AS l WHERE l.order_id = o.id AND l.archived = 0 AND l.kind = 'item')
FROM sales_order AS o
    LEFT JOIN app_user AS u ON u.id = coalesce(o.sales_rep_id, o.created_by)
    LEFT JOIN price_list AS p ON p.id = o.price_list_id
WHERE o.account_id = ? AND o.archived = 0
ORDER BY coalesce(o.ordered_on, o.pricing_date) DESC, o.id DESC LIMIT ?
"""
_INVOICES = """
SELECT id, kind, number, issued_on, due_on, amount, open_amount, currency, order_ref FROM ar_document
WHERE account_id = ? AND archived = 0 AND issued_on IS NOT NULL ORDER BY issued_on DESC, id DESC LIMIT ?
"""
_TYPE_FILTERS: Mapping[TimelineType, str] = {
    TimelineType.ALL: "",
    TimelineType.ACTIVITIES: " AND x.kind NOT IN ('task', 'promise')",
    TimelineType.TASKS: " AND x.kind IN ('task', 'promise')",
}
_DETAIL_LENGTH = 200


def account_timeline(
    reader: Reader,
    *,
    account_id: RowId,
    now: int,
    zone: tzinfo,
    only: TimelineType = TimelineType.ALL,
    limit: int = USUAL_LIMIT,
) -> Timeline:
    """The newest entries of an account, grouped by when they happened."""
    today = day_of(now, zone)
    entries: list[TimelineEntry] = []
    if only in _TYPE_FILTERS:
        entries += _activities(reader, account_id, only, now, zone, limit + 1)
    if only in (TimelineType.ALL, TimelineType.ORDERS):
        entries += _orders(reader, account_id, zone, limit + 1)
    if only in (TimelineType.ALL, TimelineType.INVOICES):
        entries += _invoices(reader, account_id, today, limit + 1)
    entries.sort(key=_newest_first, reverse=True)
    return Timeline(_grouped(entries[:limit], today), min(len(entries), limit), len(entries) > limit)


def _newest_first(entry: TimelineEntry) -> tuple[date, bool, int, bytes]:
    """By day; on a day what has a moment stands above what has none, so that the newest is on top."""
    return entry.day, entry.at is not None, entry.at or 0, entry.id


def heading(day_: date, today: date) -> str:
    """What a day's entries stand under, seen from today."""
    monday = today - timedelta(days=today.weekday())
    if day_ > today:
        return "Coming up"
    if day_ == today:
        return "Today"
    if day_ == today - timedelta(days=1):
        return "Yesterday"
    if day_ >= monday:
        return "This week"
    if day_ >= monday - timedelta(days=7):
        return "Last week"
    return f"{day_:%B}" if day_.year == today.year else f"{day_:%B %Y}"


def _grouped(entries: Iterable[TimelineEntry], today: date) -> tuple[TimelineGroup, ...]:
    groups = groupby(entries, key=lambda entry: heading(entry.day, today))
    return tuple(TimelineGroup(words, tuple(inside)) for words, inside in groups)


def _activities(
    reader: Reader, account_id: RowId, only: TimelineType, now: int, zone: tzinfo, limit: int
) -> list[TimelineEntry]:
    waiting = waiting_rows(reader, "activity")
    sql = "".join((_ACTIVITIES, _TYPE_FILTERS[only], _NEWEST_ACTIVITIES))
    return [_activity(row, waiting, now, zone) for row in reader.rows(sql, (account_id, limit))]


def _activity(row: Sequence[object], waiting: frozenset[bytes], now: int, zone: tzinfo) -> TimelineEntry:
    row_id, kind, at, subject, body, by, due, done, replaced, given, family = row
    status = ""
    if text(kind) in TO_DO:
        late = isinstance(due, int) and day_of(due, zone) < day_of(now, zone)
        status = "done" if done is not None else "overdue" if late else "open"
    first = " ".join(text(body).split())[:_DETAIL_LENGTH]
    return TimelineEntry(
        entity="activity",
        id=ref(row_id),
        kind=text(kind),
        day=day_of(whole(at), zone),
        at=maybe_whole(at),
        title=text(subject),
        detail=first or joined(given, family, by=" "),
        by=text(by),
        amount=None,
        open_amount=None,
        currency="",
        status=status,
        waiting=row_id in waiting,
        replaced=bool(replaced),
    )


def _orders(reader: Reader, account_id: RowId, zone: tzinfo, limit: int) -> list[TimelineEntry]:
    waiting = waiting_rows(reader, "sales_order")
    entries = []
    for row in reader.rows(_ORDERS, (account_id, limit)):
        row_id, kind, on, created, official, local, status, total, currency, by, price_list, lines = row
        written = day_of(created, zone)
        on_day = day(on) or written
        words = counted(whole(lines), "line")
        entries.append(
            TimelineEntry(
                entity="sales_order",
                id=ref(row_id),
                kind=text(kind),
                day=on_day,
                at=created if on_day == written else None,
                title=f"{text(kind).capitalize()} {text(official) or text(local)}".rstrip(),
                detail=" · ".join(
                    part for part in (words, price_list and f"price list {price_list}") if part
                ),
                by=text(by),
                amount=total,
                open_amount=None,
                currency=text(currency),
                status=text(status),
                waiting=row_id in waiting,
                replaced=False,
            )
        )
    return entries


def _invoices(reader: Reader, account_id: RowId, today: date, limit: int) -> list[TimelineEntry]:
    entries = []
    for row in reader.rows(_INVOICES, (account_id, limit)):
        row_id, kind, number, issued, due, amount, owed, currency, order_ref = row
        due_on, owed = day(due), whole(owed)
        late = owed > 0 and due_on is not None and due_on < today
        entries.append(
            TimelineEntry(
                entity="ar_document",
                id=ref(row_id),
                kind=text(kind),
                day=day(issued) or today,
                at=None,
                title=f"{text(kind).capitalize()} {text(number)}",
                detail=_due_words(due_on, today) if owed else joined(order_ref and f"for {order_ref}"),
                by="",
                amount=amount,
                open_amount=owed,
                currency=text(currency),
                status="overdue" if late else "open" if owed else "paid",
                waiting=False,
                replaced=False,
            )
        )
    return entries


def _due_words(due_on: date | None, today: date) -> str:
    if due_on is None:
        return ""
    days = (due_on - today).days
    if days == 0:
        return "due today"
    span = counted(abs(days), "day")
    return f"due in {span}" if days > 0 else f"{span} overdue"
