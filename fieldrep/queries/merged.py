"""Records that became part of another one: which survivor a name leads to, and what a record has taken in.

Owns the chain from a merged record to the one it is now. The merge itself, and its undoing, are the server's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import maybe_ref, maybe_whole, ref, text
from fieldrep.queries.matching import key_list
from fieldrep.queries.naming import record_name, user_name
from fieldrep.store.reader import Reader
from fieldrep.store.state import load_state

_DEEPEST = 20
_INTO = "SELECT merged_into_id FROM account WHERE id = ?"
_ALIASES = (
    "SELECT m.row_no, m.id FROM json_each(?) AS j CROSS JOIN account AS m ON m.row_no = j.value "
    "WHERE m.merged_into_id IS NOT NULL"
)
_KEY = "SELECT row_no FROM account WHERE id = ?"
_TAKEN_IN = """
SELECT 'account', m.id, m.number FROM account AS m WHERE m.merged_into_id = ?1
UNION ALL SELECT 'contact', m.id, m.job_title FROM contact AS m
    WHERE m.account_id = ?1 AND m.merged_into_id IS NOT NULL
"""
_DECISION = """
SELECT id, status, decided_by, decided_at FROM duplicate_candidate
WHERE (one_id = ?1 OR other_id = ?1) AND survivor_id IS NOT NULL AND status IN ('merged', 'open')
ORDER BY decided_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class MergedRecord:
    """A record that is part of this account, or of a person of it, since a merge.

    Attributes:
        pair_id: the decision that merged them; None where the office did it without one.
        by, at: who decided and when, "" and None where that is not known here.
        undoable: this person asked for the merge, and may take it back.
        undoing: taking it back was asked for here and waits for the server.
    """

    entity: str
    id: RowId
    label: str
    detail: str
    pair_id: RowId | None
    by: str
    at: int | None
    undoable: bool
    undoing: bool


def became_part_of(reader: Reader, *, account_id: RowId) -> RowId | None:
    """The account that a merged one became part of, None for one that stands for itself."""
    at, found = account_id, None
    for _ in range(_DEEPEST):
        rows = reader.rows(_INTO, (at,))
        if not rows or rows[0][0] is None:
            break
        at = found = ref(rows[0][0])
    return found


def with_survivors(reader: Reader, keys: Sequence[int]) -> tuple[int, ...]:
    """The accounts found, in order, each merged one replaced by the one it is now: its old name leads there."""
    now: dict[int, int] = {}
    for key, merged_id in reader.rows(_ALIASES, (key_list(keys),)):
        survivor = became_part_of(reader, account_id=merged_id)
        found = reader.rows(_KEY, (survivor,)) if survivor is not None else []
        if found:
            now[key] = found[0][0]
    return tuple(dict.fromkeys(now.get(key, key) for key in keys)) if now else tuple(keys)


def merged_records(reader: Reader, *, account_id: RowId) -> tuple[MergedRecord, ...]:
    """What became part of an account and of its people, and who may make two of it again."""
    me = load_state(reader.driver).user_id
    return tuple(
        _merged(reader, text(entity), ref(row_id), text(detail), me)
        for entity, row_id, detail in reader.rows(_TAKEN_IN, (account_id,))
    )


def _merged(reader: Reader, entity: str, row_id: RowId, detail: str, me: bytes) -> MergedRecord:
    label = record_name(reader, entity, row_id).label.partition(" · ")[0]
    found = reader.rows(_DECISION, (row_id,))
    pair_id, status, by, at = found[0] if found else (None, "", None, None)
    return MergedRecord(
        entity=entity,
        id=row_id,
        label=label,
        detail=detail,
        pair_id=maybe_ref(pair_id),
        by=user_name(reader, by),
        at=maybe_whole(at),
        undoable=status == "merged" and by == me,
        undoing=status == "open",
    )
