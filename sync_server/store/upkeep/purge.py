"""Purging: rows archived long ago become tombstones, which hold no more than id, kind, scope key and revision.

What a row said last goes to the history of rows, which lets go of it in its own time.

A row goes only when nothing that is kept names it, so children go before parents, over several days if need be. Owns
what may be purged. Must not know how long that is: `retention.py` does.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.entity import Entity
from fieldrep.contract.scope import ACCOUNT_PREFIX, PAIR_PREFIX, account_key
from sync_server.store import flush, history
from sync_server.store.database import Database
from sync_server.store.files import let_go
from sync_server.store.reading import Reader
from sync_server.store.schema import scope_stands_for
from sync_server.store.settling import Settlement
from sync_server.store.sql_text import compose
from sync_server.store.statements import entity_table
from sync_server.store.transaction import WriteTransaction

MOST_AT_ONCE = 500
"""Rows purged under one taking of the clock lock, so that nobody waits long for it."""

KEPT = frozenset({"user", "device", "territory", "territory_assignment"})
"""Kinds of records that stay: history names them, and who holds what is worked out from them."""

_ENDED = {
    "conflict": "status <> 'open'",
    "proposal": "status <> 'open'",
    "handed_change": "status = 'closed'",
    "duplicate_candidate": (
        "status IN ('open', 'not_duplicate') AND (account_id IN ({gone}) OR other_account_id IN ({gone}))"
    ),
}
"""Records that nobody archives: when they have come to an end."""

_GONE_ACCOUNTS = "SELECT id FROM account WHERE archived = 1 AND merged_into_id IS NULL"


def purge(database: Database, actor: str, before: int) -> int:
    """Turns rows that came to their end before an instant into tombstones; gives how many."""
    count = 0
    for entity in reversed(ENTITIES):
        if entity.name in KEPT:
            continue
        with database.read() as reader:
            known = reader.info().revision
            candidates = list(_candidates(reader, entity, before))
            named = _named(reader, entity, candidates, 0)
        free = [row_id for row_id in candidates if row_id not in named]
        for start in range(0, len(free), MOST_AT_ONCE):
            with database.write(actor) as tx:
                count += _bury(tx, entity, free[start : start + MOST_AT_ONCE], known, before)
    with database.beside() as session:
        let_go(session)
    return count


def _ended(entity: Entity) -> str:
    """When a row of an entity is old enough, as SQL over one instant.

    What an import brought stays, since the next one would bring it again; a merged record stays to find its survivor;
    what a merge that can still be undone may have moved stays as well.
    """
    ended = _ENDED.get(entity.name, "").replace("{gone}", _GONE_ACCOUNTS)
    parts = [
        f"(archived = 1 OR {ended})" if ended else "archived = 1",
        "changed_at < ?",
        "id NOT IN (SELECT row_id FROM import_image)",
        "revision < (SELECT coalesce(min(revision), 9223372036854775807) FROM merge_log)",
    ]
    if "merged_into_id" in entity.fields:
        parts.append("merged_into_id IS NULL")
    return " AND ".join(parts)


def _candidates(reader: Reader, entity: Entity, before: int) -> Iterator[bytes]:
    sql = f"SELECT id FROM {entity.table} WHERE {_ended(entity)} ORDER BY id"  # noqa: S608 - from the catalogue
    yield from (row_id for (row_id,) in reader.rows(sql, (before,)))


def _named(reader: Reader, entity: Entity, ids: list[bytes], since: int) -> set[bytes]:
    """Which of the rows something names that is kept, among rows written after a revision."""
    found: set[bytes] = set()
    for other in ENTITIES if ids else ():
        for field in other.columns:
            if field.to != entity.name:
                continue
            column, members, start = field.name, list(ids), 0
            if scope_stands_for(other, field.name):
                column, members, start = "scope_key", [account_key(row_id) for row_id in ids], 1
            sql = compose(
                "SELECT DISTINCT {column} FROM {table} WHERE revision > ? AND {column} IN :members",
                column=column,
                table=other.table,
            )
            found.update(value[start:] for (value,) in reader.session.chosen(sql, members, (since,)))
    if entity.name not in _ENDED:
        sql = "SELECT row_id FROM conflict WHERE row_id IN :members AND status = 'open'"
        found.update(row_id for (row_id,) in reader.session.chosen(sql, ids))
    return found


def _bury(tx: WriteTransaction, entity: Entity, ids: list[bytes], known: int, before: int) -> int:
    """Puts tombstones in the place of those rows that still may go; one revision for all of them."""
    named = _named(tx, entity, ids, known)
    table = entity_table(entity)
    sql = f"{table.select} WHERE id IN :members AND {_ended(entity)}"
    rows = [row for row in tx.session.chosen(sql, ids, (), (before,)) if row[0] not in named]
    if not rows:
        return 0
    revision, session, sums = tx.new_revision(), tx.session, flush.Sums()
    for row in rows:
        sums.add(row[-2], -1, -row[-1])
    history.keep(session, [history.purged_from(table, row, revision) for row in rows])
    gone = [(row[0],) for row in rows]
    session.run_many(compose("DELETE FROM {table} WHERE id = ?", table=entity.table), gone)
    session.run_many("DELETE FROM duplicate_key WHERE row_id = ?", gone)
    session.insert_many(
        "tombstone",
        ("revision", "row_id", "entity", "scope_key"),
        [(revision, row[0], entity.name, row[-2]) for row in rows],
    )
    flush.write_digests(session, sums)
    _let_keys_go(tx, entity, [row_id for (row_id,) in gone])
    detail = msgspec.json.encode({"entity": entity.name, "records": len(rows)}).decode()
    tx.audit("purge", entity=entity.name, detail=detail)
    return len(rows)


def _let_keys_go(tx: WriteTransaction, entity: Entity, ids: list[bytes]) -> None:
    """A key that was a record's own leaves whoever holds it, together with the record."""
    own = {"account": ACCOUNT_PREFIX, "duplicate_candidate": PAIR_PREFIX}.get(entity.name)
    if own is None:
        return
    sql = "SELECT user_id, scope_key FROM scope_ledger WHERE scope_key IN :members AND lost_revision IS NULL"
    keys = [own + row_id for row_id in ids]
    settlement = Settlement(lost=list(tx.session.chosen(sql, keys)))
    flush.write_ledger(tx.session, settlement, tx.revision)
