"""What the oracle says of rows that come late for a merged record: they go back with it when the merge is undone.

Written from the protocol's text alone, with no code of the product in it. Must not decide what a change becomes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.sim.judge.merging import NAMES, Done, Judge


def note_latecomers(judge: Judge, arrived: Any, judged: Any) -> None:
    """Enters in each merge on the way the rows a change made for a merged record and that stand with the survivor."""
    for said, edit in zip(arrived.edits, judged.edits, strict=True):
        row = judge.row(edit.entity, edit.row_id)
        if edit.kind != "create" or row is None:
            continue
        for name in NAMES.keys() & said.after.keys():
            for done in _way(judge, said.after[name], row[name]):
                before, after = done.images.setdefault((edit.entity, edit.row_id), ({}, {}))
                before[name], after[name] = done.goes, done.stays


def _way(judge: Judge, named: Any, now: Any) -> Iterator[Done]:
    """The merges from the record that was named to the one named now; none where they do not lead there."""
    standing = {done.goes: done for done in judge.merges if not done.undone}
    steps: list[Done] = []
    while named != now:
        if named not in standing:
            return
        steps.append(standing[named])
        named = steps[-1].stays
    yield from steps
