"""Is a central store sound? Recomputes everything that is derived and names in sentences what differs.

Rows against their hashes, sums of digests, scope keys and ledger against the rule, references, totals of orders, the
clock, the audit chain. Reads one snapshot and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.digest import Digest
from fieldrep.contract.entity import Entity
from fieldrep.contract.ids import id_text
from fieldrep.contract.scope import EVERYBODY_KEY, scope_key
from fieldrep.domain.orders import order_totals
from sync_server.store.audit import broken_links
from sync_server.store.database import Database
from sync_server.store.files import altered_files
from sync_server.store.reading import Reader
from sync_server.store.settling import coverage, settle_all
from sync_server.store.sql_text import compose
from sync_server.store.statements import Row, entity_table
from sync_server.store.workspace import Workspace

MOST_FINDINGS = 100


def verify(database: Database) -> list[str]:
    """What is wrong with a store, in sentences; an empty list when it is sound."""
    findings: list[str] = []
    with database.read() as reader, _any_text_read(reader):
        for finding in _all_findings(reader):
            findings.append(finding)
            if len(findings) == MOST_FINDINGS:
                findings.append(f"There is more; the first {MOST_FINDINGS} findings are shown.")
                break
    return findings


def broken_seals(reader: Reader) -> Iterator[str]:
    """What does not match the hash stored with it: rows (their scope key and revision as well), files, the log."""
    for entity in ENTITIES:
        yield from _rows(reader, entity, {})
    yield from _files_and_log(reader)


@contextmanager
def _any_text_read(reader: Reader) -> Iterator[None]:
    """Damaged bytes in a text are read as signs that stand for no letter: its hash tells then where they are."""
    if reader.session.dialect.name != "sqlite":  # PostgreSQL takes in no others
        yield
        return
    connection = reader.session.connection
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    try:
        yield
    finally:
        connection.text_factory = str


def _all_findings(reader: Reader) -> Iterator[str]:
    if reader.session.dialect.name == "sqlite":
        yield from (f"The file: {text}." for (text,) in reader.rows("PRAGMA integrity_check") if text != "ok")
    sums: dict[bytes, Digest] = {}
    for entity in ENTITIES:
        yield from _rows(reader, entity, sums)
        yield from _references(reader, entity)
        yield from _risen(reader, entity)
    yield from _ledger(reader)
    yield from _digests(reader, sums)
    yield from _totals(reader)
    yield from _files_and_log(reader)


def _files_and_log(reader: Reader) -> Iterator[str]:
    yield from altered_files(reader)
    for n in broken_links(reader):
        yield f"Audit entry {n} does not follow from the one before: the log was altered."


def _rows(reader: Reader, entity: Entity, sums: dict[bytes, Digest]) -> Iterator[str]:
    """Each row's hash, scope key and revision; adds up the digests on the way."""
    table = entity_table(entity)
    present = reader.info().revision
    clock = reader.session.first("SELECT revision FROM entity_clock WHERE entity = ?", (entity.name,))
    newest = 0 if clock is None else int(clock[0])
    after = b""
    while True:
        found = reader.rows(table.select + " WHERE id > ? ORDER BY id LIMIT 2000", (after,))
        for stored in found:
            row, kept_key, kept_hash = table.row(stored), stored[-2], stored[-1]
            name = f"{entity.title} {id_text(stored[0])}"
            if table.row_hash(table.hashed(row)) != kept_hash:
                yield f"{name} was altered outside FieldRep: its values do not match its checksum."
            if scope_key(entity, row) != kept_key:
                yield f"{name} is filed under the wrong scope."
            if not row_is_in_time(row, min(present, newest)):
                yield f"{name} carries a revision the store has not given yet."
            sums[kept_key] = sums.get(kept_key, Digest()).plus(1, kept_hash)
        if len(found) < 2_000:
            return
        after = found[-1][0]


def row_is_in_time(row: Row, newest: int) -> bool:
    """Whether a row's revisions are ones that were given."""
    created, revision = row["created_revision"], row["revision"]
    return isinstance(created, int) and isinstance(revision, int) and 0 < created <= revision <= newest


def _references(reader: Reader, entity: Entity) -> Iterator[str]:
    """References to rows that are not there."""
    for field in entity.columns:
        target = CATALOGUE.get(field.to)
        if target is None:
            continue
        sql = compose(
            "SELECT c.id FROM {table} AS c LEFT JOIN {target} AS p ON p.id = c.{field} "
            "WHERE c.{field} IS NOT NULL AND p.id IS NULL ORDER BY c.id LIMIT 20",
            table=entity.table,
            target=target.table,
            field=field.name,
        )
        for (row_id,) in reader.rows(sql):
            where = f"{entity.title} {id_text(row_id)}: {field.title}"
            yield f"{where} points to a {target.title.lower()} that is not there."


def _risen(reader: Reader, entity: Entity) -> Iterator[str]:
    """Rows that stand beside their own tombstone (I12)."""
    sql = compose(
        "SELECT r.id FROM tombstone AS t JOIN {table} AS r ON r.id = t.row_id ORDER BY r.id LIMIT 20",
        table=entity.table,
    )
    for (row_id,) in reader.rows(sql):
        yield f"{entity.title} {id_text(row_id)} was purged and is there again."


def _ledger(reader: Reader) -> Iterator[str]:
    """The ledger against the rule, as of the day it was settled for."""
    settlement = settle_all(Workspace(reader.session), coverage(reader, reader.info().settled_on))
    logins: dict[bytes, str] = dict(reader.rows("SELECT id, login FROM app_user"))
    for grants, text in ((settlement.gained, "lacks"), (settlement.lost, "holds, without a right to them,")):
        for user_id, count in sorted(Counter(user_id for user_id, _ in grants).items()):
            yield f"{logins.get(user_id, id_text(user_id))} {text} {count} scope keys."


def _digests(reader: Reader, sums: dict[bytes, Digest]) -> Iterator[str]:
    """Each user's running digest against the sum over the keys he holds, and that of what is everybody's."""
    sql = "SELECT count, total FROM user_digest WHERE user_id = ?"
    everybodys = sums.pop(EVERYBODY_KEY, Digest())
    if Digest(*(reader.session.first(sql, (EVERYBODY_KEY,)) or ())) != everybodys:
        yield "The digest of what everybody holds does not match its rows."
    held = "SELECT scope_key FROM scope_ledger WHERE user_id = ? AND lost_revision IS NULL"
    for user_id, login in reader.rows("SELECT id, login FROM app_user ORDER BY id"):
        digest = Digest()
        for (key,) in reader.rows(held, (user_id,)):
            own = sums.get(key, Digest())
            digest = digest.plus(own.count, own.total)
        if Digest(*(reader.session.first(sql, (user_id,)) or ())) != digest:
            yield f"The digest of {login} does not match the rows {login} holds."


def _totals(reader: Reader) -> Iterator[str]:
    """Orders whose totals are not those of their lines (I9)."""
    for order in reader.all("sales_order"):
        lines = reader.find("document_line", "order_id", order["id"])
        totals = order_totals(order, lines)
        kept = tuple(order[name] for name in ("goods_amount", "tax_amount", "total_amount"))
        if kept != (totals.goods_amount, totals.tax_amount, totals.total_amount):
            yield f"Order {_name(order)}: its totals are not those of its lines."


def _name(order: Row) -> str:
    row_id = order["id"]
    shown = id_text(row_id) if isinstance(row_id, bytes) else ""
    return str(order["number_official"] or order["number_local"] or shown)
