"""The SQL of one entity as text, made once from the catalogue; every hot path runs these with plain tuples.

Owns no data and opens nothing. Only names that the catalogue declares become part of a statement; every value is a
parameter.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from fieldrep.contract.catalogue import CATALOGUE, digest_columns, searched_fields
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value

Row = dict[str, Value]


@dataclass(slots=True)
class Statements:
    """The texts of one entity.

    Attributes:
        columns: the row's columns in catalogue order, without `row_no` and `row_hash`.
        hashed: where in `columns` the values lie that count in the digest.
        searched: the columns of the search table, empty for an entity that has none.
        select: row_no, row_hash and all columns of the row with an id.
        select_for_edit: its row_no, whether it has pending edits, the standing of its base row, whether any change is
            set aside, and all columns.
        search_insert, search_delete: put the words of a row into the search table, and take out those it was given.
        search_insert_stored: puts in those of new rows as they stand in their table.
        search_words_between: row_no and searched columns of such rows.
    """

    entity: Entity
    columns: tuple[str, ...]
    hashed: tuple[int, ...]
    searched: tuple[str, ...]
    select: str
    select_for_edit: str
    select_all: str
    insert: str
    replace: str
    search_insert: str
    search_insert_stored: str
    search_words_between: str
    search_delete: str
    delete: str
    _inserts: dict[tuple[tuple[str, ...], tuple[str, ...], int], str] = field(default_factory=dict)
    _updates: dict[tuple[str, ...], str] = field(default_factory=dict)
    _replaces: dict[tuple[str, ...], str] = field(default_factory=dict)

    def update(self, names: tuple[str, ...]) -> str:
        """The text that sets those columns of the row with a row_no, the last parameter."""
        text = self._updates.get(names)
        if text is None:
            sets = ", ".join(f"{name} = ?" for name in names)
            text = self._updates[names] = f"UPDATE {self.entity.table} SET {sets} WHERE row_no = ?"
        return text

    def replace_some(self, names: tuple[str, ...]) -> str:
        """The text that sets row_hash and those columns of the row with a row_no, the last parameter."""
        text = self._replaces.get(names)
        if text is None:
            sets = ", ".join(f"{name} = ?" for name in ("row_hash", *names))
            text = self._replaces[names] = f"UPDATE {self.entity.table} SET {sets} WHERE row_no = ?"
        return text

    def insert_some(self, shared: tuple[str, ...], own: tuple[str, ...], rows: int) -> str:
        """The text that inserts rows of which only those columns hold anything; their numbers go on from the highest.

        Its parameters are the values that the rows share, then row_hash and its own values of each. Where one is
        refused those before it stay, which the caller takes back: otherwise SQLite would copy each page it writes to.
        """
        text = self._inserts.get((shared, own, rows))
        if text is None:
            listed = ", ".join((*shared, "row_hash", *own))
            same, width = [f"?{place}" for place in range(1, len(shared) + 1)], 1 + len(own)
            starts = range(len(shared) + 1, len(shared) + 1 + rows * width, width)
            marks = (", ".join([*same, *(f"?{place}" for place in range(at, at + width))]) for at in starts)
            values = ", ".join(f"({row})" for row in marks)
            text = f"INSERT OR FAIL INTO {self.entity.table} ({listed}) VALUES {values}"
            self._inserts[(shared, own, rows)] = text
        return text

    def lookup(self, count: int) -> str:
        """The text that gives row_no, row_hash and all columns of that many ids."""
        listed = ", ".join(("row_no", "row_hash", *self.columns))
        return f"SELECT {listed} FROM {self.entity.table} WHERE id IN ({', '.join('?' * count)})"

    def search_words(self, count: int) -> str:
        """The text that gives row_no and searched columns of that many row_nos, in order."""
        words, marks = ", ".join(("row_no", *self.searched)), ", ".join("?" * count)
        return f"SELECT {words} FROM {self.entity.table} WHERE row_no IN ({marks}) ORDER BY row_no"

    def row(self, values: Sequence[Value]) -> Row:
        """The row of values in the order of `columns`."""
        return dict(zip(self.columns, values, strict=True))


@cache
def statements_of(entity: Entity) -> Statements:
    """The texts of an entity."""
    names = entity.column_names
    table = entity.table
    listed = ", ".join(names)
    hashed = {column.name for column in digest_columns(entity)}
    searched = tuple(column.name for column in searched_fields(entity))
    marks = ", ".join("?" * (len(names) + 2))
    search_marks = ", ".join("?" * (len(searched) + 1))
    search, words = f"{table}_search", ", ".join(searched)
    return Statements(
        entity=entity,
        columns=names,
        hashed=tuple(place for place, name in enumerate(names) if name in hashed),
        searched=searched,
        select=f"SELECT row_no, row_hash, {listed} FROM {table} WHERE id = ?",
        select_for_edit=(
            "SELECT row_no, "
            f"EXISTS (SELECT 1 FROM outbox_edit WHERE entity = '{entity.name}' AND row_id = {table}.id), "
            f"(SELECT standing FROM base_row WHERE entity = '{entity.name}' AND row_id = {table}.id), "
            f"EXISTS (SELECT 1 FROM outbox WHERE state = 'aside'), {listed} FROM {table} WHERE id = ?"
        ),
        select_all=f"SELECT {listed} FROM {table} ORDER BY id",
        insert=f"INSERT INTO {table} (row_no, row_hash, {listed}) VALUES ({marks})",
        replace=f"UPDATE {table} SET row_hash = ?, {', '.join(f'{name} = ?' for name in names)} WHERE row_no = ?",
        delete=f"DELETE FROM {table} WHERE id = ?",
        search_insert=f"INSERT INTO {search} (rowid, {words}) VALUES ({search_marks})",
        search_insert_stored=(
            f"INSERT INTO {search} (rowid, {words}) SELECT row_no, {words} FROM {table} WHERE row_no BETWEEN ? AND ?"
        ),
        search_words_between=f"SELECT row_no, {words} FROM {table} WHERE row_no BETWEEN ? AND ? ORDER BY row_no",
        search_delete=f"INSERT INTO {search} ({search}, rowid, {words}) VALUES ('delete', {search_marks})",
    )


def statements_named(name: str) -> Statements:
    """The texts of the entity of that name."""
    return statements_of(CATALOGUE[name])
