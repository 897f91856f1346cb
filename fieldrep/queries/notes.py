"""The notes of an account: its standing note, and the notes people wrote, newest first.

Owns the rows of the Notes tab. A corrected note stands beside the first, which is marked as replaced.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import maybe_ref, ref, text, whole
from fieldrep.queries.marks import OpenConflict, conflicts_of_account, waiting_rows
from fieldrep.store.reader import Reader


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


_NOTES = """
SELECT x.id, x.subject, x.body, coalesce(x.happened_at, x.created_at), u.name,
    (SELECT y.id FROM activity AS y WHERE y.account_id = x.account_id AND y.archived = 0 AND y.replaces_id = x.id
     ORDER BY y.created_at DESC, y.id DESC LIMIT 1)
FROM activity AS x LEFT JOIN app_user AS u ON u.id = coalesce(x.created_by, x.assignee_id)
WHERE x.account_id = ? AND x.archived = 0 AND x.kind = 'note' ORDER BY 4 DESC, x.id DESC LIMIT ?
"""
_STANDING = "SELECT note FROM account WHERE id = ?"


def notes_of_account(reader: Reader, *, account_id: RowId, limit: int = 200) -> Notes:
    """The account's own note and the newest notes beside it."""
    waiting = waiting_rows(reader, "activity")
    found = reader.rows(_NOTES, (account_id, limit + 1))
    standing = reader.rows(_STANDING, (account_id,))
    clash = OpenConflict(account_id, "note") in conflicts_of_account(reader, account_id)
    rows = [
        NoteRow(
            ref(row[0]),
            text(row[1]),
            text(row[2]),
            whole(row[3]),
            text(row[4]),
            row[0] in waiting,
            maybe_ref(row[5]),
        )
        for row in found[:limit]
    ]
    return Notes(text(standing[0][0]) if standing else "", clash, tuple(rows), len(found) > limit)
