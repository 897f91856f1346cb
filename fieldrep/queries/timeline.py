"""The timeline of an account: activities, orders and invoices by day, newest first.

Owns what one entry says and how days are grouped. It must not know how an entry is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldrep.contract.ids import RowId


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
