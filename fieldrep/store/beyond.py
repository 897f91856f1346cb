"""What a replica holds that a restored central store lacks: told before all of it is fetched afresh.

Owns which rows are worth telling. What this person entered is given back by itself, and what the server derives it
derives anew; orders are told all the same, for their numbers are not to be given again.
"""

from __future__ import annotations

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.entity import Entity
from fieldrep.contract.messages import MAX_BEYOND, HeldRow
from fieldrep.store.reader import Reader

_DERIVED = frozenset({"conflict", "proposal", "duplicate_candidate"})
_NUMBERED = {"sales_order": "number_official IS NOT NULL"}


def rows_beyond(reader: Reader, revision: int, user_id: bytes) -> tuple[HeldRow, ...]:
    """The rows that others changed after a revision, and numbered orders; the newest first, as many as one may name."""
    found: list[HeldRow] = []
    for entity in ENTITIES:
        if entity.name not in _DERIVED:
            found += _rows(reader, entity, revision, user_id)
    return tuple(sorted(found, key=lambda row: -row.revision)[:MAX_BEYOND])


def _rows(reader: Reader, entity: Entity, revision: int, user_id: bytes) -> list[HeldRow]:
    label = [name for name in entity.label if entity.has(name)]
    columns = ", ".join(("id", "revision", "changed_at", "changed_by", *label))
    sql = (
        f"SELECT {columns} FROM {entity.table} WHERE revision > ? "  # noqa: S608 - names of the catalogue
        f"AND (changed_by IS NULL OR changed_by <> ? OR {_NUMBERED.get(entity.name, 'FALSE')}) "
        "ORDER BY revision DESC LIMIT ?"
    )
    return [
        HeldRow(
            entity.name,
            row_id,
            at,
            changed_at or 0,
            changed_by or b"",
            " ".join(str(word) for word in words if word)[:200].replace("\x00", ""),
        )
        for row_id, at, changed_at, changed_by, *words in reader.rows(sql, (revision, user_id, MAX_BEYOND))
    ]
