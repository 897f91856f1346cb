"""Revisions become visible in the order in which they are given, so that no reader ever misses a row.

A reader that polls `revision > cursor` while writers commit out of order silently loses rows; the clock lock prevents
it. The danger is shown with the lock taken out, so that the test is known to see it.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from sync_server.store.address import dialect_of
from sync_server.store.database import Database
from sync_server.store.dialect import Cursor, Dialect, PostgresDialect
from sync_server.store.proof.verify import verify
from sync_server.store.sql_text import compose
from tests.store_suite.databases import Databases
from tests.store_suite.world import Copy, SeededBytes, SteppingClock, World, new_row

WRITERS, READERS, ROUNDS = 6, 2, 25


class WithoutTheLock(PostgresDialect):
    """The naive store: whoever begins reads the clock, and nobody waits."""

    def begin_write(self, cursor: Cursor) -> None:
        cursor.execute("BEGIN ISOLATION LEVEL READ COMMITTED")


def write_rows(url: str, dialect: Dialect, seed: int, user_id: bytes, written: set[bytes]) -> None:
    """One server process: it draws a revision, dawdles for a random time, and commits."""
    pauses, idle = random.Random(seed), threading.Event()
    database = Database(url, SteppingClock(), SeededBytes(seed), dialect)
    try:
        for _ in range(ROUNDS):
            with database.write() as tx:
                made = new_row(tx, "activity", subject="Row", assignee_id=user_id)
                idle.wait(pauses.choice((0, 0, 0.001, 0.004, 0.012)))
            written.add(made)
    finally:
        database.close()


def missed_rows(world: World, dialect: Dialect) -> tuple[set[bytes], list[BaseException]]:
    """Rows that were written and that some reader never got, and what failed on the way."""
    ana = world.user("ana")
    written: set[bytes] = set()
    failed: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - shown by the test
                failed.append(error)

        return run

    writers = [
        threading.Thread(target=guarded(lambda seed=seed: write_rows(world.url, dialect, seed, ana, written)))  # type: ignore[misc]
        for seed in range(100, 100 + WRITERS)
    ]
    copies = [Copy(ana) for _ in range(READERS)]

    def read(copy: Copy) -> None:
        while any(writer.is_alive() for writer in writers):
            world.pull(copy, 2_000)

    readers = [threading.Thread(target=guarded(lambda copy=copy: read(copy))) for copy in copies]  # type: ignore[misc]
    for thread in (*writers, *readers):
        thread.start()
    for thread in (*writers, *readers):
        thread.join()
    for copy in copies:
        guarded(lambda copy=copy: catch_up(world, copy))()  # type: ignore[misc]
    assert failed or len(written) == WRITERS * ROUNDS
    return {row_id for copy in copies for row_id in written - copy.ids("activity")}, failed


def catch_up(world: World, copy: Copy) -> None:
    while world.pull(copy, 10_000_000).more:
        pass


def test_readers_miss_nothing_while_many_writers_dawdle_before_they_commit(world: World) -> None:
    assert missed_rows(world, dialect_of(world.url)) == (set(), [])
    assert verify(world.database) == []


def test_without_the_clock_lock_readers_miss_rows(stores: Databases) -> None:
    world = World(stores.new("postgresql"))
    try:
        missed, failed = missed_rows(world, WithoutTheLock())
        assert missed or failed, "rows are missed, or a reader sees the clock go backwards"
    finally:
        world.close()
        stores.give_back(world.url)


def test_a_writer_waits_for_the_one_before_and_sees_what_it_did(world: World) -> None:
    ana = world.user("ana")
    account = world.account(owner=ana)
    seen: list[object] = []
    second = Database.open(world.url, SteppingClock(), SeededBytes(3))
    begun = threading.Event()

    def add_after() -> None:
        begun.set()
        with second.write() as tx:
            row = tx.row("account", account)
            assert row is not None
            seen.append((row["phone"], tx.revision_now))

    with world.write() as tx:
        row = tx.row("account", account)
        assert row is not None
        row.update(phone="1", revision=tx.new_revision())
        tx.stage("account", row)
        thread = threading.Thread(target=add_after)
        thread.start()
        assert begun.wait(60)
        revision = tx.revision
    thread.join()
    second.close()
    assert seen == [("1", revision)]


@pytest.mark.parametrize("moment", ["body", "finish"])
def test_a_transaction_that_fails_changes_nothing_and_gives_its_revisions_back(
    world: World, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = world.user("ana")
    before = world.database.info()
    tables = counts(world)

    def fail(*_: object) -> None:
        raise RuntimeError("power")

    if moment == "finish":
        monkeypatch.setattr("sync_server.store.transaction.WriteTransaction._write_clock", fail)
    with pytest.raises(RuntimeError, match="power"):
        write_an_account(world, ana, fail if moment == "body" else lambda: None)
    monkeypatch.undo()
    assert counts(world) == tables
    assert world.database.info() == before
    account = world.account(owner=ana)
    with world.database.read() as reader:
        row = reader.row("account", account)
        assert row is not None
        assert row["revision"] == before.revision + 1


def write_an_account(world: World, owner: bytes, then: Callable[[], None]) -> None:
    with world.write() as tx:
        new_row(tx, "account", name="Shop", owner_user_id=owner)
        tx.audit("test")
        tx.next_number("orders")
        then()


def counts(world: World) -> dict[str, int]:
    tables = (
        "account",
        "scope_ledger",
        "user_digest",
        "audit_entry",
        "number_series",
        "entity_clock",
        "app_user",
    )
    with world.database.read() as reader:
        sql = "SELECT count(*) FROM {table}"
        return {table: reader.rows(compose(sql, table=table))[0][0] for table in tables}
