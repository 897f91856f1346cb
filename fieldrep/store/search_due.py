"""Rows that were saved and whose words search has not been told yet: noted by each save, told many at once.

Owns the table `search_due` and the one way to ask the search tables, which looks at these rows as well: what was saved
is found at once. Telling the words of one row writes as many pages as all else a save writes, and those of two hundred
not many more. Must not know what is searched for.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from operator import itemgetter

import msgspec

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.fields import Value
from fieldrep.store import search
from fieldrep.store.engine import Connection
from fieldrep.store.reader import Reader
from fieldrep.store.search import Words
from fieldrep.store.statements import Statements, statements_of

MOST_DUE = 256
"""Changes after which one of them tells search of all; normally something that is no save has done so before."""

Due = dict[int, tuple[Value, ...] | None]
"""By `row_no`: the words search was told of the row before, None for a row it knows nothing of."""

_NOTE = "INSERT INTO search_due (entity, row_no, told) VALUES (?, ?, ?)"
_first = itemgetter(0)
_encode = msgspec.msgpack.Encoder().encode
_words = msgspec.msgpack.Decoder(tuple[str | int | None, ...])


def note(
    connection: Connection,
    texts: Statements,
    row_no: int,
    row: Mapping[str, Value],
    before: Mapping[str, Value] | None,
) -> None:
    """Notes that a row has other words than `before`; None for a new row. Part of the transaction that writes it."""
    if not texts.searched:
        return
    had = None
    if before is not None:
        words = [before[name] for name in texts.searched]
        if words == [row[name] for name in texts.searched]:
            return
        had = _encode(words)
    connection.execute(_NOTE, (texts.entity.name, row_no, had))


def tell(connection: Connection) -> None:
    """Tells search of all rows that are due."""
    entities = connection.execute("SELECT DISTINCT entity FROM search_due").fetchall()
    for (entity_name,) in entities:
        texts = statements_of(CATALOGUE[entity_name])
        told = due(connection, texts)
        present = {words[0]: words for words in _present(connection, texts, told)}
        search.replace_words(
            connection, texts, [(row_no, told[row_no], present[row_no]) for row_no in sorted(told)]
        )
    if entities:
        connection.execute("DELETE FROM search_due")


def mend(connection: Connection) -> int:
    """Makes search anew where it knows other words than the rows have; gives for how many kinds of records."""
    wrong = [
        texts for texts in map(statements_of, ENTITIES) if texts.searched and not fits(connection, texts)
    ]
    for texts in wrong:
        search.make_anew(connection, texts)
        connection.execute("DELETE FROM search_due WHERE entity = ?", (texts.entity.name,))
    return len(wrong)


def fits(connection: Connection, texts: Statements) -> bool:
    """Whether search knows as many rows and words of an entity as its rows have."""
    return search.totals_of_rows(connection, texts, due(connection, texts)) == search.totals(
        connection, texts
    )


def due(connection: Connection, texts: Statements) -> Due:
    """The rows of an entity whose words search has not been told."""
    found: Due = {}
    sql = "SELECT row_no, told FROM search_due WHERE entity = ? ORDER BY due_no"
    for row_no, told in connection.execute(sql, (texts.entity.name,)):
        if row_no not in found:  # what a later save found was not told to search either
            found[row_no] = None if told is None else _words.decode(told)
    return found


def hits(reader: Reader, entity_name: str, match: str, limit: int) -> list[int]:
    """The rows of an entity, by `row_no` and in its order, to which a MATCH expression applies; at most `limit`."""
    texts = statements_of(CATALOGUE[entity_name])
    name = f"{texts.entity.table}_search"
    sql = f"SELECT rowid FROM {name} WHERE {name} MATCH ? LIMIT ?"
    waiting, aside = reader.kept(f"due {entity_name}", partial(_aside, reader.driver, texts))
    found = [row_no for (row_no,) in reader.rows(sql, (match, limit + len(waiting)))]
    if aside is not None:
        now = aside.execute(sql, (match, limit)).fetchall()
        found = sorted({*(row_no for row_no in found if row_no not in waiting), *map(_first, now)})[:limit]
    return found


def _aside(connection: Connection, texts: Statements) -> tuple[Due, Connection | None]:
    """The rows that are due, and a search table of their own, in memory, which knows what they say now."""
    waiting = due(connection, texts)
    return waiting, search.table_aside(
        connection, texts, _present(connection, texts, waiting)
    ) if waiting else None


def _present(connection: Connection, texts: Statements, numbers: Mapping[int, object]) -> list[Words]:
    return connection.execute(texts.search_words(len(numbers)), tuple(numbers)).fetchall()
