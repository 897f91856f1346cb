"""The rows that an answer will bring, read while it is awaited: those that the changes on their way touch.

What an answer says of a row is written over the row that is here, so that one is needed. To find a thousand of them
takes a while, in which this device would else do nothing but wait. Must not know what is awaited.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change
from fieldrep.contract.fields import Value
from fieldrep.store.statements import statements_of

if TYPE_CHECKING:
    from fieldrep.store.replica import Replica

AT_ONCE = 100
"""Rows read at a time: a save waits no longer than for these."""

FEW = 20
"""Changes whose rows are found in no time."""

Rows = dict[Value, tuple[Value, ...]]
"""By id: row_no, row_hash and all columns."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Rows as they stand after so many writes of the replica, by entity; after one more they may be others."""

    writes: int = -1
    rows: dict[str, Rows] = field(default_factory=dict)

    def still(self, writes: int) -> dict[str, Rows]:
        """Those that are as they were after so many writes: all or none."""
        return self.rows if writes == self.writes else {}


NOTHING = Foreseen()


def foresee(replica: Replica, changes: Iterable[Change]) -> Foreseen:
    """The rows that changes touch, over the writing connection, which then has them at hand."""
    found = Foreseen(replica.writes)
    wanted: dict[str, dict[bytes, None]] = {}
    for change in changes:
        for edit in change.edits:
            wanted.setdefault(edit.entity, {})[edit.row_id] = None
    for name in wanted.keys() & CATALOGUE.keys():
        texts, ids = statements_of(CATALOGUE[name]), list(wanted[name])
        rows = found.rows[name] = {}
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            rows.update((row[2], row) for row in replica.read_ahead(texts.lookup(len(some)), some))
    return found
