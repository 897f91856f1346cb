"""Waiting for news on one event loop: thousands at no cost, only those concerned woken, ended when the server stops."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fieldrep.contract.ids import RowId
from sync_server.http import waiting
from sync_server.http.waiting import Waiting
from sync_server.store.database import Database
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.devices.cursor import Cursor, encode_cursor
from sync_server.store.snapshot import Snapshot
from tests.helpers.served import clock, new_row

NEWS, NOTHING, CLOSING = b'{"changed":true}', b'{"changed":false}', b'{"changed":false,"closing":true}'


class Place:
    """A store, those who wait for news of it, and how often it was read."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.waiting = Waiting(database)
        self.reads = 0

    def user(self, login: str) -> bytes:
        with self.database.write("admin") as tx:
            return new_row(tx, "user", login=login, name=login)

    def account(self, owner: bytes) -> bytes:
        with self.database.write("admin") as tx:
            return new_row(tx, "account", name="Shop", owner_user_id=owner)

    def change(self, account: bytes) -> None:
        with self.database.write("office") as tx:
            row = tx.row("account", account)
            assert row is not None
            tx.stage("account", {**row, "phone": "1", "revision": tx.new_revision()})

    def wait(self, user: bytes, device: bytes = b"", hold: float = 60.0) -> asyncio.Task[list[bytes]]:
        """A device of the user that has everything there is waits for more."""
        info = self.database.info()
        cursor = encode_cursor(Cursor(since=info.revision, target=info.revision))
        return self.wait_at((info.epoch, cursor), user, device, hold)

    def wait_at(
        self, place: tuple[bytes, bytes] | None, user: bytes, device: bytes = b"", hold: float = 60.0
    ) -> asyncio.Task[list[bytes]]:
        identity = DeviceIdentity(
            RowId(device or os.urandom(16)), RowId(user), "login", "rep", "active", b"", 0, 0, 0
        )
        info = self.database.info()

        async def listen() -> list[bytes]:
            return [part async for part in self.waiting.answer(identity, info, place, hold)]

        return asyncio.get_running_loop().create_task(listen())

    async def looked(self, times: int, since: int | None = None) -> None:
        """Until the watcher has read the store so many times more than now, or than it had by then."""
        wanted = (self.reads if since is None else since) + times
        while self.reads < wanted:
            await asyncio.sleep(0)


@contextmanager
def counted(place: Place, patch: pytest.MonkeyPatch) -> Iterator[None]:
    plain = Snapshot.info

    def info(snapshot: Snapshot) -> object:
        place.reads += 1
        return plain(snapshot)

    with patch.context() as counting:
        counting.setattr(Snapshot, "info", info)
        yield


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[Place], Awaitable[None]]], None]]:
    """Runs a scene on an event loop of its own."""
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.001)
    database = Database.create(f"sqlite:///{tmp_path / 'central.db'}", clock, os.urandom)
    place = Place(database)

    async def whole(scene: Callable[[Place], Awaitable[None]]) -> None:
        async with asyncio.timeout(60):
            with counted(place, monkeypatch):
                await scene(place)
        place.waiting.end()

    yield lambda scene: asyncio.run(whole(scene))
    database.close()


def test_two_thousand_idle_waits_cost_no_thread_and_no_query_each(
    run: Callable[[Callable[[Place], Awaitable[None]]], None],
) -> None:
    async def scene(place: Place) -> None:
        ana, ben = place.user("ana"), place.user("ben")
        shop = place.account(ana)
        threads = threading.active_count()
        info = place.database.info()
        at = (info.epoch, encode_cursor(Cursor(since=info.revision, target=info.revision)))
        waits = [place.wait_at(at, ben) for _ in range(2_000)]
        mine = place.wait_at(at, ana)
        await place.looked(1)
        before = place.reads
        await place.looked(10, before)
        assert place.reads == before + 10, "one look serves all"
        assert threading.active_count() <= threads + 2
        place.change(shop)
        assert await mine == [NEWS]
        assert not any(wait.done() for wait in waits), "what is not theirs wakes nobody"
        place.waiting.end()
        assert {tuple(await wait) for wait in waits} == {(CLOSING,)}

    run(scene)


def test_when_all_are_concerned_they_are_woken_a_few_at_a_time(
    run: Callable[[Callable[[Place], Awaitable[None]]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAKE_EVERY_SECONDS", 0.25)
    woken_after: Counter[float] = Counter()

    async def scene(place: Place) -> None:
        note_wakes(asyncio.get_running_loop(), woken_after, monkeypatch)
        ana = place.user("ana")
        shop = place.account(ana)
        waits = [place.wait(ana) for _ in range(waiting.WOKEN_AT_ONCE * 3)]
        await place.looked(1)
        place.change(shop)
        assert {tuple(await wait) for wait in waits} == {(NEWS,)}

    run(scene)
    assert woken_after == dict.fromkeys((0.0, 0.25, 0.5), waiting.WOKEN_AT_ONCE)


def note_wakes(
    loop: asyncio.AbstractEventLoop, woken_after: Counter[float], patch: pytest.MonkeyPatch
) -> None:
    """Counts after how long the loop is to end waits; when it comes to it depends on the machine."""
    call_later = loop.call_later

    def noted(delay: float, callback: Callable[..., object], *words: Any, **named: Any) -> object:
        if getattr(callback, "__func__", None) is waiting._Wait.end:
            woken_after[delay] += 1
        return call_later(delay, callback, *words, **named)

    patch.setattr(loop, "call_later", noted)


def test_who_stands_behind_is_told_at_once_and_who_has_it_already_waits_on(
    run: Callable[[Callable[[Place], Awaitable[None]]], None],
) -> None:
    async def scene(place: Place) -> None:
        ana, ben = place.user("ana"), place.user("ben")
        shop, other = place.account(ana), place.account(ben)
        info = place.database.info()
        behind = (info.epoch, encode_cursor(Cursor(since=info.revision, target=info.revision)))
        first = place.wait_at(behind, ana)
        await place.looked(1)
        place.change(shop)
        has_it = place.wait(ana)  # before anybody has looked
        assert await first == [NEWS]
        assert await place.wait_at(behind, ana) == [NEWS], "it has not taken it yet"
        still_behind = place.wait_at(behind, ben)
        await place.looked(2)
        assert not has_it.done()
        assert not still_behind.done(), "the news since then was not its own"
        place.change(other)
        assert await still_behind == [NEWS]
        assert not has_it.done()

    run(scene)


@pytest.mark.parametrize(
    "place_of", ["none", "another epoch", "no cursor", "amid a pull", "ahead", "unknown"]
)
def test_a_place_that_cannot_be_waited_at_is_sent_to_ask(
    place_of: str, run: Callable[[Callable[[Place], Awaitable[None]]], None]
) -> None:
    async def scene(place: Place) -> None:
        ana = place.user("ana")
        place.account(ana)
        info = place.database.info()
        done = encode_cursor(Cursor(since=info.revision, target=info.revision))
        ahead = encode_cursor(Cursor(since=info.revision + 9, target=info.revision + 9))
        before = encode_cursor(Cursor(since=info.revision - 1, target=info.revision - 1))
        places = {
            "none": None,
            "another epoch": (b"e" * 16, done),
            "no cursor": (info.epoch, b""),
            "amid a pull": (info.epoch, encode_cursor(Cursor(target=info.revision, stage=0))),  # type: ignore[arg-type]
            "ahead": (info.epoch, ahead),
            "unknown": (info.epoch, before),
        }
        assert await place.wait_at(places[place_of], ana) == [NEWS]

    run(scene)


def test_a_wait_ends_with_nothing_after_its_time_and_beats_before(
    run: Callable[[Callable[[Place], Awaitable[None]]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "BEAT_SECONDS", 0.01)

    async def scene(place: Place) -> None:
        *beats, answer = await place.wait(place.user("ana"), hold=1.5)
        assert answer == NOTHING
        assert set(beats) == {b" "}

    run(scene)


def test_a_device_that_comes_again_ends_its_oldest_wait(
    run: Callable[[Callable[[Place], Awaitable[None]]], None],
) -> None:
    async def scene(place: Place) -> None:
        ana = place.user("ana")
        waits = [place.wait(ana, b"d" * 16) for _ in range(waiting.MOST_OF_ONE_DEVICE + 1)]
        other = place.wait(ana, b"o" * 16)
        assert await waits[0] == [NOTHING]
        await place.looked(1)
        assert not any(wait.done() for wait in (*waits[1:], other))

    run(scene)


def test_a_store_that_fails_for_a_while_cuts_nobody_off(
    run: Callable[[Callable[[Place], Awaitable[None]]], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(waiting, "AFTER_TROUBLE_SECONDS", 0.001)
    failing = [3]
    plain = Database.settle_due

    def settle_due(database: Database) -> None:
        if failing[0]:
            failing[0] -= 1
            raise OSError("the disk is away")
        plain(database)

    async def scene(place: Place) -> None:
        ana = place.user("ana")
        shop = place.account(ana)
        mine = place.wait(ana)
        monkeypatch.setattr(Database, "settle_due", settle_due)
        while failing[0]:
            await asyncio.sleep(0)
        place.change(shop)
        assert await mine == [NEWS]

    run(scene)
    assert [record.message for record in caplog.records] == ["the store cannot be watched: the disk is away"]
