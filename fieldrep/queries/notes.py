"""The notes of an account: its standing note, and the notes people wrote, newest first.

Owns the rows of the Notes tab. A corrected note stands beside the first, which is marked as replaced.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One note; `replaced_by` is the note that corrects it."""

    id: RowId
    subject: str
    body: str
    at: int
    by: str
    waiting: bool
    replaced_by: RowId | None


@dataclass(frozen=True, slots=True)
class Notes:
    """The account's own note field and the notes beside it."""

    standing: str
    standing_conflict: bool
    rows: tuple[NoteRow, ...]
    more: bool
