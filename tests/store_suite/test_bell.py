"""The bell on PostgreSQL: a commit of any process is heard at once, and waits of several servers need no looking."""

from __future__ import annotations

import asyncio
import itertools
import os
import select
from collections.abc import Awaitable, Callable
from contextlib import closing

import pytest

from fieldrep.contract.ids import RowId
from sync_server.http import waiting
from sync_server.http.waiting import Waiting
from sync_server.store.bell import CHANNEL, Bell
from sync_server.store.database import Database
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.devices.cursor import Cursor, encode_cursor
from tests.store_suite.world import SeededBytes, SteppingClock, World

ON_POSTGRESQL = pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
NEWS = b'{"changed":true}'


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.001)


def whole(scene: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scene

    asyncio.run(bounded())


class Server:
    """The waits of one server process, and how often it looked at the store."""

    def __init__(self, database: Database, patch: pytest.MonkeyPatch) -> None:
        self.database, self.looks = database, 0
        self.waiting = Waiting(database)
        plain = self.waiting._what_is_new

        def counted(epoch: bytes, revision: int) -> object:
            self.looks += 1
            return plain(epoch, revision)

        patch.setattr(self.waiting, "_what_is_new", counted)

    def wait(self, user: bytes) -> asyncio.Task[list[bytes]]:
        info = self.database.info()
        cursor = encode_cursor(Cursor(since=info.revision, target=info.revision))
        device = DeviceIdentity(RowId(os.urandom(16)), RowId(user), "login", "rep", "active", b"", 0, 0, 0)

        async def listen() -> list[bytes]:
            place = (info.epoch, cursor)
            return [part async for part in self.waiting.answer(device, info, place, 60.0)]

        return asyncio.get_running_loop().create_task(listen())


def test_a_bell_rings_at_a_commit_that_moves_the_clock_and_at_no_other(world: World) -> None:
    user = world.user("ana")
    bell = Bell.hung(world.database)
    if world.database.dialect.name == "sqlite":
        assert bell is None
        return
    assert bell is not None
    with closing(bell):
        with world.write() as tx:
            tx.audit("look around")
        with world.database.beside():
            pass
        with pytest.raises(ZeroDivisionError):
            _write_and_fail(world)
        world.account(user)
        with world.database.beside() as session:
            session.rows("SELECT pg_notify(?, 'end')", (CHANNEL,))
        rings = bell._connection.notifies(timeout=60)
        assert [ring.payload for ring in itertools.takewhile(lambda ring: ring.payload != "end", rings)] == [
            ""
        ]


@ON_POSTGRESQL
def test_a_bell_that_rang_was_heard_once(world: World) -> None:
    user = world.user("ana")
    with closing(Bell.hung(world.database)) as bell:
        assert bell is not None
        assert not bell.heard()
        world.account(user)
        assert select.select([bell], [], [], 60)[0], "a ring follows its commit, it does not come with it"
        assert bell.heard()
        assert not bell.heard()


def _write_and_fail(world: World) -> None:
    with world.write() as tx:
        tx.new_revision()
        _ = 1 / 0


@ON_POSTGRESQL
def test_waits_of_two_servers_are_woken_by_the_bell_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "LOOK_ANYWAY_SECONDS", 3_600.0)
    ana, ben = world.user("ana"), world.user("ben")
    shop = world.account(ana)

    async def scene(beside: Database) -> None:
        servers = [Server(database, monkeypatch) for database in (world.database, beside)]
        mine, theirs = [server.wait(ana) for server in servers], [server.wait(ben) for server in servers]
        await until(lambda: all(server.waiting._bell and server.looks for server in servers))
        before = [server.looks for server in servers]
        for _ in range(200):
            await asyncio.sleep(0)
        assert [server.looks for server in servers] == before, "nobody looks while nothing happens"
        await asyncio.to_thread(world.change, "account", shop, phone="1")
        assert [await wait for wait in mine] == [[NEWS], [NEWS]]
        assert not any(wait.done() for wait in theirs)
        for server in servers:
            server.waiting.end()
        await asyncio.gather(*theirs)
        await until(lambda: not any(server.waiting._bell for server in servers))

    with closing(Database.open(world.url, SteppingClock(), SeededBytes(3))) as beside:
        whole(scene(beside))


@ON_POSTGRESQL
def test_a_bell_whose_line_is_cut_is_hung_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "AFTER_TROUBLE_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "LOOK_ANYWAY_SECONDS", 3_600.0)
    ana = world.user("ana")
    shop = world.account(ana)

    async def scene() -> None:
        server = Server(world.database, monkeypatch)
        wait = server.wait(ana)
        await until(lambda: server.waiting._bell is not None)
        first = server.waiting._bell
        with world.database.beside() as session:
            session.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' "
                "AND datname = current_database()"
            )
        await until(lambda: server.waiting._bell not in (None, first))
        await asyncio.to_thread(world.change, "account", shop, phone="1")
        assert await wait == [NEWS]
        server.waiting.end()

    whole(scene())


@ON_POSTGRESQL
def test_a_deaf_bell_is_given_up_and_the_store_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "LOOK_ANYWAY_SECONDS", 0.01)
    monkeypatch.setattr(Waiting, "_hear", lambda _: None)
    ana = world.user("ana")
    shop = world.account(ana)

    async def scene() -> None:
        server = Server(world.database, monkeypatch)
        for phone in itertools.count():
            wait = server.wait(ana)
            await until(lambda: server.looks > 0)
            await asyncio.to_thread(world.change, "account", shop, phone=str(phone))
            assert await wait == [NEWS]
            # news that comes while no bell hangs says nothing of bells
            if phone >= waiting.DEAF_AFTER and server.waiting._unheard >= waiting.DEAF_AFTER:
                break
        assert server.waiting._bell is None
        server.waiting.end()

    whole(scene())
