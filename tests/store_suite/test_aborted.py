"""PostgreSQL ends a push's transaction: a serialization failure, a deadlock, a connection it closes.

A real server, a laptop on a real line. Nothing of the push is written, the laptop hears that the server is busy, and
the same push is taken once when it comes again. What the database refuses is raised in it: by triggers, and by another
program that takes locks in another order.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from fieldrep.commands.accounts import create_account, edit_account
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from fieldrep.store.replica import Replica
from fieldrep.sync.session import sync_now
from sync_server.http.limits import BUSY_SECONDS
from sync_server.store.proof.verify import verify
from sync_server.store.schema import METADATA
from tests.helpers.served import Served
from tests.helpers.served import served as serve
from tests.store_suite.databases import Databases
from tests.store_suite.laptop import Laptop
from tests.store_suite.test_together import asked_by, settled, taken_together
from tests.store_suite.world import World

Connection = psycopg.Connection[tuple[Any, ...]]

ENDS = {
    "a serialization failure": "RAISE EXCEPTION 'raised here' USING ERRCODE = '40001'",
    "a deadlock": "RAISE EXCEPTION 'raised here' USING ERRCODE = '40P01'",
    "its connection closed": "PERFORM pg_terminate_backend(pg_backend_pid())",
}
OF_THE_DISK = {
    "its disk full": ("RAISE EXCEPTION 'raised here' USING ERRCODE = '53100'", "The server's disk is full"),
    "its disk failing": ("RAISE EXCEPTION 'raised here' USING ERRCODE = '58030'", "cannot use its disk"),
}
MOMENTS = {
    "its first row": "CREATE TRIGGER aborting BEFORE INSERT ON account",
    "its last statement": "CREATE TRIGGER aborting BEFORE UPDATE ON store_info",
    "its commit": (
        "CREATE CONSTRAINT TRIGGER aborting AFTER INSERT ON applied_change DEFERRABLE INITIALLY DEFERRED"
    ),
}
WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND wait_event_type = 'Lock'"
)


@pytest.fixture
def office(stores: Databases, tmp_path: Path) -> Iterator[Served]:
    """A server with its store on PostgreSQL."""
    with serve(tmp_path, stores.new("postgresql")) as office:
        yield office
    stores.give_back(office.database.url)


@pytest.fixture
def laptop(office: Served) -> Iterator[Replica]:
    """Ana's laptop, which has synced."""
    with office.device(office.make("user", login="ana", name="Ana"), "ana") as replica:
        sync_now(replica)
        yield replica


@contextmanager
def beside(office: Served | World) -> Iterator[Connection]:
    """Another program on the database; what it has not committed is undone in the end."""
    address = make_url(office.database.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        yield connection


@contextmanager
def aborting(office: Served | World, moment: str, end: str) -> Iterator[None]:
    """As long as the block lasts, transactions end so at that moment."""
    table = moment.partition(" ON ")[2].split()[0]
    with beside(office) as connection:
        body = f"BEGIN {end}; RETURN NEW; END"
        connection.execute(
            f"CREATE FUNCTION aborting() RETURNS trigger LANGUAGE plpgsql AS $${body}$$".encode()
        )
        connection.execute(f"{moment} FOR EACH ROW EXECUTE FUNCTION aborting()".encode())
        try:
            yield
        finally:
            connection.execute(f"DROP TRIGGER aborting ON {table}".encode())
            connection.execute("DROP FUNCTION aborting()")


def stored(office: Served | World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the store."""
    with office.database.read() as reader:
        return {
            table.name: sorted(reader.rows(f'SELECT * FROM "{table.name}"'), key=repr)  # noqa: S608 - names of our own tables
            for table in METADATA.sorted_tables
        }


def refused(laptop: Replica) -> KnownError:
    """What a sync comes to that is not answered."""
    with pytest.raises(KnownError) as caught:
        sync_now(laptop)
    return caught.value


def assert_busy(error: KnownError) -> None:
    assert (error.code, error.retry_after) == (Code.SERVER_BUSY, BUSY_SECONDS)


def assert_taken_once(office: Served, laptop: Replica, changes: int) -> None:
    """The push comes again: taken, once, and a further sync finds nothing left to say."""
    receipt = sync_now(laptop)
    assert (receipt.accepted, receipt.refused, receipt.waiting, receipt.digests_equal) == (
        changes,
        0,
        0,
        True,
    )
    again = sync_now(laptop)
    assert (again.accepted, again.pulled) == (0, 0)
    with office.database.read() as reader:
        (taken,) = reader.rows("SELECT count(*) FROM applied_change")
        noted = reader.rows("SELECT count(*) FROM audit_entry WHERE actor = 'device' AND result = 'accepted'")
    assert noted == [taken]
    assert verify(office.database) == []


def waiting(connection: Connection, number: int) -> list[tuple[Any, ...]]:
    """The processes that wait for a lock, once there are so many."""
    for _ in range(1_000_000):
        found = connection.execute(WAITING).fetchall()
        if len(found) == number:
            return found
    raise AssertionError("nobody waits")


def deadlocks(connection: Connection) -> object:
    """How many the database has had."""
    (found,) = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return found[0]


@contextmanager
def held_up(office: Served, laptop: Replica) -> Iterator[Connection]:
    """A program that has locked what the server notes of the laptop with each push: a push stands still there."""
    with beside(office) as gate:
        gate.execute("BEGIN")
        gate.execute(
            "SELECT 1 FROM device_contact WHERE device_id = %s FOR UPDATE", (laptop.state().device_id,)
        )
        yield gate


def names(office: Served | World) -> list[str]:
    with office.database.read() as reader:
        return sorted(str(row["name"]) for row in reader.all("account"))


def phone(office: Served, shop: RowId) -> object:
    with office.database.read() as reader:
        row = reader.row("account", shop)
    assert row is not None
    return row["phone"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("end", ENDS)
def test_a_push_that_postgresql_ends_writes_nothing_and_is_taken_once_when_it_comes_again(
    office: Served, laptop: Replica, end: str, moment: str
) -> None:
    create_account(laptop, name="Corner Shop")
    before = stored(office)
    with aborting(office, MOMENTS[moment], ENDS[end]):
        assert_busy(refused(laptop))
        assert stored(office) == before
        assert laptop.depth() == 1
    assert_taken_once(office, laptop, 1)
    assert names(office) == ["Corner Shop"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("disk", OF_THE_DISK)
def test_a_push_that_the_disk_of_postgresql_does_not_take_is_told_so_and_is_taken_once_afterwards(
    office: Served, laptop: Replica, disk: str, moment: str
) -> None:
    end, told = OF_THE_DISK[disk]
    create_account(laptop, name="Corner Shop")
    before = stored(office)
    with aborting(office, MOMENTS[moment], end):
        error = refused(laptop)
        assert error.code is Code.SERVER_DISK
        assert told in error.sentence
        assert stored(office) == before
    assert_taken_once(office, laptop, 1)


def test_pushes_taken_together_that_postgresql_ends_all_hear_of_it_and_each_is_taken_once_afterwards(
    stores: Databases, tmp_path: Path
) -> None:
    with closing(World(stores.new("postgresql"))) as world:
        laptops = [Laptop(tmp_path, world, world.user(name), name) for name in ("ana", "ben")]
        for laptop in laptops:
            laptop.sync()
            laptop.create(f"{laptop.name}'s shop")
        pushes, before = [asked_by(laptop) for laptop in laptops], stored(world)
        with aborting(world, MOMENTS["its commit"], ENDS["a serialization failure"]):
            taken_together(world, *pushes)
        for push in pushes:
            assert isinstance(push.error, KnownError)
            assert push.error.code is Code.SERVER_BUSY
            assert isinstance(push.error.__cause__, psycopg.errors.SerializationFailure)
        assert stored(world) == before
        settled(world, *laptops)
        assert names(world) == ["ana's shop", "ben's shop"]
        for laptop in laptops:
            laptop.replica.close()
    stores.give_back(world.url)


@pytest.mark.parametrize("end", [ENDS["a serialization failure"], OF_THE_DISK["its disk full"][0]])
def test_what_ails_the_database_is_not_met_once_more_by_each_push_that_was_taken_together(
    stores: Databases, tmp_path: Path, end: str
) -> None:
    with closing(World(stores.new("postgresql"))) as world, beside(world) as connection:
        laptops = [Laptop(tmp_path, world, world.user(name), name) for name in ("ana", "ben")]
        for laptop in laptops:
            laptop.sync()
            laptop.create(f"{laptop.name}'s shop")
        connection.execute("CREATE SEQUENCE tries")
        with aborting(world, MOMENTS["its last statement"], f"PERFORM nextval('tries'); {end}"):
            taken_together(world, *map(asked_by, laptops))
        assert connection.execute("SELECT last_value FROM tries").fetchone() == (1,)
        connection.execute("DROP SEQUENCE tries")
        for laptop in laptops:
            laptop.replica.close()
    stores.give_back(world.url)


def test_a_push_that_really_deadlocks_with_another_program_writes_nothing_and_is_taken_once_afterwards(
    office: Served, laptop: Replica
) -> None:
    """The push holds the clock and wants the shop; the other program holds the shop and wants the clock."""
    shop = create_account(laptop, name="Corner Shop").id
    assert shop is not None
    sync_now(laptop)
    before = stored(office)
    edit_account(laptop, row_id=shop, phone="1")
    with (
        ThreadPoolExecutor(2) as beside_it,
        beside(office) as eyes,
        beside(office) as other,
        held_up(office, laptop) as gate,
    ):
        other.execute("SET deadlock_timeout = '1h'")  # the push is the one that PostgreSQL ends
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM account WHERE id = %s FOR UPDATE", (shop,))
        pushed = beside_it.submit(refused, laptop)
        waiting(eyes, 1)
        clock = beside_it.submit(other.execute, "SELECT revision FROM store_info WHERE one = 1 FOR UPDATE")
        waiting(eyes, 2)
        gate.execute("ROLLBACK")
        assert_busy(pushed.result())
        assert clock.result().fetchone() is not None
        other.execute("ROLLBACK")
        assert deadlocks(eyes) == 1
    assert stored(office) == before
    assert_taken_once(office, laptop, 1)
    assert phone(office, shop) == "1"


def test_a_push_whose_connection_is_closed_while_it_waits_writes_nothing_and_hinders_nobody_behind_it(
    office: Served, laptop: Replica
) -> None:
    create_account(laptop, name="Corner Shop")
    with office.device(office.make("user", login="ben", name="Ben"), "ben") as bens:
        sync_now(bens)
        create_account(bens, name="Ben's")
        before = stored(office)
        with ThreadPoolExecutor(2) as beside_it, beside(office) as eyes, held_up(office, laptop):
            pushed = beside_it.submit(refused, laptop)
            (process,) = waiting(eyes, 1)
            assert stored(office) == before
            behind = beside_it.submit(sync_now, bens)
            eyes.execute("SELECT pg_terminate_backend(%s)", process)
            assert_busy(pushed.result())
            assert behind.result().accepted == 1
    assert names(office) == ["Ben's"]
    assert_taken_once(office, laptop, 1)
    assert names(office) == ["Ben's", "Corner Shop"]


def test_a_pull_that_postgresql_ends_leaves_the_laptop_as_it_was_and_brings_all_the_next_time(
    office: Served, laptop: Replica
) -> None:
    office.make("account", name="From the office", owner_user_id=laptop.state().user_id)
    before, stood = stored(office), laptop.state()
    with aborting(office, "CREATE TRIGGER aborting BEFORE INSERT ON device_position", ENDS["a deadlock"]):
        assert_busy(refused(laptop))
    assert (stored(office), laptop.state().cursor) == (before, stood.cursor)
    receipt = sync_now(laptop)
    assert (receipt.pulled, receipt.digests_equal) == (1, True)
