"""A unit of work writes rows, base rows, search and outbox together, or nothing (I4, I7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fieldrep.contract.change import Change
from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.outgoing import outbox
from fieldrep.store.replica import Replica
from fieldrep.store.search import match_query
from fieldrep.store.search_due import hits
from fieldrep.sync.handshake import handshake_of
from tests.unit.store.conftest import USER, FixedClock


def new_account(replica: Replica, **values: object) -> bytes:
    with replica.begin("create_account", "New account") as unit:
        return unit.create("account", {"name": "Corner Shop", **values})


def fail_after_writing(replica: Replica) -> None:
    with replica.begin("create_account", "x") as unit:
        unit.create("account", {"name": "Corner Shop"})
        unit.next_number("order")
        unit.keep_draft(("account", "new"), "text")
        raise ZeroDivisionError


def found(replica: Replica, text: str) -> list[bytes]:
    with replica.read() as reader:
        numbers = hits(reader, "account", match_query(text), 100)
        ids = dict(reader.rows("SELECT row_no, id FROM account"))
    return [ids[number] for number in numbers]


def waiting(replica: Replica) -> list[tuple[int, str, dict[str, object], dict[str, object]]]:
    with replica.read() as reader:
        return [
            (change.n, edit.kind, dict(edit.before), dict(edit.after))
            for change in outbox.waiting(reader.driver, 100, 10**6)
            for edit in change.edits
        ]


def test_a_change_saved_while_a_sync_looks_at_the_outbox_does_not_count_as_answered(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = outbox.waiting

    def saved_meanwhile(*args: Any, **kwargs: Any) -> list[Change]:
        found = look(*args, **kwargs)
        new_account(replica)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "waiting", saved_meanwhile)
        assert replica.to_send(100, 10**6) == ([], 0, 0, 0)
    changes, *counted = replica.to_send(100, 10**6)
    assert ([change.n for change in changes], counted) == ([1], [1, 0, 1])
    assert (replica.depth(), replica.settled_to()) == (1, 0)


def test_a_change_saved_while_a_request_is_made_ready_does_not_look_answered(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = outbox.depth

    def saved_meanwhile(connection: Any) -> int:
        found = count(connection)
        new_account(replica)
        return found

    new_account(replica)
    found = replica.to_send(100, 10**6)
    new_account(replica)
    told = handshake_of(replica, *found[1:])
    assert (told.highest_n, told.waiting) == (1, 1)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "depth", saved_meanwhile)
        told = handshake_of(replica)
    assert (told.highest_n, told.waiting) == (2, 2)


def test_that_nothing_waits_is_looked_up_once_until_something_is_written(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = replica.to_send(100, 10**6)
    with monkeypatch.context() as patched:
        patched.setattr(replica, "read", None)
        assert replica.to_send(100, 10**6) is silent
        assert replica.depth() == 0
    with pytest.raises(KeyError), replica.begin("create_account", "Never"):
        raise KeyError
    assert replica.to_send(100, 10**6) == silent
    new_account(replica)
    assert (replica.depth(), [change.n for change in replica.to_send(100, 10**6).changes]) == (1, [1])
    with replica.write() as connection:
        connection.execute("UPDATE outbox SET state = 'aside'")
    assert replica.to_send(100, 10**6) == ([], 0, 0, 1)
    with replica.write() as connection:
        connection.execute("UPDATE outbox SET state = 'ready'")
    assert replica.depth() == 1


def test_a_created_row_is_read_found_and_waiting_after_one_commit(replica: Replica) -> None:
    shop = new_account(replica, phone="030 123")
    with replica.read() as reader:
        row = reader.row("account", shop)
    assert row is not None
    assert (row["name"], row["phone"], row["tier"]) == ("Corner Shop", "030 123", "standard")
    assert (row["revision"], row["created_by"], row["archived"]) == (0, USER, 0)
    assert found(replica, "corn sho") == [shop]
    ((n, kind, before, after),) = waiting(replica)
    assert (n, kind, before, after["phone"]) == (1, "create", {}, "030 123")


def test_an_exception_leaves_no_row_no_search_entry_and_no_outbox_entry(replica: Replica) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_after_writing(replica)
    with replica.read() as reader:
        tables = ("account", "outbox", "outbox_edit", "base_row", "number_series", "draft")
        counts = {table: reader.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}  # noqa: S608
    assert set(counts.values()) == {0}
    assert found(replica, "corner") == []
    assert replica.state().highest_n == 0


def test_an_edit_names_only_the_fields_that_differ_with_the_values_they_started_from(
    replica: Replica,
) -> None:
    shop = new_account(replica, phone="1", email="a@b.nl")
    with replica.begin("edit_account", "Phone") as unit:
        assert unit.update("account", shop, {"phone": "2", "email": "a@b.nl"})
    assert waiting(replica)[-1] == (2, "update", {"phone": "1"}, {"phone": "2"})


def test_several_updates_of_one_row_in_one_unit_become_one_edit(replica: Replica) -> None:
    shop = new_account(replica, phone="1")
    with replica.begin("edit_account", "Phone") as unit:
        unit.update("account", shop, {"phone": "2"})
        unit.update("account", shop, {"phone": "3", "note": "n"})
    assert waiting(replica)[-1] == (2, "update", {"phone": "1", "note": None}, {"phone": "3", "note": "n"})


def test_a_unit_that_ends_where_it_began_is_no_change(replica: Replica, clock: FixedClock) -> None:
    shop = new_account(replica, phone="1")
    clock.now += 1000
    with replica.begin("edit_account", "Phone") as unit:
        assert not unit.update("account", shop, {"phone": "1"})
        assert unit.update("account", shop, {"phone": "2"})
        assert unit.update("account", shop, {"phone": "1"})
    assert unit.change_n is None
    assert unit.touched == frozenset()
    assert len(waiting(replica)) == 1
    with replica.read() as reader:
        row = reader.row("account", shop)
    assert row is not None
    assert row["changed_at"] == clock.now - 1000


def test_numbers_of_changes_follow_each_other_without_gaps_over_restarts(replica: Replica) -> None:
    for _ in range(3):
        new_account(replica)
    with pytest.raises(ZeroDivisionError):
        fail_after_writing(replica)
    new_account(replica)
    assert [n for n, *_ in waiting(replica)] == [1, 2, 3, 4]
    assert replica.state().highest_n == 4


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"revision": 5}, Code.FIELD_PROTECTED, "revision"),
        ({"owner_user_id": USER}, Code.FIELD_PROTECTED, "owner_user_id"),
        ({"colour": "red"}, Code.UNKNOWN_FIELD, "colour"),
        ({"name": "x" * 10_000_000}, Code.INVALID_VALUE, "name"),
        ({"name": "half \ud800"}, Code.INVALID_VALUE, "name"),
        ({"note": "a\x00b"}, Code.INVALID_VALUE, "note"),
        ({"visit_minutes": 12.5}, Code.INVALID_VALUE, "visit_minutes"),
        ({"visit_minutes": True}, Code.INVALID_VALUE, "visit_minutes"),
        ({"name": ""}, Code.REQUIRED, "name"),
        ({"consent": "{"}, Code.INVALID_VALUE, "consent"),
        ({"tier": "gold"}, Code.INVALID_VALUE, "tier"),
    ],
)
def test_an_unfit_value_is_refused_with_a_sentence_and_saves_nothing(
    replica: Replica, values: dict[str, object], code: Code, field: str
) -> None:
    with pytest.raises(KnownError) as caught:
        new_account(replica, **values)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.sentence.endswith((".", "!"))
    assert len(caught.value.sentence) < 500
    assert waiting(replica) == []


def test_money_as_a_decimal_fraction_is_refused_on_an_order(replica: Replica) -> None:
    shop = new_account(replica)
    with pytest.raises(KnownError) as caught, replica.begin("create_order", "Order") as unit:
        unit.create("sales_order", {"account_id": shop, "currency": "EUR", "freight_amount": 12.5})
    assert caught.value.code is Code.INVALID_VALUE
    assert "decimal fraction" in caught.value.sentence


def test_a_child_needs_its_parent_on_this_device(replica: Replica) -> None:
    with pytest.raises(KnownError) as caught, replica.begin("create_contact", "Contact") as unit:
        unit.create("contact", {"account_id": b"x" * 16, "family_name": "Nobody"})
    assert caught.value.code is Code.PARENT_MISSING


def test_fixed_and_append_only_fields_keep_their_value(replica: Replica) -> None:
    shop = new_account(replica)
    other = new_account(replica)
    with replica.begin("log_activity", "Note") as unit:
        note = unit.create("activity", {"account_id": shop, "subject": "Visit", "body": "They want more."})
    for values, code in (
        ({"account_id": other}, Code.FIELD_PROTECTED),
        ({"body": "They want less."}, Code.APPEND_ONLY),
    ):
        with pytest.raises(KnownError) as caught, replica.begin("edit_activity", "x") as unit:
            unit.update("activity", note, values)
        assert caught.value.code is code


def test_local_numbers_count_up_under_the_granted_prefix(replica: Replica) -> None:
    with replica.begin("x", "x") as unit:
        first = unit.next_number("order")
    with replica.begin("x", "x") as unit:
        second, other = unit.next_number("order"), unit.next_number("quote")
    assert (first, second, other) == ("ND1-000001", "ND1-000002", "ND1-000001")


def test_a_second_unit_of_work_inside_the_first_is_a_bug(replica: Replica) -> None:
    with (
        pytest.raises(RuntimeError, match="open already"),
        replica.begin("a", "a"),
        replica.begin("b", "b"),
    ):
        pass


def test_a_search_entry_follows_its_row(replica: Replica) -> None:
    shop = new_account(replica)
    with replica.begin("edit_account", "Rename") as unit:
        unit.update("account", shop, {"name": "Käsehof Müller"})
    assert found(replica, "corner") == []
    assert found(replica, "kase mull") == [shop]


@pytest.mark.parametrize(
    "text", ['"', "AND", "NEAR(", "name:x", "*", "^a", "'; DROP", "\x00", "\ud800", "a" * 5000]
)
def test_whatever_is_typed_into_search_is_only_words(replica: Replica, text: str) -> None:
    new_account(replica)
    query = match_query(text)
    if query:
        found(replica, text)
    assert found(replica, "corner " + "shop") != []


def test_a_draft_is_kept_until_its_form_is_saved(replica: Replica) -> None:
    from fieldrep.store import drafts

    with replica.begin("draft", "draft") as unit:
        unit.keep_draft(("order", "new"), '{"lines":[]}')
    assert unit.change_n is None
    with replica.read() as reader:
        draft = drafts.find(reader.driver, ("order", "new"))
    assert draft is not None
    assert draft.text == '{"lines":[]}'
    with replica.begin("create_order", "Order") as unit:
        unit.drop_draft(("order", "new"))
    with replica.read() as reader:
        assert drafts.find(reader.driver, ("order", "new")) is None


def test_a_save_while_an_answer_is_being_worked_out_keeps_its_number_to_itself(replica: Replica) -> None:
    new_account(replica)
    read_before = replica.state()
    new_account(replica)
    with replica.write() as connection:
        replica.store_state(connection, replace(read_before, cursor=b"1"))
    assert replica.state().highest_n == 2
    new_account(replica)
    assert [change[0] for change in waiting(replica)] == [1, 2, 3]
