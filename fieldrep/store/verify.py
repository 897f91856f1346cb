"""Is the replica sound? Pages, references to parents, totals, digests, search and outbox, each named when it is not.

Owns the checks; repairs nothing. Everything is computed from the rows, never taken from what was noted before.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from collections.abc import Iterator

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.digest import Digest
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import KnownError
from fieldrep.contract.ids import id_text
from fieldrep.domain.orders import amount_of_line, order_totals
from fieldrep.store.damage import MOST_NAMED, Finding, damaged_pages
from fieldrep.store.engine import Connection
from fieldrep.store.files import altered_bodies
from fieldrep.store.incoming.arrive import hashes_of
from fieldrep.store.outgoing.pending import BASES, Standing, decode_change, decode_image
from fieldrep.store.reader import Reader
from fieldrep.store.search_due import fits
from fieldrep.store.state import load_state
from fieldrep.store.statements import statements_of


def verify(reader: Reader) -> list[Finding]:
    """All that is wrong with the replica, nothing when it is sound."""
    return list(damaged_pages(reader.driver)) or faults_of_rows(reader.driver)


def faults_of_rows(connection: Connection) -> list[Finding]:
    """What is wrong with a replica whose pages are sound; before all is here, nothing that may still come is missed."""
    findings: list[Finding] = []
    of_all = (_parents, _orders) if load_state(connection).complete else ()
    try:
        for check in (*of_all, _digest, _search, _outbox, _files):
            findings += list(check(connection))[:MOST_NAMED]
    except KnownError as error:
        findings.append(Finding("pages", error.sentence))
    return findings


def heals_by_sync(findings: list[Finding]) -> bool:
    """Whether records are not as the server sent them: a sync that counts all anew fetches those again."""
    return any(finding.check == "digest" for finding in findings)


def needs_new_file(findings: list[Finding]) -> bool:
    """Whether a repair must build the replica anew: what only this laptop has does not fit together."""
    checks = {finding.check for finding in findings}
    return bool(checks & {"pages", "outbox", "files"}) or ("references" in checks and "digest" not in checks)


def next_step(findings: list[Finding]) -> str:
    """What a person does about the findings; "" for none."""
    if not findings:
        return ""
    if needs_new_file(findings):
        return "Run fieldrep repair, then fieldrep sync: what you entered is saved, records come again from the server."
    if heals_by_sync(findings):
        return (
            "Run fieldrep sync: it compares all records with the server and fetches again those that differ."
        )
    if any(finding.check == "search" for finding in findings):
        return "Run fieldrep repair: it makes search anew from the records."
    return "These records are as the server sent them: ask your admin to run fieldrep-server verify."


def _parents(connection: Connection) -> Iterator[Finding]:
    """Rows without what they belong to; those of an account that has left may stay until what waits is answered."""
    for entity in ENTITIES:
        for field in entity.fields.values():
            if not field.parent:
                continue
            parent = CATALOGUE[field.to]
            rows = connection.execute(
                f"SELECT c.id, c.{field.name} FROM {entity.table} c WHERE c.{field.name} IS NOT NULL AND NOT EXISTS "
                f"(SELECT 1 FROM {parent.table} p WHERE p.id = c.{field.name}) AND c.id NOT IN "
                "(SELECT row_id FROM base_row WHERE entity = ? AND standing <> ?) LIMIT ?",
                (entity.name, int(Standing.CURRENT), MOST_NAMED),
            )
            for row_id, parent_id in rows:
                yield Finding(
                    "references",
                    f"{entity.title} {id_text(row_id)} belongs to {parent.title.lower()} {id_text(parent_id)}, "
                    "which is not here.",
                )


def _orders(connection: Connection) -> Iterator[Finding]:
    orders, lines = CATALOGUE["sales_order"], CATALOGUE["document_line"]
    order_texts, line_texts = statements_of(orders), statements_of(lines)
    listed = ", ".join(line_texts.columns)
    for values in connection.execute(order_texts.select_all).fetchall():
        order = order_texts.row(values)
        found = connection.execute(
            f"SELECT {listed} FROM {lines.table} WHERE order_id = ?", (order["id"],)
        ).fetchall()
        rows = [line_texts.row(line) for line in found]
        name = str(order["number_official"] or order["number_local"] or "without a number")
        totals = order_totals(order, rows)
        if (order["goods_amount"], order["total_amount"]) != (totals.goods_amount, totals.total_amount):
            yield Finding(
                "totals",
                f"Order {name} says {order['total_amount']!r}, but its lines come to {totals.total_amount}.",
            )
        currency = str(order["currency"])
        for row in rows:
            if not row["archived"] and row["line_amount"] != amount_of_line(row, currency):
                yield Finding(
                    "totals", f"Order {name}: the amount of line {row['seq']!r} is not quantity times price."
                )


def _digest(connection: Connection) -> Iterator[Finding]:
    computed = noted = Digest()
    for entity in ENTITIES:
        texts = statements_of(entity)
        images = _images(connection, entity)
        rows = connection.execute(
            f"SELECT row_hash, {', '.join(texts.columns)} FROM {entity.table} WHERE row_hash IS NOT NULL"
        )
        for row_hash, *values in rows:
            image = images.get(values[0])
            (fresh,) = hashes_of(texts, [list(image.values()) if image else values])
            computed, noted = computed.plus(1, fresh), noted.plus(1, row_hash)
            if fresh != row_hash:
                yield Finding(
                    "digest", f"{entity.title} {id_text(values[0])} is not as the central store sent it."
                )
    kept = load_state(connection).digest
    if kept.count > computed.count:
        yield Finding(
            "digest", f"Records that the server sent are not here: {kept.count - computed.count:,}."
        )
    elif kept.count < computed.count:
        yield Finding(
            "digest", f"Records are here that the server did not send: {computed.count - kept.count:,}."
        )
    elif kept != noted:
        yield Finding("digest", "The records as a whole are not those that the server sent.")


def _images(connection: Connection, entity: Entity) -> dict[object, dict[str, int | str | bytes | None]]:
    rows = connection.execute(
        f"SELECT row_id, image FROM {BASES} WHERE entity = ? AND standing = ? AND image IS NOT NULL",
        (entity.name, int(Standing.CURRENT)),
    )
    return {row_id: image for row_id, blob in rows if (image := decode_image(entity, blob)) is not None}


def _search(connection: Connection) -> Iterator[Finding]:
    for entity in ENTITIES:
        texts = statements_of(entity)
        if not texts.searched:
            continue
        if not fits(connection, texts):
            yield Finding("search", f"{entity.plural}: search does not know the words that the records have.")


def _outbox(connection: Connection) -> Iterator[Finding]:
    known = set(connection.execute(f"SELECT entity, row_id FROM {BASES}").fetchall())
    noted = set(connection.execute("SELECT entity, row_id, n FROM outbox_edit").fetchall())
    edits: set[tuple[object, ...]] = set()
    for n, blob in connection.execute("SELECT n, change FROM outbox"):
        edits |= {(edit.entity, edit.row_id, n) for edit in decode_change(blob).edits}
    if edits != noted:
        yield Finding("outbox", "The outbox and the list of rows it touches differ.")
    for entity, row_id, n in noted:
        if (entity, row_id) not in known:
            yield Finding("outbox", f"Change {n} touches {entity} {id_text(row_id)}, which has no base row.")


def _files(connection: Connection) -> Iterator[Finding]:
    for sha256 in altered_bodies(connection):
        yield Finding("files", f"The file with the hash {sha256[:12]}… is not as it was saved.")
