"""What came late for a merged record, and found its survivor, goes back with it when the merge is undone.

Owns what is entered in the merge log for it. Must not know how a change is judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Edit
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from sync_server.reconcile.redirects import NAMING
from sync_server.store.past.merge_log import RowImage, keep_late, logged_survivor
from sync_server.store.transaction import Row, WriteTransaction


def note_latecomers(tx: WriteTransaction, arrived: Change, judged: Change) -> None:
    """Notes each row that a change made for a merged record, now that it stands with the survivor.

    Args:
        arrived: the change as it was handed in.
        judged: the same with survivors in the place of merged records.
    """
    for said, edit in zip(arrived.edits, judged.edits, strict=True):
        row = tx.row(CATALOGUE[edit.entity], RowId(edit.row_id)) if said is not edit else None
        if row is not None and edit.kind == "create":
            _note(tx, said, row)


def _note(tx: WriteTransaction, said: Edit, row: Row) -> None:
    for name, _ in NAMING[said.entity]:
        for merged, into in _way(tx, said.after.get(name), row[name]):
            keep_late(
                tx.session,
                merged,
                tx.new_id(),
                RowImage(said.entity, said.row_id, {name: merged}, {name: into}),
            )


def _way(tx: WriteTransaction, named: Value, now: Value) -> Iterator[tuple[bytes, bytes]]:
    """The merges that lead from the record named to the one the row names now, the first one first; none when they
    do not lead there.
    """
    steps: list[tuple[bytes, bytes]] = []
    while isinstance(named, bytes) and named != now:
        into = logged_survivor(tx, named)
        if into is None:
            return
        steps.append((named, into))
        named = into
    yield from steps
