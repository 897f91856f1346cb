"""One exchange, the server's half: judge the handshake, take the push, answer with what is new.

The steps read from top to bottom; each is a module of its own. Nothing here knows how the message travelled.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from fieldrep.contract.catalogue import SCHEMA_VERSION
from fieldrep.contract.comparison import Question
from fieldrep.contract.ids import Incarnation, RowId, id_text
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, Handshake, Verdict
from sync_server.reconcile.behind import require_not_behind
from sync_server.reconcile.handshake import COPY, WIPE, has_gone_back, judge
from sync_server.reconcile.push import CopyNoticed, has_all
from sync_server.reconcile.taking import require_epoch, take
from sync_server.store.audit import Actor
from sync_server.store.database import Database, StoreInfo
from sync_server.store.devices.contact import contact_note, keep_contact
from sync_server.store.devices.credentials import DeviceIdentity, confirm
from sync_server.store.devices.cursor import is_at_rest, is_up_to, reached, shown_beyond
from sync_server.store.devices.glance import Glance, glance_again
from sync_server.store.devices.positions import position_of
from sync_server.store.devices.wiping import Barred, order_for
from sync_server.store.feed.overheard import overheard
from sync_server.store.feed.pulling import Pulled, retold
from sync_server.store.proof.comparison import digests_below, rows_asked_for
from sync_server.store.proof.differing import differs, tell_difference
from sync_server.store.restoring.after_backup import note_held, restored_to, shown_before
from sync_server.store.restoring.given_back import note_answered, note_refused, note_return, tells_of_more
from sync_server.store.series import skip_told
from sync_server.store.snapshot import Snapshot

MAX_PAGE_BYTES = 8_000_000
_TAKING = (Verdict.CONTINUE, Verdict.START_OVER, Verdict.TOO_OLD, Verdict.UPGRADE, Verdict.WIPE)
MOST_NAMED = 50
"""Rows fetched again that the audit log names."""
_NEVER_SENT = "it was wiped, and a copy of it has changes that it never sent"
_AFRESH = (Verdict.START_OVER, Verdict.TOO_OLD)


def exchange(
    database: Database,
    device: DeviceIdentity,
    request: ExchangeRequest,
    seen: Glance | None = None,
    *,
    carried: bool = False,
) -> ExchangeReply:
    """The reply to one request of an authenticated device.

    Args:
        seen: the look by which it was identified, where there was one.
        carried: it came in a file, which may be older than what the device has told since.

    Raises:
        KnownError: `device_revoked`, when it was withdrawn since it was identified; nothing is taken or served (I18).
            `store_behind`, when it knows more than the store.
    """
    database.settle_due()
    try:
        if seen is not None and _is_plain_push(seen, request):
            return _answered(
                database, device, request, seen.info, _reply(database, seen.info, Verdict.CONTINUE)
            )
        return _exchanged(database, device, request, carried)
    except CopyNoticed as noticed:
        with database.write(Actor(device.login, device.user_id, device.device_id)) as tx:
            tx.audit("notice_copy", "refused", entity="device", row_id=device.device_id, detail=str(noticed))
        with database.read() as snapshot:
            return _reply(database, snapshot.info(), Verdict.ENROL_AGAIN, COPY)


def _exchanged(
    database: Database, device: DeviceIdentity, request: ExchangeRequest, carried: bool
) -> ExchangeReply:
    with database.read() as snapshot:
        info = snapshot.info()
        verdict, sentence = judge(info, device, request.handshake)
        reply = _reply(database, info, verdict, sentence)
        if verdict not in _TAKING:
            return reply
        if verdict is Verdict.WIPE:
            reply = msgspec.structs.replace(reply, wipe=order_for(snapshot, device.device_id))
        elif not carried:
            _require_no_older_self(snapshot, device, request.handshake)
        told = request.handshake.epoch
        restored = verdict is Verdict.START_OVER or (
            verdict in (Verdict.WIPE, Verdict.UPGRADE) and told not in (b"", info.epoch)
        )
        if restored:
            reply, device, request = _met_again(database, snapshot, device, request, reply)
        else:
            require_not_behind(database, snapshot, device, request.handshake)
            if request.refused:  # one that comes late, or again, speaks of a restore before this one
                with database.beside() as session:
                    note_refused(session, info, device, request.refused)
            if tells_of_more(snapshot, device, request.handshake):
                with database.beside() as session:
                    note_answered(session, info, device, request.handshake)
        # Most exchanges carry no change: all is said in one snapshot. After a restore nothing is taken yet: the device
        # first hears of it, then offers again what this store forgot, so that no change comes before what it builds on.
        if not request.changes or restored:
            return _served(database, snapshot, device, request, reply)
    return _answered(database, device, request, info, reply, carried=carried)


def _is_plain_push(seen: Glance, request: ExchangeRequest) -> bool:
    """Whether a look is enough to take what is pushed: there is nothing else to it, nor to the store."""
    told, info = request.handshake, seen.info
    if (
        not request.changes
        or request.refused
        or told.offered_to
        or info.behind
        or shown_beyond(told.cursor, info.revision)
    ):
        return False
    return judge(info, seen.device, told)[0] is Verdict.CONTINUE and not has_gone_back(
        info, seen.device, told
    )


def _answered(
    database: Database,
    device: DeviceIdentity,
    request: ExchangeRequest,
    info: StoreInfo,
    reply: ExchangeReply,
    *,
    carried: bool = False,
) -> ExchangeReply:
    """The reply to a push: what became of it, and what is new since; `reply` says how it was judged."""
    outcomes = take(database, device, request, info, reply.verdict, carried=carried)
    reply = msgspec.structs.replace(reply, outcomes=outcomes, backed_up=info.backup_revision)
    if (told := _told_again(database, device, request, reply)) is not None:
        return told
    with database.read() as snapshot:
        return _served(database, snapshot, device, request, reply)


def _told_again(
    database: Database, device: DeviceIdentity, request: ExchangeRequest, reply: ExchangeReply
) -> ExchangeReply | None:
    """The reply to a push when all that is new is at hand, at the price of one look; None where it must be read."""
    if reply.verdict is not Verdict.CONTINUE or request.further or request.question is not None:
        return None
    seen, told = glance_again(database, device.device_id), request.handshake
    if seen is None or seen.info.epoch != reply.epoch:
        return None
    page_bytes = min(request.page_bytes, MAX_PAGE_BYTES)
    pulled = retold(seen.info, seen.device, seen.digest, told.cursor, page_bytes, database.echoes)
    since = reached(told.cursor, seen.info.revision)
    if pulled is None and since > 0 and overheard(database, seen.info, since):
        pulled = retold(seen.info, seen.device, seen.digest, told.cursor, page_bytes, database.echoes)
    if pulled is None:
        return None
    if differs(told, pulled.digest, pulled.revision):
        tell_difference(database, device)
    return _with(reply, pulled)


def _require_no_older_self(snapshot: Snapshot, device: DeviceIdentity, handshake: Handshake) -> None:
    """Raises `CopyNoticed` where changes of this device were taken that it does not know of itself.

    That they were told of is not enough: who told of them may have been refused as the copy, and is another device now.
    """
    told, newest = device.highest_n, handshake.highest_n
    if not has_gone_back(snapshot.info(), device, handshake):
        return
    if snapshot.took_between(device.device_id, handshake.incarnation, newest, told):
        raise CopyNoticed(
            f"changes up to {told} were told of before, its newest is {newest}; or a request came late"
        )


def at_a_glance(database: Database, seen: Glance, request: ExchangeRequest) -> ExchangeReply | None:
    """The reply to a device that has nothing to say and for which there is nothing new; None for any other, which is
    answered by `exchange`.

    Nothing is written for it, nor would be there.
    """
    told, info, device = request.handshake, seen.info, seen.device
    if request.changes or request.further or request.refused or request.question is not None:
        return None
    if info.behind:
        return None
    if not told.cursor or not database.is_settled() or not is_up_to(told.cursor, info.revision):
        return None
    verdict, _ = judge(info, device, told)
    if (
        has_gone_back(info, device, told)
        or differs(told, seen.digest, info.revision)
        or verdict is not Verdict.CONTINUE
        or contact_note(device, told, info.revision, database.clock()) is not None
    ):
        return None
    pulled = Pulled((), (), (), told.cursor, False, seen.digest, info.revision, 0)
    return _with(_reply(database, info, verdict), pulled)


def last_word(database: Database, info: StoreInfo, barred: Barred, request: ExchangeRequest) -> ExchangeReply:
    """All that a device still hears that is lost or wiped: to wipe itself. Nothing of it is taken.

    Where its work was to be sent first, a copy that has work of its own hears that it is one, and keeps it for a link.
    """
    if request.handshake.server_id not in (b"", info.server_id):
        return _reply(database, info, Verdict.DIFFERENT_SERVER)
    if barred.sends_first and _has_own_work(database, barred.device_id, request):
        with database.write(barred.actor) as tx:
            tx.audit("notice_copy", "refused", entity="device", row_id=barred.device_id, detail=_NEVER_SENT)
        return _reply(database, info, Verdict.ENROL_AGAIN, COPY)
    return msgspec.structs.replace(_reply(database, info, Verdict.WIPE, WIPE), wipe=barred.order)


def _has_own_work(database: Database, device_id: RowId, request: ExchangeRequest) -> bool:
    """Whether a device has changes that its store never answered, as far as it shows what waits."""
    told, changes = request.handshake, request.changes
    if told.held_back or told.waiting > len(changes):
        return True
    with database.read() as snapshot:
        return not has_all(snapshot, device_id, Incarnation(told.incarnation), changes)


def _met_again(
    database: Database,
    snapshot: Snapshot,
    device: DeviceIdentity,
    request: ExchangeRequest,
    reply: ExchangeReply,
) -> tuple[ExchangeReply, DeviceIdentity, ExchangeRequest]:
    """A device that has not heard of the restore: what it tells is kept, and what it had shown of the time before.

    The restored store and the one it came from are the same up to the backup, so grants of that time still count. It is
    awaited until it tells, as one that has heard, how much it has to give back: what it tells here may be of long ago,
    on a stick or a line that held it up.
    """
    confirm(snapshot, device)
    info, told = snapshot.info(), request.handshake
    with database.beside() as session:
        is_first = note_return(session, info, device, request, database.clock())
        note_held(session, info, device, request.beyond)
        skip_told(session, request.beyond)
        known = max(device.known_revision, shown_before(session, told.epoch, told.cursor))
        device = replace(device, known_revision=known)
        waiting = max(1, told.waiting + told.held_back) if is_first else device.waiting
        settled_to = min(told.settled_to, device.settled_to)
        told = msgspec.structs.replace(told, waiting=waiting, held_back=0, settled_to=settled_to)
        shown = msgspec.structs.replace(told, cursor=b"")
        note = contact_note(replace(device, seen_at=0), shown, info.revision, database.clock())
        if note is not None:
            keep_contact(session, note)
        reply = msgspec.structs.replace(reply, restored_to=restored_to(session, told.epoch))
        return reply, device, msgspec.structs.replace(request, handshake=told)


def serve_on(
    database: Database, device: DeviceIdentity, reply: ExchangeReply, page_bytes: int
) -> ExchangeReply:
    """What comes after a reply that the device has not shown to have yet: nothing is noted of it.

    Raises:
        KnownError: `device_revoked`.
    """
    with database.read() as snapshot:
        confirm(snapshot, device)
        info = snapshot.info()
        require_epoch(info.epoch, reply.epoch)
        pulled = snapshot.pull(device.user_id, reply.cursor, min(page_bytes, MAX_PAGE_BYTES))
        return _with(_reply(database, info, Verdict.CONTINUE), pulled)


def _served(
    database: Database,
    snapshot: Snapshot,
    device: DeviceIdentity,
    request: ExchangeRequest,
    reply: ExchangeReply,
) -> ExchangeReply:
    """The reply with what is new for the device."""
    if reply.verdict is Verdict.UPGRADE:
        return reply
    confirm(snapshot, device)
    require_epoch(snapshot.info().epoch, reply.epoch)
    noted = bool(reply.outcomes)
    if reply.verdict is Verdict.WIPE:
        if not noted and request.handshake.epoch in (b"", reply.epoch):
            revision = snapshot.info().revision
            database.note_contact(device, request.handshake, revision, further=request.further)
        return reply
    if request.further and reply.verdict is Verdict.TOO_OLD:
        # all is taken first: only then is the replica emptied
        reply = msgspec.structs.replace(reply, verdict=Verdict.CONTINUE, sentence="")
    if request.further and reply.verdict is Verdict.CONTINUE:
        # Pushes come before leaves: until all is answered the device stays where it stands.
        if not noted:
            revision = snapshot.info().revision
            database.note_contact(device, request.handshake, revision, further=request.further)
        return msgspec.structs.replace(reply, cursor=request.handshake.cursor, more=True)
    if request.question is not None and reply.verdict is Verdict.CONTINUE:
        return _compared(database, snapshot, device, request.question, reply, request.handshake.cursor)
    cursor = b"" if reply.verdict in _AFRESH else request.handshake.cursor
    pulled = snapshot.pull(device.user_id, cursor, min(request.page_bytes, MAX_PAGE_BYTES))
    # a cursor of another epoch says nothing about this one
    shown = msgspec.structs.replace(request.handshake, cursor=cursor)
    _note(database, device, shown, pulled, noted=noted, afresh=reply.verdict in _AFRESH)
    if differs(shown, pulled.digest, pulled.revision):
        tell_difference(database, device)
    return _with(reply, pulled)


def _note(
    database: Database, device: DeviceIdentity, shown: Handshake, pulled: Pulled, *, noted: bool, afresh: bool
) -> None:
    """Keeps what a device told of itself and where the reply leaves it; much of it was written with a push."""
    at_rest = is_at_rest(shown.cursor, pulled.revision)
    if pulled.more and not at_rest:
        return  # its way there was noted when it began
    position = position_of(
        shown, pulled.revision, pulled.revision, database.clock(), whole=not pulled.more, afresh=afresh
    )
    if pulled.more or (noted and (afresh or not at_rest)):
        database.note_position(device.device_id, position)
    elif not noted:
        database.note_contact(device, shown, pulled.revision, position)


def _compared(
    database: Database,
    snapshot: Snapshot,
    device: DeviceIdentity,
    question: Question,
    reply: ExchangeReply,
    cursor: bytes,
) -> ExchangeReply:
    """The answer to a device whose rows are not what they should be; what it fetches again is in the audit log."""
    revision = snapshot.info().revision
    reply = msgspec.structs.replace(reply, cursor=cursor, more=True, revision=revision)
    if not question.rows:
        return msgspec.structs.replace(
            reply, compared=digests_below(snapshot, device.user_id, question.parts)
        )
    pages, leaves = rows_asked_for(snapshot, device.user_id, question)
    with database.write(Actor(device.login, device.user_id, device.device_id)) as tx:
        named = [f"{entity} {id_text(row_id)}" for entity, row_id in question.rows[:MOST_NAMED]]
        detail = msgspec.json.encode({"records": len(question.rows), "named": named}).decode()
        tx.audit("repair_rows", entity="device", row_id=device.device_id, detail=detail)
    return msgspec.structs.replace(reply, pages=pages, leaves=leaves, moved_to=(b"",) * len(leaves))


def _reply(database: Database, info: StoreInfo, verdict: Verdict, sentence: str = "") -> ExchangeReply:
    return ExchangeReply(
        verdict, info.server_id, info.epoch, database.clock(), sentence=sentence, schema=SCHEMA_VERSION
    )


def _with(reply: ExchangeReply, pulled: Pulled) -> ExchangeReply:
    return msgspec.structs.replace(
        reply,
        pages=pulled.pages,
        leaves=pulled.leaves,
        moved_to=pulled.moved_to,
        cursor=pulled.cursor,
        more=pulled.more,
        digest=pulled.digest,
        revision=pulled.revision,
        estimate=pulled.estimate,
    )
