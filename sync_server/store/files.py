"""Bodies of attachments in the central store: growing while a device sends one, whole once its hash was found right.

Owns their tables. They are part of the store, so backup, restore and move cover them like everything else. Equal
bodies are kept once; that another record has the same bytes gives nobody anything, as each record must be shown to
have them by sending them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.files import MAX_OF_USER, PART
from fieldrep.contract.ids import id_text
from fieldrep.contract.scope import scope_key
from sync_server.store.reading import Reader
from sync_server.store.session import Session
from sync_server.store.statements import Row, bytes_of

ATTACHMENT = CATALOGUE["attachment"]
_INCOMING, _WHOLE = b"I", b"W"
_OF_PERSON = (
    "SELECT COALESCE(SUM(a.size), 0) FROM attachment a JOIN file_body b ON b.row_id = a.id "
    "WHERE a.archived = 0 AND a.created_by = ?"
)
_ARRIVED = "SELECT COALESCE(SUM(size), 0) FROM file_body"
QUOTAS = {"person": MAX_OF_USER, "company": 100_000_000_000}
"""Bytes of files that have arrived: of one person's that are not archived, and of all; the admin may set others."""


def attachment_for(reader: Reader, user_id: bytes, row_id: bytes, *, giving: bool = False) -> Row | None:
    """The attachment, when there is one and the user holds it now; None does not say which of both is not so (I5).

    Who added it may go on `giving` its bytes when it has moved to somebody else meanwhile: the record was taken, so its
    body must not be lost.
    """
    row = reader.row(ATTACHMENT, row_id)
    if row is None or (giving and row["created_by"] == user_id):
        return row
    return row if reader.holds(user_id, scope_key(ATTACHMENT, row)) else None


def in_turn(session: Session, row: Row) -> None:
    """Has this transaction go on alone among those about equal bodies, which become one, until it ends.

    On SQLite whoever writes is alone already.
    """
    if not session.dialect.is_local:
        number = int.from_bytes(bytes.fromhex(str(row["sha256"]))[:8], "big", signed=True)
        session.run("SELECT pg_advisory_xact_lock(?)", (number,))


def is_whole(session: Session, row_id: bytes) -> bool:
    """Whether the record was shown to have its body."""
    return session.first("SELECT sha256 FROM file_body WHERE row_id = ?", (row_id,)) is not None


def read_part(session: Session, row_id: bytes, at: int) -> bytes:
    """The bytes of a whole body from one on, as many as travel at once; empty when it is not there."""
    found = session.first("SELECT sha256 FROM file_body WHERE row_id = ?", (row_id,))
    if found is None:
        return b""
    begin = at - at % PART
    sql = "SELECT part FROM file_part WHERE holder = ? AND at IN (?, ?) ORDER BY at"
    both = b"".join(bytes(part) for (part,) in session.rows(sql, (_WHOLE + found[0], begin, begin + PART)))
    return both[at - begin :][:PART]


def taken_of(session: Session, row_id: bytes, device_id: bytes) -> int:
    """How many bytes a device has sent of a body that is not whole."""
    sql = "SELECT COALESCE(SUM(length(part)), 0) FROM file_part WHERE holder = ?"
    found = session.first(sql, (_incoming(row_id, device_id),))
    return int(found[0]) if found else 0


def take(session: Session, row: Row, device_id: bytes, at: int, part: bytes) -> tuple[int, bool]:
    """Keeps the next part; how much is there then and whether it is whole. One that does not fit is let go."""
    row_id, size = bytes_of(row["id"]), _whole_number(row["size"])
    held, holder = taken_of(session, row_id, device_id), _incoming(row_id, device_id)
    if part and at == held and held + len(part) <= size:
        _append(session, holder, held, part)
        held += len(part)
    if held < size:
        return held, False
    if _hash(session, holder).hex() != row["sha256"]:
        _drop(session, holder)
        return 0, False
    _keep_whole(session, row_id, holder, bytes.fromhex(str(row["sha256"])), size)
    return held, True


def _append(session: Session, holder: bytes, held: int, part: bytes) -> None:
    """Keeps bytes in parts of even length, so that any byte of a body is found without reading what is before it."""
    while part:
        begin = held - held % PART
        room = begin + PART - held
        piece, part = part[:room], part[room:]
        before = session.first("SELECT part FROM file_part WHERE holder = ? AND at = ?", (holder, begin))
        session.run("DELETE FROM file_part WHERE holder = ? AND at = ?", (holder, begin))
        whole = (bytes(before[0]) if before else b"") + piece
        session.run("INSERT INTO file_part (holder, at, part) VALUES (?, ?, ?)", (holder, begin, whole))
        held += len(piece)


def _keep_whole(session: Session, row_id: bytes, holder: bytes, sha256: bytes, size: int) -> None:
    if session.first("SELECT at FROM file_part WHERE holder = ? AND at = 0", (_WHOLE + sha256,)) is None:
        session.run("UPDATE file_part SET holder = ? WHERE holder = ?", (_WHOLE + sha256, holder))
    else:
        _drop(session, holder)
    session.run("INSERT INTO file_body (row_id, sha256, size) VALUES (?, ?, ?)", (row_id, sha256, size))


def quotas(session: Session) -> dict[str, int]:
    """The limits in force, in bytes."""
    return {
        **QUOTAS,
        **{name: int(limit) for name, limit in session.rows("SELECT name, bytes FROM file_quota")},
    }


def set_quota(session: Session, name: str, limit: int) -> None:
    """Sets one of `QUOTAS`."""
    session.run("DELETE FROM file_quota WHERE name = ?", (name,))
    session.run("INSERT INTO file_quota (name, bytes) VALUES (?, ?)", (name, limit))


def over_quota(session: Session, row: Row) -> str:
    """Why the body of an attachment may not be taken now, "" when it may.

    What has not arrived does not count, so a file that does not fit keeps no room from one that does.
    """
    limits = quotas(session)
    own = session.first(_OF_PERSON, (row["created_by"],))
    more = 0 if row["archived"] else _whole_number(row["size"])
    if own is not None and int(own[0]) + more > limits["person"]:
        return (
            f"With this one the files of who added it come to more than {limits['person'] // 1_000_000:,} MB. It waits "
            "on the laptop until some that are no longer needed are archived, or your admin allows more "
            "(fieldrep-server files --person-mb)."
        )
    arrived = session.first(_ARRIVED)
    if arrived is not None and int(arrived[0]) + _whole_number(row["size"]) > limits["company"]:
        return (
            f"The company's files fill the {limits['company'] // 1_000_000:,} MB there are for them. It waits on the "
            "laptop until your admin makes room (fieldrep-server files)."
        )
    return ""


def let_go(session: Session) -> None:
    """Forgets the bodies of attachments that were purged."""
    session.run("DELETE FROM file_body WHERE row_id NOT IN (SELECT id FROM attachment)")
    kept = {_WHOLE + bytes(sha256) for (sha256,) in session.rows("SELECT DISTINCT sha256 FROM file_body")}
    for (holder,) in session.rows("SELECT DISTINCT holder FROM file_part"):
        held = bytes(holder)
        named = "SELECT id FROM attachment WHERE id = ?"
        growing = held[:1] == _INCOMING and session.first(named, (held[1:17],)) is not None
        if held not in kept and not growing:
            _drop(session, held)


def use_of_files(reader: Reader) -> list[tuple[str, int, int, int]]:
    """By login: how many files a person has added, their bytes, and how many of them have not arrived."""
    sql = (
        "SELECT u.login, COUNT(*), SUM(a.size), SUM(CASE WHEN b.row_id IS NULL THEN 1 ELSE 0 END) FROM attachment a "
        "JOIN app_user u ON u.id = a.created_by LEFT JOIN file_body b ON b.row_id = a.id "
        "WHERE a.archived = 0 GROUP BY u.login ORDER BY u.login"
    )
    return [(login, int(count), int(size), int(missing)) for login, count, size, missing in reader.rows(sql)]


def altered_files(reader: Reader) -> Iterator[str]:
    """Sentences about bodies that are not what their records say."""
    session = reader.session
    for row_id, sha256 in reader.rows("SELECT row_id, sha256 FROM file_body ORDER BY row_id"):
        if _hash(session, _WHOLE + bytes(sha256)) != bytes(sha256):
            row = reader.row(ATTACHMENT, row_id)
            name = str(row["name"]) if row else id_text(row_id)
            yield f"The file {name} is missing or was altered: its bytes do not match their hash."


def _incoming(row_id: bytes, device_id: bytes) -> bytes:
    return _INCOMING + row_id + device_id


def _hash(session: Session, holder: bytes) -> bytes:
    """The hash of a body, read part by part; parts of a body are of even length."""
    found, at = hashlib.sha256(), 0
    sql = "SELECT part FROM file_part WHERE holder = ? AND at = ?"
    while (row := session.first(sql, (holder, at))) is not None:
        found.update(bytes(row[0]))
        at += PART
    return found.digest()


def _drop(session: Session, holder: bytes) -> None:
    session.run("DELETE FROM file_part WHERE holder = ?", (holder,))


def _whole_number(value: object) -> int:
    return value if isinstance(value, int) else 0
