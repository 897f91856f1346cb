"""The accounts list and the account page: what they find, in which order, and what they say."""

from __future__ import annotations

from datetime import date

import pytest

from fieldrep.commands.accounts import archive_account, create_account, edit_account
from fieldrep.commands.contacts import edit_contact
from fieldrep.domain.days import zone_named
from fieldrep.queries.account import AccountOverview, account_overview
from fieldrep.queries.accounts import (
    AccountChip,
    AccountRow,
    AccountSort,
    AccountsQuestion,
    account_position,
    account_rows,
    find_accounts,
)
from fieldrep.store.replica import Replica
from fieldrep.ui.account.listing import row_view
from fieldrep.ui.account.sayings import tiles
from tests.helpers.small_company import AURORA, BAKKER, DAY, HARBOR, NOW, OAK, conflict, order, put, row_id

TODAY = date(2026, 11, 20)
ZONE = zone_named("Europe/Amsterdam")


def listed(replica: Replica, question: AccountsQuestion | None = None) -> list[AccountRow]:
    with replica.read() as reader:
        found = find_accounts(reader, question=question or AccountsQuestion(), today=TODAY)
        return list(account_rows(reader, keys=found.keys, today=TODAY))


def names(replica: Replica, text: str = "", **more: object) -> list[str]:
    return [row.name for row in listed(replica, AccountsQuestion(text, **more))]  # type: ignore[arg-type]


def overview(replica: Replica, account: bytes = AURORA) -> AccountOverview:
    with replica.read() as reader:
        found = account_overview(reader, account_id=account, now=NOW, zone=ZONE)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_the_list_begins_with_the_first_name_and_leaves_archived_accounts_out(replica: Replica) -> None:
    archive_account(replica, row_id=HARBOR)
    create_account(replica, name="aardvark")
    assert names(replica) == ["aardvark", "Aurora Dairy B.V.", "Oak & Öl GmbH"]
    assert names(replica, reverse=True) == ["Oak & Öl GmbH", "Aurora Dairy B.V.", "aardvark"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aur", ["Aurora Dairy B.V."]),
        ("AURORA dai", ["Aurora Dairy B.V."]),
        ("dairy aurora", ["Aurora Dairy B.V."]),
        ("100310", ["Blue Harbor Hotels"]),
        ("ol", ["Oak & Öl GmbH"]),
        ("rotter", ["Aurora Dairy B.V."]),
        ("schiedam", ["Aurora Dairy B.V."]),
        ("aurora rotterdam", ["Aurora Dairy B.V."]),
        ("harbor rotterdam", []),
        ("gate", ["Aurora Dairy B.V."]),
        ("urora", []),
        ('"(*', []),
        ("zzz", []),
    ],
)
def test_a_search_finds_beginnings_of_words_and_cities(replica: Replica, text: str, found: list[str]) -> None:
    assert names(replica, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lodz", ["Pierwszy", "Drugi"]),
        ("ŁÓ", ["Pierwszy", "Drugi", "Other"]),
        ("Łódź", ["Pierwszy", "Drugi"]),
        ("drugi lod", ["Drugi"]),
        ("ostersund", ["Nord"]),
        ("Østersund", ["Nord"]),
        ("giessen", ["Süd"]),
        ("lodzi", []),
        ("αθηνα", []),
    ],
)
def test_a_city_is_found_however_the_keyboard_spells_it(
    replica: Replica, text: str, found: list[str]
) -> None:
    known = {"Pierwszy": "Łódź", "Drugi": "LODZ", "Nord": "Östersund", "Süd": "Gießen", "Other": "Lobau"}
    with replica.write() as connection:
        for name, city in known.items():
            account = put(connection, "account", name, name=name, note="x")
            for number in range(3):
                put(connection, "site", f"{name} {number}", account_id=account, street="1", city=city)
    assert sorted(names(replica, text)) == sorted(found)


def test_one_letter_finds_the_names_it_begins_and_says_that_there_is_more(replica: Replica) -> None:
    with replica.write() as connection:
        for number in range(620):
            put(connection, "account", f"many {number}", name=f"Zeta {number:03d}", note="aurora")
        put(connection, "account", "late", name="Zulu", note="x")
    with replica.read() as reader:
        found = find_accounts(reader, question=AccountsQuestion("z"), today=TODAY)
        assert (found.count, found.more) == (500, True)
        assert account_rows(reader, keys=found.keys[:1], today=TODAY)[0].name == "Zeta 000"
        narrow = find_accounts(reader, question=AccountsQuestion("aurora"), today=TODAY)
        assert account_rows(reader, keys=narrow.keys[:1], today=TODAY)[0].name == "Aurora Dairy B.V."


def test_chips_narrow_the_list(replica: Replica) -> None:
    assert names(replica, chip=AccountChip.KEY) == ["Aurora Dairy B.V."]
    assert names(replica, chip=AccountChip.PROSPECTS) == ["Oak & Öl GmbH"]
    assert names(replica, chip=AccountChip.OPEN_INVOICES) == ["Aurora Dairy B.V."]
    assert names(replica, chip=AccountChip.CHANGED_HERE) == []
    edit_contact(replica, row_id=BAKKER, phone="1")
    edit_account(replica, row_id=OAK, phone="1")
    assert names(replica, chip=AccountChip.CHANGED_HERE) == ["Aurora Dairy B.V.", "Oak & Öl GmbH"]
    assert names(replica, "oak", chip=AccountChip.CHANGED_HERE) == ["Oak & Öl GmbH"]


def test_sorts_put_the_highest_first_and_nothing_known_last(replica: Replica) -> None:
    aurora, harbor, oak = "Aurora Dairy B.V.", "Blue Harbor Hotels", "Oak & Öl GmbH"
    assert names(replica, sort=AccountSort.CITY) == [harbor, aurora, oak]
    assert names(replica, sort=AccountSort.SALES) == [aurora, harbor, oak]
    assert names(replica, sort=AccountSort.SALES, reverse=True) == [oak, harbor, aurora]
    put(replica, "activity", "visit", account_id=HARBOR, kind="call", subject="x", happened_at=NOW)
    assert names(replica, sort=AccountSort.LAST_ACTIVITY) == [harbor, aurora, oak]


def test_a_row_says_city_sales_of_the_year_and_what_is_owed(replica: Replica) -> None:
    conflict(replica, "clash")
    aurora = listed(replica)[0]
    assert (aurora.city, aurora.tier, aurora.currency) == ("Rotterdam", "key", "EUR")
    assert aurora.sales_amount == 120_000 + 86_000
    assert (aurora.open_amount, aurora.overdue_amount, aurora.overdue_count) == (631_000, 194_000, 1)
    assert aurora.last_activity_at == NOW - 2 * 3_600_000
    assert (aurora.waiting, aurora.conflicts) == (False, 1)


def test_a_window_keeps_its_order_and_misses_who_left(replica: Replica) -> None:
    with replica.read() as reader:
        found = find_accounts(reader, question=AccountsQuestion(reverse=True), today=TODAY)
        rows = account_rows(reader, keys=[*found.keys, 999_999], today=TODAY)
        assert [row.key for row in rows] == list(found.keys)
        assert account_position(reader, found=found, account_id=AURORA) == 2
        assert account_position(reader, found=found, account_id=row_id("nobody")) is None


def test_the_overview_names_what_a_rep_wants_to_know(replica: Replica) -> None:
    page = overview(replica)
    assert (page.header.address, page.header.main_contact) == ("Wijnhaven 62, Rotterdam", "Jan Bakker")
    assert (page.header.owner, page.header.territory, page.header.price_list) == (
        "Anke Visser",
        "West",
        "NL-KEY",
    )
    assert (page.invoices.open_amount, page.invoices.overdue_amount) == (631_000, 194_000)
    assert (page.invoices.overdue_days, page.invoices.as_of) == (14, NOW - 65 * 60_000)
    assert (page.last_activity.kind, page.last_activity.at) == ("note", NOW - 2 * 3_600_000)
    assert (page.orders.open_count, page.orders.open_amount) == (1, 86_000)
    assert (page.counts.contacts, page.counts.sites, page.counts.orders, page.counts.notes) == (2, 2, 4, 1)
    assert [task.subject for task in page.tasks if task.overdue] == ["Send oat range samples"]


def test_what_is_in_another_currency_is_counted_and_never_added(replica: Replica) -> None:
    before = overview(replica)
    edit_account(replica, row_id=AURORA, currency="USD")
    page = overview(replica)
    assert before.invoices.elsewhere == before.orders.elsewhere == 0
    assert (page.orders.open_count, page.orders.open_amount, page.orders.elsewhere) == (1, 0, 1)
    assert (page.invoices.open_amount, page.invoices.elsewhere) == (0, before.invoices.open_count)
    owed, _, sales, orders = tiles(page, TODAY, ZONE)
    assert before.sales.elsewhere == before.sales.elsewhere_last_year == 0
    assert (page.sales.this_year, page.sales.elsewhere, page.sales.elsewhere_last_year) == (0, 2, 1)
    assert (sales.figure, sales.note) == ("$ 0", "2 in another currency")
    assert row_view(listed(replica)[0], TODAY, ZONE).value == "2 orders"
    assert (orders.figure, orders.note) == ("1", "1 in another currency")
    assert (owed.figure, owed.note) == ("$ 0", f"{before.invoices.open_count} in another currency")


def test_no_orders_is_said_of_nobody_who_ordered_last_year(replica: Replica) -> None:
    order(replica, "abroad", OAK, "SO-9", "2025-12-01", "completed", 77_000)
    page = overview(replica, OAK)
    assert tiles(page, TODAY, ZONE)[2].note == "€ 770 later last year"
    edit_account(replica, row_id=OAK, currency="CHF")
    page = overview(replica, OAK)
    assert tiles(page, TODAY, ZONE)[2].note == "Last year 1 in another currency"


def test_sales_compare_this_year_with_the_last_up_to_the_same_day(replica: Replica) -> None:
    order(replica, "late last year", AURORA, "SO-9", "2025-12-01", "completed", 77_000)
    sales = overview(replica).sales
    assert (sales.this_year, sales.last_year_to_date, sales.last_year) == (206_000, 100_000, 177_000)
    assert sales.change_percent == 106
    assert (sales.months[1], sales.months[10], sales.months_before[11]) == (120_000, 86_000, 77_000)


def test_the_overview_says_what_the_record_does_not_know(replica: Replica) -> None:
    assert [fact.field for fact in overview(replica).missing] == ["delivery_terms", "website"]
    edit_account(replica, row_id=AURORA, currency="JPY", visit_every_days=None)
    unpriced, *others = overview(replica).missing
    assert (unpriced.field, unpriced.title) == ("currency", "Prices in JPY")
    assert [fact.title for fact in others] == ["Delivery terms", "Days between visits", "Website"]
    prospect = overview(replica, OAK).missing
    assert [(fact.entity, fact.field) for fact in prospect] == [
        ("contact", ""),
        ("site", ""),
        ("account", "phone"),
        ("account", "email"),
        ("account", "website"),
    ]
    assert all(fact.why.endswith(".") for fact in prospect)


def test_the_overview_says_how_old_it_is_and_what_waits(replica: Replica) -> None:
    age = overview(replica).age
    assert (age.synced_at, age.changed_at, age.changed_by) == (
        NOW - 65 * 60_000,
        NOW - 3 * DAY,
        "Piet de Wit",
    )
    assert not age.changed_here
    edit_account(replica, row_id=AURORA, phone="1")
    page = overview(replica)
    assert page.age.changed_here
    assert page.header.waiting
    assert page.age.changed_by == "Anke Visser"


def test_an_account_that_is_not_here_has_no_page(replica: Replica) -> None:
    with replica.read() as reader:
        assert account_overview(reader, account_id=row_id("nobody"), now=NOW, zone=ZONE) is None
