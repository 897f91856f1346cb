"""The outbox: changes committed here and not yet covered by the central store, in the order they were made.

Owns the tables `outbox` and `outbox_edit`. An entry is also the undo record of its change, since it names every field's
value before and after. Must not know what a sync does with the changes.
"""

# ruff: noqa: S608 - these texts are put together from constants of this module

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldrep.contract.change import Change
from fieldrep.store.engine import Connection
from fieldrep.store.outgoing.pending import (
    ASIDE,
    DOOMED,
    DOOMED_WAITS,
    READY,
    WAITS,
    decode_change,
    encode_change,
)

WAITING_STATES = (READY, DOOMED)
_NOTE_EDIT = "INSERT OR IGNORE INTO outbox_edit (entity, row_id, n) VALUES (?, ?, ?)"


_TO_SEND = "state NOT IN ('settled', 'aside')"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One entry as the Sync page shows it.

    Attributes:
        state: "ready", "doomed" (it builds on a refused change and will be refused too), "settled", "aside", or "waits"
            (for what others give back to a restored server).
        size: bytes it takes.
    """

    n: int
    made_at: int
    command: str
    label: str
    state: str
    size: int
    change: Change


def put(
    connection: Connection, change: Change, incarnation: bytes, label: str, base: bytes | None = None
) -> None:
    """Adds a change; part of the transaction that writes its rows. `base` is the image of the one row it edits."""
    connection.execute(
        "INSERT INTO outbox (n, incarnation, made_at, command, label, change, state, revision, base) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)",
        (change.n, incarnation, change.made_at, change.command, label, encode_change(change), READY, base),
    )
    index_edits(connection, change)


def index_edits(connection: Connection, change: Change) -> None:
    """Notes which rows a change touches."""
    for edit in change.edits:
        connection.execute(_NOTE_EDIT, (edit.entity, edit.row_id, change.n))


def settled_to(connection: Connection, newest_n: int) -> int:
    """Up to which number every change has its answer, when none beyond `newest_n` was made before this snapshot."""
    oldest = _one(connection, "SELECT min(n) FROM outbox WHERE state <> 'settled'")
    return newest_n if oldest is None else min(newest_n, oldest - 1)


def waiting(
    connection: Connection,
    limit_changes: int,
    limit_bytes: int,
    after_n: int = 0,
    *,
    without: frozenset[int] = frozenset(),
) -> list[Change]:
    """The oldest changes not yet answered, within both limits, but always one when any waits; `without` some."""
    found: list[Change] = []
    size = 0
    cursor = connection.execute(
        f"SELECT n, change FROM outbox WHERE n > ? AND {_TO_SEND} ORDER BY n LIMIT ?",
        (after_n, limit_changes + len(without)),
    )
    for n, blob in cursor:
        if n in without:
            continue
        size += len(blob)
        if found and (size > limit_bytes or len(found) == limit_changes):
            break
        found.append(decode_change(blob))
    return found


def depth(connection: Connection) -> int:
    """How many changes wait for an answer."""
    return _one(connection, f"SELECT count(*) FROM outbox WHERE {_TO_SEND}") or 0


def newest(connection: Connection) -> int:
    """The number of the newest change that was not forgotten yet, 0 where there is none."""
    return _one(connection, "SELECT max(n) FROM outbox") or 0


def oldest_made_at(connection: Connection) -> int | None:
    """When the oldest waiting change was made, None when nothing waits."""
    return _one(connection, f"SELECT min(made_at) FROM outbox WHERE {_TO_SEND}")


def told_to_wait(connection: Connection) -> frozenset[int]:
    """The changes that a restored server takes only once others have given back what they build on."""
    found = connection.execute("SELECT n FROM outbox WHERE state IN (?, ?)", (WAITS, DOOMED_WAITS))
    return frozenset(n for (n,) in found)


def offer_again(connection: Connection) -> None:
    """Lets what was told to wait be sent with the sync that begins."""
    for now, waited in ((READY, WAITS), (DOOMED, DOOMED_WAITS)):
        connection.execute("UPDATE outbox SET state = ? WHERE state = ?", (now, waited))


def refused_before(connection: Connection, n: int, most: int) -> tuple[int, ...]:
    """The changes up to a number that had been refused, newest first, be they corrected or let go since; and what
    corrects one and waits for its person.
    """
    sql = (
        "SELECT n FROM refused_change WHERE n <= ?1 UNION SELECT n FROM past_refusal WHERE n <= ?1 "
        "UNION SELECT n FROM outbox WHERE state = ?2 ORDER BY n DESC LIMIT ?3"
    )
    return tuple(n for (n,) in connection.execute(sql, (n, ASIDE, most)))


def entries(connection: Connection, limit: int = 500) -> list[OutboxEntry]:
    """What the Sync page lists, oldest first."""
    rows = connection.execute(
        "SELECT n, made_at, command, label, state, length(change), change FROM outbox ORDER BY n LIMIT ?",
        (limit,),
    )
    return [
        OutboxEntry(n, made_at, command, label, state, size, decode_change(blob))
        for n, made_at, command, label, state, size, blob in rows
    ]


def correcting(connection: Connection) -> int:
    """How many refused changes are being corrected here, and go nowhere before their person says so."""
    return _one(connection, "SELECT count(*) FROM outbox WHERE state = 'aside'") or 0


def entry_count(connection: Connection) -> int:
    """How many entries there are to list."""
    return _one(connection, "SELECT count(*) FROM outbox") or 0


def find(connection: Connection, n: int) -> tuple[Change, str] | None:
    """A change that waits or was sent, with its label; None when it is neither any more."""
    for table in ("outbox", "sent_log"):
        found = connection.execute(
            f"SELECT change, label FROM {table} WHERE n = ? ORDER BY rowid DESC LIMIT 1",
            (n,),
        ).fetchone()
        if found is not None:
            return decode_change(found[0]), found[1]
    return None


def _one(connection: Connection, sql: str, parameters: Sequence[object] = ()) -> int | None:
    found = connection.execute(sql, parameters).fetchone()
    return found[0] if found else None
