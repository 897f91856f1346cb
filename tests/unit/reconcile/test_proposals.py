"""What is handed in late, by somebody who held the record when he wrote it: taken where it fits, else proposed."""

from __future__ import annotations

from typing import Any

import pytest

from fieldrep.contract.change import Accepted, Change, Edit, Held, Merged, Outcome, Refused
from fieldrep.contract.errors import Code
from fieldrep.contract.ids import Revision
from sync_server.reconcile.author import Author
from sync_server.reconcile.push import push
from tests.unit.reconcile.conftest import Store, create, row_id

SHOP, BOSS = "shop of ana", "boss of ana's"


def late(store: Store, ana: Author, n: int, *edits: Edit) -> Outcome:
    """A change Ana made while the shop was hers, which comes in only now."""
    with store.database.write() as tx:
        return push(tx, ana, (Change(n, 0, "test", edits),))[0]


def moved(store: Store) -> Author:
    """Ana as she was last heard of, before her shop went to Ben."""
    ana = store.author("ana")
    store.office("account", SHOP, owner_user_id=row_id("ben"))
    return ana


def told(store: Store) -> list[dict[str, Any]]:
    return store.all("proposal")


def test_what_fits_is_taken_from_somebody_who_has_lost_the_account_since(store: Store) -> None:
    phone = store.edit("contact", BOSS, phone=("1", "2"))
    visit = create("activity", "late visit", account_id=row_id(SHOP), kind="note", subject="Visited")
    order = create("sales_order", "late order", account_id=row_id(SHOP), currency="EUR")
    ana = moved(store)
    assert isinstance(late(store, ana, 1, phone), Accepted | Merged)
    assert isinstance(late(store, ana, 2, visit, order), Accepted)
    assert (store.row("contact", BOSS) or {})["phone"] == "2"
    assert told(store) == store.all("conflict") == []


def test_a_clash_becomes_a_proposal_that_the_new_holder_decides_and_its_author_is_told(store: Store) -> None:
    edit = store.edit("contact", BOSS, phone=("1", "ana's"))
    ana = moved(store)
    store.office("contact", BOSS, phone="ben's")
    outcome = late(store, ana, 1, edit)
    assert isinstance(outcome, Held)
    assert "Ben" in outcome.reason
    (conflict,), (row,) = store.all("conflict"), told(store)
    assert (conflict["reason"], conflict["account_id"], conflict["mine_by"]) == (
        "moved",
        row_id(SHOP),
        ana.user_id,
    )
    assert (row["user_id"], row["value"], row["status"], row["n"]) == (ana.user_id, '"ana\'s"', "open", 1)
    decide = {"status": ("open", "resolved"), "chosen": (None, "mine")}
    taken = Edit("contact", row_id(BOSS), "update", store.revision(), {"phone": "ben's"}, {"phone": "ana's"})
    decision = Edit(
        "conflict",
        conflict["id"],
        "update",
        conflict["revision"],
        {name: pair[0] for name, pair in decide.items()},
        {name: pair[1] for name, pair in decide.items()},
    )
    assert isinstance(store.push("ben", taken, decision), Accepted | Merged)
    (row,) = told(store)
    assert (row["status"], row["decided_by"]) == ("taken", row_id("ben"))
    assert (store.row("contact", BOSS) or {})["phone"] == "ana's"


@pytest.mark.parametrize(
    ("entity", "name", "field", "before", "after"),
    [("account", SHOP, "name", "ana's", "New"), ("contact", BOSS, "archived", 0, 1)],
)
def test_critical_fields_and_deleting_wait_for_the_new_holder_even_where_they_fit(
    store: Store, entity: str, name: str, field: str, before: object, after: object
) -> None:
    edit = store.edit(entity, name, **{field: (before, after)})
    assert isinstance(late(store, moved(store), 1, edit), Held)
    assert (store.row(entity, name) or {})[field] == before
    assert [row["field"] for row in told(store)] == [field]


def test_a_customer_who_refuses_marketing_never_waits(store: Store) -> None:
    edit = store.edit("contact", BOSS, opt_out=(0, 1))
    assert not isinstance(late(store, moved(store), 1, edit), Held | Refused)
    assert (store.row("contact", BOSS) or {})["opt_out"] == 1


def test_a_later_value_of_the_same_chain_replaces_the_one_proposed(store: Store) -> None:
    first = store.edit("account", SHOP, name=("ana's", "A"))
    second = store.edit("account", SHOP, name=("A", "B"))
    ana = moved(store)
    late(store, ana, 1, first)
    late(store, ana, 2, second)
    assert [(row["n"], row["value"]) for row in told(store)] == [(2, '"B"')]
    assert [row["mine_value"] for row in store.all("conflict")] == ['"B"']


def test_what_its_author_is_told_says_nothing_of_what_the_record_has_become(store: Store) -> None:
    edit = store.edit("contact", BOSS, phone=("1", "ana's"))
    ana = moved(store)
    store.office("account", SHOP, name="Secret name")
    store.office("contact", BOSS, phone="secret phone", family_name="Secret person")
    outcome = late(store, ana, 1, edit)
    assert isinstance(outcome, Held)
    assert "ecret" not in repr(told(store)) + outcome.reason
    with store.database.read() as snapshot:
        pulled = snapshot.pull(ana.user_id, b"", 1_000_000)
    assert [page.count for page in pulled.pages if page.entity == "proposal"] == [1]
    assert not [page for page in pulled.pages if page.entity in ("account", "contact", "conflict")]


def test_what_was_entered_while_the_last_exchange_was_on_its_way_counts_and_nothing_after(
    store: Store,
) -> None:
    before = store.author("ana")
    edit = store.edit("contact", BOSS, phone=("1", "2"))
    moved(store)
    now = Revision(store.revision())
    heard = Author(before.device_id, before.user_id, "rep", before.incarnation, now, before.known_revision)
    assert isinstance(late(store, heard, 1, edit), Accepted | Merged)
    knows = Author(before.device_id, before.user_id, "rep", before.incarnation, now, now)
    outcome = late(store, knows, 2, store.edit("contact", BOSS, phone=("2", "3")))
    assert isinstance(outcome, Refused)
    assert outcome.code is Code.NOT_FOUND


def test_a_draft_of_somebody_who_lost_the_account_is_continued_by_its_new_owner(store: Store) -> None:
    draft = create("sales_order", "ana's draft", account_id=row_id(SHOP), currency="EUR")
    store.push("ana", draft, _line("first", 2))
    store.office("account", SHOP, owner_user_id=row_id("ben"))
    store.office("account_team", "ana stays", account_id=row_id(SHOP), user_id=row_id("ana"))
    refused = store.push("ben", _line("too early", 1))
    assert isinstance(refused, Refused)
    assert refused.code is Code.READ_ONLY, "she is in its team: it is hers alone"
    store.office("account_team", "ana stays", valid_to="2020-01-01")
    assert isinstance(store.push("mia", _line("not hers", 1)), Refused)

    assert isinstance(store.push("ben", _line("second", 3)), Accepted | Merged)
    quantity = store.edit("document_line", "first", qty=(2_000_000, 5_000_000))
    assert isinstance(store.push("ben", quantity), Accepted | Merged)
    submitted = store.edit("sales_order", "ana's draft", status=("draft", "submitted"))
    assert isinstance(store.push("ben", submitted), Accepted | Merged)
    order = store.row("sales_order", "ana's draft") or {}
    assert (order["status"], order["goods_amount"]) == ("received", 800)


def _line(name: str, quantity: int) -> Edit:
    return create(
        "document_line",
        name,
        order_id=row_id("ana's draft"),
        account_id=row_id(SHOP),
        seq=1,
        product_id=row_id("tea"),
        qty=quantity * 1_000_000,
        unit_price=1_000_000,
    )
