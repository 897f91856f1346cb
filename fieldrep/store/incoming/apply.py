"""Applying a reply: outcomes, pages, leaves, cursor and digest in one transaction, or nothing of it (I4, I6).

Reads top to bottom as the order of things: what was answered leaves the outbox, rows arrive, rows
with pending edits are shown anew, keys leave, the cursor moves. Must not know the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from fieldrep.contract.change import Accepted, Answer, Change, Held, Merged, Outcome, Refused, Waits
from fieldrep.contract.digest import Digest
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply
from fieldrep.contract.steps import Step, reached
from fieldrep.store.engine import Connection
from fieldrep.store.incoming.arrive import Arrivals, Unpacked, unpack
from fieldrep.store.incoming.foreseen import NOTHING, Foreseen, Rows
from fieldrep.store.incoming.leave import Leaving, empty, leave
from fieldrep.store.incoming.left_drafts import LeftDraft, drafts_leaving, drafts_left
from fieldrep.store.incoming.settle import (
    RowKey,
    Settling,
    cover,
    drop_backed_up,
    settle,
    settle_all,
    still_offered,
    take_back_sent,
)
from fieldrep.store.incoming.shown import show_again
from fieldrep.store.outgoing import outbox
from fieldrep.store.outgoing.pending import Standing, encode_image
from fieldrep.store.replica import Replica
from fieldrep.store.state import SyncState
from fieldrep.store.statements import statements_named

_NOBODY_ELSE = nullcontext()


@dataclass(frozen=True, slots=True)
class Applied:
    """What one reply did to the replica.

    Attributes:
        accepted, merged, held, refused: changes that were answered so.
        conflicts: those that were raised, or met again; several changes may have met the same.
        returned: changes given back to a restored server, whose outcome was known before.
        pulled: rows that arrived; entered: those that are new here; left: rows that went with their scope key.
        drafts_left: this person's drafts among them.
        touched: entities whose rows changed.
        digest: of this replica afterwards, from its own rows.
    """

    accepted: int = 0
    merged: int = 0
    held: int = 0
    conflicts: frozenset[bytes] = frozenset()
    refused: int = 0
    returned: int = 0
    pulled: int = 0
    entered: int = 0
    left: int = 0
    drafts_left: tuple[LeftDraft, ...] = ()
    touched: frozenset[str] = frozenset()
    digest: Digest = Digest()  # noqa: RUF009 - frozen


def _no_receipt(_connection: Connection, _applied: Applied) -> str:
    return ""


def apply_reply(
    replica: Replica,
    reply: ExchangeReply,
    sent: Sequence[Change] = (),
    unpacked: list[Unpacked] | None = None,
    turn: AbstractContextManager[object] = _NOBODY_ELSE,
    closing: Callable[[Connection, Applied], str] = _no_receipt,
    foreseen: Foreseen = NOTHING,
) -> Applied:
    """Applies one reply of the server to the changes `sent`; an outcome for any other change is not believed.

    A reply of another epoch than the replica's comes from a central store restored from a backup: what was sent
    before is then offered again, and the numbers of the changes make that harmless (I3). `unpacked` are the reply's
    pages when they were made ready before, beside the network; they are taken out of the list one by one, so that
    their memory is free for the next. `turn` is held while rows are written and given up for
    search and the commit, which need no interpreter: another thread can then make the next reply's pages ready.
    `closing` keeps the receipt with it and gives it, "" for none. `foreseen` are rows that were read before.

    Raises:
        KnownError: `damaged_message` for a page that cannot be read, or a disk error; nothing is then applied.
    """
    state = replica.state()
    if _says_nothing(reply, state):
        replica.note_contact()
        return Applied(digest=state.digest)
    pages = unpack(reply.pages) if unpacked is None else unpacked
    with replica.write() as connection:
        restored = bool(state.epoch) and reply.epoch != state.epoch
        taken_back, offered_to = take_back_sent(connection, state) if restored else (set(), state.offered_to)
        _keep_bases(connection, taken_back)
        believed, answered = _believed(reply, sent)
        drafts = drafts_leaving(connection, _leaves(reply), state.user_id)
        settling = _settled(connection, believed, state, reply, sent, replica.clock())
        reached(Step.SETTLED)
        arrivals = _arrivals(connection, state, foreseen.still(replica.writes))
        released = _released(settling, arrivals.pending)
        with turn:
            come = _arrived(arrivals, pages, released)
        arrivals.tell_search()
        _drop_bases(connection, come)
        reached(Step.ARRIVED)
        again = _with_base(connection, settling.rows | taken_back) | arrivals.with_new_base
        leaving = _left(connection, reply, again, state.user_id, arrivals)
        applied = _applied(answered, state.offered_to, arrivals, leaving)
        applied = replace(applied, drafts_left=drafts_left(connection, drafts, answered, sent))
        offered_to = offered_to if restored else still_offered(connection, offered_to)
        fresh = replace(_after(state, reply, leaving.digest, replica.clock()), offered_to=offered_to)
        replica.store_state(connection, replace(fresh, receipt=closing(connection, applied) or state.receipt))
        reached(Step.CURSOR_MOVED)
    reached(Step.PULLED)
    replica.took_bulk |= arrivals.expect_new or bool(leaving.left)
    return applied


def _settled(
    connection: Connection,
    believed: Sequence[Answer],
    state: SyncState,
    reply: ExchangeReply,
    sent: Sequence[Change],
    now: int,
) -> Settling:
    """What the outcomes settled; those of changes whose rows are all here with this reply leave the outbox.

    Sent ones that a backup covers are let go of.
    """
    whole = _whole_at(state, reply)
    settling = settle_all(connection, believed, state.incarnation, whole, sent)
    if settling is None:
        settling = settle(connection, believed, state.incarnation, now)
        cover(connection, whole, settling)
    drop_backed_up(connection, reply.backed_up, now)
    return settling


def _arrivals(connection: Connection, state: SyncState, foreseen: dict[str, Rows]) -> Arrivals:
    return Arrivals(connection, not state.complete, _pending(connection), state.digest, foreseen)


def _arrived(arrivals: Arrivals, pages: list[Unpacked], released: set[RowKey]) -> set[RowKey]:
    """Writes the pages; those of the released rows that they brought."""
    come: set[RowKey] = set()
    while pages:
        page = pages.pop(0)
        entity, ids = page.texts.entity.name, arrivals.take(page)
        if released:
            come.update(key for row_id in ids if (key := (entity, row_id)) in released)
    return come


def _left(
    connection: Connection, reply: ExchangeReply, again: set[RowKey], user_id: bytes, arrivals: Arrivals
) -> Leaving:
    """Shows again what has another base or fewer edits, and takes away what leaves."""
    leaving = Leaving(show_again(connection, again, user_id, arrivals.digest))
    leave(connection, _leaves(reply), leaving, arrivals.touched)
    arrivals.touched.update(entity for entity, _ in again)
    return leaving


def _leaves(reply: ExchangeReply) -> dict[bytes, bytes]:
    """The keys that leave, each with who owns its account now, where the server told that."""
    owners = reply.moved_to or (b"",) * len(reply.leaves)
    if len(owners) != len(reply.leaves):
        sentence = "The server told of accounts that moved, but not of all where to. Nothing was applied."
        raise KnownError(Code.DAMAGED_MESSAGE, sentence)
    return dict(zip(reply.leaves, owners, strict=True))


def _believed(reply: ExchangeReply, sent: Sequence[Change]) -> tuple[list[Answer], list[Outcome]]:
    """What is told of what was sent, and its outcomes; of nothing else does the server know anything."""
    numbers = {change.n for change in sent}
    told = [answer for answer in reply.outcomes if answer.n in numbers]
    return told, [answer for answer in told if not isinstance(answer, Waits)]


def _applied(believed: Sequence[Outcome], offered_to: int, arrivals: Arrivals, leaving: Leaving) -> Applied:
    """The account of what a reply did; what was offered again was told of once, but for a refusal."""
    fresh = [outcome for outcome in believed if outcome.n > offered_to]
    merged = [outcome for outcome in fresh if isinstance(outcome, Merged)]
    refused = sum(_keeps_something(outcome) for outcome in believed)
    return Applied(
        accepted=sum(isinstance(outcome, Accepted) for outcome in fresh),
        merged=len(merged),
        held=sum(isinstance(outcome, Held) for outcome in fresh),
        returned=sum(outcome.n <= offered_to for outcome in believed if not isinstance(outcome, Refused)),
        conflicts=frozenset(kept.conflict_id for outcome in merged for kept in outcome.kept),
        refused=refused,
        pulled=arrivals.pulled,
        entered=arrivals.entered,
        left=leaving.left,
        touched=frozenset(arrivals.touched),
        digest=leaving.digest,
    )


def _keeps_something(outcome: Outcome) -> bool:
    """Whether something of a change is now among the refused ones."""
    return isinstance(outcome, Refused) or (not isinstance(outcome, Accepted) and bool(outcome.left_out))


def start_over(replica: Replica) -> None:
    """Empties the replica for a fresh first replica; the outbox stays and is replayed on the fresh rows."""
    with replica.write() as connection:
        empty(connection)
        reached(Step.EMPTIED)
        fresh = replace(replica.state(), cursor=b"", digest=Digest(), complete=False, revision=0, asked=b"")
        fresh = replace(fresh, examined_at=0)  # what arrives now is counted as it comes
        replica.store_state(connection, fresh)


def offer_again(replica: Replica) -> None:
    """Lets what was told to wait for others go out with the sync that begins."""
    if replica.told_to_wait():
        with replica.write() as connection:
            outbox.offer_again(connection)


def _says_nothing(reply: ExchangeReply, state: SyncState) -> bool:
    return (
        state.complete
        and reply.digest is not None
        and not (reply.outcomes or reply.pages or reply.leaves)
        and reply.cursor == state.cursor
        and state.epoch == reply.epoch
        and state.server_schema == reply.schema
    )


def _whole_at(state: SyncState, reply: ExchangeReply) -> int:
    """The revision up to which all rows are here once the reply is applied.

    A late answer, such as one that came by file, may be about a change whose rows were applied long ago.
    """
    if reply.digest is not None:
        return reply.revision
    return state.revision if reply.epoch == state.epoch else 0


def _after(state: SyncState, reply: ExchangeReply, digest: Digest, now: int) -> SyncState:
    whole = reply.digest is not None
    return replace(
        state,
        # a place in a store that was restored since is none in this one
        cursor=reply.cursor or (state.cursor if reply.epoch == state.epoch else b""),
        digest=digest,
        complete=state.complete or whole,
        last_sync_at=now if whole else state.last_sync_at,
        server_id=state.server_id or reply.server_id,
        epoch=reply.epoch or state.epoch,
        server_schema=reply.schema,
        revision=_whole_at(state, reply),
    )


def _pending(connection: Connection) -> dict[str, set[bytes]]:
    found: dict[str, set[bytes]] = {}
    for entity, row_id in connection.execute("SELECT DISTINCT entity, row_id FROM outbox_edit"):
        found.setdefault(entity, set()).add(row_id)
    return found


def _released(settling: Settling, pending: dict[str, set[bytes]]) -> set[RowKey]:
    """Rows whose last pending edit was just answered."""
    return {key for key in settling.rows if key[1] not in pending.get(key[0], ())}


def _drop_bases(connection: Connection, done: set[RowKey]) -> None:
    """Forgets the base images of released rows that have just arrived: the row itself is the image now."""
    if not done:
        return
    kept = set(connection.execute("SELECT entity, row_id FROM base_row").fetchall())
    if kept <= done:
        connection.execute("DELETE FROM base_row")  # as a whole, which costs nothing per row
    else:
        connection.executemany("DELETE FROM base_row WHERE entity = ? AND row_id = ?", done & kept)


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
