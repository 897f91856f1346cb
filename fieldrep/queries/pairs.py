"""Records that may be one, as a person decides on them: who they are, why they look alike, what a merge would give.

Owns the reading of open pairs for a record and for the list. What becomes of each field is foretold by
`domain/merging.py`, the code the server runs.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

import msgspec

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.fields import Kind
from fieldrep.contract.ids import RowId
from fieldrep.domain.merging import FieldMerge, merged_fields
from fieldrep.queries.cells import joined, ref, text, whole
from fieldrep.queries.naming import record_name, value_text
from fieldrep.store.reader import Reader
from fieldrep.store.statements import Row

_COLUMNS = "id, entity, one_id, other_id, account_id, other_account_id, score, reasons, status"
_OPEN = (
    f"SELECT {_COLUMNS} FROM duplicate_candidate WHERE status IN ('open', 'merge_requested') AND archived = 0"
)
_OF_ACCOUNT = f"{_OPEN} AND account_id = ?1 UNION {_OPEN} AND other_account_id = ?1 ORDER BY score DESC, id"
_ALL = f"{_OPEN} ORDER BY score DESC, id LIMIT 500"
_CITY = (
    "SELECT city FROM site WHERE account_id = ? AND archived = 0 ORDER BY kind = 'bill' DESC, row_no LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class PairSide:
    """One of the two records; `detail` tells it from the other, `follows` counts what belongs to it here."""

    id: RowId
    account_id: RowId
    label: str
    detail: str
    follows: int


@dataclass(frozen=True, slots=True)
class PairField:
    """A field on which the two differ, as people read it; `contested` when both say something."""

    name: str
    title: str
    one: str
    other: str
    contested: bool


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two records that may be one.

    Attributes:
        reasons: why, the strongest first.
        asked: a merge was asked for here and waits for the server.
    """

    id: RowId
    entity: str
    one: PairSide
    other: PairSide
    score: int
    reasons: tuple[str, ...]
    fields: tuple[PairField, ...]
    asked: bool


def pairs_of_account(reader: Reader, *, account_id: RowId, zone: tzinfo) -> tuple[PairRow, ...]:
    """The open pairs that name an account, or people of it, the likeliest first."""
    return _pairs(reader, reader.rows(_OF_ACCOUNT, (account_id,)), zone)


def open_pairs(reader: Reader, *, zone: tzinfo) -> tuple[PairRow, ...]:
    """All open pairs this person holds, the likeliest first."""
    return _pairs(reader, reader.rows(_ALL), zone)


def _pairs(reader: Reader, rows: list[tuple[object, ...]], zone: tzinfo) -> tuple[PairRow, ...]:
    found = []
    for row_id, entity, one_id, other_id, one_account, other_account, score, reasons, status in rows:
        name = text(entity)
        one, other = (reader.row(name, ref(side)) for side in (one_id, other_id))
        if one is None or other is None or one["merged_into_id"] or other["merged_into_id"]:
            continue  # a merge that is being taken back is no open pair before the server says so
        fields = merged_fields(CATALOGUE[name], one, other)
        found.append(
            PairRow(
                id=ref(row_id),
                entity=name,
                one=_side(reader, name, one, ref(one_account)),
                other=_side(reader, name, other, ref(other_account)),
                score=whole(score),
                reasons=tuple(msgspec.json.decode(text(reasons) or "[]", type=list[str])),
                fields=tuple(
                    _field(reader, one, field, zone)
                    for field in fields
                    if field.field.name != "owner_user_id"
                ),
                asked=status == "merge_requested",
            )
        )
    return tuple(found)


def _field(reader: Reader, row: Row, merge: FieldMerge, zone: tzinfo) -> PairField:
    one, other = (
        value_text(reader, merge.field, value, text(row.get("currency")), zone)
        for value in (merge.survivor, merge.merged)
    )
    if merge.field.kind is Kind.CHOICE:
        one, other = (word.replace("_", " ").capitalize() for word in (one, other))
    return PairField(merge.field.name, merge.field.title, one, other, merge.contested)


def _side(reader: Reader, entity: str, row: Row, account_id: RowId) -> PairSide:
    row_id = ref(row["id"])
    label = record_name(reader, entity, row_id).label
    if entity == "contact":
        name, _, account = label.partition(" · ")
        return PairSide(
            row_id, account_id, name, joined(row["job_title"] or row["email"], account, by=" · "), 0
        )
    cities = reader.rows(_CITY, (row_id,))
    detail = joined(cities[0][0] if cities else None, row["number"], by=" · ") or text(row["phone"])
    return PairSide(row_id, account_id, label, detail, _follows(reader, row_id))


def _follows(reader: Reader, account_id: RowId) -> int:
    """How many rows here belong to an account."""
    count = 0
    for entity in ENTITIES:
        name = entity.scope.account
        if name and name != "id":
            found = reader.rows(f"SELECT count(*) FROM {entity.table} WHERE {name} = ?", (account_id,))
            count += whole(found[0][0])
    return count
