"""Which accounts or contacts here may be the one somebody is about to enter: a warning, never a block.

Owns the blocking in SQL; how alike two records are is judged by `domain/duplicates.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A record that may be the same; `score` from 0 to 100, `reasons` for people."""

    entity: str
    id: RowId
    account_id: RowId
    label: str
    detail: str
    score: int
    reasons: tuple[str, ...]
