"""Answers to a replica that looks for where it differs: digests of parts of what its user holds, and single rows.

Nothing is told of a scope key the user does not hold (I5): a part of one is empty, a row of one is gone. Reads one
snapshot; writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.comparison import DEPTH, Keyed, Part, Path, Question, bucket_of, parts_below
from fieldrep.contract.digest import Digest
from fieldrep.contract.page import Page, make_page
from fieldrep.contract.scope import gone_key
from sync_server.store.feed.statements import COST_ROLES, feed_tables
from sync_server.store.key_digests import digests_of_keys
from sync_server.store.reading import Reader
from sync_server.store.sql_text import compose


def digests_below(reader: Reader, user_id: bytes, parts: Sequence[Path]) -> tuple[Part, ...]:
    """The digests of the parts below some; each from its rows."""
    depth = len(parts[0]) if parts else DEPTH
    if depth >= DEPTH or any(len(path) != depth for path in parts):
        return ()
    if depth < 2:
        return tuple(
            Part(path, digest) for path, digest in _of_keys(reader, user_id, set(parts), depth).items()
        )
    keys = sorted({path[1] for path in parts if reader.holds(user_id, path[1])})
    found = parts_below(parts, _rows(reader, keys))
    return tuple(Part(path, digest) for path, digest in found.items())


def _of_keys(reader: Reader, user_id: bytes, parts: set[Path], depth: int) -> dict[Path, Digest]:
    sql = "SELECT scope_key FROM scope_ledger WHERE user_id = ? AND lost_revision IS NULL"
    paths = {key: (bucket_of(key), key) for (key,) in reader.rows(sql, (user_id,))}
    asked = [key for key, path in paths.items() if path[:depth] in parts]
    found: dict[Path, Digest] = {}
    for key, digest in digests_of_keys(reader.session, asked).items():
        below = paths[key][: depth + 1]
        found[below] = found.get(below, Digest()).plus(digest.count, digest.total)
    return found


def _rows(reader: Reader, keys: list[bytes]) -> Iterator[Keyed]:
    for entity in ENTITIES:
        sql = compose(
            "SELECT scope_key, id, row_hash FROM {table} WHERE scope_key IN :members", table=entity.table
        )
        for key, row_id, row_hash in reader.session.chosen(sql, keys):
            yield bytes(key), entity.name, bytes(row_id), row_hash


def rows_asked_for(
    reader: Reader, user_id: bytes, question: Question
) -> tuple[tuple[Page, ...], tuple[bytes, ...]]:
    """The rows a device asks for as pages, and those among them that are not for its user, each to be let go of."""
    found = reader.session.first("SELECT role FROM app_user WHERE id = ?", (user_id,))
    tables = feed_tables(found is not None and found[0] in COST_ROLES)
    pages, left = [], {row_id for _, row_id in question.rows}
    for name, table in tables.items():
        ids = [row_id for entity, row_id in question.rows if entity == name]
        rows = {row[0]: row for row in reader.session.chosen(table.named, ids, (), (0, user_id))}
        left -= rows.keys()
        if rows:
            pages.append(make_page(name, table.names, list(rows.values())))
    return tuple(pages), tuple(gone_key(row_id) for row_id in sorted(left))
