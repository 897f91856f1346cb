"""What of the attachments has to travel: bodies that must go up, bodies somebody asked for, and what a day has cost.

Owns the order of the queue. A body that waits never holds back a change. Must not know the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from fieldrep.contract.ids import id_text
from fieldrep.store.reader import Reader

if TYPE_CHECKING:
    from fieldrep.store.replica import Replica

MOST_WISHES = 100
"""Bodies asked for in one sync; the rest follows with the next."""

DAYS_KEPT = 7


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that the server has not confirmed yet."""

    row_id: bytes
    sha256: str
    size: int


def uploads(reader: Reader) -> list[Upload]:
    """What waits to go up, smallest first; also what belongs to a record that has moved away since it was added."""
    sql = (
        "SELECT u.row_id, u.sha256, b.size FROM file_upload u JOIN file_body b USING (sha256) "
        "WHERE b.whole = 1 ORDER BY b.size, u.row_id"
    )
    return [Upload(*row) for row in reader.rows(sql)]


class NotTaken(msgspec.Struct, frozen=True):
    """A file whose body the server does not take now, and why."""

    id: str
    name: str
    size: int
    sentence: str


def not_taken(reader: Reader) -> tuple[NotTaken, ...]:
    """The files that wait and would go on waiting however often this device syncs."""
    sql = (
        "SELECT a.id, a.name, a.size, u.refused FROM file_upload u JOIN attachment a ON a.id = u.row_id "
        "WHERE u.refused <> '' ORDER BY a.row_no"
    )
    return tuple(
        NotTaken(id_text(row_id), str(name or ""), int(size or 0), sentence)
        for row_id, name, size, sentence in reader.rows(sql)
    )


def uploads_with_sent(reader: Reader) -> list[tuple[Upload, int]]:
    """What waits to go up, each with the bytes the server is known to have."""
    sent = dict(reader.rows("SELECT row_id, sent FROM file_upload"))
    return [(upload, int(sent.get(upload.row_id, 0))) for upload in uploads(reader)]


def note_sent(replica: Replica, row_id: bytes, sent: int) -> None:
    """Remembers how much the server has."""
    with replica.write() as connection:
        connection.execute("UPDATE file_upload SET sent = ?, refused = '' WHERE row_id = ?", (sent, row_id))


def note_confirmed(replica: Replica, row_id: bytes) -> None:
    """The server has all of it and found it to match its hash."""
    with replica.write() as connection:
        connection.execute("DELETE FROM file_upload WHERE row_id = ?", (row_id,))


def note_refused(replica: Replica, row_id: bytes, sentence: str) -> None:
    """Remembers why the server takes it not, for the person to see; it is offered again with every sync."""
    with replica.write() as connection:
        connection.execute("UPDATE file_upload SET refused = ? WHERE row_id = ?", (sentence, row_id))


def note_unknown(replica: Replica, row_id: bytes) -> None:
    """The server knows no such file: it is let go when its record is not here either and no refused change holds it."""
    with replica.write() as connection:
        connection.execute(
            "DELETE FROM file_upload WHERE row_id = ? AND row_id NOT IN (SELECT id FROM attachment) "
            "AND NOT EXISTS (SELECT 1 FROM refused_change)",
            (row_id,),
        )


def wish(replica: Replica, row_id: bytes) -> None:
    """Somebody wants to see a body that is not here: it comes with the next sync or file, if not at once."""
    with replica.write() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO file_wish (row_id, asked_at) VALUES (?, ?)", (row_id, replica.clock())
        )


def drop_wish(replica: Replica, row_id: bytes) -> None:
    """It is here, or nobody wants it any more."""
    with replica.write() as connection:
        connection.execute("DELETE FROM file_wish WHERE row_id = ?", (row_id,))


def wishes(reader: Reader) -> list[bytes]:
    """The attachments whose bodies somebody asked for and that are not here, first asked first."""
    sql = (
        "SELECT w.row_id FROM file_wish w JOIN attachment a ON a.id = w.row_id "
        "LEFT JOIN file_body b ON b.sha256 = a.sha256 WHERE coalesce(b.whole, 0) = 0 "
        "ORDER BY w.asked_at, w.row_id LIMIT ?"
    )
    return [row_id for (row_id,) in reader.rows(sql, (MOST_WISHES,))]


def not_here(reader: Reader) -> list[bytes]:
    """The attachments whose bodies are not here and that nobody asked for, newest first."""
    sql = (
        "SELECT a.id FROM attachment a LEFT JOIN file_body b ON b.sha256 = a.sha256 "
        "WHERE a.archived = 0 AND coalesce(b.whole, 0) = 0 AND a.id NOT IN (SELECT row_id FROM file_wish) "
        "ORDER BY a.created_at DESC, a.id LIMIT ?"
    )
    return [row_id for (row_id,) in reader.rows(sql, (MOST_WISHES,))]


def spent(reader: Reader, day: str, *, metered: bool) -> int:
    """Bytes of bodies that travelled on a day, on lines that cost by the byte or on others."""
    sql = "SELECT bytes FROM file_spent WHERE day = ? AND metered = ?"
    found = reader.rows(sql, (day, int(metered)))
    return int(found[0][0]) if found else 0


def spend(replica: Replica, day: str, count: int, *, metered: bool) -> None:
    """Counts bytes that travelled."""
    with replica.write() as connection:
        connection.execute(
            "INSERT INTO file_spent (day, metered, bytes) VALUES (?, ?, ?) "
            "ON CONFLICT (day, metered) DO UPDATE SET bytes = bytes + excluded.bytes",
            (day, int(metered), count),
        )
        connection.execute(
            "DELETE FROM file_spent WHERE day NOT IN (SELECT DISTINCT day FROM file_spent ORDER BY day DESC LIMIT ?)",
            (DAYS_KEPT,),
        )
