"""The three-way merge of one field: what becomes of an arriving edit when the row moved on meanwhile.

Both sides use it: the server to decide, the replica and the tests to foretell. Pure, idempotent, and independent edits
commute (I11). No clock takes part (I10, I19).
"""

from __future__ import annotations

from enum import Enum, auto

import msgspec

from fieldrep.contract.fields import Field, Kind, Merge, Value
from fieldrep.contract.values import canonical_json


class Fit(Enum):
    """What a field's merge comes to."""

    SAME = auto()
    TAKE = auto()
    CLASH = auto()


def merge_field(field: Field, before: Value, after: Value, present: Value) -> tuple[Fit, Value]:
    """Whether `after`, made from `before`, fits a field that now holds `present`, and the value the field then has.

    TAKE also covers merges of both sides: JSON objects join key by key, and a refusal of marketing always wins.
    """
    if after == present:
        return Fit.SAME, present
    if before == present:
        return Fit.TAKE, after
    if field.name == "opt_out":
        return (Fit.SAME if present == 1 else Fit.TAKE), 1
    if field.kind is Kind.JSON:
        joined = _join_objects(before, after, present)
        if joined is not None:
            return (Fit.SAME if joined == present else Fit.TAKE), joined
    return Fit.CLASH, present


def waits(field: Field) -> bool:
    """Whether a clash on the field must be decided by a person."""
    return field.merge is Merge.WAITS


def _join_objects(before: Value, after: Value, present: Value) -> str | None:
    """The key-by-key merge of three JSON objects, None when a key clashes or one is no object."""
    old, new, now = (_object(value) for value in (before, after, present))
    if old is None or new is None or now is None:
        return None
    result = dict(now)
    for key in old.keys() | new.keys():
        was, wanted, stands = old.get(key), new.get(key), now.get(key)
        if wanted in (was, stands):
            continue
        if stands != was:
            return None
        if wanted is None:
            result.pop(key, None)
        else:
            result[key] = wanted
    return canonical_json(result)


def _object(value: Value) -> dict[str, object] | None:
    if not isinstance(value, str):
        return {}
    decoded = msgspec.json.decode(value)
    return decoded if isinstance(decoded, dict) else None
