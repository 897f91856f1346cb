"""The audit log as it is read: what each question finds, in which order, and that nothing is sorted for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from fieldrep.contract.ids import RowId
from sync_server.store.audit import ACTIONS, Actor, described
from sync_server.store.devices.credentials import revoke
from sync_server.store.devices.standing import lock
from sync_server.store.office import admin
from sync_server.store.past.audit_reading import Asked, count_logged, logged, newest, unknown_actions
from tests.arch.tracked import python_files
from tests.store_suite.laptop import Laptop
from tests.store_suite.test_plans import plan
from tests.store_suite.world import DAY_MS, World, contacts, new_row

WHERE_THE_ACTION_STANDS = {"audit": 0, "add_row": 3, "change_row": 4}


def found(world: World, limit: int = 100, **asked: object) -> list[str]:
    """The actions of the entries that fit, the newest first."""
    with world.database.read() as reader:
        return [one.action for one in logged(reader, Asked(**asked), limit)]  # type: ignore[arg-type] - each as it is named


def test_entries_come_newest_first_and_page_by_their_number(world: World) -> None:
    for number in range(7):
        with world.write() as tx:
            tx.audit(f"act_{number}")
    with world.database.read() as reader:
        first = logged(reader, Asked(), 3)
        rest = Asked(before=first[-1].n)
        assert [one.action for one in first] == ["act_6", "act_5", "act_4"]
        assert [one.action for one in logged(reader, rest, 3)] == ["act_3", "act_2", "act_1"]
        assert (count_logged(reader, Asked()), count_logged(reader, rest)) == (7, 4)


def test_what_is_asked_of_a_device_is_what_it_did_and_what_was_done_to_it(
    world: World, ana: Laptop, desk: Laptop
) -> None:
    one, other = (laptop.admission.device_id for laptop in (ana, desk))
    with world.database.write(Actor("ana", ana.admission.user_id, one)) as tx:
        tx.audit("notice_copy", "refused", entity="device", row_id=one)
    with world.write() as tx:
        lock(tx, RowId(one))
        revoke(tx, RowId(other), "lost")
    assert found(world, device_id=one) == ["lock_device", "notice_copy", "enrol_device"]
    assert found(world, device_id=other) == ["revoke_device", "enrol_device"]
    of_ana = ["revoke_device", "lock_device", "notice_copy", *["enrol_device", "make_enrollment_code"] * 2]
    assert found(world, user_id=ana.admission.user_id) == of_ana
    assert found(world, user_id=world.user("ben")) == []


def test_all_that_is_given_must_fit(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    for user in (ana, ben):
        for action in ("repair_rows", "notice_copy"):
            with world.database.write(Actor("somebody", user, user)) as tx:
                tx.audit(action)
    world.clock.pass_days(1)
    since = world.clock.at
    with world.database.write(Actor("ana", ana, ana)) as tx:
        tx.audit("notice_copy")
    assert found(world, actions=("notice_copy",)) == ["notice_copy"] * 3
    assert found(world, actions=("notice_copy",), user_id=ana) == ["notice_copy"] * 2
    assert found(world, actions=("notice_copy", "repair_rows"), user_id=ben) == ["notice_copy", "repair_rows"]
    assert found(world, since=since) == ["notice_copy"]
    assert found(world, since=since, user_id=ben) == []
    assert found(world, since=since - DAY_MS - 100, actions=("repair_rows",)) == ["repair_rows"] * 2


def test_a_records_history_has_what_came_with_another_record_and_not_what_only_refers_to_it(
    world: World,
) -> None:
    ana = world.user("ana")
    with world.write() as tx:
        admin.add_territory(tx, code="N", name="North")
        shop = new_row(tx, "account", name="Shop", number="K1", owner_user_id=ana)
    with world.write() as tx:
        admin.move_account(tx, account="K1", territory_code="N")
    with world.write() as tx:
        position = tx.position()
        contacts(tx, shop, ["Eva"])
        tx.stage("account", {**(tx.row("account", shop) or {}), "note": "Eva", "revision": tx.new_revision()})
        moves = tx.moves_since(position)
        tx.audit("create_contact", entity="contact", row_id=moves[0].after["id"], detail=described(moves))
        tx.audit("only_refers", detail=described(moves[:1]))
    assert found(world, row_id=shop) == ["create_contact", "move_account"]


def test_an_action_is_known_that_the_server_notes_or_that_the_log_has(world: World) -> None:
    with world.write() as tx:
        tx.audit("edit_account")
    with world.database.read() as reader:
        assert unknown_actions(reader, ["notice_copy", "edit_account"])[0] == []
        strange, known = unknown_actions(reader, ["edit_account", "edit_acount"])
    assert strange == ["edit_acount"]
    assert set(known) == ACTIONS | {"edit_account"}


def test_every_action_that_the_server_notes_is_listed() -> None:
    noted = {
        action
        for path in python_files("sync_server")
        for action in _noted(ast.parse(path.read_text("utf-8")))
    }
    assert noted == ACTIONS


def _noted(tree: ast.Module) -> Iterator[str]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            at = WHERE_THE_ACTION_STANDS.get(name, len(call.args))
            yield from _texts(call.args[at]) if at < len(call.args) else ()


def _texts(node: ast.expr) -> Iterator[str]:
    """What an expression may come to: a text, one of two, or a verb with a kind of record."""
    if isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        yield from (f"{node.values[0].value}{entity}" for entity in ("account", "contact"))  # type: ignore[attr-defined] - an f-string begins with a text
    elif isinstance(node, ast.Constant):
        yield node.value


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(before=9),
        Asked(device_id=b"x" * 16, actions=("a", "b")),
        Asked(since=1, row_id=b"x" * 16),
    ],
)
def test_the_newest_entries_are_found_by_walking_back_without_sorting(world: World, asked: Asked) -> None:
    sql, values = newest(asked, 5)
    with world.database.read() as reader:
        told = plan(reader.session, sql, tuple(values))
    assert not any(word in told for word in ("Seq Scan", "TEMP B-TREE", "Sort  (")), told
