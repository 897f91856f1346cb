"""How a row with pending edits is shown after its base image or its edits changed: written anew, or taken away.

Owns the way from base row and pending edits back to the entity's table, search and digest.
"""

from __future__ import annotations

from collections.abc import Iterable

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.digest import Digest
from fieldrep.store import search
from fieldrep.store.engine import Connection
from fieldrep.store.incoming.arrive import hashes_of
from fieldrep.store.outgoing.pending import Standing, decode_image, pending_edits, replay
from fieldrep.store.statements import Row, Statements, statements_of


def show_again(
    connection: Connection, rows: Iterable[tuple[str, bytes]], user_id: bytes, digest: Digest
) -> Digest:
    """Shows each row as base image and pending edits now have it; gives the digest after that.

    A row whose last pending edit is gone becomes its base image, or goes when that is no longer ours.
    """
    for entity_name, row_id in sorted(rows):
        found = connection.execute(
            "SELECT standing, image FROM base_row WHERE entity = ? AND row_id = ?", (entity_name, row_id)
        ).fetchone()
        if found is None:
            continue
        texts = statements_of(CATALOGUE[entity_name])
        standing, base = found[0], decode_image(texts.entity, found[1])
        edits = pending_edits(connection, entity_name, row_id)
        ours = base is not None and standing == Standing.CURRENT
        shown: Row | None
        if edits:
            shown = replay(entity_name, base, edits, user_id)
        else:
            shown = base if ours else None
            connection.execute("DELETE FROM base_row WHERE entity = ? AND row_id = ?", (entity_name, row_id))
        counted = hashes_of(texts, [list(base.values())])[0] if ours and base is not None else None
        digest = _write(connection, texts, row_id, shown, counted, digest)
    return digest


def _write(
    connection: Connection,
    texts: Statements,
    row_id: bytes,
    shown: Row | None,
    counted: int | None,
    digest: Digest,
) -> Digest:
    """Writes, replaces or deletes one row; `counted` is the hash it has in the digest, None when it has none."""
    present = connection.execute(texts.select, (row_id,)).fetchone()
    before = present[1] if present else None
    if shown is None:
        if present is not None:
            search.forget_rows(connection, texts, [present[0]])
            connection.execute(texts.delete, (row_id,))
    elif present is None:
        row_no = connection.execute(texts.insert, (None, counted, *shown.values())).lastrowid
        search.index_row(connection, texts, row_no, shown)
    else:
        values = tuple(shown.values())
        if (counted, *values) != present[1:]:
            connection.execute(texts.replace, (counted, *values, present[0]))
            search.index_row(connection, texts, present[0], shown, texts.row(present[2:]))
    after = counted if shown is not None else None
    count = (after is not None) - (before is not None)
    return digest.plus(count, (after or 0) - (before or 0))
