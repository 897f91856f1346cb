"""Single values of a row in the type a command needs, since a row may hold any plain value.

Owns the narrowing and nothing else; what a value means is the catalogue's.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.contract.fields import Value
from fieldrep.contract.ids import NO_ROW, RowId


def text_of(row: Mapping[str, Value], name: str) -> str:
    """The text of a field, "" when it is empty."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def ref_of(row: Mapping[str, Value], name: str) -> RowId:
    """The record a field points to; `NO_ROW`, which no record has, when it is empty."""
    value = row.get(name)
    return RowId(value) if isinstance(value, bytes) else NO_ROW
