"""SQLite and PostgreSQL give the same answers to the same schedule, to the last byte (I23)."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from fieldrep.contract.messages import EnrollRequest
from fieldrep.contract.scope import account_key
from sync_server.store.devices import credentials
from sync_server.store.proof.export import export
from sync_server.store.proof.verify import verify
from tests.store_suite.databases import KINDS, Databases
from tests.store_suite.world import Copy, World, changed_row, contacts, new_row

HELD = "SELECT scope_key FROM scope_ledger WHERE user_id = ? AND lost_revision IS NULL"


def write_something(world: World, step: int, account: bytes, person: bytes, other: bytes | None) -> None:
    """One of five kinds of write."""
    if step == 0:
        world.change("account", account, owner_user_id=other)
    elif step == 1:
        world.change("user", person, manager_id=other)
    elif step == 2:
        land = world.make("territory", name="Land")
        world.make("territory_assignment", user_id=person, territory_id=land)
        world.change("account", account, territory_id=land)
    elif step == 3:
        with world.write() as tx:
            contacts(tx, account, ["Ö'Neill", "Zoë", "😀"])
            mark = tx.mark()
            changed_row(tx, "account", account, name="taken back")
            tx.rollback_to(mark)
            tx.audit("schedule", detail=str(step))
    else:
        with world.write() as tx:
            number = f"D{tx.next_number('order')}"
            new_row(tx, "sales_order", account_id=account, currency="EUR", number_local=number)


def answers(world: World, seed: int, folder: Path) -> list[object]:
    """Everything a schedule of a few dozen steps makes the store say."""
    choices = random.Random(seed)
    told: list[object] = []
    people = [world.user(f"user{number}") for number in range(4)]
    accounts = [world.account(name=f"Shop {number} é") for number in range(5)]
    copies = [Copy(person) for person in people]
    for _ in range(45):
        step, account, person = choices.randrange(7), choices.choice(accounts), choices.choice(people)
        if step < 5:
            write_something(world, step, account, person, choices.choice([None, *people]))
        else:
            pulled = world.pull(choices.choice(copies), choices.choice((1, 400, 3_000)))
            told.append(msgspec.msgpack.encode(pulled))
        with world.database.read() as reader:
            keys = sorted(reader.rows(HELD, (person,)))
            held = reader.held_at(person, account_key(account), choices.randrange(1, 60))
            told.append((reader.info(), reader.digest_of(person), keys, held))
    return told + farewell(world, people[0], copies, folder / world.database.dialect.name)


def farewell(world: World, person: bytes, copies: list[Copy], path: Path) -> list[object]:
    """What it says at the end: a device admitted, every copy brought up to date, the verdict, the whole content."""
    with world.write() as tx:
        code = credentials.make_code(tx, world.randomness, person)
    told: list[object] = [
        credentials.admit(world.database, EnrollRequest(code, "Laptop", "Linux", "1", 1, b"key"))
    ]
    for copy in copies:
        world.sync(copy, 500)
        told.append(copy.order)
    told.append(verify(world.database))
    export(world.database, path)
    return [*told, path.read_bytes()]


@pytest.mark.parametrize("seed", range(3))
def test_both_databases_answer_the_same_schedule_alike(stores: Databases, tmp_path: Path, seed: int) -> None:
    told = []
    for kind in KINDS:
        world = World(stores.new(kind), seed)
        told.append(answers(world, seed, tmp_path))
        world.close()
        stores.give_back(world.url)
    first, second = told
    assert len(first) == len(second)
    for step, (one, other) in enumerate(zip(first, second, strict=True)):
        assert one == other, f"answer {step} differs"
