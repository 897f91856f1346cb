"""Undo is a new change that reverses an earlier one; a refused change can be corrected and sent again, or let go."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Held, LeftOut, Merged, Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.incoming.refused import discard, refused_changes, send_again
from fieldrep.store.replica import Replica
from fieldrep.store.undo import last_undoable, undo
from tests.unit.store.answers import central_row, reply, row_id

SHOP = ("account", central_row("account", 1, 10, name="Corner Shop", phone="1"))


@pytest.fixture
def shop(replica: Replica) -> bytes:
    apply_reply(replica, reply(SHOP))
    return row_id(1)


def edit(replica: Replica, row: bytes, **values: object) -> int:
    with replica.begin("edit_account", "Edit Corner Shop") as unit:
        unit.update("account", row, values)
    assert unit.change_n is not None
    return unit.change_n


def undone(replica: Replica, n: int) -> str:
    with replica.begin("undo", "Undo") as unit:
        return undo(unit, n)


def shown(replica: Replica, row: bytes) -> dict[str, object]:
    with replica.read() as reader:
        found = reader.row("account", row)
    assert found is not None
    return dict(found)


def newest(replica: Replica) -> int | None:
    with replica.read() as reader:
        found = last_undoable(reader)
    return found.n if found else None


def test_undo_puts_back_what_a_change_replaced_and_travels_as_a_change(replica: Replica, shop: bytes) -> None:
    n = edit(replica, shop, phone="2", note="new")
    assert newest(replica) == n
    assert undone(replica, n) == "Edit Corner Shop"
    assert (shown(replica, shop)["phone"], shown(replica, shop)["note"]) == ("1", None)
    last = replica.waiting(10, 10**6)[-1]
    assert (last.command, last.edits[0].before["phone"], last.edits[0].after["phone"]) == (
        f"undo {n}",
        "2",
        "1",
    )
    assert newest(replica) is None


def test_undo_of_a_new_row_archives_it(replica: Replica, shop: bytes) -> None:
    with replica.begin("create_contact", "New contact") as unit:
        contact = unit.create("contact", {"account_id": shop, "family_name": "Smit"})
    assert unit.change_n is not None
    undone(replica, unit.change_n)
    with replica.read() as reader:
        row = reader.row("contact", contact)
    assert row is not None
    assert row["archived"] == 1


def test_undo_leaves_a_field_that_was_changed_again(replica: Replica, shop: bytes) -> None:
    n = edit(replica, shop, phone="2", note="new")
    edit(replica, shop, phone="3")
    undone(replica, n)
    assert (shown(replica, shop)["phone"], shown(replica, shop)["note"]) == ("3", None)


def test_undo_of_what_is_no_longer_so_is_refused_with_a_sentence(replica: Replica, shop: bytes) -> None:
    n = edit(replica, shop, phone="2")
    edit(replica, shop, phone="3")
    with pytest.raises(KnownError) as caught:
        undone(replica, n)
    assert caught.value.code is Code.NOTHING_TO_CHANGE
    with pytest.raises(KnownError) as caught:
        undone(replica, 99)
    assert caught.value.code is Code.NOT_FOUND


def test_a_move_of_state_is_not_undone(replica: Replica, shop: bytes) -> None:
    with replica.begin("create_order", "Order") as unit:
        order = unit.create("sales_order", {"account_id": shop, "currency": "EUR"})
    with replica.begin("submit_order", "Submit") as unit:
        unit.update("sales_order", order, {"status": "submitted"})
    assert unit.change_n is not None
    with pytest.raises(KnownError) as caught:
        undone(replica, unit.change_n)
    assert caught.value.code is Code.NOTHING_TO_CHANGE


def refuse(replica: Replica, n: int) -> int:
    refusal = Refused(n, Code.INVALID_VALUE, "Too long.", "account", row_id(1), "phone")
    apply_reply(replica, reply(outcomes=[refusal], holds=[SHOP], cursor=b"2"), replica.waiting(10, 10**6))
    with replica.read() as reader:
        (entry,) = refused_changes(reader.driver)
    assert (entry.field, entry.label) == ("phone", "Edit Corner Shop")
    return entry.refused_no


def test_a_refused_change_is_corrected_and_sent_again(replica: Replica, shop: bytes) -> None:
    number = refuse(replica, edit(replica, shop, phone="too long", note="typed once"))
    with replica.begin("send_again", "Send again") as unit:
        send_again(unit, number, {shop: {"phone": "2"}})
    assert (shown(replica, shop)["phone"], shown(replica, shop)["note"]) == ("2", "typed once")
    assert [change.n for change in replica.waiting(10, 10**6)] == [2]
    with replica.read() as reader:
        assert refused_changes(reader.driver) == []


def test_a_correction_that_does_not_fit_keeps_the_refused_change(replica: Replica, shop: bytes) -> None:
    number = refuse(replica, edit(replica, shop, phone="too long"))
    with pytest.raises(KnownError), replica.begin("send_again", "Send again") as unit:
        send_again(unit, number, {shop: {"phone": 5}})
    with replica.read() as reader:
        assert len(refused_changes(reader.driver)) == 1


def test_a_refused_new_row_comes_back_with_its_id_when_sent_again(replica: Replica, shop: bytes) -> None:
    with replica.begin("create_account", "Edit Corner Shop") as unit:
        made = unit.create("account", {"name": "New", "tax_id": "1"})
    assert unit.change_n is not None
    number = refuse(replica, unit.change_n)
    with replica.begin("send_again", "Send again") as unit:
        send_again(unit, number, {made: {"tax_id": "2"}})
    assert (shown(replica, made)["name"], shown(replica, made)["tax_id"]) == ("New", "2")


def test_a_refused_change_can_be_let_go(replica: Replica, shop: bytes) -> None:
    number = refuse(replica, edit(replica, shop, phone="too long"))
    with replica.begin("discard_refused", "Discard") as unit:
        assert discard(unit, number).label == "Edit Corner Shop"
    with pytest.raises(KnownError) as caught, replica.begin("discard_refused", "Discard") as unit:
        discard(unit, number)
    assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize("covered", [True, False])
@pytest.mark.parametrize("held", [True, False])
def test_a_field_left_out_of_a_change_that_is_taken_is_kept_with_what_was_entered_once(
    replica: Replica, shop: bytes, covered: bool, held: bool
) -> None:
    n = edit(replica, shop, phone="mine", note="mine as well")
    sent = replica.waiting(10, 10**6)
    left_out = (LeftOut("account", shop, "note", "Note of accounts is set by the office."),)
    outcome = Held(n, 21, "moved", (), left_out) if held else Merged(n, 21, (), left_out)
    echo = ("account", SHOP[1] | {"phone": "mine", "revision": 21})
    if not covered:
        assert apply_reply(replica, reply(outcomes=[outcome], more=True, cursor=b"2"), sent).refused == 1
    applied = apply_reply(replica, reply(echo, outcomes=[outcome], cursor=b"3"), replica.waiting(10, 10**6))
    assert applied.refused == int(covered)
    assert (shown(replica, shop)["phone"], shown(replica, shop)["note"]) == ("mine", None)
    with replica.read() as reader:
        (kept,) = refused_changes(reader.driver)
        assert reader.rows("SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM sent_log)") == [
            (0, 1)
        ]
    assert [one.after for one in kept.change.edits] == [{"note": "mine as well"}]
    assert (kept.code, kept.field) == (Code.FIELD_PROTECTED, "note")
    assert kept.sentence == "Note of accounts is set by the office. All else was taken."
    restored = b"f" * 16
    apply_reply(replica, reply(SHOP, cursor=b"4", epoch=restored))
    offered = replica.waiting(10, 10**6)
    assert [change.n for change in offered] == [n]
    apply_reply(replica, reply(echo, outcomes=[outcome], cursor=b"5", epoch=restored), offered)
    with replica.read() as reader:
        assert len(refused_changes(reader.driver)) == 1, "what is given back after a restore is told once"
