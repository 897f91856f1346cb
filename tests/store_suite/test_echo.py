"""What a device pushed comes back from memory exactly as it would be read; sums of digests wrap as on a device."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldrep.contract.digest import Digest
from fieldrep.contract.ids import Revision
from fieldrep.contract.scope import EVERYBODY_KEY, account_key
from sync_server.store import flush
from sync_server.store.devices.glance import Glance, glance_again
from sync_server.store.feed.echo import Echoes, echo_of
from sync_server.store.feed.overheard import overheard
from sync_server.store.feed.pulling import Pulled, pull, retold
from tests.store_suite.test_credentials import admitted
from tests.store_suite.world import Copy, World, changed_row, contacts, new_row

_EDGE = (1 << 63) - 1
DEAF = Echoes(most=0)
"""Keeps nothing, so that all is read."""


def shops(world: World) -> tuple[bytes, bytes, bytes, list[bytes]]:
    """Ana with an account and contacts, and an account that is not hers."""
    ana, ben = world.user("ana"), world.user("ben")
    mine, other = world.account(owner=ana), world.account(owner=ben)
    with world.write() as tx:
        people = contacts(tx, mine, [f"Contact {i}" for i in range(5)])
    return ana, mine, other, people


def written(world: World, user: bytes, mine: bytes, other: bytes, people: list[bytes]) -> Echoes:
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
    echoes = Echoes()
    echoes.keep(tx)
    return echoes


def pushed(world: World, echoes: Echoes, account: bytes, people: list[bytes], phone: str) -> None:
    """One more push, of another phone for some contacts of an account."""
    with world.write() as tx:
        assert not tx.holds(bytes(16), account_key(account))
        for person in people:
            changed_row(tx, "contact", person, phone=phone)
        tx.audit("push")
    echoes.keep(tx)


def heard(world: World, copy: Copy, since: int, echoes: Echoes) -> dict[str, int] | None:
    """How many rows of which kind are at hand for a user."""
    found = echoes.heard(copy.user_id, since, world.database.info().state)
    return None if found is None else {name: len(rows) for name, rows in found.rows.items()}


def answered(world: World, copy: Copy, page_bytes: int, echoes: Echoes) -> Pulled:
    with world.database.read() as snapshot:
        return pull(snapshot, copy.user_id, copy.cursor, page_bytes, echoes)


@pytest.mark.parametrize("page_bytes", [1, 600, 1_000_000])
def test_an_echo_answers_what_would_be_read(world: World, page_bytes: int) -> None:
    ana, mine, other, people = shops(world)
    copy, stood = world.fresh(ana), world.database.info().revision
    echoes = written(world, ana, mine, other, people)
    assert heard(world, copy, stood, echoes) == {"contact": 5, "account": 1, "activity": 1}
    while (pulled := answered(world, copy, page_bytes, echoes)).more:
        assert pulled == answered(world, copy, page_bytes, DEAF)
        copy.take(pulled)
    assert pulled == answered(world, copy, page_bytes, DEAF)
    copy.take(pulled)
    assert pulled.digest == copy.digest()


def test_whoever_holds_rows_of_several_pushes_hears_each_as_it_was_written_last(world: World) -> None:
    ana, mine, other, people = shops(world)
    with world.database.read() as reader:
        ben = reader.find("user", "login", "ben")[0]["id"]
    assert isinstance(ben, bytes)
    hers, his, stood = world.fresh(ana), world.fresh(ben), world.database.info().revision
    echoes = written(world, ana, mine, other, people)
    pushed(world, echoes, mine, people[1:3], "5")
    pushed(world, echoes, mine, people[2:4], "6")
    assert heard(world, his, stood, echoes) == {"account": 1}
    assert heard(world, hers, stood, echoes) == {"contact": 5, "account": 1, "activity": 1}
    for copy in (hers, his):
        pulled = answered(world, copy, 1_000_000, echoes)
        assert pulled == answered(world, copy, 1_000_000, DEAF)
        copy.take(pulled)
        assert pulled.digest == copy.digest()
    assert [hers.rows["contact", person]["phone"] for person in people] == ["3", "5", "6", "6", "4"]


def test_what_is_at_hand_is_told_as_it_would_be_read(world: World) -> None:
    ana, mine, other, people = shops(world)
    boss = world.user("boss", role="manager")
    with world.write() as tx:
        changed_row(tx, "user", ana, manager_id=boss)
    devices = {user: admitted(world, user) for user in (ana, boss)}
    copies = {user: world.fresh(user) for user in devices}
    echoes = written(world, ana, mine, other, people)
    for user, copy in copies.items():
        seen = glance_again(world.database, devices[user].device_id)
        assert seen is not None

        def told(cursor: bytes, size: int, seen: Glance = seen) -> Pulled | None:
            return retold(seen.info, seen.device, seen.digest, cursor, size, echoes)

        at_once = told(copy.cursor, 1_000_000)
        assert at_once == answered(world, copy, 1_000_000, DEAF)
        assert at_once is not None
        assert at_once.pages
        assert told(b"", 1_000_000) is None, "a first replica is read"
        assert told(copy.cursor, 600) is None, "it takes several replies"
        part = answered(world, copy, 600, DEAF)
        assert part.more
        assert told(part.cursor, 1_000_000) is None, "it is on its way"
        copy.take(at_once)
        assert told(copy.cursor, 1_000_000) == answered(world, copy, 1_000_000, DEAF), "nothing came since"
    with world.write() as tx:
        changed_row(tx, "user", ana, role="manager")
    seen = glance_again(world.database, devices[ana].device_id)
    assert seen is not None
    assert retold(seen.info, seen.device, seen.digest, copies[ana].cursor, 1_000_000, echoes) is None


def test_what_was_written_in_between_without_an_echo_is_read(world: World) -> None:
    ana, mine, other, people = shops(world)
    behind = world.fresh(ana)
    world.change("contact", people[2], email="office@example.com")
    copy, stood = world.fresh(ana), world.database.info().revision
    echoes = written(world, ana, mine, other, people)
    assert heard(world, behind, stood - 1, echoes) is None
    assert answered(world, behind, 1_000_000, echoes) == answered(world, behind, 1_000_000, DEAF)
    world.change("contact", people[3], email="later@example.com")
    pushed(world, echoes, mine, people[:1], "7")
    assert heard(world, copy, stood, echoes) is None
    copy.take(answered(world, copy, 1_000_000, echoes))
    assert copy.rows["contact", people[3]]["email"] == "later@example.com"
    assert copy.rows["contact", people[0]]["phone"] == "7"
    boss = Copy(world.user("boss"))
    assert answered(world, boss, 1_000_000, echoes) == answered(world, boss, 1_000_000, DEAF)


def test_what_other_processes_wrote_is_read_once_for_all_devices(world: World) -> None:
    ana, mine, other, people = shops(world)
    with world.database.read() as reader:
        ben = reader.find("user", "login", "ben")[0]["id"]
    assert isinstance(ben, bytes)
    hers, his, stood = world.fresh(ana), world.fresh(ben), world.database.info().revision
    echoes = Echoes()
    pushed(world, DEAF, mine, people[:2], "by another")
    echoes_of = written(world, ana, mine, other, people)
    assert heard(world, hers, stood, echoes_of) is None
    pushed(world, DEAF, mine, people[1:3], "by another again")
    with world.write() as tx:
        tx.audit("look around")
    pushed(world, echoes, mine, people[4:], "here")
    pushed(world, DEAF, other, [], "")
    behind = Copy(ana)
    behind.cursor, behind.rows = hers.cursor, dict(hers.rows)
    for copy in (hers, his):
        for known in (echoes, echoes_of):
            assert answered(world, copy, 1_000_000, known) == answered(world, copy, 1_000_000, DEAF)
            assert heard(world, copy, stood, known) is not None, "now it is at hand"
        while (pulled := answered(world, copy, 600, echoes)).more:
            assert pulled == answered(world, copy, 600, DEAF)
            copy.take(pulled)
        copy.take(pulled)
        assert pulled.digest == copy.digest()
    assert heard(world, behind, stood, echoes) == {"contact": 5, "account": 1, "activity": 1}


def test_what_is_missing_at_hand_is_read_for_the_state_that_was_asked_about_and_for_no_other(
    world: World,
) -> None:
    ana, mine, _, people = shops(world)
    copy, stood = world.fresh(ana), world.database.info().revision
    pushed(world, DEAF, mine, people[:2], "by another")
    asked = world.database.info()
    assert overheard(world.database, asked, stood)
    assert heard(world, copy, stood, world.database.echoes) == {"contact": 2}
    pushed(world, DEAF, mine, people[:1], "by another again")
    assert overheard(world.database, asked, stood), "it still is"
    late = world.database.info()
    pushed(world, DEAF, mine, people[:1], "and again")
    assert not overheard(world.database, late, stood), "the store is another by now"


def test_where_keys_changed_hands_elsewhere_each_device_is_read_for_itself(world: World) -> None:
    ana, mine, other, people = shops(world)
    copy, stood, echoes = world.fresh(ana), world.database.info().revision, Echoes()
    pushed(world, DEAF, mine, people[:2], "1")
    with world.write() as tx:
        changed_row(tx, "account", other, owner_user_id=ana)
    pushed(world, echoes, mine, people[:1], "2")
    copy.take(answered(world, copy, 1_000_000, echoes))
    assert heard(world, copy, stood, echoes) is None
    assert ("account", other) in copy.rows
    product = world.database.info().revision
    with world.write() as tx:
        new_row(tx, "product", sku="1", name="For everybody")
    pulled = answered(world, copy, 1_000_000, echoes)
    assert heard(world, copy, product, echoes) is None
    assert [page.entity for page in pulled.pages] == ["product"]


def test_what_a_later_state_told_of_others_is_nothing_to_who_looks_at_an_earlier_one(world: World) -> None:
    ana, mine, _, people = shops(world)
    early, late, echoes = world.fresh(ana), world.fresh(ana), Echoes()
    pushed(world, DEAF, mine, people, "by another")
    with world.database.read() as snapshot:
        present = snapshot.info().state
        pushed(world, echoes, mine, people[:3], "written anew")
        late.take(answered(world, late, 1_000_000, echoes))
        assert echoes.heard(ana, snapshot.info().revision - 1, present) is None
        pulled = pull(snapshot, ana, early.cursor, 1_000_000, echoes)
        assert pulled == pull(snapshot, ana, early.cursor, 1_000_000, DEAF)
    early.take(pulled)
    assert pulled.digest == early.digest()
    assert {early.rows["contact", person]["phone"] for person in people} == {"by another"}
    early.take(answered(world, early, 1_000_000, echoes))
    assert early.rows == late.rows


def test_a_store_put_back_has_nothing_to_do_with_what_was_written_before(world: World) -> None:
    ana, mine, other, people = shops(world)
    copy, stood = world.fresh(ana), world.database.info().revision
    echoes = written(world, ana, mine, other, people)
    now = world.database.info()
    assert echoes.heard(ana, stood, now.state) is not None
    for other_state in (
        replace(now, epoch=bytes(16)).state,
        replace(now, audit_hash=bytes(31)).state,
        replace(now, revision=Revision(now.revision + 1)).state,
    ):
        assert echoes.heard(copy.user_id, stood, other_state) is None


def test_the_oldest_echoes_are_let_go_of(world: World) -> None:
    ana, mine, _, people = shops(world)
    copy, echoes, stood = world.fresh(ana), Echoes(most=7), []
    for number in range(4):
        stood.append(world.database.info().revision)
        pushed(world, echoes, mine, people[:3], str(number))
    assert [heard(world, copy, since, echoes) for since in stood] == [
        None,
        None,
        {"contact": 3},
        {"contact": 3},
    ]


def test_there_is_no_echo_where_keys_change_hands_or_nobody_asked_who_holds_them(world: World) -> None:
    ana, mine, _, people = shops(world)
    with world.write() as tx:
        changed_row(tx, "contact", people[0], phone="1")
    assert echo_of(tx) is None
    with world.write() as tx:
        assert tx.holds(ana, account_key(mine))
        changed_row(tx, "account", mine, owner_user_id=None)
    assert echo_of(tx) is None


def test_sums_wrap_at_64_bits(world: World) -> None:
    steps = [_EDGE, 1, -2, _EDGE, _EDGE, -5, -_EDGE - 1, -_EDGE - 1, -1, _EDGE, 7, -_EDGE, -_EDGE, 0, -3]
    expected = Digest()
    for number, step in enumerate(steps):
        sums = flush.Sums()
        sums.add(EVERYBODY_KEY, number - 4, step)
        expected = expected.plus(number - 4, step)
        with world.database.beside() as session:
            flush.write_digests(session, sums)
            stored = session.first("SELECT count, total FROM user_digest WHERE user_id = ?", (EVERYBODY_KEY,))
        assert Digest(*stored or ()) == expected
