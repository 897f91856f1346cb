"""Full-text search: keeping the search tables in step with rows, and turning what a person types into a safe query.

Owns the search tables. What is typed is data: it is quoted word by word, so no letter of it acts as an operator (S15).
Words and questions are folded alike (`domain/folding.py`); what the tokenizer folds by itself is left to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter

from fieldrep.contract.fields import Value
from fieldrep.domain.folding import fold, folds
from fieldrep.store.engine import Connection, in_memory
from fieldrep.store.statements import Statements

Words = tuple[Value, ...]
"""The number of a row and the texts of its searched fields."""

_row_no = itemgetter(0)

MOST_WORDS = 8
ROWS_AT_ONCE = 500
"""Rows read by one statement to take their words out."""

MOST_SEGMENTS = 8
JOIN_PAGES = 300
MOST_BEFORE_JOIN = 256
"""Small segments that one more joins by itself; normally `tidy` does so earlier."""

LONGEST_WORD = 40
LONGEST_TEXT = 1_000
_WORD = re.compile(r"[^\W_\u19b0-\u19c9\u1cf2\u1cf3]+")
"""Letters and digits as the tokenizer sees them; it splits words at a few vowel signs that Python calls letters."""


def match_query(text: str) -> str:
    """The MATCH expression for typed text: every word must begin a word of the row; "" when no word was typed."""
    words = _WORD.findall(fold(unicodedata.normalize("NFC", text[:LONGEST_TEXT])))[:MOST_WORDS]
    return " ".join(f'"{word[:LONGEST_WORD]}"*' for word in words)


def join_segments(connection: Connection, texts: Statements, *, whole: bool) -> bool:
    """Joins a few pages of an entity's search segments; True while more is left to do.

    Each time search is told of saves it makes a small segment. A few are left alone, and what is joined are segments of
    like size: the large one stays as it is, in front of those that are appended. `whole` joins all into one, after a
    first replica, and writes anew the one from which rows have left, so that nothing of them stays in it.
    """
    if not texts.searched:
        return False
    name = f"{texts.entity.table}_search"
    found = connection.execute(f"SELECT count(DISTINCT segid), total_changes() FROM {name}_idx").fetchone()  # noqa: S608
    segments, before = (int(found[0]), int(found[1])) if found else (0, 0)
    if segments <= (0 if whole else MOST_SEGMENTS):
        return False
    pages = -JOIN_PAGES if whole else JOIN_PAGES
    connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('merge', ?)", (pages,))  # noqa: S608
    after = connection.execute("SELECT total_changes()").fetchone()
    return after is not None and after[0] - before > 1


def index_row(
    connection: Connection,
    texts: Statements,
    row_no: int,
    row: Mapping[str, Value],
    before: Mapping[str, Value] | None = None,
) -> None:
    """Puts the words of a row into the search table, and takes out those it had `before`; None for a new row.

    The search table knows no row, only words: what it is told of `before` must be what it was told then.
    """
    if not texts.searched:
        return
    has = tuple(row[name] for name in texts.searched)
    if before is not None:
        had = tuple(before[name] for name in texts.searched)
        if had == has:
            return
        connection.execute(texts.search_delete, _told((row_no, *had)))
    connection.execute(texts.search_insert, _told((row_no, *has)))


def index_rows(
    connection: Connection, texts: Statements, before: Iterable[Words], after: Iterable[Words]
) -> None:
    """The same for many rows, each a row_no and its words; in order of row_no, since FTS5 makes a segment otherwise."""
    if texts.searched:
        connection.executemany(texts.search_delete, map(_told, sorted(before, key=_row_no)))
        connection.executemany(texts.search_insert, map(_told, sorted(after, key=_row_no)))


def replace_words(
    connection: Connection,
    texts: Statements,
    rows: Iterable[tuple[int, Sequence[Value] | None, Words]],
) -> None:
    """The same for rows in order of row_no, each with what search was told of it, None for nothing, and its words now.

    Row by row, so that FTS5 gathers all in one segment.
    """
    for row_no, had, now in rows:
        if had is not None:
            connection.execute(texts.search_delete, _told((row_no, *had)))
        connection.execute(texts.search_insert, _told(now))


def index_stored(connection: Connection, texts: Statements, first: int, last: int, *, folds: bool) -> None:
    """The same for new rows that follow each other in their table: by one statement, which needs no interpreter.

    Where a letter `folds`, search is told other words than the table has: row by row, since FTS5 would make a segment
    of each further statement that puts in several.
    """
    if folds:
        rows = connection.execute(texts.search_words_between, (first, last)).fetchall()
        connection.executemany(texts.search_insert, map(_told, rows))
    else:
        connection.execute(texts.search_insert_stored, (first, last))


def any_folds(columns: Iterable[Sequence[Value]]) -> bool:
    """Whether a letter folds anywhere in the columns of some rows."""
    return any(
        isinstance(value, str) and not value.isascii() and folds(value)
        for column in columns
        for value in column
    )


def _told(words: Words) -> Words:
    """What search is told of a row."""
    return tuple([fold(value) if isinstance(value, str) else value for value in words])


def _of_all(connection: Connection, texts: Statements) -> Iterator[Words]:
    words = ", ".join(texts.searched)
    return iter(
        connection.execute(f"SELECT row_no, {words} FROM {texts.entity.table} ORDER BY row_no")  # noqa: S608 - catalogue
    )


def make_anew(connection: Connection, texts: Statements) -> None:
    """Makes the search table of an entity anew from its rows."""
    if texts.searched:
        name = f"{texts.entity.table}_search"
        connection.execute(f"INSERT INTO {name} ({name}) VALUES ('delete-all')")  # noqa: S608
        connection.executemany(texts.search_insert, map(_told, _of_all(connection, texts)))


def forget_rows(connection: Connection, texts: Statements, numbers: Iterable[int]) -> None:
    """Takes the words of rows out, which must still stand in their table as search knows them."""
    ordered = sorted(numbers) if texts.searched else []
    for start in range(0, len(ordered), ROWS_AT_ONCE):
        some = ordered[start : start + ROWS_AT_ONCE]
        rows = connection.execute(texts.search_words(len(some)), some).fetchall()
        connection.executemany(texts.search_delete, map(_told, rows))


def totals(connection: Connection, texts: Statements) -> tuple[int, ...]:
    """What the search table was given and not taken: rows, then words of each field; FTS5 keeps it as its record 1."""
    found = connection.execute(f"SELECT block FROM {texts.entity.table}_search_data WHERE id = 1").fetchone()  # noqa: S608
    numbers, number = [], 0
    for byte in bytes(found[0]) if found else b"":
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    return tuple(numbers) if any(numbers) else ()


def table_aside(connection: Connection, texts: Statements, rows: Iterable[Words]) -> Connection:
    """A search table of the same make in memory, told of those rows alone; the caller closes it."""
    name = f"{texts.entity.table}_search"
    ((ddl,),) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchall()
    aside = in_memory()
    aside.execute(ddl)
    aside.execute("BEGIN")
    aside.executemany(texts.search_insert, map(_told, rows))
    aside.execute("COMMIT")
    return aside


def totals_of_rows(
    connection: Connection, texts: Statements, due: Mapping[int, Sequence[Value] | None]
) -> tuple[int, ...]:
    """The same, computed from the rows; of those that are `due`, from what search was told of them before."""
    told = [(row_no, *words) for row_no, words in due.items() if words is not None]
    rows = (row for row in _of_all(connection, texts) if row[0] not in due)
    aside = table_aside(connection, texts, chain(rows, told))
    try:
        return totals(aside, texts)
    finally:
        aside.close()
