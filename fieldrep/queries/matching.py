"""Full-text search for lists: the best rows for typed words, never more than a list can use.

Owns the bounded way through the index: no question reads more hits than a list can use, and what is best is asked
first, since to rank hits each of them would have to be read. It must not know which screen asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from fieldrep.contract.catalogue import entity_named, searched_fields
from fieldrep.store.reader import Reader
from fieldrep.store.search import match_query
from fieldrep.store.search_due import hits

MOST_HITS = 500
_NAMING_WEIGHT, _TELLING_WEIGHT = 6, 2
"""Fields that name a row, and those that tell more of it than running text does."""


@dataclass(frozen=True, slots=True)
class Matches:
    """The rows found, best first, by `row_no`; `more` when the index knows further ones."""

    keys: tuple[int, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class _Fields:
    naming: str
    telling: str


@cache
def _fields(entity_name: str) -> _Fields:
    entity = entity_named(entity_name)
    fields = searched_fields(entity)
    heaviest = max(field.search for field in fields)
    naming = [field.name for field in fields if field.search >= min(_NAMING_WEIGHT, heaviest)]
    telling = [field.name for field in fields if field.search >= _TELLING_WEIGHT]
    return _Fields(
        naming=f"{{{' '.join(naming)}}} : ",
        telling=f"{{{' '.join(telling)}}} : " if len(naming) < len(telling) < len(fields) else "",
    )


def matches(reader: Reader, entity_name: str, text: str, limit: int = MOST_HITS) -> Matches:
    """The rows of an entity in which every typed word begins a word.

    Those come first in whose naming fields all words are, then those that have them outside of running text.
    """
    match = match_query(text)
    if not match:
        return Matches((), more=False)
    columns = _fields(entity_name)

    def found(fields: str) -> list[int]:
        narrow = f"{fields}({match})" if fields else match
        return hits(reader, entity_name, narrow, limit + 1)

    best = dict.fromkeys(found(columns.naming))
    if len(best) <= limit:
        anywhere = found("")
        if columns.telling and len(best) + 1 < len(anywhere) <= limit:
            best.update(dict.fromkeys(found(columns.telling)))
        best.update(dict.fromkeys(anywhere))
    return Matches(tuple(best)[:limit], more=len(best) > limit)


def key_list(keys: Sequence[int]) -> str:
    """Keys as one parameter, for `IN (SELECT value FROM json_each(?))`."""
    return f"[{','.join(map(str, keys))}]"
