"""Is the file whole? Every page is read and checked, and what the file's structure says of itself.

Owns what a finding is. Must not know what the rows mean: `verify.py` does.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.store.engine import Connection
from fieldrep.store.statements import statements_of

MOST_NAMED = 20
"""Findings of one kind that are named; more would hide the others."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: which check found it, and a sentence."""

    check: str
    sentence: str


def damaged_pages(connection: Connection) -> Iterator[Finding]:
    """Pages that fail their check, and what the file's structure says of itself."""
    for (problem,) in connection.execute("PRAGMA cipher_integrity_check").fetchall()[:MOST_NAMED]:
        yield Finding("pages", f"A page of the file is damaged: {problem}.")
    for entity in ENTITIES:
        if statements_of(entity).searched:
            # FTS5's own check trusts the list of segments it read last; a query makes it look again.
            name = f"{entity.table}_search"
            connection.execute(f"SELECT rowid FROM {name} WHERE {name} MATCH 'a*' LIMIT 1").fetchall()
    for (problem,) in connection.execute(f"PRAGMA integrity_check({MOST_NAMED})").fetchall():
        if problem != "ok":
            yield Finding("pages", f"The file's structure is damaged: {problem}.")
