"""A preview says what a change of scope moves, and the change then moves exactly that; many accounts move in pages."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from sync_server.store.office import admin
from sync_server.store.office.preview import Plan, concerned
from sync_server.store.proof.verify import verify
from sync_server.store.settling import Settlement
from sync_server.store.transaction import WriteTransaction
from tests.store_suite.world import DAY_MS, Copy, World, contacts, day_of, new_row

Act = Callable[[WriteTransaction], object]
ACTS: dict[str, Act] = {
    "assign": lambda tx: admin.assign(tx, login="cleo", territory_code="N"),
    "unassign": lambda tx: admin.unassign(tx, login="ana", territory_code="N"),
    "move": lambda tx: admin.move_account(tx, account="K1", owner_login="cleo"),
    "disable": lambda tx: admin.disable_user(tx, "ana"),
    "role": lambda tx: admin.set_role(tx, login="ana", role="manager"),
    "manager": lambda tx: admin.set_manager(tx, login="ana", manager_login="cleo"),
}


def company(world: World) -> None:
    with world.write() as tx:
        admin.add_user(tx, login="boss", name="Boss", role="manager")
        for login in ("ana", "ben", "cleo"):
            admin.add_user(tx, login=login, name=login.title(), role="rep", manager_login="boss")
        admin.add_territory(tx, code="N", name="North")
        admin.add_territory(tx, code="N1", name="Harbour", parent_code="N")
        admin.assign(tx, login="ana", territory_code="N")
    with world.write() as tx:
        harbour = admin.territory_named(tx, "N1")["id"]
        ben = admin.user_named(tx, "ben")["id"]
        new_row(tx, "product", sku="T1", name="Tea", cost_price=5)
        for number in range(3):
            account = new_row(tx, "account", name=f"Shop {number}", number=f"K{number}", territory_id=harbour)
            contacts(tx, account, ["One", "Two"][: number + 1])
        new_row(tx, "account", name="Elsewhere", number="E", owner_user_id=ben)


def rehearsed(world: World, act: Act) -> Plan:
    with world.database.rehearse("test") as tx:
        act(tx)
        return Plan(tx.rehearsed(), tx.changed_roles())


def ledger(world: World) -> set[tuple[bytes, bytes, int, int | None]]:
    with world.database.read() as reader:
        return set(reader.rows("SELECT user_id, scope_key, gained_revision, lost_revision FROM scope_ledger"))


def as_grants(settlement: Settlement) -> tuple[set[tuple[bytes, bytes]], set[tuple[bytes, bytes]]]:
    return set(settlement.gained), set(settlement.lost)


@pytest.mark.parametrize("name", ACTS)
def test_a_change_moves_exactly_what_its_preview_said(world: World, name: str) -> None:
    company(world)
    before, copies = ledger(world), {}
    with world.database.read() as reader:
        people = {str(row["login"]): row["id"] for row in reader.all("user")}
    for login, user_id in people.items():
        assert isinstance(user_id, bytes)
        copies[login] = world.fresh(user_id)
    plan = rehearsed(world, ACTS[name])
    with world.database.read() as reader:
        told = concerned(reader, plan)
    assert ledger(world) == before, "a rehearsal leaves nothing behind"
    held = {login: set(copy.rows) for login, copy in copies.items()}
    with world.write() as tx:
        ACTS[name](tx)
    after = ledger(world)
    gained = {(user, key) for user, key, _, lost in after - before if lost is None}
    lost = {(user, key) for user, key, _, lost in after - before if lost is not None}
    assert (gained, lost) == as_grants(plan.settlement)
    accounts = ("account", "contact")
    for login, copy in copies.items():
        if name == "disable" and login == "ana":
            continue
        world.sync(copy)
        (one,) = [one for one in told if one.login == login] or [None]
        came = [key for key in copy.rows.keys() - held[login] if key[0] in accounts]
        went = [key for key in held[login] - copy.rows.keys() if key[0] in accounts]
        for keys, moved in ((came, one.gains if one else None), (went, one.loses if one else None)):
            counts = {entity: sum(key[0] == entity for key in keys) for entity in accounts}
            said = {entity: moved.entities.get(entity, (0, 0))[0] if moved else 0 for entity in accounts}
            assert counts == said
            assert moved is None or moved.accounts == counts["account"]
    assert verify(world.database) == []


def test_a_change_of_role_tells_who_would_see_costs(world: World) -> None:
    company(world)
    with world.database.read() as reader:
        (ana,) = concerned(reader, rehearsed(world, ACTS["role"]))
    assert (ana.login, ana.cost, ana.gains.rows, ana.loses.rows) == ("ana", True, 0, 0)


def test_many_accounts_move_at_once_in_pages_of_bounded_size_and_nobody_else_notices(world: World) -> None:
    count = 2_000
    company(world)
    with world.database.read() as reader:
        people = {str(row["login"]): row["id"] for row in reader.all("user")}
        harbour = admin.territory_named(reader, "N1")["id"]
    with world.write() as tx:
        for number in range(count):
            new_row(tx, "account", name=f"Many {number}", territory_id=harbour)
    copies = {login: Copy(user_id) for login, user_id in people.items() if isinstance(user_id, bytes)}
    for copy in copies.values():
        world.sync(copy, 40_000)
    with world.write() as tx:
        admin.unassign(tx, login="ana", territory_code="N")
        admin.assign(tx, login="cleo", territory_code="N")
    tracemalloc.start()
    replies = []
    try:
        while not replies or replies[-1].more:
            replies.append(world.pull(copies["cleo"], 8_000))
        left, cursor, gone = None, copies["ana"].cursor, 0
        while left is None or left.more:
            left = world.database.pull(copies["ana"].user_id, cursor, 8_000)
            assert len(left.leaves) == len(left.moved_to) <= 400
            cursor, gone = left.cursor, gone + len(left.leaves)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    largest = max(sum(len(column) for page in one.pages for column in page.columns) for one in replies)
    assert len(replies) > 5
    assert largest < 40_000
    assert peak < 60_000_000
    assert len(copies["cleo"].ids("account")) == count + 3
    assert gone == count + 3
    quiet = world.pull(copies["ben"])
    assert (quiet.pages, quiet.leaves, quiet.digest) == ((), (), copies["ben"].digest())


def test_what_begins_later_is_told_for_its_day_and_moves_exactly_that_then(world: World) -> None:
    company(world)
    first, other = (day_of(world.clock() + days * DAY_MS) for days in (10, 20))
    with world.write() as tx:
        admin.assign(tx, login="ben", territory_code="N", valid_from=other)
    with world.database.rehearse("test") as tx:
        admin.assign(tx, login="cleo", territory_code="N", valid_from=first)
        assert as_grants(tx.rehearsed()) == (set(), set())
        then = as_grants(tx.rehearsed(f"{first}T12:00"))
    before = ledger(world)
    with world.write() as tx:
        admin.assign(tx, login="cleo", territory_code="N", valid_from=first)
    held = {(user, key) for user, key, _, lost in before if lost is None}
    world.clock.pass_days(10)
    world.database.settle_due()
    now = {(user, key) for user, key, _, lost in ledger(world) if lost is None}
    assert then == (now - held, held - now)
    assert len(then[0]) == 3
    assert verify(world.database) == []
