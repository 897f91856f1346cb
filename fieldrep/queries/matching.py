"""Full-text search for lists: the best rows for typed words, never more than a list can use.

Owns the bounded way through the index: ranking reads every hit, so a letter that hits thousands of rows is narrowed to
the fields that name a row before anything is ranked. It must not know which screen asks.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from fieldrep.contract.catalogue import entity_named, searched_fields
from fieldrep.store.reader import Reader
from fieldrep.store.search import match_query

MOST_HITS = 500
_NAMING_WEIGHT = 6


@dataclass(frozen=True, slots=True)
class Matches:
    """The rows found, best first, by `row_no`; `more` when the index knows further ones."""

    keys: tuple[int, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class _Texts:
    hits: str
    ranked: str
    naming: str


@cache
def _texts(entity_name: str) -> _Texts:
    entity = entity_named(entity_name)
    table = f"{entity.table}_search"
    naming = [field.name for field in searched_fields(entity) if field.search >= _NAMING_WEIGHT]
    return _Texts(
        hits=f"SELECT rowid FROM {table} WHERE {table} MATCH ? LIMIT ?",
        ranked=f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rank, rowid LIMIT ?",
        naming=f"{{{' '.join(naming)}}} : " if naming else "",
    )


def matches(reader: Reader, entity_name: str, text: str, limit: int = MOST_HITS) -> Matches:
    """The rows of an entity in which every typed word begins a word, best first."""
    match = match_query(text)
    if not match:
        return Matches((), more=False)
    texts = _texts(entity_name)
    hits = [row[0] for row in reader.rows(texts.hits, (match, limit + 1))]
    if len(hits) <= limit:
        return Matches(_ranked(reader, texts, match, hits), more=False)
    narrow = f"{texts.naming}({match})"
    named = [row[0] for row in reader.rows(texts.hits, (narrow, limit + 1))]
    best = _ranked(reader, texts, narrow, named) if len(named) <= limit else named
    return Matches(tuple(dict.fromkeys([*best, *hits]))[:limit], more=True)


def _ranked(reader: Reader, texts: _Texts, match: str, hits: Sequence[int]) -> tuple[int, ...]:
    """All hits of a search, best first; one needs no ranking."""
    if len(hits) < 2:
        return tuple(hits)
    return tuple(row[0] for row in reader.rows(texts.ranked, (match, len(hits))))


def key_list(keys: Sequence[int]) -> str:
    """Keys as one parameter, for `IN (SELECT value FROM json_each(?))`."""
    return f"[{','.join(map(str, keys))}]"
