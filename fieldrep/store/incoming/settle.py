"""What the central store answered: outcomes move changes out of the outbox, into the sent log or the refused changes.

Owns `sent_log` and the moves between the three tables, inside the caller's transaction. Collects the rows that must be
shown anew; `apply.py` writes them. Must not judge any change: the outcome is the server's.
"""

# ruff: noqa: S608 - these texts are put together from constants of this module

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Accepted, Answer, Change, Outcome, Refused, Waits, refused_part
from fieldrep.store.engine import Connection
from fieldrep.store.outgoing.pending import (
    ASIDE,
    DOOMED,
    DOOMED_WAITS,
    READY,
    SETTLED,
    WAITS,
    Standing,
    decode_change,
    encode_change,
    encode_image,
)
from fieldrep.store.state import SyncState
from fieldrep.store.statements import statements_named

MOST_SENT = 20_000
"""Changes kept in the sent log for a central store restored from a backup; older ones go (I16)."""

KEPT_BESIDE_BACKUP_MS = 30 * 86_400_000
"""How long a change stays in the sent log though a backup covers it: the newest backup may turn out to be no good."""

MOVED_AT_ONCE = 50

RowKey = tuple[str, bytes]

_encode = msgspec.msgpack.Encoder().encode
_MOVED = "n, incarnation, made_at, command, label, change"


@dataclass(slots=True)
class Settling:
    """What one reply settled.

    Attributes:
        rows: rows whose pending edits became fewer.
    """

    rows: set[RowKey] = field(default_factory=set)


def settle(connection: Connection, outcomes: Iterable[Answer], incarnation: bytes, now: int) -> Settling:
    """Notes each outcome; one that is known already, or for a change that is not here, changes nothing (I3)."""
    settling = Settling()
    taken: list[tuple[object, ...]] = []
    gone: set[bytes] = set()
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            gone |= _refuse(connection, outcome, incarnation, now, settling)
        elif isinstance(outcome, Waits):
            sql = "UPDATE outbox SET state = ? WHERE n = ? AND incarnation = ? AND state = ?"
            for state, was in ((WAITS, READY), (DOOMED_WAITS, DOOMED)):
                connection.execute(sql, (state, outcome.n, incarnation, was))
        else:
            if not isinstance(outcome, Accepted) and outcome.left_out:
                _keep_left_out(connection, outcome, incarnation, now)
            taken.append((SETTLED, outcome.revision, _encode(outcome), outcome.n, incarnation))
    connection.executemany(
        "UPDATE outbox SET state = ?, revision = ?, outcome = ? WHERE n = ? AND incarnation = ?", taken
    )
    if gone:
        _doom(connection, gone, settling)
    return settling


def settle_all(
    connection: Connection,
    outcomes: Sequence[Answer],
    incarnation: bytes,
    revision: int,
    sent: Iterable[Change],
) -> Settling | None:
    """Moves the whole outbox to the sent log at once, where every change in it was taken up to a revision.

    That is how most syncs end; tables that are emptied as a whole cost nothing per row. None where it is not so, and
    nothing is then done.
    """
    answered = {outcome.n: outcome for outcome in outcomes if not isinstance(outcome, Refused | Waits)}
    if len(answered) != len(outcomes) or any(one.revision > revision for one in answered.values()):
        return None
    if any(not isinstance(one, Accepted) and one.left_out for one in answered.values()):
        return None
    waited = connection.execute("SELECT n, incarnation FROM outbox").fetchall()
    if not waited or set(waited) != {(n, incarnation) for n in answered}:
        return None
    rows = connection.execute("SELECT DISTINCT entity, row_id FROM outbox_edit").fetchall()
    _move(connection, [(n, one.revision, _encode(one)) for n, one in sorted(answered.items())])
    connection.execute("DELETE FROM outbox_edit")
    connection.execute("DELETE FROM outbox")
    made = {(edit.entity, edit.row_id) for one in sent for edit in one.edits if edit.kind == "create"}
    _after_moving(connection, made)
    return Settling(set(rows))


def _move(connection: Connection, answered: Sequence[tuple[object, ...]]) -> None:
    """Copies answered changes to the sent log, in their order: number, revision and outcome of each."""
    begun = 0
    for size in (MOVED_AT_ONCE, 1):
        end = len(answered) - (len(answered) - begun) % size
        given = [tuple(chain(*answered[at : at + size])) for at in range(begun, end, size)]
        connection.executemany(
            f"INSERT INTO sent_log ({_MOVED}, revision, outcome) SELECT {_MOVED}, column2, column3 "
            f"FROM (VALUES {', '.join(['(?, ?, ?)'] * size)}) CROSS JOIN outbox ON n = column1",
            given,
        )
        begun = end


def cover(connection: Connection, revision: int, settling: Settling) -> None:
    """Moves settled changes up to a revision to the sent log: the applied rows now tell their outcome."""
    covered = "state = 'settled' AND revision <= ?"
    rows = connection.execute(
        f"SELECT DISTINCT e.entity, e.row_id FROM outbox_edit e JOIN outbox o ON o.n = e.n WHERE {covered}",
        (revision,),
    ).fetchall()
    if not rows:
        return
    settling.rows.update((entity, row_id) for entity, row_id in rows)
    connection.execute(
        f"INSERT INTO sent_log ({_MOVED}, revision, outcome) "
        f"SELECT {_MOVED}, revision, outcome FROM outbox WHERE {covered} ORDER BY n",
        (revision,),
    )
    connection.execute(
        f"DELETE FROM outbox_edit WHERE n IN (SELECT n FROM outbox WHERE {covered})", (revision,)
    )
    connection.execute(f"DELETE FROM outbox WHERE {covered}", (revision,))
    _after_moving(connection, {(entity, row_id) for entity, row_id in rows})


def _after_moving(connection: Connection, covered: set[RowKey]) -> None:
    """`covered` are the rows that changes in the sent log may have made."""
    _keep_what_was_made(connection, covered)
    connection.execute(
        "DELETE FROM sent_log WHERE sent_no <= (SELECT max(sent_no) FROM sent_log) - ?", (MOST_SENT,)
    )


def drop_backed_up(connection: Connection, backed_up: int, now: int) -> None:
    """Lets go of sent changes that a backup covers and that are not of late."""
    if backed_up:
        connection.execute(
            "DELETE FROM sent_log WHERE revision <= ? AND made_at < ?",
            (backed_up, now - KEPT_BESIDE_BACKUP_MS),
        )


def _keep_what_was_made(connection: Connection, covered: set[RowKey]) -> None:
    """Gives rows that were made here and taken, and have further edits, an image: as they are shown now.

    Their own image is about to arrive; or it never will, because their account left in the same reply. Then they can be
    read until what was entered since has been answered, and go like any row that left.
    """
    if not covered:
        return
    found = connection.execute("SELECT entity, row_id FROM base_row WHERE image IS NULL").fetchall()
    for entity, row_id in covered.intersection(found):
        texts = statements_named(entity)
        present = connection.execute(texts.select, (row_id,)).fetchone()
        if present is not None:
            connection.execute(
                "UPDATE base_row SET standing = ?, image = ? WHERE entity = ? AND row_id = ?",
                (int(Standing.LEFT), encode_image(texts.row(present[2:])), entity, row_id),
            )


def take_back_sent(connection: Connection, state: SyncState) -> tuple[set[RowKey], int]:
    """Offers again what was sent, for a central store that was restored; the changes' numbers make it harmless.

    That is the sent log, and what was answered but still waits for its echo: the answer was the lost store's. Gives the
    rows it touches, and the newest change that had been answered, be it by a refusal.
    """
    incarnation = state.incarnation
    newest = connection.execute(
        "SELECT max(n) FROM (SELECT n FROM outbox WHERE state = ? UNION ALL "
        "SELECT n FROM sent_log WHERE incarnation = ? UNION ALL SELECT n FROM refused_change UNION ALL "
        "SELECT n FROM past_refusal)",
        (SETTLED, incarnation),
    ).fetchone()
    connection.execute(
        "UPDATE outbox SET state = ?, revision = 0, outcome = NULL WHERE state = ?", (READY, SETTLED)
    )
    sent = connection.execute(
        "SELECT n, change FROM sent_log WHERE incarnation = ? ORDER BY n", (incarnation,)
    ).fetchall()
    connection.execute(
        f"INSERT OR IGNORE INTO outbox ({_MOVED}, state, revision) "
        f"SELECT {_MOVED}, ?, 0 FROM sent_log WHERE incarnation = ?",
        (READY, incarnation),
    )
    connection.execute("DELETE FROM sent_log WHERE incarnation = ?", (incarnation,))
    touched = [(edit.entity, edit.row_id, n) for n, blob in sent for edit in decode_change(blob).edits]
    connection.executemany("INSERT OR IGNORE INTO outbox_edit (entity, row_id, n) VALUES (?, ?, ?)", touched)
    answered = newest[0] if newest and newest[0] else 0
    return {(entity, row_id) for entity, row_id, _ in touched}, max(answered, state.offered_to)


def still_offered(connection: Connection, offered_to: int) -> int:
    """`offered_to` while one of the changes offered again has not been answered, then 0."""
    if not offered_to:
        return 0
    left = connection.execute(
        "SELECT 1 FROM outbox WHERE n <= ? AND state NOT IN (?, ?)", (offered_to, SETTLED, ASIDE)
    )
    return offered_to if left.fetchone() else 0


def _keep_left_out(connection: Connection, outcome: Outcome, incarnation: bytes, now: int) -> None:
    """Keeps what was left out of a change that was taken otherwise among the refused ones, once."""
    found = connection.execute(
        f"SELECT {_MOVED} FROM outbox WHERE n = ? AND incarnation = ? AND state <> ?",
        (outcome.n, incarnation, SETTLED),
    ).fetchone()
    known = connection.execute(
        "SELECT 1 FROM refused_change WHERE n = ? AND incarnation = ?", (outcome.n, incarnation)
    )
    part = refused_part(decode_change(found[-1]), outcome) if found and not known.fetchone() else None
    if found and part is not None:
        connection.execute(
            f"INSERT INTO refused_change ({_MOVED}, outcome, refused_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*found[:-1], encode_change(part[0]), _encode(part[1]), now),
        )


def _refuse(
    connection: Connection, outcome: Refused, incarnation: bytes, now: int, settling: Settling
) -> set[bytes]:
    """Moves a change to the refused ones; gives the ids of rows that only it had made."""
    found = connection.execute(
        "SELECT change FROM outbox WHERE n = ? AND incarnation = ?", (outcome.n, incarnation)
    ).fetchone()
    if found is None:
        return set()
    change = decode_change(found[0])
    connection.execute(
        f"INSERT INTO refused_change ({_MOVED}, outcome, refused_at) "
        f"SELECT {_MOVED}, ?, ? FROM outbox WHERE n = ?",
        (_encode(outcome), now, outcome.n),
    )
    connection.execute("DELETE FROM outbox WHERE n = ?", (outcome.n,))
    connection.executemany(
        "DELETE FROM outbox_edit WHERE entity = ? AND row_id = ? AND n = ?",
        [(edit.entity, edit.row_id, outcome.n) for edit in change.edits],
    )
    settling.rows.update((edit.entity, edit.row_id) for edit in change.edits)
    return {edit.row_id for edit in change.edits if edit.kind == "create"}


def _doom(connection: Connection, gone: set[bytes], settling: Settling) -> None:
    """Takes down what builds on rows that no longer exist. Those changes are still sent: numbers have no gaps."""
    sql = "SELECT n, state, change FROM outbox WHERE state IN (?, ?) ORDER BY n"
    for n, state, blob in connection.execute(sql, (READY, WAITS)).fetchall():
        change = decode_change(blob)
        if not _builds_on(change, gone):
            continue
        doomed = DOOMED if state == READY else DOOMED_WAITS
        connection.execute("UPDATE outbox SET state = ? WHERE n = ?", (doomed, n))
        gone |= {edit.row_id for edit in change.edits if edit.kind == "create"}
        settling.rows.update((edit.entity, edit.row_id) for edit in change.edits)


def _builds_on(change: Change, gone: set[bytes]) -> bool:
    for edit in change.edits:
        if edit.row_id in gone:
            return True
        if edit.kind == "create" and edit.entity in CATALOGUE:
            parents = (field.name for field in CATALOGUE[edit.entity].fields.values() if field.parent)
            if any(edit.after.get(name) in gone for name in parents):
                return True
    return False
