"""The canonical export: every row as one line of JSON, the same bytes for the same content, here and on a replica.

Rows come entity by entity in the order of the catalogue and by id within; with a login, exactly what that user may
hold, without the columns he may not read. Must not know what a file is used for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Reader as FieldReader
from fieldrep.contract.fields import Value
from fieldrep.contract.jsonform import canonical_line
from fieldrep.contract.whole_file import whole_file
from sync_server.store.database import Database
from sync_server.store.feed.statements import COST_ROLES
from sync_server.store.reading import Reader
from sync_server.store.sql_text import compose
from sync_server.store.statements import Row, entity_table

_PAGE = 2_000


def export(database: Database, path: Path, login: str | None = None) -> int:
    """Writes the whole store, or what one user may hold, to a file; gives the number of rows.

    The file appears whole or not at all.

    Raises:
        KnownError: `not_found` for the login, `disk_error` when the file cannot be written.
    """
    count = 0
    with database.read() as reader, whole_file(path, "Nothing was exported.") as file:
        for line in lines(reader, login):
            file.write(line)
            count += 1
    return count


def lines(reader: Reader, login: str | None = None) -> Iterator[bytes]:
    """The lines of an export."""
    if login is None:
        for entity in ENTITIES:
            for row in reader.all(entity.name):
                yield canonical_line(entity, row)
        return
    found = reader.find("user", "login", login)
    if not found:
        raise KnownError(
            Code.NOT_FOUND, f"There is no user “{login[:80]}”. List them with fieldrep-server user list."
        )
    user_id, sees_cost = found[0]["id"], found[0]["role"] in COST_ROLES
    for entity in ENTITIES:
        hidden = [] if sees_cost else [f.name for f in entity.columns if f.reader is FieldReader.COST]
        for row in _held(reader, entity, user_id):
            yield canonical_line(entity, row | dict.fromkeys(hidden))


def _held(reader: Reader, entity: Entity, user_id: Value) -> Iterator[Row]:
    """The rows of an entity a user holds, by id, a page at a time."""
    table = entity_table(entity)
    sql = table.select + compose(
        " WHERE id > ? AND (SELECT l.gained_revision FROM scope_ledger AS l WHERE l.user_id = ? "
        "AND l.scope_key = {table}.scope_key AND l.lost_revision IS NULL) IS NOT NULL ORDER BY id LIMIT ?",
        table=entity.table,
    )
    after = b""
    while True:
        found = reader.rows(sql, (after, user_id, _PAGE))
        yield from map(table.row, found)
        if len(found) < _PAGE:
            return
        after = found[-1][0]
