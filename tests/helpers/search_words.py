"""Does search know exactly the words of the rows? Compares each search table with one made anew from the rows.

Owns the comparing, word by word, by the list of words that FTS5 gives of itself. Must not change the replica.
"""

from __future__ import annotations

from typing import Any

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.domain.folding import fold
from fieldrep.store.engine import in_memory
from fieldrep.store.replica import Replica
from fieldrep.store.statements import Statements, statements_of


def wrong_words(replica: Replica) -> list[tuple[str, str, str, int, int]]:
    """Entity, word, field, rows and places of each word that search knows and the rows do not hold, or vice versa."""
    wrong = []
    for entity in ENTITIES:
        texts = statements_of(entity)
        if texts.searched:
            with replica.write() as connection:  # which tells search of what is due
                known = _words(connection, texts)
            with replica.read() as reader:
                kept = _words(_made_anew(reader.driver, texts), texts)
            wrong += [(entity.name, *word) for word in sorted(known ^ kept)]
    return wrong


def _made_anew(connection: Any, texts: Statements) -> Any:
    table, columns = texts.entity.table, ", ".join(texts.searched)
    ddl = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (f"{table}_search",)).fetchone()[
        0
    ]
    anew = in_memory()
    anew.execute(ddl)
    rows = connection.execute(f"SELECT row_no, {columns} FROM {table}").fetchall()  # noqa: S608
    told = [[fold(value) if isinstance(value, str) else value for value in row] for row in rows]
    anew.executemany(texts.search_insert, told)
    return anew


def _words(connection: Any, texts: Statements) -> set[tuple[str, str, int, int]]:
    name = f"{texts.entity.table}_search"
    connection.execute(f"CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, {name}, col)")
    try:
        return {tuple(row) for row in connection.execute("SELECT term, col, doc, cnt FROM temp.words")}
    finally:
        connection.execute("DROP TABLE temp.words")
