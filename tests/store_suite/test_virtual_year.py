"""A virtual year of a company with fifty laptops, five of which never come back: what is kept stays bounded (I16, F46).

The laptops are stand-ins that push and pull through the real exchange; clock and choices repeat themselves.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import pytest

from fieldrep.contract.catalogue import SCHEMA_VERSION
from fieldrep.contract.change import Accepted, Change, Edit
from fieldrep.contract.messages import (
    PROTOCOL_VERSION,
    EnrollRequest,
    ExchangeReply,
    ExchangeRequest,
    Handshake,
    Verdict,
)
from sync_server.reconcile.exchange import exchange
from sync_server.store.devices.credentials import admit, identify, make_code
from sync_server.store.feed.pulling import Pulled
from sync_server.store.proof.verify import verify
from sync_server.store.transaction import WriteTransaction
from sync_server.store.upkeep import retention
from sync_server.store.upkeep.retention import set_rule, tidy
from tests.store_suite.world import Copy, SeededBytes, World

DEVICES, DEAD = 50, 5
DAYS, VISIT_EVERY, TIDY_EVERY = 364, 28, 7
RULES = {
    "archived": 28,
    "tombstones": 28,
    "away": 56,
    "outcomes": 28,
    "unclaimed": 84,
    "audit": 84,
    "refused": 84,
    "history": 28,
}
TABLES = (
    "account",
    "contact",
    "tombstone",
    "scope_ledger",
    "applied_change",
    "audit_entry",
    "revision_mark",
    "row_history",
    "device_position",
)


@dataclass
class Stand:
    """One laptop as the server sees it."""

    number: int
    token: str
    incarnation: bytes
    copy: Copy
    n: int = 0
    starts: int = 0

    def visit(self, world: World, changes: list[Change]) -> None:
        """One sync: what was made goes out, what is new comes in."""
        waiting, settled_to = tuple(changes), self.n - len(changes)
        for _ in range(100):
            reply = self._exchange(world, waiting, settled_to)
            if reply.verdict is Verdict.TOO_OLD:
                self.starts += 1
                self.copy = Copy(self.copy.user_id)
            assert all(isinstance(outcome, Accepted) for outcome in reply.outcomes), reply.outcomes
            self._take(reply)
            waiting, settled_to = (), self.n
            if not reply.more:
                assert reply.digest == self.copy.digest()
                return
        raise AssertionError("the sync never ends")

    def _exchange(self, world: World, changes: tuple[Change, ...], settled_to: int) -> ExchangeReply:
        device = identify(world.database, self.token)
        assert device is not None
        info = world.database.info()
        handshake = Handshake(
            PROTOCOL_VERSION,
            SCHEMA_VERSION,
            "1",
            self.incarnation,
            info.server_id,
            info.epoch,
            self.copy.cursor,
            highest_n=self.n,
            waiting=len(changes),
            settled_to=settled_to,
        )
        return exchange(world.database, device, ExchangeRequest(handshake, changes))

    def _take(self, reply: ExchangeReply) -> None:
        gone = {key[1:] for key in reply.leaves if key[:1] == b"X"}
        for name, row_id in list(self.copy.rows):
            if row_id in gone:
                del self.copy.rows[name, row_id]
        self.copy.take(
            Pulled(reply.pages, reply.leaves, (), reply.cursor, reply.more, reply.digest, reply.revision, 0)
        )


def admitted(world: World, number: int, user: bytes) -> Stand:
    random_bytes = SeededBytes(1_000 + number)
    with world.write() as tx:
        code = make_code(tx, random_bytes, user)
    reply = admit(
        world.database, EnrollRequest(code, f"d{number}", "test", "1", PROTOCOL_VERSION, random_bytes(32))
    )
    return Stand(number, reply.token, random_bytes(16), Copy(user))


def work(stand: Stand, world: World, rng: random.Random) -> list[Change]:
    """A new account and a new contact of the first one, an edit of what stands, and the oldest ones deleted."""
    accounts, people = _own(stand, "account"), _own(stand, "contact")
    edits = [_made(world, "account", name=_name(stand))]
    if accounts:
        edits.append(_made(world, "contact", family_name=_name(stand), account_id=accounts[0]["id"]))
        edits.append(_edited("account", rng.choice(accounts[:1] + accounts[2:]), "note", f"visit {stand.n}"))
    edits += [_edited("account", row, "archived", 1) for row in accounts[1:2]]
    edits += [_edited("contact", row, "archived", 1) for row in people[: len(people) // 2]]
    first = stand.n + 1
    stand.n += len(edits)
    return [Change(first + at, 0, "work", (edit,)) for at, edit in enumerate(edits)]


def _own(stand: Stand, entity: str) -> list[dict[str, Any]]:
    rows = (row for (name, _), row in stand.copy.rows.items() if name == entity and not row["archived"])
    return sorted(
        (row for row in rows if row["created_by"] == stand.copy.user_id), key=itemgetter("created_at")
    )


def _name(stand: Stand) -> str:
    """Unlike any other, so that no two are taken for duplicates."""
    return hashlib.sha256(b"%d/%d" % (stand.number, stand.n)).hexdigest()


def _made(world: World, entity: str, **values: Any) -> Edit:
    return Edit(entity, world.randomness(16), "create", 0, {}, values)


def _edited(entity: str, row: dict[str, Any], name: str, value: Any) -> Edit:
    return Edit(entity, row["id"], "update", row["revision"], {name: row[name]}, {name: value})


def sizes(world: World) -> dict[str, int]:
    with world.database.read() as reader:
        return {name: reader.rows(f"SELECT count(*) FROM {name}")[0][0] for name in TABLES}  # noqa: S608


def company(world: World, devices: int) -> list[Stand]:
    """Laptops of as many users, each of whom holds what he makes."""
    return [admitted(world, number, world.user(f"u{number}")) for number in range(devices)]


def live_through(
    world: World, days: int, devices: int = DEVICES, *, tidying: bool
) -> tuple[list[Stand], list[dict[str, int]]]:
    """So many days; the sizes at the end of each four weeks. The last five laptops stay in a drawer after a month."""
    rng = random.Random(7)
    stands, seen = company(world, devices), []
    for day in range(days):
        world.clock.pass_days(1)
        living = stands if day < VISIT_EVERY else stands[:-DEAD]
        for stand in living[day % VISIT_EVERY :: VISIT_EVERY]:
            stand.visit(world, work(stand, world, rng))
        if tidying and day % TIDY_EVERY == 0:
            tidy(world.database)
        if day % 28 == 27:
            seen.append(sizes(world))
    return stands, seen


def with_short_rules(world: World) -> None:
    with world.write() as tx:
        for name, days in RULES.items():
            set_rule(tx, name, days)


ON_ONE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""What takes long is shown on one database; the shorter comparison with a store that is never tidied, on both."""


@ON_ONE
def test_over_a_year_with_dead_devices_everything_reaches_a_plateau(world: World) -> None:
    with_short_rules(world)
    stands, seen = live_through(world, DAYS, tidying=True)

    for table in TABLES:
        half, end = seen[len(seen) // 2][table], seen[-1][table]
        assert end <= half * 1.06 + 3, (table, [size[table] for size in seen])
    assert [stand.starts for stand in stands[:-DEAD]] == [0] * (DEVICES - DEAD), "who lives misses nothing"
    late = stands[-1]
    late.n += 1
    late.visit(
        world, [Change(late.n, 0, "create_account", (_made(world, "account", name="from the drawer"),))]
    )
    assert late.starts == 1
    assert "from the drawer" in {row["name"] for row in late.copy.rows.values() if "name" in row}
    assert verify(world.database) == []


def test_with_tidying_and_without_the_year_ends_with_the_same_records(kind: str, stores: Any) -> None:
    ends = []
    for tidying in (True, False):
        world = World(stores.new(kind))
        with_short_rules(world)
        live_through(world, 112, 10, tidying=tidying)
        with world.database.read() as reader:
            ends.append(dict(reader.rows("SELECT name, note FROM account WHERE archived = 0 ORDER BY name")))
            purged = reader.rows("SELECT count(*) FROM tombstone")[0][0]
        assert (purged > 0) is tidying
        world.close()
        stores.give_back(world.url)
    assert ends[0] == ends[1]
    assert len(ends[0]) >= 10


def _forgets_who_lags(plan: Callable[..., Any]) -> Callable[..., Any]:
    def planted(tx: WriteTransaction, now: int, ago: dict[str, int]) -> Any:
        return plan(tx, now, ago | {"away": now + 1})

    return planted


def _tombstones_at_once(plan: Callable[..., Any]) -> Callable[..., Any]:
    def planted(tx: WriteTransaction, now: int, ago: dict[str, int]) -> Any:
        tx.session.run("DELETE FROM tombstone")
        return plan(tx, now, ago)

    return planted


@ON_ONE
@pytest.mark.parametrize("bug", [_forgets_who_lags, _tombstones_at_once])
def test_a_tidying_that_forgets_a_lagging_device_is_caught(
    world: World, monkeypatch: pytest.MonkeyPatch, bug: Callable[..., Any]
) -> None:
    with_short_rules(world)
    _half_a_year_with_one_that_lags(world)
    monkeypatch.setattr(retention, "_move_horizon", bug(retention._move_horizon))
    with pytest.raises(AssertionError):
        _half_a_year_with_one_that_lags(world)


def _half_a_year_with_one_that_lags(world: World) -> None:
    """Its digest differs, or it starts over though it was never away, where its tombstones are dropped before."""
    rng = random.Random(3)
    stands = [
        admitted(world, number, world.make("user", login=world.randomness(4).hex())) for number in range(3)
    ]
    for day in range(0, 168, 7):
        world.clock.pass_days(7)
        for stand in stands if day % 49 == 0 else stands[:2]:
            stand.visit(world, work(stand, world, rng))
        tidy(world.database)
    assert not any(stand.starts for stand in stands)
