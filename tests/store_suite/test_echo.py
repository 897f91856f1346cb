"""What a device pushed comes back from memory exactly as it would be read; sums of digests wrap as on a device."""

from __future__ import annotations

import pytest

from fieldrep.contract.digest import Digest
from fieldrep.contract.scope import account_key
from sync_server.store import flush
from sync_server.store.echo import Echo, echo_of
from sync_server.store.feed import Pulled
from tests.store_suite.world import Copy, World, changed_row, contacts, new_row

_EDGE = (1 << 63) - 1


def shops(world: World) -> tuple[bytes, bytes, bytes, list[bytes]]:
    """Ana with an account and contacts, and an account that is not hers."""
    ana, ben = world.user("ana"), world.user("ben")
    mine, other = world.account(owner=ana), world.account(owner=ben)
    with world.write() as tx:
        people = contacts(tx, mine, [f"Contact {i}" for i in range(5)])
    return ana, mine, other, people


def written(world: World, user: bytes, mine: bytes, other: bytes, people: list[bytes]) -> Echo | None:
    """The echo of a push that changes rows and makes one; one row it changes its author does not hold."""
    with world.write() as tx:
        assert tx.holds(user, account_key(mine))
        assert not tx.holds(user, account_key(other))
        for number, person in enumerate(people):
            changed_row(tx, "contact", person, phone=str(number))
        changed_row(tx, "account", other, phone="1")
        changed_row(tx, "account", mine, phone="2")
        changed_row(tx, "contact", people[0], phone="3")
        new_row(tx, "activity", account_id=mine, subject="Visit")
        row = tx.row("contact", people[1])
        assert row is not None
        tx.stage("contact", row)
    return echo_of(tx, user)


def answered(world: World, copy: Copy, page_bytes: int, echo: Echo | None) -> Pulled:
    with world.database.read() as snapshot:
        return snapshot.pull(copy.user_id, copy.cursor, page_bytes, echo)


@pytest.mark.parametrize("page_bytes", [1, 600, 1_000_000])
def test_an_echo_answers_what_would_be_read(world: World, page_bytes: int) -> None:
    ana, mine, other, people = shops(world)
    copy = world.fresh(ana)
    echo = written(world, ana, mine, other, people)
    assert echo is not None
    assert {name: len(rows) for name, rows in echo.rows.items()} == {
        "contact": 5,
        "account": 1,
        "activity": 1,
    }
    while (pulled := answered(world, copy, page_bytes, echo)).more:
        assert pulled == answered(world, copy, page_bytes, None)
        copy.take(pulled)
    assert pulled == answered(world, copy, page_bytes, None)
    copy.take(pulled)
    assert pulled.digest == copy.digest()


def test_an_echo_counts_for_its_author_and_its_two_states_alone(world: World) -> None:
    ana, mine, other, people = shops(world)
    behind = world.fresh(ana)
    world.change("contact", people[2], email="office@example.com")
    copy = world.fresh(ana)
    echo = written(world, ana, mine, other, people)
    assert answered(world, behind, 1_000_000, echo) == answered(world, behind, 1_000_000, None)
    world.change("contact", people[3], email="later@example.com")
    copy.take(answered(world, copy, 1_000_000, echo))
    assert copy.rows["contact", people[3]]["email"] == "later@example.com"
    boss = Copy(world.user("boss"))
    assert answered(world, boss, 1_000_000, echo) == answered(world, boss, 1_000_000, None)


def test_there_is_no_echo_where_keys_change_hands_or_nobody_asked_who_holds_them(world: World) -> None:
    ana, mine, _, people = shops(world)
    with world.write() as tx:
        changed_row(tx, "contact", people[0], phone="1")
    assert echo_of(tx, ana) is None
    with world.write() as tx:
        assert tx.holds(ana, account_key(mine))
        changed_row(tx, "account", mine, owner_user_id=None)
    assert echo_of(tx, ana) is None


def test_sums_of_keys_wrap_at_64_bits(world: World) -> None:
    steps = [_EDGE, 1, -2, _EDGE, _EDGE, -5, -_EDGE - 1, -_EDGE - 1, -1, _EDGE, 7, -_EDGE, -_EDGE, 0, -3]
    expected, key = Digest(), b"A" + bytes(16)
    for number, step in enumerate(steps):
        sums = flush.Sums()
        sums.add(key, number - 4, step)
        expected = expected.plus(number - 4, step)
        with world.database.beside() as session:
            flush.write_digests(session, sums)
            stored = session.first("SELECT count, total FROM scope_digest WHERE scope_key = ?", (key,))
        assert Digest(*stored or ()) == expected
