"""What a replica holds that a restored central store lacks: told before all of it is fetched afresh.

Owns which rows are worth telling. What this person entered is given back by itself, and what the server derives it
derives anew; but of a row this person changed last others may have changed a field before, so those are told after all
others. Orders are told among the first, for their numbers are not to be given again.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.entity import SYSTEM_FIELDS, Entity
from fieldrep.contract.fields import Field, Value
from fieldrep.contract.fields import Reader as Readers
from fieldrep.contract.messages import MAX_BEYOND, MOST_BEYOND_BYTES, HeldRow
from fieldrep.store.outgoing.pending import BASES, decode_image
from fieldrep.store.reader import Reader

_DERIVED = frozenset({"conflict", "proposal", "duplicate_candidate"})
_STAMPS = frozenset(SYSTEM_FIELDS) - {"archived", "custom"}
_encode = msgspec.msgpack.Encoder().encode
_NUMBERED = {"sales_order": "number_official IS NOT NULL"}


def rows_beyond(reader: Reader, revision: int, user_id: bytes) -> tuple[HeldRow, ...]:
    """The rows changed after a revision, as many as one may name: first those others changed last and numbered orders.

    The newest of each first; each as the central store last had it here, with its values as long as all of them fit
    into one message.
    """
    found: list[HeldRow] = []
    for entity in ENTITIES:
        if entity.name not in _DERIVED:
            found += _rows(reader, entity, revision, user_id)
    room = MOST_BEYOND_BYTES
    told = []
    for row in sorted(found, key=lambda row: (_is_own(row, user_id), -row.revision))[:MAX_BEYOND]:
        room -= len(_encode(row.values))
        told.append(row if room >= 0 else msgspec.structs.replace(row, values={}))
    return tuple(told)


def _rows(reader: Reader, entity: Entity, revision: int, user_id: bytes) -> list[HeldRow]:
    sql = (
        f"SELECT {', '.join(entity.column_names)} FROM {entity.table} WHERE revision > ? "  # noqa: S608 - catalogue
        f"ORDER BY (changed_by IS NULL OR changed_by <> ? OR {_NUMBERED.get(entity.name, 'FALSE')} "
        f"OR id IN (SELECT row_id FROM {BASES} WHERE entity = ?)) DESC, revision DESC LIMIT ?"
    )
    rows = [
        dict(zip(entity.column_names, values, strict=True))
        for values in reader.rows(sql, (revision, user_id, entity.name, MAX_BEYOND))
    ]
    bases = f"SELECT row_id, image FROM {BASES} WHERE entity = ?"  # noqa: S608 - as above
    images = {row_id: decode_image(entity, image) for row_id, image in reader.rows(bases, (entity.name,))}
    found = [row if (image := images.get(row["id"])) is None else image for row in rows]
    return [_held(entity, row) for row in found]


def _is_own(row: HeldRow, user_id: bytes) -> bool:
    """Whether this person changed it last, and it is no numbered order."""
    return row.changed_by == user_id and not row.values.get("number_official")


def _held(entity: Entity, row: Mapping[str, Value]) -> HeldRow:
    words = [str(row[name]) for name in entity.label if row.get(name)]
    row_id, revision, at, by = (row.get(name) for name in ("id", "revision", "changed_at", "changed_by"))
    assert isinstance(row_id, bytes)  # noqa: S101 - a primary key
    assert isinstance(revision, int)  # noqa: S101 - never empty
    return HeldRow(
        entity.name,
        row_id,
        revision,
        at if isinstance(at, int) else 0,
        by if isinstance(by, bytes) else b"",
        " ".join(words)[:200].replace("\x00", ""),
        {field.name: row.get(field.name) for field in entity.columns if _is_known(field, row)},
    )


def _is_known(field: Field, row: Mapping[str, Value]) -> bool:
    """What things cost is empty here for those who may not see it, which says nothing of what it was."""
    return field.name not in _STAMPS and (field.reader is not Readers.COST or row.get(field.name) is not None)
