"""One exchange, the server's half: judge the handshake, take the push, answer with what is new.

The steps read from top to bottom; each is a module of its own. Nothing here knows how the message travelled.
"""

from __future__ import annotations

from fieldrep.contract.change import Outcome
from fieldrep.contract.ids import Incarnation, Revision
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, Verdict
from sync_server.reconcile.author import Author
from sync_server.reconcile.handshake import judge
from sync_server.reconcile.push import push
from sync_server.store.credentials import DeviceIdentity
from sync_server.store.database import Database

MAX_PAGE_BYTES = 8_000_000


def exchange(database: Database, device: DeviceIdentity, request: ExchangeRequest) -> ExchangeReply:
    """The reply to one request of an authenticated device."""
    handshake = request.handshake
    info = database.info()
    verdict, sentence = judge(info, device, handshake)
    refused = verdict in (Verdict.DIFFERENT_SERVER, Verdict.LOCKED, Verdict.WIPE, Verdict.ENROL_AGAIN)
    if refused:
        return ExchangeReply(verdict, info.server_id, info.epoch, database.clock(), sentence=sentence)
    outcomes: tuple[Outcome, ...] = ()
    if request.changes:
        with database.write() as tx:
            author = Author(
                device_id=device.device_id,
                user_id=device.user_id,
                role=device.role,
                incarnation=Incarnation(handshake.incarnation),
                known_revision=Revision(device.known_revision),
            )
            outcomes = push(tx, author, request.changes)
    if verdict is Verdict.UPGRADE:
        return ExchangeReply(
            verdict, info.server_id, info.epoch, database.clock(), outcomes, sentence=sentence
        )
    cursor = b"" if verdict is Verdict.START_OVER else handshake.cursor
    pulled = database.pull(device.user_id, cursor, min(request.page_bytes, MAX_PAGE_BYTES))
    if not pulled.more:
        database.note_contact(device, handshake, pulled)
    return ExchangeReply(
        verdict=verdict,
        server_id=info.server_id,
        epoch=info.epoch,
        server_time=database.clock(),
        outcomes=outcomes,
        pages=pulled.pages,
        leaves=pulled.leaves,
        cursor=pulled.cursor,
        more=pulled.more,
        digest=pulled.digest,
        revision=pulled.revision,
        estimate=pulled.estimate,
        sentence=sentence,
    )
