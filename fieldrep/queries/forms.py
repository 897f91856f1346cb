"""What edit forms start from: a record's values as they stand, and the choices of its reference fields.

Owns reading for editing; titles, limits and options come from the catalogue. It must not check or write anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId


@dataclass(frozen=True, slots=True)
class RecordForm:
    """One record to edit; `values` by field name, `writable` those a device may write."""

    entity: str
    id: RowId
    label: str
    values: Mapping[str, Value]
    writable: frozenset[str]
    read_only_reason: str
    waiting: bool
    conflicts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """A record that a reference field may point to."""

    id: RowId
    label: str
