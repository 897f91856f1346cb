"""Changes that people handed to the admin: which are open, what was entered in one, and the answer that closes it.

Owns how an admin's answer is written; it reaches the author with the next sync, as any row does.
"""

from __future__ import annotations

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import id_text
from fieldrep.contract.values import check_value
from sync_server.store.reading import Reader
from sync_server.store.statements import Row, bytes_of
from sync_server.store.transaction import WriteTransaction

HANDED = CATALOGUE["handed_change"]


def handed_changes(reader: Reader, *, closed: bool = False) -> list[Row]:
    """Those that wait for an answer, oldest first, or with the closed ones."""
    rows = [row for row in reader.all(HANDED) if closed or row["status"] == "open"]
    return sorted(rows, key=lambda row: (_whole(row["created_at"]), bytes_of(row["id"])))


def handed_change(reader: Reader, named: str) -> Row:
    """The one whose id begins with what was typed.

    Raises:
        KnownError: `not_found`, also when several begin so.
    """
    wanted = named.strip().lower()
    found = [
        row for row in handed_changes(reader, closed=True) if id_text(bytes_of(row["id"])).startswith(wanted)
    ]
    if len(found) != 1 or not wanted:
        how = "No change handed over begins" if not found else f"{len(found)} changes handed over begin"
        raise KnownError(
            Code.NOT_FOUND, f"{how} with “{named[:40]}”. `fieldrep-server refused list --all` names all."
        )
    return found[0]


def close(tx: WriteTransaction, named: str, answer: str) -> Row:
    """Answers a change handed over; its author is told.

    Raises:
        KnownError: `not_found`, `nothing_to_change` when it is closed already, or for an answer that does not fit.
    """
    row = handed_change(tx, named)
    if row["status"] != "open":
        raise KnownError(Code.NOTHING_TO_CHANGE, f"“{row['label']!s}” is closed already: {row['answer']!s}")
    said = check_value(HANDED, HANDED.field("answer"), answer.strip())
    if not said:
        raise KnownError(Code.REQUIRED, "Give an answer: what was done, or what the author shall do.")
    row = {**row, "status": "closed", "answer": said, "closed_by": tx.actor.name[:120], "closed_at": tx.now}
    row.update(revision=tx.new_revision(), changed_at=tx.now, changed_by=tx.actor.user_id)
    tx.stage(HANDED, row)
    tx.audit("close_handed_change", entity=HANDED.name, row_id=bytes_of(row["id"]), detail=str(said))
    return row


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
