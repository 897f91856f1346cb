"""The history of rows: what each said before a write changed it, for as long as the rule `history` keeps it.

Owns the table `row_history`, where a write leaves the former values of the columns it changed and a purge the whole
row, and the way back from a row to its form at an earlier revision. A new row leaves nothing: it was not there before.
Must not know devices, and decides nothing about who holds what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fieldrep.contract.fields import Value
from sync_server.store.reading import Reader
from sync_server.store.session import Session
from sync_server.store.statements import EntityTable, Row

COLUMNS = ("revision", "row_id", "entity", "was")
_PAGE = 5_000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, Any]).decode

Entry = tuple[int, bytes, str, bytes]
"""Revision of the write, row, entity, what was there before it."""


@dataclass(slots=True)
class Former:
    """What differs between a row now and at an earlier revision; all of it where the row was purged since."""

    values: Row = field(default_factory=dict)
    purged: bool = False


def changed_from(
    table: EntityTable, stored: Row, names: Sequence[str], revision: int, key: bytes | None
) -> Entry:
    """The entry of a write that changes these columns of a stored row, and its scope key where one is given."""
    was = {name: stored[name] for name in names}
    if key is not None:
        was["scope_key"] = key
    row_id = stored["id"]
    assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
    return revision, row_id, table.name, _encode(was)


def purged_from(table: EntityTable, stored: tuple[Any, ...], revision: int) -> Entry:
    """The entry of a purge, which takes the whole row away."""
    return revision, stored[0], table.name, _encode(dict(zip(table.columns[:-1], stored, strict=False)))


def keep(session: Session, entries: list[Entry]) -> None:
    """Writes the entries of one transaction, in the order of the table, so that they are only appended."""
    session.insert_many("row_history", COLUMNS, sorted(entries))


def last_form(reader: Reader, entity: str, row_id: bytes, purged_at: int) -> Row:
    """What a row that was purged at a revision said last; nothing where that is no longer kept."""
    sql = "SELECT was FROM row_history WHERE revision = ? AND row_id = ? AND entity = ?"
    found = reader.session.first(sql, (purged_at, row_id, entity))
    return {} if found is None else _decode(found[0])


def said_at(reader: Reader, entity: str, row_id: bytes, revision: int) -> Row:
    """What the columns of a row said at a revision that were written since, as far back as that is kept."""
    sql = "SELECT was FROM row_history WHERE revision > ? AND row_id = ? AND entity = ? ORDER BY revision"
    former = Former()
    for (was,) in reader.rows(sql, (revision, row_id, entity)):
        _go_back(former, _decode(was))
    return former.values


def floor(reader: Reader) -> tuple[int, int]:
    """The oldest revision whose rows can still be told, and since when that one stood."""
    found = reader.session.first("SELECT history_floor, history_since FROM store_info WHERE one = 1")
    return (0, 0) if found is None else (int(found[0]), int(found[1]))


def cut(session: Session, before: int) -> int:
    """Drops what is older than an instant, up to the newest revision known to be; gives how many entries that were.

    Marks say at which revision the store stood when.
    """
    sql = "SELECT at, revision FROM revision_mark WHERE at <= ? ORDER BY at DESC LIMIT 1"
    mark = session.first(sql, (before,))
    standing = session.first("SELECT history_floor FROM store_info WHERE one = 1")
    if mark is None or standing is None or mark[1] < standing[0]:
        return 0
    at, revision = mark
    session.run("UPDATE store_info SET history_floor = ?, history_since = ? WHERE one = 1", (revision, at))
    found = session.first("SELECT count(*) FROM row_history WHERE revision <= ?", (revision,))
    session.run("DELETE FROM row_history WHERE revision <= ?", (revision,))
    return int(found[0]) if found else 0


def formers(reader: Reader, revision: int) -> Mapping[str, dict[bytes, Former]]:
    """Per entity the rows that were changed or purged since a revision, with what they said then."""
    found: dict[str, dict[bytes, Former]] = {}
    last: tuple[int, bytes, str] = (revision, b"\xff" * 17, "")
    while True:
        # from the oldest on: what a row said first is what it said at the revision
        rows = reader.rows(
            "SELECT revision, row_id, entity, was FROM row_history WHERE (revision, row_id, entity) > (?, ?, ?) "
            "ORDER BY revision, row_id, entity LIMIT ?",
            (*last, _PAGE),
        )
        for _, row_id, entity, was in rows:
            _go_back(found.setdefault(entity, {}).setdefault(row_id, Former()), _decode(was))
        if len(rows) < _PAGE:
            return found
        last = rows[-1][:3]


def _go_back(former: Former, was: Mapping[str, Value]) -> None:
    """Takes in one more write of a row, a later one: it says of the columns that the earlier ones left alone."""
    if former.purged:
        return  # what came after under the same id is another row
    former.purged = "created_revision" in was
    former.values = {**was, **former.values}
