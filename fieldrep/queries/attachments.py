"""The attachments of an account or of the whole replica, and where the body of each one stands.

Owns how a state is told. It must not read any body.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import ref, text
from fieldrep.queries.marks import waiting_rows
from fieldrep.store.reader import Reader


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """One file.

    Attributes:
        state: "waiting" to go up, "here", "partly" here, or "not_here".
        so_far: bytes the server has of one that waits, else bytes that are here.
        waiting: its record was not yet acknowledged.
    """

    id: RowId
    account_id: RowId
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: int
    added_by: str
    state: str
    so_far: int
    waiting: bool


_FILES = """
SELECT a.id, a.account_id, a.name, a.media_type, a.size, a.sha256, a.created_at, p.name, u.sent, b.held, b.whole
FROM attachment a LEFT JOIN app_user p ON p.id = a.created_by LEFT JOIN file_upload u ON u.row_id = a.id
LEFT JOIN file_body b ON b.sha256 = a.sha256
WHERE a.archived = 0 AND (?1 IS NULL OR a.account_id = ?1) ORDER BY a.row_no DESC
"""


def attachments(reader: Reader, *, account_id: RowId | None = None) -> tuple[AttachmentRow, ...]:
    """The files of an account, or of all accounts, newest first."""
    unsent = waiting_rows(reader, "attachment")
    found = []
    for row in reader.rows(_FILES, (account_id,)):
        sent, held, whole = row[8:]
        state = "waiting" if sent is not None else "here" if whole else "partly" if held else "not_here"
        found.append(
            AttachmentRow(
                id=ref(row[0]),
                account_id=ref(row[1]),
                name=text(row[2]),
                media_type=text(row[3]),
                size=int(row[4]),
                sha256=text(row[5]),
                added_at=int(row[6] or 0),
                added_by=text(row[7]),
                state=state,
                so_far=int((sent if sent is not None else held) or 0),
                waiting=row[0] in unsent,
            )
        )
    return tuple(found)
