"""The cost of a statement follows what it answers, not the size of the store: every hot one walks an index (F43)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fieldrep.contract.catalogue import ENTITIES
from sync_server.store.devices.credentials import STILL_ADMITTED
from sync_server.store.devices.glance import BY_DEVICE, BY_TOKEN
from sync_server.store.feed.statements import OUTLOOK, feed_tables
from sync_server.store.session import Session
from sync_server.store.statements import entity_table
from tests.store_suite.world import World

HELD = "SELECT scope_key FROM scope_ledger WHERE user_id = ? AND lost_revision IS NULL ORDER BY scope_key"


def hot_statements(kind: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    some, row = b"A" + b"x" * 16, b"y" * 16
    for entity in ENTITIES:
        feed, table = feed_tables(False)[entity.name], entity_table(entity)
        yield feed.by_key[kind], (row, feed.lowest, feed.highest, 0, 9, 0, 9, 100)
        yield feed.rest_of_key, (some, row, 0, 9, 100)
        yield feed.by_revision, (1, row, 9, row, 1, 100)
        yield feed.changed, (1, 100)
        yield table.by_field("id"), (row,)
        for parent in table.parents:
            yield table.by_field(parent), (row,)
    yield HELD, (row,)
    yield STILL_ADMITTED.replace("IN :members", "= ?"), (row,)
    yield BY_TOKEN, (some, "ABCDEFGH")
    yield BY_DEVICE, (some, row)
    yield OUTLOOK[kind], (1, 9, row, row, 1, 9, 1, 1, row)


def plan(session: Session, sql: str, values: tuple[object, ...]) -> str:
    if session.dialect.name == "sqlite":
        return "\n".join(str(row[3]) for row in session.rows("EXPLAIN QUERY PLAN " + sql, values))
    # Over a handful of rows a sort may cost less than walking an index; what counts is that an index can serve.
    for setting in ("plan_cache_mode = force_generic_plan", "enable_sort = off"):
        session.run("SET LOCAL " + setting)
    return "\n".join(row[0] for row in session.rows("EXPLAIN " + sql, values))


def test_no_hot_statement_reads_a_whole_table_or_sorts_it(world: World, kind: str) -> None:
    with world.database.read() as reader:
        for sql, values in hot_statements(kind):
            found = plan(reader.session, sql, tuple(0 if value is None else value for value in values))
            # a line for each kind of record is read whole
            few = ("SCAN c", "Seq Scan on entity_clock")
            lines = [line for line in found.splitlines() if not any(one in line for one in few)]
            assert not any(word in line for line in lines for word in ("Seq Scan", "SCAN ", "TEMP B-TREE")), (
                f"{sql}\n{found}"
            )
            assert not any(line.strip(" ->").startswith("Sort  (") for line in lines), f"{sql}\n{found}"


def test_a_plan_made_while_a_table_was_empty_still_walks_its_index(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql, row_id = entity_table("contact").by_field("id"), b"z" * 16
    with world.database.read() as reader:
        for _ in range(12):
            reader.rows(sql, (row_id,))
        found = plan(reader.session, sql, (row_id,))
        assert "Seq Scan" not in found
        assert "SCAN " not in found
