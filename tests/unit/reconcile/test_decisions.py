"""Decisions on conflicts: the first accepted one stands, a late one is kept and told, undoing is a change like any."""

from __future__ import annotations

import msgspec
import pytest

from fieldrep.contract.change import Accepted, Change, Edit, Held, Merged, Outcome, Refused
from sync_server.interchange.images import encode, image_of
from sync_server.reconcile.push import push
from tests.unit.reconcile.conftest import Row, Store, row_id

SHOP = "shop of ana"


def clash(store: Store, mine: str = "2") -> bytes:
    """Ana edits the phone that Mia has changed meanwhile; gives the conflict."""
    before = store.row("account", SHOP)
    assert before is not None
    store.push("mia", store.edit("account", SHOP, phone=(None, "3")))
    outcome = store.push("ana", store.edit("account", SHOP, base=before["revision"], phone=(None, mine)))
    assert isinstance(outcome, Merged)
    return outcome.kept[0].conflict_id


def decision(store: Store, conflict: bytes, chosen: str, *values: Edit) -> tuple[Edit, ...]:
    """What `resolve_conflict` makes: the record's field, then the conflict."""
    row = found(store, conflict)
    before = {"status": "open", "chosen": None}
    return (
        *values,
        Edit(
            "conflict", conflict, "update", row["revision"], before, {"status": "resolved", "chosen": chosen}
        ),
    )


def taken_back(store: Store, conflict: bytes, chosen: str, *values: Edit) -> tuple[Edit, ...]:
    before = {"status": "resolved", "chosen": chosen}
    row = found(store, conflict)
    after = {"status": "open", "chosen": None}
    return (Edit("conflict", conflict, "update", row["revision"], before, after), *values)


def found(store: Store, conflict: bytes) -> Row:
    row = store.row("conflict", conflict)
    assert row is not None
    return row


def phone(store: Store) -> object:
    row = store.row("account", SHOP)
    assert row is not None
    return row["phone"]


def open_values(store: Store) -> list[tuple[object, object]]:
    return [
        (msgspec.json.decode(row["mine_value"]), msgspec.json.decode(row["theirs_value"]))
        for row in store.all("conflict")
        if row["status"] == "open"
    ]


def test_undo_of_an_accepted_decision_opens_the_conflict_and_puts_the_value_back(store: Store) -> None:
    conflict = clash(store)
    store.push("ana", *decision(store, conflict, "mine", store.edit("account", SHOP, phone=("3", "2"))))
    assert (phone(store), found(store, conflict)["resolved_by"]) == ("2", row_id("ana"))
    store.push("ana", *taken_back(store, conflict, "mine", store.edit("account", SHOP, phone=("2", "3"))))
    again = found(store, conflict)
    assert (phone(store), again["status"], again["chosen"], again["resolved_by"], again["resolved_at"]) == (
        "3", "open", None, None, None,
    )  # fmt: skip


def test_of_two_deciders_the_first_stands_and_the_later_one_is_told_and_keeps_his_value(store: Store) -> None:
    conflict = clash(store)
    late = decision(store, conflict, "mine", store.edit("account", SHOP, phone=("3", "2")))
    first = store.push("mia", *decision(store, conflict, "theirs"))
    assert isinstance(first, Accepted)
    told = store.push("ana", *late)
    assert phone(store) == "3", "the first decision stands"
    assert found(store, conflict)["chosen"] == "theirs"
    assert isinstance(told, Merged)
    (kept,) = told.kept
    assert (found(store, kept.conflict_id)["reason"], open_values(store)) == ("decided", [("2", "3")])


def test_a_late_decision_for_what_stood_is_told_when_the_first_took_the_other(store: Store) -> None:
    conflict = clash(store)
    late = decision(store, conflict, "theirs")
    store.push("mia", *decision(store, conflict, "mine", store.edit("account", SHOP, phone=("3", "2"))))
    told = store.push("ana", *late)
    assert isinstance(told, Merged)
    assert (phone(store), open_values(store)) == ("2", [("3", "2")])


def test_a_late_decision_for_an_object_that_stood_is_told_with_the_object(store: Store) -> None:
    before = store.row("account", SHOP)
    assert before is not None
    no, yes = '{"mail":false}', '{"mail":"2026-11-02"}'
    store.push("mia", store.edit("account", SHOP, consent=(None, no)))
    outcome = store.push("ana", store.edit("account", SHOP, base=before["revision"], consent=(None, yes)))
    assert isinstance(outcome, Merged)
    conflict = outcome.kept[0].conflict_id
    late = decision(store, conflict, "theirs")
    store.push("mia", *decision(store, conflict, "mine", store.edit("account", SHOP, consent=(no, yes))))
    told = store.push("ana", *late)
    assert isinstance(told, Merged)
    assert open_values(store) == [({"mail": False}, {"mail": "2026-11-02"})]


@pytest.mark.parametrize(
    ("before", "after"), [("{not json", '{"email":true}'), (None, "{not json"), ("", '{"email":true}')]
)
def test_a_decision_with_a_value_that_cannot_be_is_refused_and_holds_up_nothing(
    store: Store, before: str | None, after: str
) -> None:
    stood = store.row("account", SHOP)
    assert stood is not None
    store.push("mia", store.edit("account", SHOP, consent=(None, '{"email":false}')))
    mine = store.edit("account", SHOP, base=stood["revision"], consent=(None, '{"email":true}'))
    outcome = store.push("ana", mine)
    assert isinstance(outcome, Merged)
    conflict = outcome.kept[0].conflict_id
    edit = store.edit("account", SHOP, consent=(before, after))
    refused = store.push("ana", *decision(store, conflict, "mine", edit))
    assert isinstance(refused, Refused)
    assert refused.code == "invalid_value"
    assert found(store, conflict)["status"] == "open"


def test_a_late_decision_for_the_same_value_is_no_new_conflict(store: Store) -> None:
    conflict = clash(store)
    value = store.edit("account", SHOP, phone=("3", "2"))
    late = decision(store, conflict, "mine", value)
    store.push("mia", *decision(store, conflict, "mine", value))
    store.push("ana", *late)
    assert (phone(store), open_values(store)) == ("2", [])


def test_a_late_decision_taken_back_leaves_nothing_to_decide(store: Store) -> None:
    conflict = clash(store)
    late = decision(store, conflict, "mine", store.edit("account", SHOP, phone=("3", "2")))
    back = taken_back(store, conflict, "mine", store.edit("account", SHOP, phone=("2", "3")))
    store.push("mia", *decision(store, conflict, "other", store.edit("account", SHOP, phone=("3", "4"))))
    store.push("ana", *late)
    assert open_values(store) == [("2", "4")]
    store.push("ana", *back)
    assert (phone(store), open_values(store)) == ("4", [])


@pytest.mark.parametrize("earlier", range(4), ids="{} revisions earlier".format)
def test_a_late_decision_taken_back_closes_what_it_raised_and_no_other_conflict_of_its_device(
    store: Store, earlier: int
) -> None:
    for name in range(earlier):  # the ids, and so which of the two comes first, follow from the revisions
        store.office("account", SHOP, name=str(name))
    own = clash(store)
    store.push("ana", *decision(store, own, "theirs"))
    clashed = store.push("mia", store.edit("account", SHOP, phone=("0", "5")))
    assert isinstance(clashed, Merged)
    theirs = clashed.kept[0].conflict_id
    late = decision(store, theirs, "mine", store.edit("account", SHOP, phone=("3", "5")))
    back = taken_back(store, theirs, "mine", store.edit("account", SHOP, phone=("5", "3")))
    store.push("mia", *decision(store, theirs, "other", store.edit("account", SHOP, phone=("3", "4"))))
    store.push("ana", *late)
    store.push("ana", *taken_back(store, own, "theirs"))
    assert sorted(open_values(store)) == [("2", "3"), ("5", "4")]
    store.push("ana", *back)
    assert (phone(store), open_values(store)) == ("4", [("2", "3")])


def test_a_late_decision_that_was_proposed_and_is_taken_back_is_told_as_declined(store: Store) -> None:
    conflict = clash(store)
    late = decision(store, conflict, "mine", store.edit("account", SHOP, phone=("3", "2")))
    back = taken_back(store, conflict, "mine", store.edit("account", SHOP, phone=("2", "3")))
    store.push("mia", *decision(store, conflict, "other", store.edit("account", SHOP, phone=("3", "4"))))
    ana = store.author("ana")
    store.office("account", SHOP, owner_user_id=row_id("ben"))
    with store.database.write() as tx:
        (held,) = push(tx, ana, (Change(101, 0, "test", late),))
    assert isinstance(held, Held)
    assert [row["status"] for row in store.all("proposal")] == ["open"]
    with store.database.write() as tx:
        push(tx, ana, (Change(102, 0, "test", back),))
    (proposal,) = store.all("proposal")
    assert (proposal["status"], proposal["decided_by"]) == ("declined", row_id("ana"))
    assert open_values(store) == []


def test_nobody_takes_back_the_decision_of_somebody_else(store: Store) -> None:
    conflict = clash(store)
    value = store.edit("account", SHOP, phone=("3", "2"))
    store.push("mia", *decision(store, conflict, "mine", value))
    store.push("ana", *taken_back(store, conflict, "mine", store.edit("account", SHOP, phone=("2", "3"))))
    assert (phone(store), found(store, conflict)["status"]) == ("2", "resolved")
    assert open_values(store) == [("3", "2")], "what she wanted is kept"


def test_a_decision_made_against_a_value_that_has_changed_since_is_not_taken(store: Store) -> None:
    conflict = clash(store)
    late = decision(store, conflict, "mine", store.edit("account", SHOP, phone=("3", "2")))
    store.push("mia", store.edit("account", SHOP, phone=("3", "5")))
    told = store.push("ana", *late)
    assert isinstance(told, Merged)
    assert told.kept[0].conflict_id == conflict
    assert (phone(store), open_values(store)) == ("5", [("2", "5")])


def test_taking_back_opens_the_conflict_also_when_the_field_moved_on(store: Store) -> None:
    conflict = clash(store)
    store.push("ana", *decision(store, conflict, "mine", store.edit("account", SHOP, phone=("3", "2"))))
    back = taken_back(store, conflict, "mine", store.edit("account", SHOP, phone=("2", "3")))
    store.push("mia", store.edit("account", SHOP, phone=("2", "6")))
    store.push("ana", *back)
    assert (phone(store), open_values(store)) == ("6", [("2", "6")])


@pytest.mark.parametrize("further", ["name", "note"])
def test_a_conflict_names_who_changed_that_very_field_and_when(store: Store, further: str) -> None:
    before = store.row("account", SHOP)
    assert before is not None
    store.push("mia", store.edit("account", SHOP, phone=(None, "3")))
    store.clock[0] += 60_000
    beside = store.push("ana", store.edit("account", SHOP, **{further: (before[further], "other")}))
    assert isinstance(beside, Accepted)
    outcome = store.push("ana", store.edit("account", SHOP, base=before["revision"], phone=(None, "2")))
    assert isinstance(outcome, Merged)
    row = found(store, outcome.kept[0].conflict_id)
    assert (row["theirs_by"], row["theirs_source"]) == (row_id("mia"), None)
    assert row["theirs_at"] == store.clock[0] - 60_000


def test_a_value_that_came_with_an_import_is_told_as_that(store: Store) -> None:
    before = store.row("account", SHOP)
    assert before is not None
    store.office("account", SHOP, phone="0800", changed_by=None)
    with store.database.write("import") as tx:
        tx.keep_import_image(row_id(SHOP), encode(image_of({"phone": "0800"}, "northwind")))
    store.push("mia", store.edit("account", SHOP, note=(None, "somebody else's note")))
    told: Outcome = store.push("ana", store.edit("account", SHOP, base=before["revision"], phone=(None, "2")))
    assert isinstance(told, Merged)
    row = found(store, told.kept[0].conflict_id)
    assert (row["theirs_by"], row["theirs_source"]) == (None, "Import northwind")


def test_a_value_of_the_office_is_told_as_that_after_a_laptop_wrote_another_field(store: Store) -> None:
    before = store.row("account", SHOP)
    assert before is not None
    store.clock[0] += 60_000
    store.office("account", SHOP, phone="0800", changed_by=row_id("mia"))
    store.clock[0] += 60_000
    store.push("mia", store.edit("account", SHOP, note=(None, "somebody else's note")))
    told = store.push("ana", store.edit("account", SHOP, base=before["revision"], phone=(None, "2")))
    assert isinstance(told, Merged)
    row = found(store, told.kept[0].conflict_id)
    assert (row["theirs_by"], row["theirs_at"]) == (row_id("mia"), store.clock[0] - 60_000)


def test_a_value_a_row_was_made_with_is_told_as_its_makers_after_a_laptop_wrote_another_field(
    store: Store,
) -> None:
    contact = "boss of ana's"
    store.clock[0] += 60_000
    store.push("mia", store.edit("contact", contact, job_title=(None, "Owner")))
    told = store.push("ana", store.edit("contact", contact, base=0, phone=("0", "2")))
    assert isinstance(told, Merged)
    row = found(store, told.kept[0].conflict_id)
    assert (row["theirs_by"], row["theirs_at"]) == (None, store.clock[0] - 60_000)


def test_who_wrote_a_field_on_a_laptop_is_still_told_after_the_office_wrote_another(store: Store) -> None:
    before = store.row("account", SHOP)
    assert before is not None
    store.push("mia", store.edit("account", SHOP, phone=(None, "3")))
    store.clock[0] += 60_000
    store.office("account", SHOP, note="The office was here.", changed_by=None)
    told = store.push("ana", store.edit("account", SHOP, base=before["revision"], phone=(None, "2")))
    assert isinstance(told, Merged)
    row = found(store, told.kept[0].conflict_id)
    assert (row["theirs_by"], row["theirs_at"]) == (row_id("mia"), store.clock[0] - 60_000)
