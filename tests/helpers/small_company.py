"""A replica of a rep at a small company: a few customers, products with prices and stock, orders and invoices.

Owns the rows tests of commands, queries and the command line start from, written as a first replica would bring them.
Every date follows from `NOW`, so that nothing in a test depends on the day it runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import MILLIONTH, Value
from fieldrep.contract.ids import RowId
from fieldrep.paths import Profile
from fieldrep.store import search
from fieldrep.store.engine import Connection
from fieldrep.store.replica import Replica
from fieldrep.store.statements import statements_of

NOW = int(datetime(2026, 11, 20, 8, 47, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000
KEY = bytes(range(32))


def row_id(name: str) -> RowId:
    """An id that follows from a name, so that tests can speak of records by name."""
    raw = bytearray(hashlib.blake2b(name.encode(), digest_size=16).digest())
    raw[6], raw[8] = raw[6] & 0x0F | 0x70, raw[8] & 0x3F | 0x80
    return RowId(bytes(raw))


ANKE, PIET = row_id("anke"), row_id("piet")
AURORA, HARBOR, OAK = row_id("aurora"), row_id("harbor"), row_id("oak")
LIST, KEY_LIST = row_id("list"), row_id("key list")
OAT, BUTTER, GOUDA = row_id("oat"), row_id("butter"), row_id("gouda")
BAKKER = row_id("bakker")


class Ticking:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


class Counting:
    """Randomness that repeats itself from run to run."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return hashlib.shake_128(self._count.to_bytes(8, "big")).digest(size)


def open_replica(folder: Path, clock: Ticking) -> Replica:
    """An empty replica that a server has admitted."""
    replica = Replica.open(Profile(folder), KEY, clock, Counting(), create=True)
    replica.change_state(
        device_id=row_id("laptop"),
        user_id=ANKE,
        login="anke.visser",
        user_name="Anke Visser",
        server_url="http://127.0.0.1:8080",
        incarnation=row_id("incarnation"),
        number_prefix="AV1",
        last_sync_at=NOW - 65 * 60_000,
        complete=True,
    )
    return replica


def put(place: Replica | Connection, entity_name: str, name: str, /, **values: Value) -> RowId:
    """Writes a row as the server sent it, acknowledged and with the server's stamps."""
    if isinstance(place, Replica):
        with place.write() as connection:
            return put(connection, entity_name, name, **values)
    entity = CATALOGUE[entity_name]
    row: dict[str, Value] = {field.name: field.default for field in entity.columns}
    row |= {"id": row_id(name), "revision": 7, "created_at": NOW - 400 * DAY, "changed_at": NOW - 3 * DAY}
    row |= {"created_by": PIET, "changed_by": PIET, **values}
    assert set(row) == set(entity.column_names), set(row) - set(entity.column_names)
    texts = statements_of(entity)
    row_no = place.execute(texts.insert, (None, None, *row.values())).lastrowid
    search.index_row(place, texts, row_no, row)
    return row_id(name)


def company(replica: Replica) -> None:
    """Fills a replica with the small company."""
    with replica.write() as connection:
        _people(connection)
        _products(connection)
        _customers(connection)
        _business(connection)


def _people(place: Connection) -> None:
    put(place, "user", "anke", login="anke.visser", name="Anke Visser", role="rep", manager_id=PIET,
        tz="Europe/Amsterdam")  # fmt: skip
    put(place, "user", "piet", login="piet.dewit", name="Piet de Wit", role="manager", tz="Europe/Amsterdam")
    put(place, "territory", "west", name="West", code="W")
    put(place, "device", "laptop", user_id=ANKE, name="Anke's laptop", state="active", number_prefix="AV1")
    put(place, "device", "office pc", user_id=PIET, name="Office PC", state="active", number_prefix="PW1")


def _products(place: Connection) -> None:
    put(place, "price_list", "list", code="NL-2026", name="Netherlands 2026", currency="EUR")
    put(place, "price_list", "key list", code="NL-KEY", currency="EUR", parent_id=LIST, channel="key")
    for name, sku, title, family, price in (
        ("oat", "401120", "Oat drink barista 1 l", "Drinks", 15_920_000),
        ("butter", "210034", "Butter salted 250 g", "Dairy", 52_000_000),
        ("gouda", "332207", "Gouda aged 36 weeks", "Cheese", 148_000_000),
    ):
        put(
            place,
            "product",
            name,
            sku=sku,
            name=title,
            family=family,
            base_uom="case",
            supplier="Polder Foods",
        )
        put(
            place,
            "price_list_item",
            f"{name} price",
            price_list_id=LIST,
            product_id=row_id(name),
            price=price,
        )
    put(place, "product", "skyr", sku="210099", name="Skyr 1 kg", family="Dairy", status="discontinued")
    put(place, "price_list_item", "butter break", price_list_id=LIST, product_id=BUTTER,
        min_qty=24 * MILLIONTH, price=49_500_000)  # fmt: skip
    put(place, "price_list_item", "aurora butter", price_list_id=KEY_LIST, product_id=BUTTER,
        account_id=AURORA, price=44_720_000)  # fmt: skip
    put(place, "product_uom", "oat pallet", product_id=OAT, uom="pallet", factor=60 * MILLIONTH,
        barcode="8712345678906")  # fmt: skip
    for name, atp in (("oat", 312), ("butter", 41), ("gouda", 9)):
        put(place, "stock_level", f"{name} stock", product_id=row_id(name), warehouse="Rotterdam",
            on_hand_qty=(atp + 10) * MILLIONTH, reserved_qty=10 * MILLIONTH, atp_qty=atp * MILLIONTH,
            as_of=NOW - 65 * 60_000)  # fmt: skip


def _customers(place: Connection) -> None:
    put(place, "account", "aurora", name="Aurora Dairy B.V.", number="100294", phone="+31 10 411 2200",
        email="info@aurora.example", lifecycle="customer", tier="key", price_list_id=KEY_LIST,
        owner_user_id=ANKE, territory_id=row_id("west"), payment_terms="30 days", note="Ring at gate B",
        tax_id="NL 8123.45.678 B01", visit_every_days=28)  # fmt: skip
    put(place, "account", "harbor", name="Blue Harbor Hotels", number="100310", lifecycle="customer",
        tier="growth", owner_user_id=ANKE, phone="010 555 12 34")  # fmt: skip
    put(place, "account", "oak", name="Oak & Öl GmbH", lifecycle="prospect", owner_user_id=ANKE)
    put(place, "site", "aurora bill", account_id=AURORA, kind="bill", street="Wijnhaven 62", city="Rotterdam",
        postal_code="3011 WR", country="NL")  # fmt: skip
    put(place, "site", "aurora ship", account_id=AURORA, kind="ship", street="Kade 4", city="Schiedam")
    put(place, "site", "harbor bill", account_id=HARBOR, kind="bill", street="Alster 1", city="Hamburg")
    put(place, "contact", "bakker", account_id=AURORA, given_name="Jan", family_name="Bakker",
        job_title="Purchasing", email="jan@aurora.example", phone="+31 10 411 2201")  # fmt: skip
    put(place, "contact", "zola", account_id=AURORA, given_name="Ada", family_name="Zola")
    put(place, "account_contact", "bakker main", account_id=AURORA, contact_id=BAKKER, role="Buyer",
        is_primary=1)  # fmt: skip


def _business(place: Connection) -> None:
    order(place, "order 1", AURORA, "SO-000101", "2026-02-10", "completed", 120_000)
    order(place, "order 2", AURORA, "SO-000140", "2026-11-17", "confirmed", 86_000)
    order(place, "order 0", AURORA, "SO-000020", "2025-03-01", "completed", 100_000)
    order(place, "order x", AURORA, "SO-000150", "2026-05-05", "cancelled", 999_900)
    order(place, "order h", HARBOR, "SO-000133", "2026-06-01", "completed", 40_000)
    put(place, "ar_document", "inv 1", account_id=AURORA, number="88213", issued_on="2026-10-07",
        due_on="2026-11-06", currency="EUR", amount=194_000, open_amount=194_000, as_of=NOW - 65 * 60_000)  # fmt: skip
    put(place, "ar_document", "inv 2", account_id=AURORA, number="88301", issued_on="2026-11-10",
        due_on="2026-12-10", currency="EUR", amount=437_000, open_amount=437_000, as_of=NOW - 65 * 60_000)  # fmt: skip
    put(place, "ar_document", "inv 3", account_id=AURORA, number="87000", issued_on="2026-05-10",
        due_on="2026-06-10", currency="EUR", amount=50_000, open_amount=0)  # fmt: skip
    put(place, "activity", "call", account_id=AURORA, kind="call", subject="Call with Purchasing",
        body="Asked about delivery times in week 49.", happened_at=NOW - 9 * DAY, assignee_id=ANKE)  # fmt: skip
    put(place, "activity", "note", account_id=AURORA, kind="note", subject="Trial of the oat range",
        body="Wants a trial in two stores.", happened_at=NOW - 2 * 3_600_000, assignee_id=ANKE)  # fmt: skip
    put(place, "activity", "task", account_id=AURORA, kind="task", subject="Send oat range samples",
        due_at=NOW - DAY, assignee_id=ANKE)  # fmt: skip


def order(
    place: Replica | Connection, name: str, account_id: RowId, number: str, day: str, status: str, total: int
) -> RowId:
    """One order with a single line of butter that makes its total."""
    put(place, "sales_order", name, account_id=account_id, number_official=number, ordered_on=day,
        pricing_date=day, status=status, currency="EUR", goods_amount=total, total_amount=total,
        price_list_id=LIST, sales_rep_id=ANKE)  # fmt: skip
    put(place, "document_line", f"{name} line", order_id=row_id(name), account_id=account_id, seq=1,
        product_id=BUTTER, description="Butter salted 250 g", qty=10 * MILLIONTH, uom="case",
        list_price=total * 1_000, unit_price=total * 1_000, line_amount=total)  # fmt: skip
    return row_id(name)


def conflict(replica: Replica, name: str, /, **values: Value) -> RowId:
    """An open conflict about the phone of Aurora: this person's value did not stand, the office's did."""
    given: Mapping[str, Value] = {
        "entity": "account",
        "row_id": AURORA,
        "row_label": "Aurora Dairy B.V.",
        "field": "phone",
        "account_id": AURORA,
        "user_id": ANKE,
        "base_value": '"+31 10 411 2211"',
        "mine_value": '"+31 10 411 2299"',
        "theirs_value": '"+31 10 411 2200"',
        "mine_by": ANKE,
        "mine_at": NOW - 3_600_000,
        "mine_device_id": row_id("laptop"),
        "theirs_by": PIET,
        "theirs_at": NOW - 1_800_000,
    }
    return put(replica, "conflict", name, **{**given, **values})
