"""The tabs of an account: timeline, contacts, sites, orders, invoices and notes."""

from __future__ import annotations

from datetime import date

import pytest

from fieldrep.commands.activities import complete_task, correct_note, log_activity
from fieldrep.commands.contacts import link_contact
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import create_order
from fieldrep.commands.sites import edit_site
from fieldrep.domain.days import zone_named
from fieldrep.queries.contacts import contacts_of_account
from fieldrep.queries.invoices import open_invoices, paid_invoices
from fieldrep.queries.notes import notes_of_account
from fieldrep.queries.orders import OrderChip, OrdersQuestion, find_orders, order_rows, orders_of_account
from fieldrep.queries.sites import sites_of_account
from fieldrep.queries.timeline import Timeline, TimelineType, account_timeline, heading
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, BAKKER, DAY, HARBOR, NOW, conflict, put, row_id

TODAY = date(2026, 11, 20)
ZONE = zone_named("Europe/Amsterdam")


def timeline(replica: Replica, only: TimelineType = TimelineType.ALL, limit: int = 100) -> Timeline:
    with replica.read() as reader:
        return account_timeline(reader, account_id=AURORA, now=NOW, zone=ZONE, only=only, limit=limit)


def test_the_timeline_groups_what_happened_newest_first(replica: Replica) -> None:
    groups = {group.heading: [entry.title for entry in group.entries] for group in timeline(replica).groups}
    assert groups == {
        "Today": ["Trial of the oat range"],
        "Yesterday": ["Send oat range samples"],
        "This week": ["Order SO-000140"],
        "Last week": ["Call with Purchasing", "Invoice 88301"],
        "October": ["Invoice 88213"],
        "May": ["Invoice 87000", "Order SO-000150"],
        "February": ["Order SO-000101"],
        "March 2025": ["Order SO-000020"],
    }


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ((2026, 11, 21), "Coming up"),
        ((2026, 11, 20), "Today"),
        ((2026, 11, 19), "Yesterday"),
        ((2026, 11, 16), "This week"),
        ((2026, 11, 15), "Last week"),
        ((2026, 11, 9), "Last week"),
        ((2026, 11, 8), "November"),
        ((2025, 11, 20), "November 2025"),
    ],
)
def test_a_day_stands_under_its_heading(day: tuple[int, int, int], words: str) -> None:
    assert heading(date(*day), TODAY) == words


def test_filters_leave_the_rest_out(replica: Replica) -> None:
    def kinds(only: TimelineType) -> set[str]:
        return {entry.kind for group in timeline(replica, only).groups for entry in group.entries}

    assert kinds(TimelineType.ACTIVITIES) == {"call", "note"}
    assert kinds(TimelineType.TASKS) == {"task"}
    assert kinds(TimelineType.ORDERS) == {"order"}
    assert kinds(TimelineType.INVOICES) == {"invoice"}


def test_entries_say_their_state(replica: Replica) -> None:
    states = {
        entry.title: (entry.status, entry.detail)
        for group in timeline(replica).groups
        for entry in group.entries
    }
    assert states["Invoice 88213"] == ("overdue", "14 days overdue")
    assert states["Invoice 88301"] == ("open", "due in 20 days")
    assert states["Invoice 87000"] == ("paid", "")
    assert states["Send oat range samples"] == ("overdue", "")
    assert states["Order SO-000140"] == ("confirmed", "1 line · price list NL-2026")


def test_a_completed_task_stands_on_the_day_it_was_done(replica: Replica) -> None:
    complete_task(replica, row_id=row_id("task"))
    today = timeline(replica, TimelineType.TASKS).groups[0]
    assert (today.heading, today.entries[0].status, today.entries[0].waiting) == ("Today", "done", True)


def test_a_corrected_note_is_marked_and_stays(replica: Replica) -> None:
    correct_note(replica, row_id=row_id("note"), body="Three stores.")
    marks = [(entry.detail, entry.replaced) for entry in timeline(replica).groups[0].entries]
    assert sorted(marks) == [("Three stores.", False), ("Wants a trial in two stores.", True)]


def test_a_short_timeline_says_that_there_is_more(replica: Replica) -> None:
    short = timeline(replica, limit=3)
    assert (short.count, short.more) == (3, True)
    assert [entry.title for group in short.groups for entry in group.entries] == [
        "Trial of the oat range",
        "Send oat range samples",
        "Order SO-000140",
    ]
    assert not timeline(replica).more


def test_contacts_begin_with_the_main_one_and_name_roles(replica: Replica) -> None:
    link_contact(replica, account_id=HARBOR, contact_id=BAKKER, role="Adviser")
    with replica.read() as reader:
        aurora = contacts_of_account(reader, account_id=AURORA)
        harbor = contacts_of_account(reader, account_id=HARBOR)
    assert [(row.name, row.is_main, row.roles) for row in aurora] == [
        ("Jan Bakker", True, ("Buyer",)),
        ("Ada Zola", False, ()),
    ]
    assert [(row.name, row.home, row.roles) for row in harbor] == [("Jan Bakker", False, ("Adviser",))]


def test_an_address_reads_on_one_line(replica: Replica) -> None:
    with replica.read() as reader:
        sites = sites_of_account(reader, account_id=AURORA)
    assert [(site.kind, site.line) for site in sites] == [
        ("bill", "Wijnhaven 62, 3011 WR Rotterdam, NL"),
        ("ship", "Kade 4, Schiedam"),
    ]
    assert [site.named for site in sites] == ["", ""]
    edit_site(replica, row_id=sites[0].id, site_name="Aurora Dairy B.V.")
    edit_site(replica, row_id=sites[1].id, site_name="Cold store")
    with replica.read() as reader:
        again = sites_of_account(reader, account_id=AURORA)
    assert [site.named for site in again] == ["", "Cold store"], "its own name is on the record already"


def test_orders_of_an_account_are_newest_first_and_a_draft_is_editable(replica: Replica) -> None:
    create_order(replica, account_id=AURORA, lines=[NewLine(sku="210034")])
    with replica.read() as reader:
        rows = orders_of_account(reader, account_id=AURORA)
        drafts = orders_of_account(reader, account_id=AURORA, chip=OrderChip.DRAFTS)
    numbers = ["AV1-000001", "SO-000140", "SO-000150", "SO-000101", "SO-000020"]
    assert [row.number for row in rows] == numbers
    assert [(row.number, row.editable, row.waiting, row.line_count) for row in drafts] == [
        ("AV1-000001", True, True, 1)
    ]
    assert not rows[1].editable


@pytest.mark.parametrize(
    ("text", "chip", "count"),
    [
        ("", OrderChip.ALL, 5),
        ("", OrderChip.OPEN, 1),
        ("", OrderChip.DONE, 4),
        ("", OrderChip.HELD, 0),
        ("", OrderChip.CHANGED_HERE, 0),
        ("000140", OrderChip.ALL, 1),
        ("harbor", OrderChip.ALL, 1),
        ("aurora", OrderChip.DONE, 3),
        ("%", OrderChip.ALL, 0),
        ("SO_000140", OrderChip.ALL, 0),
    ],
)
def test_all_orders_are_found_by_number_and_customer(
    replica: Replica, text: str, chip: OrderChip, count: int
) -> None:
    with replica.read() as reader:
        found = find_orders(reader, question=OrdersQuestion(text, chip))
        assert len(order_rows(reader, keys=found.keys)) == found.count == count


def test_open_invoices_begin_with_the_longest_overdue_and_sum_by_currency(replica: Replica) -> None:
    put(replica, "ar_document", "credit", account_id=AURORA, kind="credit", number="C-1", currency="EUR",
        amount=-1000, open_amount=-1000)  # fmt: skip
    put(replica, "ar_document", "dollars", account_id=AURORA, number="D-1", due_on="2026-11-19", currency="USD",
        amount=500, open_amount=500)  # fmt: skip
    with replica.read() as reader:
        found = open_invoices(reader, account_id=AURORA, today=TODAY)
        paid = paid_invoices(reader, account_id=AURORA, today=TODAY)
    assert [(row.number, row.overdue_days) for row in found.rows] == [
        ("88213", 14),
        ("D-1", 1),
        ("88301", 0),
        ("C-1", 0),
    ]
    assert [(item.currency, item.open_amount, item.overdue_amount) for item in found.sums] == [
        ("EUR", 630_000, 194_000),
        ("USD", 500, 500),
    ]
    assert [row.number for row in paid] == ["87000"]


def test_notes_stand_beside_the_accounts_own_note(replica: Replica) -> None:
    conflict(replica, "clash", field="note")
    made = log_activity(replica, account_id=AURORA, body="Second", happened_at=NOW - 5 * DAY)
    with replica.read() as reader:
        notes = notes_of_account(reader, account_id=AURORA)
    assert (notes.standing, notes.standing_conflict) == ("Ring at gate B", True)
    assert [(row.subject, row.waiting) for row in notes.rows] == [
        ("Trial of the oat range", False),
        ("Second", True),
    ]
    assert notes.rows[1].id == made.id
