"""A failover to a standby that lacks the last commits: what was acknowledged comes back, once, whoever comes first."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from sync_server.http.errors import answer_for
from sync_server.store.database import Database
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.returns import restore_report
from tests.store_suite.clusters import Pair, pair
from tests.store_suite.databases import Databases
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, SteppingClock, World

ORDERS = {"first": ("ana", "ben"), "last": ("ben", "ana")}


@dataclass
class Company:
    """A store that failed over, and what its laptops had been told before.

    Attributes:
        orders: by laptop; the last of Ben's waits on his laptop.
        told: the numbers that were told before the primary died.
    """

    world: World
    laptops: dict[str, Laptop]
    orders: dict[str, list[bytes]]
    epoch: bytes = b""
    told: frozenset[str | None] = frozenset()


@dataclass
class Failover:
    """Servers that failed over, and how the store answered while nobody was primary."""

    servers: Pair
    companies: dict[str, Company]
    refused: list[KnownError]
    said: list[str]


def founded(servers: Pair, name: str, folder: Path) -> Company:
    """A company whose standby has all that stands so far."""
    servers.primary.run(f"CREATE DATABASE {name} TEMPLATE made")
    world = World(servers.address(name))
    laptops = {login: Laptop(folder / name, world, world.user(login), login) for login in ("ana", "ben")}
    for login, laptop in laptops.items():
        laptop.create(f"{login}'s shop")
        laptop.sync()
    return Company(world, laptops, {login: [] for login in laptops})


def shop_of(laptop: Laptop) -> RowId:
    with laptop.replica.read() as reader:
        return RowId(reader.rows("SELECT id FROM account WHERE name LIKE '%shop'")[0][0])


def go_on(company: Company) -> None:
    """What only the primary has; everything but Ben's last order was acknowledged."""
    for login, laptop in company.laptops.items():
        company.orders[login].append(laptop.order(shop_of(laptop)))
        laptop.edit(shop_of(laptop), phone=f"{login} afterwards")
        laptop.create(f"{login}'s new one")
        assert laptop.sync().waiting == 0
    company.epoch = company.world.database.info().epoch
    company.told = frozenset(numbers(company))
    company.orders["ben"].append(company.laptops["ben"].order(shop_of(company.laptops["ben"])))


def numbers(company: Company) -> list[str | None]:
    with company.world.database.read() as reader:
        rows = [reader.row("sales_order", row_id) for made in company.orders.values() for row_id in made]
    return [str(row["number_official"]) if row else None for row in rows]


@pytest.fixture(scope="module")
def failover(stores: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failover]:
    folder = tmp_path_factory.mktemp("failover")
    with pair(stores) as servers:
        servers.primary.run("CREATE DATABASE made")
        Database.create(servers.address("made"), SteppingClock(), SeededBytes(0)).close()
        for name in (*ORDERS, "twins"):
            (folder / name).mkdir()
        companies = {name: founded(servers, name, folder) for name in (*ORDERS, "twins")}
        servers.fall_behind()
        for company in companies.values():
            go_on(company)
        servers.primary.stop()
        servers.standby.start()
        found = Failover(servers, companies, [], [])
        refuse(found)
        servers.standby.promote()
        yield found
        for company in companies.values():
            for laptop in company.laptops.values():
                laptop.replica.close()
            company.world.close()


def refuse(failover: Failover) -> None:
    """Asks for a read, a write and a sync while the standby only follows, and keeps what is said."""
    company = failover.companies["first"]
    kept = logging.Handler()
    kept.emit = lambda record: failover.said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("sync_server.store.whereabouts").addHandler(kept)
    for ask in (company.world.database.info, lambda: company.world.user("carl"), company.laptops["ana"].sync):
        with pytest.raises(KnownError) as refused:
            ask()
        failover.refused.append(refused.value)
    logging.getLogger("sync_server.store.whereabouts").removeHandler(kept)


def test_a_standby_that_follows_is_answered_as_busy_and_told_in_the_log_once(failover: Failover) -> None:
    assert {error.code for error in failover.refused} == {Code.SERVER_BUSY}
    answer = answer_for(failover.refused[0])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    (said,) = failover.said
    assert "it is a standby" in said


@pytest.mark.parametrize("order", ORDERS)
def test_what_a_lagging_standby_lacks_comes_back_once_in_whatever_order_laptops_come(
    failover: Failover, order: str, caplog: pytest.LogCaptureFixture
) -> None:
    company = failover.companies[order]
    for login in ORDERS[order]:
        receipt = company.laptops[login].sync()
        assert (receipt.started_over, receipt.returned > 0, receipt.refused, receipt.waiting) == (
            True,
            True,
            0,
            0,
        )
    for login in ORDERS[order]:
        receipt = company.laptops[login].sync()
        assert (receipt.started_over, receipt.digests_equal) == (False, True)
        assert company.laptops[login].names() == {f"{login}'s shop", f"{login}'s new one"}
    with company.world.database.read() as reader:
        names = sorted(str(row["name"]) for row in reader.all("account"))
        phones = {row["phone"] for row in reader.all("account")}
        assert len(list(reader.all("sales_order"))) == 3
        found = restore_report(reader)
    assert names == ["ana's new one", "ana's shop", "ben's new one", "ben's shop"]
    assert {"ana afterwards", "ben afterwards"} <= phones
    given = numbers(company)
    assert None not in given
    assert len(set(given)) == 3
    assert company.told.isdisjoint(given), "what was told of one order is not told of another"
    assert found is not None
    assert (found.done, found.lost, found.knew_all) == (True, (), False)
    assert [device.missing for device in found.devices] == [(), ()]
    assert {change.command for change in found.changes} == {
        "create_order",
        "submit_order",
        "edit_account",
        "create_account",
    }
    assert company.world.database.info().epoch != company.epoch
    assert "a standby was promoted" in caplog.text
    assert "an order to wipe may be gone" in caplog.text
    assert verify(company.world.database) == []


def test_of_two_servers_that_find_the_store_elsewhere_one_gives_the_epoch(failover: Failover) -> None:
    world, together, epochs = failover.companies["twins"].world, threading.Barrier(2), []

    def find(seed: int) -> None:
        database = Database.open(world.url, SteppingClock(), SeededBytes(seed))
        together.wait()
        epochs.append(database.info().epoch)
        database.close()

    threads = [threading.Thread(target=find, args=(seed,)) for seed in (101, 102)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(epochs) == 2
    assert len(set(epochs)) == 1
    with world.database.read() as reader:
        assert reader.rows("SELECT count(*) FROM restoration") == [(1,)]
        assert reader.rows("SELECT count(*) FROM audit_entry WHERE action = 'restore'") == [(1,)]


def test_a_primary_that_died_and_goes_on_with_all_it_had_is_the_same_store(failover: Failover) -> None:
    world = failover.companies["twins"].world
    before = world.database.info()
    failover.servers.standby.stop()
    failover.servers.standby.start()
    assert world.database.info() == before


def test_a_database_read_into_another_one_is_another_store_and_the_first_stays(stores: Databases) -> None:
    url = stores.new("postgresql")
    clock, randomness = SteppingClock(), SeededBytes(5)
    epochs = []
    for address in (url, stores.copied, url):
        place = address if isinstance(address, str) else address(url)
        for _ in range(2):
            database = Database.open(place, clock, randomness)
            epochs.append(database.info().epoch)
            database.close()
    first, copy = epochs[0], epochs[2]
    assert first != copy
    assert epochs == [first, first, copy, copy, first, first]
    stores.give_back(url)


def test_a_role_that_is_not_told_where_the_store_lies_works_all_the_same_and_the_log_says_what_to_do(
    stores: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    address = stores.guarded("right")
    role, owner = make_url(address).username, make_url(address).set(username="postgres")
    with closing(
        psycopg.connect(owner.set(drivername="postgresql").render_as_string(), autocommit=True)
    ) as connection:
        connection.execute(f"GRANT ALL ON SCHEMA public TO {role}".encode())
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    database = Database.create(address, SteppingClock(), SeededBytes(0))
    with database.read(), database.read() as reader, database.write() as tx:
        tx.audit("try")
        assert reader.rows("SELECT whereabouts FROM store_info") == [("",)]
    assert database.info().audit_n == 1
    database.close()
    said = [
        record.getMessage() for record in caplog.records if "fieldrep-server restored" in record.getMessage()
    ]
    assert len(said) == 1
    assert "permission denied" in said[0]
