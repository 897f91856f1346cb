"""What a device may not do, whatever it sends: each is refused, in words that tell nothing about foreign rows."""

from __future__ import annotations

import msgspec
import pytest

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.change import Accepted, Change, Edit, Merged, Refused
from fieldrep.contract.errors import Code
from fieldrep.contract.fields import Kind, Reader, Value, Writer
from sync_server.reconcile.push import CopyNoticed
from tests.unit.reconcile.conftest import Store, create, row_id

ROWS = {"account": "shop of ana", "contact": "boss of ana's", "activity": "call ana's"}
PROTECTED = [
    (entity.name, field.name)
    for entity in ENTITIES
    if entity.name in ROWS
    for field in entity.columns
    if Writer.DEVICE not in (field.writers or Writer.DEVICE) or field.reader is Reader.COST or field.fixed
]
FREE = {"account": "phone", "contact": "job_title", "activity": "channel"}
OFFICE_ONLY = [
    entity.name
    for entity in ENTITIES
    if not any(Writer.DEVICE in (field.writers or Writer.DEVICE) for field in entity.fields.values())
]
SAMPLE: dict[Kind, Value] = {
    Kind.REF: row_id("ben"),
    Kind.TEXT: "x",
    Kind.CHOICE: "x",
    Kind.JSON: "{}",
    Kind.BYTES: b"\xff\xd8\xff",
    Kind.DATE: "2026-11-21",
}


def refused(store: Store, who: str, *edits: Edit) -> Refused:
    before = store.revision()
    outcome = store.push(who, *edits)
    assert isinstance(outcome, Refused), outcome
    assert store.revision() == before, "a refused change draws no revision"
    return outcome


def account_values(owner: str) -> dict[str, object]:
    return {"account_id": row_id(f"shop of {owner}"), "family_name": "New"}


@pytest.mark.parametrize(("entity", "field"), PROTECTED, ids=str)
def test_no_protected_field_is_written_by_a_device(store: Store, entity: str, field: str) -> None:
    before = store.row(entity, ROWS[entity])
    assert before is not None
    value = SAMPLE.get(CATALOGUE[entity].field(field).kind, 1)
    outcome = refused(store, "ana", store.edit(entity, ROWS[entity], **{field: (before[field], value)}))
    assert (outcome.code, outcome.field) == (Code.FIELD_PROTECTED, field)
    assert store.row(entity, ROWS[entity]) == before


@pytest.mark.parametrize(("entity", "field"), PROTECTED, ids=str)
def test_a_protected_field_beside_others_is_left_out_alone_and_kept(
    store: Store, entity: str, field: str
) -> None:
    before = store.row(entity, ROWS[entity])
    assert before is not None
    value, free = SAMPLE.get(CATALOGUE[entity].field(field).kind, 1), FREE[entity]
    edit = store.edit(entity, ROWS[entity], **{field: (before[field], value), free: (before[free], "taken")})
    outcome = store.push("ana", edit)
    assert isinstance(outcome, Merged)
    assert [(one.entity, one.row_id, one.field) for one in outcome.left_out] == [(entity, edit.row_id, field)]
    row = store.row(entity, ROWS[entity])
    assert row is not None
    assert row[free] == "taken"
    if field not in ("revision", "changed_at", "changed_by"):
        assert row[field] == before[field]
    with store.database.read() as reader:
        ((payload,),) = reader.rows("SELECT payload FROM refused_change")
        entries = reader.rows("SELECT result FROM audit_entry WHERE action = 'test'")
    assert [kept.after for kept in msgspec.msgpack.decode(payload, type=Change).edits] == [{field: value}]
    assert entries == [(f"merged without {field}",)]
    assert store.push("ana", edit, n=store.numbers["ana"]) == outcome, "a repeat is answered the same"


def test_what_else_a_change_is_refused_for_counts_for_all_of_it(store: Store) -> None:
    edit = store.edit("account", ROWS["account"], number=(None, "1"), parent_id=(None, row_id("nobody")))
    assert refused(store, "ana", edit).code is Code.PARENT_MISSING


def test_edits_of_nothing_but_protected_fields_fall_away_and_the_others_are_taken(store: Store) -> None:
    outcome = store.push(
        "ana",
        store.edit("account", ROWS["account"], number=(None, "1")),
        create("contact", "new one", **account_values("ana")),
    )
    assert isinstance(outcome, Merged)
    assert [one.field for one in outcome.left_out] == ["number"]
    assert store.row("contact", "new one") is not None


@pytest.mark.parametrize("entity", OFFICE_ONLY)
def test_what_the_office_keeps_cannot_be_made_on_a_device(store: Store, entity: str) -> None:
    assert refused(store, "ana", create(entity, "forged")).code is not Code.INTERNAL
    assert store.row(entity, "forged") is None


def test_an_owner_given_with_a_new_account_is_left_out_and_the_author_owns_what_he_makes(
    store: Store,
) -> None:
    outcome = store.push("ana", create("account", "mine", name="Mine", owner_user_id=row_id("ben")))
    assert isinstance(outcome, Merged)
    assert [(one.field, one.row_id) for one in outcome.left_out] == [("owner_user_id", row_id("mine"))]
    row = store.row("account", "mine")
    assert row is not None
    assert row["owner_user_id"] == row["created_by"] == row_id("ana")


def test_a_foreign_row_is_refused_in_the_same_words_as_one_that_does_not_exist(store: Store) -> None:
    foreign = refused(store, "ana", store.edit("account", "shop of ben", phone=(None, "2")))
    absent = refused(store, "ana", store.edit("account", "nowhere", phone=(None, "2")))
    assert (foreign.code, foreign.sentence) == (absent.code, absent.sentence)
    assert "ben" not in foreign.sentence.lower()


def test_a_child_of_a_foreign_account_and_of_none_are_refused_alike(store: Store) -> None:
    foreign = refused(store, "ana", create("contact", "one", **account_values("ben")))
    absent = refused(store, "ana", create("contact", "two", **account_values("nobody")))
    assert (foreign.code, foreign.sentence) == (absent.code, absent.sentence)


def test_a_reference_to_a_foreign_row_and_to_none_are_refused_alike(store: Store) -> None:
    contact = store.row("contact", "boss of ben's")
    assert contact is not None
    foreign = refused(store, "ana", store.edit("activity", "call ana's", contact_id=(None, contact["id"])))
    absent = refused(store, "ana", store.edit("activity", "call ana's", contact_id=(None, row_id("nobody"))))
    assert (foreign.code, foreign.sentence) == (absent.code, absent.sentence)
    assert foreign.code is Code.PARENT_MISSING


def test_a_manager_may_edit_what_his_people_hold_and_they_may_not_edit_each_others(store: Store) -> None:
    assert isinstance(store.push("mia", store.edit("account", "shop of ana", phone=(None, "2"))), Accepted)
    refused(store, "mia", store.edit("account", "shop of ben", phone=(None, "2")))


def test_a_line_is_held_with_its_order_whatever_account_it_names(store: Store) -> None:
    store.office("account", "second of ana", name="Second", owner_user_id=row_id("ana"))
    order = create("sales_order", "order", account_id=row_id("shop of ana"), currency="EUR")
    assert isinstance(store.push("ana", order), Accepted)
    values = {"order_id": row_id("order"), "seq": 1, "qty": 1_000_000, "unit_price": 1_000_000}
    stray = create("document_line", "line", account_id=row_id("second of ana"), **values)
    assert isinstance(store.push("ana", stray), Accepted)
    line = store.row("document_line", "line")
    assert line is not None
    assert line["account_id"] == row_id("shop of ana")
    order = create("sales_order", "next", account_id=row_id("shop of ana"), currency="EUR")
    beside = {**values, "order_id": row_id("next"), "account_id": row_id("second of ana")}
    at_once = refused(store, "ana", order, create("document_line", "other", **beside))
    assert (at_once.code, at_once.field) == (Code.INVALID_VALUE, "account_id")
    assert store.row("document_line", "other") is None


def test_a_conflict_cannot_be_forged_and_a_foreign_one_not_decided(store: Store) -> None:
    values = {"entity": "account", "row_id": row_id("shop of ana"), "field": "phone", "status": "open"}
    refused(store, "ana", create("conflict", "forged", account_id=row_id("shop of ana"), **values))
    store.office("conflict", "bens", account_id=row_id("shop of ben"), user_id=row_id("ben"), **values)
    refused(store, "ana", store.edit("conflict", "bens", status=("open", "resolved")))


def test_a_unit_is_taken_whole_or_not_at_all(store: Store) -> None:
    good = store.edit("account", "shop of ana", phone=(None, "2"))
    outcome = refused(store, "ana", good, store.edit("account", "shop of ben", phone=(None, "2")))
    assert outcome.row_id == row_id("shop of ben")
    row = store.row("account", "shop of ana")
    assert row is not None
    assert row["phone"] is None


def test_a_refused_change_takes_down_only_what_builds_on_it(store: Store) -> None:
    bad = Change(1, 0, "t", (create("contact", "one", **account_values("ben")),))
    on_it = Change(2, 0, "t", (store.edit("contact", "one", phone=(None, "5")),))
    beside = Change(3, 0, "t", (store.edit("account", "shop of ana", phone=(None, "5")),))
    first, second, third = store.push_all("ana", bad, on_it, beside)
    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert second.code is Code.DEPENDS_ON_REFUSED
    assert isinstance(third, Accepted)


def test_a_change_that_comes_again_gets_its_first_answer(store: Store) -> None:
    edit = store.edit("account", "shop of ana", phone=(None, "2"))
    first = store.push("ana", edit, n=7)
    assert isinstance(first, Accepted)
    assert store.push("ana", edit, n=7) == first
    assert store.revision() == first.revision, "a repeat draws no revision"


def test_a_number_that_comes_again_with_other_content_is_a_copys_and_takes_nothing(store: Store) -> None:
    store.push("ana", store.edit("account", "shop of ana", phone=(None, "2")), n=7)
    before = store.row("account", "shop of ana")
    other = Change(7, 0, "test", (store.edit("account", "shop of ana", phone=("2", "3")),))
    beside = Change(6, 0, "test", (store.edit("account", "shop of ana", website=(None, "x")),))
    with pytest.raises(CopyNoticed):
        store.push_all("ana", beside, other)
    assert store.row("account", "shop of ana") == before


def test_numbers_of_one_device_mean_nothing_for_another(store: Store) -> None:
    assert isinstance(
        store.push("ana", store.edit("account", "shop of ana", phone=(None, "2")), n=7), Accepted
    )
    assert isinstance(
        store.push("ben", store.edit("account", "shop of ben", phone=(None, "2")), n=7), Accepted
    )
