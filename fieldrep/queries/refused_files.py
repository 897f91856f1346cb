"""Files whose record the office did not take: their bytes are on this laptop alone, until the change is let go.

Owns which these are. It must not know where anybody saves them.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import ref, text
from fieldrep.store.files import body_of
from fieldrep.store.incoming.refused import refused_changes
from fieldrep.store.reader import Reader

_KEPT = """
SELECT u.row_id, u.sha256 FROM file_upload u JOIN file_body b ON b.sha256 = u.sha256 AND b.whole = 1
WHERE NOT EXISTS (SELECT 1 FROM attachment a WHERE a.id = u.row_id)
"""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """One of them, and the refused change that would have made its record."""

    id: RowId
    refused_no: int
    name: str
    size: int
    sha256: str


def refused_files(reader: Reader) -> tuple[RefusedFile, ...]:
    """All of them, the change refused last first."""
    kept = {row[0]: text(row[1]) for row in reader.rows(_KEPT)}
    found = {}
    for change in refused_changes(reader.driver) if kept else ():
        for edit in change.change.edits:
            if edit.entity == "attachment" and edit.row_id in kept:
                name, size = edit.after.get("name"), edit.after.get("size")
                found[edit.row_id] = RefusedFile(
                    ref(edit.row_id),
                    change.refused_no,
                    name if isinstance(name, str) else "file",
                    size if isinstance(size, int) else 0,
                    kept[edit.row_id],
                )
    return tuple(found.values())


def bodies_of_refused(reader: Reader, *, refused_no: int) -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of the files of one refused change.

    Raises:
        KnownError: `replica_damaged`.
    """
    files = [file for file in refused_files(reader) if file.refused_no == refused_no]
    bodies = [(file.name, body_of(reader, file.sha256)) for file in files]
    return tuple((name, body) for name, body in bodies if body is not None)
