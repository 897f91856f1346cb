"""The bodies of attachments inside the encrypted replica: kept whole or growing part by part.

Owns which body is here; what must go up or come down is `file_queue.py`'s. A body counts as here only when all its
bytes were committed and match their hash (I13); two attachments with the same bytes share one. Bodies that no
attachment names any more are let go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import PART, hash_of
from fieldrep.store.engine import Connection
from fieldrep.store.reader import Reader

if TYPE_CHECKING:
    from fieldrep.store.replica import Replica

_EPOCH = "files_epoch"
_GONE = (
    "SELECT sha256 FROM file_body b WHERE NOT EXISTS (SELECT 1 FROM attachment a WHERE a.sha256 = b.sha256) "
    "AND NOT EXISTS (SELECT 1 FROM file_upload u WHERE u.sha256 = b.sha256)"
)
"""Bodies that no record names and that do not wait to go up."""

_STALE_WISHES = (
    "SELECT w.row_id FROM file_wish w LEFT JOIN attachment a ON a.id = w.row_id "
    "LEFT JOIN file_body b ON b.sha256 = a.sha256 WHERE a.id IS NULL OR b.whole = 1"
)


def keep(connection: Connection, row_id: bytes, body: bytes) -> None:
    """Keeps a new attachment's body and notes that it must go up, in the transaction that makes its record."""
    sha256 = hash_of(body)
    put(connection, sha256, body)
    connection.execute(
        "INSERT OR REPLACE INTO file_upload (row_id, sha256, sent, refused) VALUES (?, ?, 0, '')",
        (row_id, sha256),
    )


def put(connection: Connection, sha256: str, body: bytes) -> None:
    """Keeps a whole body, in place of what was here of it."""
    _drop(connection, sha256)
    connection.execute(
        "INSERT INTO file_body (sha256, size, held, whole) VALUES (?, ?, ?, 1)",
        (sha256, len(body), len(body)),
    )
    connection.executemany(
        "INSERT INTO file_part (sha256, at, part) VALUES (?, ?, ?)",
        [(sha256, at, body[at : at + PART]) for at in range(0, len(body), PART)],
    )


def body_of(reader: Reader, sha256: str) -> bytes | None:
    """A body that is here, None otherwise.

    Raises:
        KnownError: `replica_damaged`, when what is kept does not match its hash.
    """
    if not reader.rows("SELECT 1 FROM file_body WHERE sha256 = ? AND whole = 1", (sha256,)):
        return None
    body = b"".join(_parts(reader.driver, sha256))
    if hash_of(body) != sha256:
        raise KnownError(Code.REPLICA_DAMAGED, "A file on this laptop is damaged: it is not what was saved.")
    return body


def held_of(reader: Reader, sha256: str) -> int:
    """How many bytes of a body are here."""
    found = reader.rows("SELECT held FROM file_body WHERE sha256 = ?", (sha256,))
    return int(found[0][0]) if found else 0


def take_part(replica: Replica, sha256: str, size: int, at: int, part: bytes) -> bool:
    """Keeps the next part of a body that comes down; True when it is whole.

    A part that does not begin where the last one ended is let go: it was sent twice or overtook another.

    Raises:
        KnownError: `damaged_message` when all is there and does not match its hash; nothing of it is kept.
    """
    with replica.write() as connection:
        found = connection.execute("SELECT held, whole FROM file_body WHERE sha256 = ?", (sha256,)).fetchone()
        held, whole = found or (0, 0)
        if whole or at != held or not part:
            return bool(whole)
        if found is None:
            connection.execute(
                "INSERT INTO file_body (sha256, size, held, whole) VALUES (?, ?, 0, 0)", (sha256, size)
            )
        connection.execute("INSERT INTO file_part (sha256, at, part) VALUES (?, ?, ?)", (sha256, at, part))
        held += len(part)
        sound = held < size or (held == size and _hash_of_parts(_parts(connection, sha256)) == sha256)
        if sound:
            whole = int(held == size)
            connection.execute(
                "UPDATE file_body SET held = ?, whole = ? WHERE sha256 = ?", (held, whole, sha256)
            )
        else:
            _drop(connection, sha256)
    if not sound:
        raise KnownError(
            Code.DAMAGED_MESSAGE, "The file did not arrive as it was sent. Nothing of it was kept; try again."
        )
    return bool(whole)


def settle_files(replica: Replica) -> None:
    """After a whole sync: bodies of accounts that left are let go, and a restored store is offered what it may lack.

    Mostly there is nothing to do, and then nothing is written.
    """
    epoch, noted = replica.state().epoch.hex(), replica.secret(_EPOCH)
    with replica.read() as reader:
        nothing = not reader.rows(_GONE) and not reader.rows(_STALE_WISHES)
    if noted == epoch and nothing:
        return
    with replica.write() as connection:
        if noted != epoch:
            if noted:
                _offer_again(connection)
            connection.execute("INSERT OR REPLACE INTO secret (name, value) VALUES (?, ?)", (_EPOCH, epoch))
        gone = connection.execute(_GONE).fetchall()
        for (sha256,) in gone:
            _drop(connection, sha256)
        connection.execute(f"DELETE FROM file_wish WHERE row_id IN ({_STALE_WISHES})")  # noqa: S608 - our own text
    replica.took_bulk |= bool(gone)


def _offer_again(connection: Connection) -> None:
    """To a store that was restored: it is asked of every body that is here whether it has it."""
    connection.execute(
        "INSERT OR IGNORE INTO file_upload (row_id, sha256, sent, refused) SELECT a.id, a.sha256, 0, '' "
        "FROM attachment a JOIN file_body b ON b.sha256 = a.sha256 AND b.whole = 1"
    )
    connection.execute("UPDATE file_upload SET sent = 0, refused = ''")


def altered_bodies(connection: Connection) -> list[str]:
    """The hashes of bodies that are said to be here and are not as they were saved."""
    found = connection.execute("SELECT sha256 FROM file_body WHERE whole = 1").fetchall()
    return [sha256 for (sha256,) in found if _hash_of_parts(_parts(connection, sha256)) != sha256]


def _drop(connection: Connection, sha256: str) -> None:
    connection.execute("DELETE FROM file_part WHERE sha256 = ?", (sha256,))
    connection.execute("DELETE FROM file_body WHERE sha256 = ?", (sha256,))


def _parts(connection: Connection, sha256: str) -> Iterable[bytes]:
    """The parts of a body one after the other; only one is in memory."""
    rows = connection.execute("SELECT part FROM file_part WHERE sha256 = ? ORDER BY at", (sha256,))
    return (part for (part,) in rows)


def _hash_of_parts(parts: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()
