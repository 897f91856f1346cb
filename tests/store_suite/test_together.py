"""Pushes of several devices that are taken in one transaction become what they would have become one by one."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.change import Merged, Outcome, Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Kind
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, Verdict
from fieldrep.sync.engine import sync
from sync_server.reconcile.push import CopyNoticed
from sync_server.reconcile.taking import Push, pushed, take_together
from sync_server.store.audit import broken_links
from sync_server.store.devices.credentials import identify, revoke
from sync_server.store.proof.verify import verify
from tests.store_suite.databases import Databases
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World

FIELDS = ("phone", "email", "note", "name")


class _Kept:
    """A line that keeps the request and breaks."""

    request: ExchangeRequest | None = None

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        self.request = request
        raise KnownError(Code.OFFLINE, "The line broke.")


def asked_by(laptop: Laptop) -> Push:
    """The push of a laptop as it reaches the server; its reply is then lost."""
    line = _Kept()
    with pytest.raises(KnownError):
        sync(laptop.replica, line)
    assert line.request is not None
    database = laptop.world.database
    device = identify(database, laptop.admission.token)
    assert device is not None
    return pushed(device, line.request, database.info(), Verdict.CONTINUE)


def taken_together(world: World, *pushes: Push) -> None:
    """The second push has come when the first has the clock lock, the others come while these are judged."""
    first, *others = pushes
    batches = [others[:1], others[1:], []]
    take_together(world.database, first, lambda: batches.pop(0), [])
    if batches and batches[0]:
        taken_together(world, *batches[0])  # nobody took them from the line


def settled(world: World, *laptops: Laptop) -> None:
    """All of them sync until they hold what the store holds, in which nothing is wrong."""
    for laptop in laptops * 2:
        receipt = laptop.sync()
    assert receipt.whole
    assert verify(world.database) == []
    with world.database.read() as reader:
        assert list(broken_links(reader)) == []


@contextmanager
def crew(world: World, folder: Path, count: int) -> Iterator[tuple[list[Laptop], list[RowId]]]:
    """Several laptops of one person, with the same customers on each."""
    ana = world.user("ana")
    laptops = [Laptop(folder, world, ana, f"laptop{n}", n) for n in range(count)]
    names = ("Bakery Nord", "Kiosk am Markt", "Farm Hansen")
    shops = [RowId(world.account(owner=ana, name=name)) for name in names]
    for laptop in laptops:
        laptop.sync()
    yield laptops, shops
    for laptop in laptops:
        laptop.replica.close()


def work(laptop: Laptop, shops: list[RowId], source: random.Random) -> None:
    """A few changes, some of them to what the others change as well."""
    for number in range(6):
        shop = source.choice(shops)
        act = source.randrange(10)
        if act < 7:
            laptop.edit(shop, **{source.choice(FIELDS): f"{source.randrange(3)}x{source.randrange(99)}"})
        elif act < 8:
            laptop.order(shop)
        elif act < 9:
            laptop.create(f"Customer {number} of {source.randrange(10**9)}")
        else:
            with laptop.replica.begin("archive_account", "archive") as uow:
                uow.update("account", shop, {"archived": 1})


def plain(outcome: Outcome) -> object:
    """An outcome but for the ids of conflicts, which are made as they come."""
    if isinstance(outcome, Refused):
        return outcome
    kept = [(one.entity, one.row_id, one.field) for one in getattr(outcome, "kept", ())]
    return type(outcome).__name__, outcome.n, outcome.revision, kept


def rows_of(world: World) -> list[object]:
    """What all rows say but for the moments and the ids that the server gives."""
    found: list[object] = []
    with world.database.read() as reader:
        for entity in ENTITIES:
            own = {field.name for field in entity.columns if field.kind is Kind.INSTANT}
            own |= {"id"} if entity.name == "conflict" else set()
            rows = [{name: row[name] for name in row if name not in own} for row in reader.all(entity)]
            found.append((entity.name, sorted(rows, key=repr)))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_pushes_taken_together_become_what_they_become_one_by_one(
    kind: str, stores: Databases, tmp_path: Path, seed: int
) -> None:
    seen = []
    for way in ("together", "alone"):
        world = World(stores.new(kind))
        folder = tmp_path / way
        folder.mkdir()
        with crew(world, folder, 4) as (laptops, shops):
            source = random.Random(seed)
            for laptop in laptops:
                work(laptop, shops, source)
            pushes = [asked_by(laptop) for laptop in laptops]
            if way == "together":
                taken_together(world, *pushes)
            else:
                for push in pushes:
                    taken_together(world, push)
            assert all(push.error is None for push in pushes)
            outcomes = [[plain(outcome) for outcome in push.outcomes] for push in pushes]
            seen.append((outcomes, rows_of(world)))
            settled(world, *laptops)
        world.close()
        stores.give_back(world.url)
    assert seen[0] == seen[1]


def test_pushes_taken_together_are_one_transaction(world: World, tmp_path: Path) -> None:
    with crew(world, tmp_path, 3) as (laptops, shops):
        for laptop in laptops:
            laptop.edit(shops[0], phone=laptop.admission.token)
        before = world.database.info().audit_n
        pushes = [asked_by(laptop) for laptop in laptops]
        taken_together(world, *pushes)
        sql = "SELECT at, device_id FROM audit_entry WHERE n > ? ORDER BY n"
        with world.database.read() as reader:
            entries = reader.rows(sql, (before,))
        assert len({at for at, _ in entries}) == 1
        assert [device for _, device in entries] == [laptop.admission.device_id for laptop in laptops]
        assert [type(push.outcomes[0]) for push in pushes[1:]] == [Merged, Merged]
        settled(world, *laptops)


def test_one_push_that_cannot_be_taken_leaves_the_others_alone(world: World, tmp_path: Path) -> None:
    with crew(world, tmp_path, 4) as (laptops, shops):
        for laptop in laptops:
            laptop.edit(shops[0], note=laptop.admission.token)
        good, copied, shut_out, last = (asked_by(laptop) for laptop in laptops)
        taken_together(world, copied)
        changed = [msgspec.structs.replace(one, made_at=7) for one in copied.request.changes]
        copied.request = msgspec.structs.replace(copied.request, changes=tuple(changed))
        with world.write() as tx:
            revoke(tx, shut_out.device.device_id, "lost")
        taken_together(world, good, last, copied, shut_out)
        assert good.error is None
        assert last.error is None
        assert isinstance(copied.error, CopyNoticed)
        assert isinstance(shut_out.error, KnownError)
        assert shut_out.error.code is Code.DEVICE_REVOKED
        assert len(good.outcomes) == len(last.outcomes) == 1
        settled(world, laptops[0], laptops[3])


def test_an_installation_and_its_copy_that_push_the_same_at_once_are_taken_once(
    world: World, tmp_path: Path
) -> None:
    with crew(world, tmp_path, 1) as ((laptop,), shops):
        laptop.edit(shops[0], phone="1")
        original = asked_by(laptop)
        laptop.enrol_again("copy")
        copy = asked_by(laptop)
        assert copy.device.device_id != original.device.device_id
        before = world.database.info().revision
        taken_together(world, original, copy)
        assert original.outcomes == copy.outcomes
        assert world.database.info().revision == before + 1
        settled(world, laptop)


def test_devices_that_push_at_once_all_get_their_outcomes(world: World, tmp_path: Path) -> None:
    with crew(world, tmp_path, 6) as (laptops, shops):
        for number, laptop in enumerate(laptops):
            laptop.edit(shops[number % 3], phone=str(number))
            laptop.edit(shops[0], note=f"note {number}")
        gate = threading.Barrier(len(laptops))

        def synced(laptop: Laptop) -> bool:
            gate.wait(30)
            return not laptop.sync().waiting

        with ThreadPoolExecutor(len(laptops)) as pool:
            assert all(pool.map(synced, laptops))
        settled(world, *laptops)
