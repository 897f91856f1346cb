"""One account's page: header, key figures, open tasks, what the record does not know and how old it is.

Owns what the overview says about an account. Its tabs have modules of their own (`timeline`, `contacts`, `sites`,
`orders`, `invoices`, `notes`), which this one must not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fieldrep.contract.ids import RowId


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
    conflict_fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class InvoicesTile:
    """What is owed, in minor units.

    Attributes:
        overdue_days: days since the oldest overdue invoice was due, 0 for none.
        as_of: when the office last told, None when it never did.
    """

    open_amount: int
    open_count: int
    overdue_amount: int
    overdue_count: int
    overdue_days: int
    as_of: int | None


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
    """

    this_year: int
    last_year_to_date: int
    last_year: int
    months: tuple[int, ...]
    months_before: tuple[int, ...]

    @property
    def change_percent(self) -> int | None:
        """Growth against last year to date in whole percent, None without a last year."""
        if self.last_year_to_date <= 0:
            return None
        return round(100 * (self.this_year - self.last_year_to_date) / self.last_year_to_date)


@dataclass(frozen=True, slots=True)
class OrdersTile:
    """Orders on their way and drafts, with their value in minor units."""

    open_count: int
    open_amount: int
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
class MissingFact:
    """Something the record does not know.

    Attributes:
        entity, field: what to fill in; `field` is "" when a whole record is missing.
        title: what it is called.
        why: what it would be good for, a sentence.
    """

    entity: str
    field: str
    title: str
    why: str


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
