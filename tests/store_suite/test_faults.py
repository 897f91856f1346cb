"""What happens around a store: connections killed, disks full, servers killed. Nothing half done stays; it goes on."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Clock, Randomness
from sync_server.store.database import Database
from sync_server.store.devices.credentials import identify
from sync_server.store.devices.glance import glance
from sync_server.store.proof.verify import verify
from tests.helpers.small_disk import small_disk
from tests.store_suite.databases import Databases
from tests.store_suite.test_credentials import admitted
from tests.store_suite.world import SeededBytes, SteppingClock, World, changed_row, new_row

KILL_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def served(stores: Databases) -> Iterator[World]:
    """A store on PostgreSQL."""
    world = World(stores.new("postgresql"))
    yield world
    world.close()
    stores.give_back(world.url)


def another(world: World) -> closing[Database]:
    """The world's store as a second process has it open."""
    return closing(Database.open(world.url, SteppingClock(), SeededBytes(8)))


def kill_connections(world: World) -> None:
    with another(world) as other, other.beside() as session:
        session.rows(KILL_OTHERS)


def is_closed(connection: Any) -> bool:
    if not isinstance(connection, sqlite3.Connection):
        return bool(connection.closed)
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return True
    return False


def test_a_connection_killed_in_the_middle_of_a_write_loses_it_whole_and_the_next_one_works(
    served: World,
) -> None:
    account = served.account()
    before = served.database.info()

    def write_and_be_killed() -> None:
        with served.write() as tx:
            changed_row(tx, "account", account, phone="lost")
            kill_connections(served)

    with pytest.raises(KnownError) as refused:
        write_and_be_killed()
    assert refused.value.code is Code.SERVER_BUSY
    assert served.database.info() == before
    served.change("account", account, phone="kept")
    assert verify(served.database) == []


def pull_and_be_killed(world: World, user_id: bytes) -> None:
    with world.database.read() as reader:
        kill_connections(world)
        reader.pull(user_id, b"", 1_000)


def test_a_connection_killed_while_a_replica_is_filled_costs_one_exchange(served: World) -> None:
    ana = served.user("ana")
    served.account(owner=ana)
    with pytest.raises(KnownError) as refused:
        pull_and_be_killed(served, ana)
    assert refused.value.code is Code.SERVER_BUSY
    assert len(served.fresh(ana).ids("account")) == 1


def test_connections_the_database_closed_while_idle_are_replaced_unnoticed(served: World) -> None:
    account = served.account()
    with served.database.read(), served.database.read(), served.database.read():
        pass
    kill_connections(served)
    served.change("account", account, phone="1")
    kill_connections(served)
    with served.database.read() as reader, served.database.read():
        row = reader.row("account", account)
    assert row is not None
    assert row["phone"] == "1"


def test_a_glance_on_a_connection_the_database_closed_is_left_to_the_longer_way(served: World) -> None:
    token = admitted(served, served.user("ana")).token
    assert glance(served.database, token) is not None
    kill_connections(served)
    assert glance(served.database, token) is None
    assert identify(served.database, token) is not None
    assert glance(served.database, token) is not None


def test_a_connection_in_use_while_the_others_are_replaced_is_closed_when_it_comes_back(
    served: World,
) -> None:
    with served.database.read() as reader:
        with served.database.read() as second:
            ((process,),) = second.session.rows("SELECT pg_backend_pid()")
        with another(served) as other, other.beside() as session:
            session.rows(KILL_OTHERS + " AND pid = ?", (process,))
        with served.database.read() as third:
            fresh = third.session.connection
        kept = reader.session.connection
        assert not kept.closed
    assert kept.closed
    with served.database.read() as reader:
        assert reader.session.connection is fresh


@pytest.mark.parametrize("kind_of_use", ["read", "connection"])
def test_what_is_in_use_when_a_store_closes_is_closed_when_it_comes_back(
    world: World, kind_of_use: str
) -> None:
    with another(world) as other:
        with other.read() as idle:
            pass
        if kind_of_use == "read":
            with other.read() as reader:
                connection = reader.session.connection
                other.close()
                assert reader.info() == world.database.info()
        else:
            with other.connection() as connection:
                other.close()
                assert not is_closed(connection)
        assert is_closed(connection)
        assert is_closed(idle.session.connection)
        with other.read() as late:
            pass
        assert is_closed(late.session.connection)


def test_a_database_that_is_not_there_is_named(served: World) -> None:
    wrongs: tuple[tuple[dict[str, Any], Code], ...] = (
        ({"database": "nowhere"}, Code.STORE_UNUSABLE),
        ({"query": {"host": "/no/such/folder"}}, Code.SERVER_BUSY),
    )
    for wrong, code in wrongs:
        url = make_url(served.url).set(**wrong).render_as_string(hide_password=False)
        with pytest.raises(KnownError) as refused:
            Database.open(url, SteppingClock(), SeededBytes(0))
        assert refused.value.code is code


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "oracle+foo://x"]
)
def test_an_address_that_is_none_is_a_wrong_usage_with_both_forms_shown(url: str) -> None:
    with pytest.raises(KnownError) as refused:
        Database.open(url, SteppingClock(), SeededBytes(0))
    assert refused.value.code is Code.WRONG_USAGE
    assert "sqlite:///" in refused.value.sentence


def test_an_address_shown_to_people_never_shows_its_password() -> None:
    with pytest.raises(KnownError) as refused:
        Database.open("mysql://admin:s3cret@host/db", SteppingClock(), SeededBytes(0))
    assert "s3cret" not in refused.value.sentence


@pytest.mark.parametrize("make", [Database.open, Database.create])
def test_a_file_that_is_no_store_is_named_and_nothing_stays_open(
    tmp_path: Path, make: Callable[[str, Clock, Randomness], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(path: str, **settings: Any) -> sqlite3.Connection:
        made.append(connect(path, **settings))
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    file = tmp_path / "store.db"
    file.write_bytes(b"Kind regards, Anke. " * 500)
    threads = {thread.name for thread in threading.enumerate()}
    with pytest.raises(KnownError) as refused:
        make(f"sqlite:///{file}", SteppingClock(), SeededBytes(0))
    assert refused.value.code is Code.STORE_DAMAGED
    assert "is damaged or is no central store" in refused.value.sentence
    assert made
    for connection in made:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    assert {thread.name for thread in threading.enumerate()} == threads


def test_a_full_disk_loses_the_write_whole_and_is_named(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        _fill_the_disk_of(f"sqlite:///{disk / 'store.db'}")


def _fill_the_disk_of(url: str) -> None:
    Database.create(url, SteppingClock(), SeededBytes(0)).close()
    world = World(url)
    ana = world.user("ana")
    account = world.account(owner=ana)

    def fill() -> int:
        for number in range(1_000):
            with world.write() as tx:
                for _ in range(20):
                    new_row(tx, "activity", subject=f"Note {number}", account_id=account, body="x" * 2_000)
        raise AssertionError("the disk never fills")

    with pytest.raises(KnownError) as refused:
        fill()
    assert refused.value.code is Code.DISK_FULL
    assert verify(world.database) == []
    kept = len(world.fresh(ana).ids("activity"))
    assert kept % 20 == 0
    world.close()
    again = World(url)
    assert len(again.fresh(ana).ids("activity")) == kept
    again.close()


WRITER = """
import os, sys
from tests.store_suite.world import World, new_row
world = World(sys.argv[1], seed=99)
os.write(1, b"ready\\n")
for number in range(10_000):
    with world.write() as tx:
        for _ in range(3):
            new_row(tx, "product", sku=f"{number}", name="Unit")
        tx.audit("test")
    os.write(1, b"%d\\n" % number)
"""


@pytest.mark.parametrize("after", [1, 7, 23])
def test_a_server_killed_while_it_writes_keeps_what_it_confirmed_and_nothing_by_halves(
    world: World, after: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WRITER, world.url],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        confirmed = -1
        try:
            assert child.stdout.readline() == b"ready\n"
            while confirmed < after:
                confirmed = int(child.stdout.readline())
        finally:
            child.kill()
        rest = child.stdout.read().split()
        confirmed = int(rest[-1]) if rest else confirmed
    with world.database.read() as reader:
        units = [row["sku"] for row in reader.all("product")]
    assert len(units) in (3 * (confirmed + 1), 3 * (confirmed + 2)), (
        "all confirmed, at most one more, none by halves"
    )
    world.make("product", sku="after", name="It goes on")
    assert verify(world.database) == []
