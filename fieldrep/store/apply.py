"""Applying a reply: outcomes, pages, leaves, cursor and digest in one transaction, or nothing of it (I4, I6).

Reads top to bottom as the order of things: what was answered leaves the outbox, rows arrive, rows
with pending edits are shown anew, keys leave, the cursor moves. Must not know the network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fieldrep.contract.digest import Digest
from fieldrep.contract.messages import ExchangeReply
from fieldrep.store.arrive import Arrivals
from fieldrep.store.engine import Connection
from fieldrep.store.leave import Leaving, empty, leave
from fieldrep.store.pending import Standing, encode_image
from fieldrep.store.replica import Replica
from fieldrep.store.settle import RowKey, Settling, cover, settle, take_back_sent
from fieldrep.store.shown import show_again
from fieldrep.store.state import SyncState
from fieldrep.store.statements import statements_named


@dataclass(frozen=True, slots=True)
class Applied:
    """What one reply did to the replica.

    Attributes:
        settled, refused: numbers of changes that were answered.
        pulled: rows that arrived; entered: those that are new here; left: rows that went with their scope key.
        touched: entities whose rows changed.
        mine: this replica's digest afterwards, from its own rows; theirs: what the server says it should be.
    """

    settled: tuple[int, ...]
    refused: tuple[int, ...]
    pulled: int
    entered: int
    left: int
    touched: frozenset[str]
    mine: Digest
    theirs: Digest | None


def apply_reply(replica: Replica, reply: ExchangeReply) -> Applied:
    """Applies one reply of the server.

    Raises:
        KnownError: `damaged_message` for a page that cannot be read, or a disk error; nothing is then applied.
    """
    state = replica.state()
    if _says_nothing(reply, state):
        replica.note_contact()
        return Applied((), (), 0, 0, 0, frozenset(), state.digest, reply.digest)
    with replica.write() as connection:
        settling = settle(connection, reply.outcomes, state.incarnation, replica.clock())
        if reply.digest is not None:
            cover(connection, reply.revision, settling)
        arrivals = Arrivals(connection, not state.complete, _pending(connection), state.digest)
        released = _released(settling, arrivals.pending)
        for page in reply.pages:
            arrived = arrivals.take(page)
            if released:
                _drop_bases(connection, page.entity, arrived, released)
        again = settling.rows & _with_base(connection, settling.rows) | arrivals.with_new_base
        leaving = Leaving(show_again(connection, again, state.user_id, arrivals.digest))
        leave(connection, reply.leaves, leaving, arrivals.touched)
        arrivals.touched.update(entity for entity, _ in again)
        fresh = _after(state, reply, leaving.digest, replica.clock())
        replica.store_state(connection, fresh)
    return Applied(
        tuple(settling.settled),
        tuple(settling.refused),
        arrivals.pulled,
        arrivals.entered,
        leaving.left,
        frozenset(arrivals.touched),
        leaving.digest,
        reply.digest,
    )


def start_over(replica: Replica, *, epoch: bytes = b"", take_back: bool = False) -> None:
    """Empties the replica for a fresh first replica; what waits in the outbox stays and is replayed on the fresh rows.

    `take_back` also offers again what was sent before, for a central store restored from a backup.
    """
    state = replica.state()
    with replica.write() as connection:
        if take_back:
            rows = take_back_sent(connection, state.incarnation)
            _keep_bases(connection, rows)
        empty(connection)
        fresh = replace(state, cursor=b"", digest=Digest(), complete=False, epoch=epoch or state.epoch)
        replica.store_state(connection, fresh)


def _says_nothing(reply: ExchangeReply, state: SyncState) -> bool:
    return (
        state.complete
        and reply.digest is not None
        and not (reply.outcomes or reply.pages or reply.leaves)
        and reply.cursor == state.cursor
        and state.epoch == reply.epoch
    )


def _after(state: SyncState, reply: ExchangeReply, digest: Digest, now: int) -> SyncState:
    whole = reply.digest is not None
    return replace(
        state,
        cursor=reply.cursor or state.cursor,
        digest=digest,
        complete=state.complete or whole,
        last_sync_at=now if whole else state.last_sync_at,
        server_id=state.server_id or reply.server_id,
        epoch=state.epoch or reply.epoch,
    )


def _pending(connection: Connection) -> dict[str, set[bytes]]:
    found: dict[str, set[bytes]] = {}
    for entity, row_id in connection.execute("SELECT DISTINCT entity, row_id FROM outbox_edit"):
        found.setdefault(entity, set()).add(row_id)
    return found


def _released(settling: Settling, pending: dict[str, set[bytes]]) -> set[RowKey]:
    """Rows whose last pending edit was just answered."""
    return {key for key in settling.rows if key[1] not in pending.get(key[0], ())}


def _drop_bases(connection: Connection, entity: str, arrived: list[bytes], released: set[RowKey]) -> None:
    """Forgets the base images of released rows that have just arrived: the row itself is the image now."""
    done = [(entity, row_id) for row_id in arrived if (entity, row_id) in released]
    connection.executemany("DELETE FROM base_row WHERE entity = ? AND row_id = ?", done)
    released.difference_update(done)


def _with_base(connection: Connection, rows: set[RowKey]) -> set[RowKey]:
    return rows & set(connection.execute("SELECT entity, row_id FROM base_row").fetchall()) if rows else set()


def _keep_bases(connection: Connection, rows: set[RowKey]) -> None:
    """Makes base images of rows that are about to have pending edits again."""
    for entity, row_id in rows:
        texts = statements_named(entity)
        found = connection.execute(texts.select, (row_id,)).fetchone()
        image = encode_image(texts.row(found[2:])) if found is not None else None
        connection.execute(
            "INSERT OR IGNORE INTO base_row (entity, row_id, standing, image) VALUES (?, ?, ?, ?)",
            (entity, row_id, int(Standing.CURRENT), image),
        )
