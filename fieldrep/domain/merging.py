"""Two records that become one: which value each field then has, and where it comes from.

Pure, the same on both sides: the window shows beforehand what the server will do. The record that stays keeps what it
says; what it leaves empty is filled from the other one; a person may take single fields from the other one instead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.values import canonical_json

MERGING = ("account", "contact")
"""The kinds of record that can be merged."""

LONGEST_CHAIN = 100
"""Merges one after the other; no chain is followed further."""


def end_of_chain(row_id: bytes, into: Callable[[RowId], Value]) -> RowId:
    """The record that stands for this one: itself, or the one it became part of, merge by merge.

    Args:
        into: which record another one became part of, None for one that stands for itself or is not there.
    """
    at = RowId(row_id)
    for _ in range(LONGEST_CHAIN):
        following = into(at)
        if not isinstance(following, bytes):
            break
        at = RowId(following)
    return at


class Origin(StrEnum):
    """Where the value of a field comes from."""

    SURVIVOR = "survivor"
    MERGED = "merged"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class FieldMerge:
    """A field on which two records differ.

    Attributes:
        result: the value the surviving record has then.
        contested: both records say something, so that one of the two values no longer shows.
    """

    field: Field
    survivor: Value
    merged: Value
    result: Value
    origin: Origin
    contested: bool


_OF_THE_RECORD = frozenset(
    {
        "merged_into_id",
        "owner_user_id",
        "territory_id",
        "number",
        "erp_ref",
        "account_id",
        "parent_id",
        "currency",
    }
)
"""Fields that say which record it is, whose it is, or in what it counts: they stay with the one that stays."""


def takeable(entity: Entity) -> tuple[str, ...]:
    """The fields whose value may come from the record that goes."""
    names = [name for name in entity.fields if name not in _OF_THE_RECORD and name != "opt_out"]
    return (*names, "custom")


def merged_fields(
    entity: Entity, survivor: Mapping[str, Value], merged: Mapping[str, Value], take: Collection[str] = ()
) -> tuple[FieldMerge, ...]:
    """What becomes of each field on which two records of one kind differ."""
    return tuple(_differing(entity, survivor, merged, take))


def _differing(
    entity: Entity, survivor: Mapping[str, Value], merged: Mapping[str, Value], take: Collection[str]
) -> Iterator[FieldMerge]:
    for name in (*entity.fields, "custom"):
        field = entity.field(name)
        mine, theirs = survivor[name], merged[name]
        if mine == theirs or name == "merged_into_id":
            continue
        result, origin = _result(field, mine, theirs, taken=name in take)
        contested = (
            origin is not Origin.BOTH and _says_something(field, mine) and _says_something(field, theirs)
        )
        yield FieldMerge(field, mine, theirs, result, origin, contested)


def _result(field: Field, mine: Value, theirs: Value, *, taken: bool) -> tuple[Value, Origin]:
    if field.name == "opt_out":
        return (1, Origin.MERGED) if theirs == 1 else (mine, Origin.SURVIVOR)
    if field.name in _OF_THE_RECORD:
        return mine, Origin.SURVIVOR
    if taken:
        return theirs, Origin.MERGED
    if not _says_something(field, theirs):
        return mine, Origin.SURVIVOR
    if not _says_something(field, mine):
        return theirs, Origin.MERGED
    joined = _joined(field, mine, theirs)
    return (mine, Origin.SURVIVOR) if joined is None else (joined, Origin.BOTH)


def _says_something(field: Field, value: Value) -> bool:
    """Whether anybody can have entered it: an empty value, and the one every new record has, say nothing."""
    return value not in (None, "", field.default) and not (field.kind is Kind.JSON and value in ("{}", "[]"))


def _joined(field: Field, mine: Value, theirs: Value) -> Value:
    """Both values in one, None when that cannot be: notes stand below each other, the keys of objects join."""
    if not isinstance(mine, str) or not isinstance(theirs, str):
        return None
    if field.many_lines:
        if theirs in mine:
            return mine
        both = f"{mine}\n\n{theirs}"
        return both if len(both) <= field.maximum else None
    if field.kind is not Kind.JSON:
        return None
    one, other = msgspec.json.decode(mine), msgspec.json.decode(theirs)
    if not isinstance(one, dict) or not isinstance(other, dict):
        return None
    both = canonical_json({**other, **one})
    return both if len(both) <= field.maximum else None
