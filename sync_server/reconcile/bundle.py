"""A sync by file, the server's half: all that waits is taken, and everything new is answered in one go.

The device cannot ask between two replies, so the server goes on by itself until there is no more. Nothing that was not
shown to have arrived is noted as arrived. Must not know files, keys or how a message travelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, Verdict
from sync_server.reconcile.exchange import exchange, serve_on
from sync_server.store.database import Database
from sync_server.store.devices.credentials import DeviceIdentity

MOST_REPLIES = 10_000


def answer(
    database: Database, device: DeviceIdentity, requests: Sequence[ExchangeRequest]
) -> Iterator[ExchangeReply]:
    """The replies to the requests of one bundle, in the order in which the device takes them.

    All requests are made from the same state of the replica, so each is judged by what the device knew there.

    Raises:
        KnownError: `device_revoked`; what was answered before must then not be handed out.
    """
    *earlier, last = requests
    asked = [msgspec.structs.replace(request, further=True) for request in earlier]
    for request in (*asked, last):
        reply = exchange(database, device, request, carried=True)
        yield reply
        if reply.verdict not in (Verdict.CONTINUE, Verdict.UPGRADE, Verdict.WIPE):
            break
    for _ in range(MOST_REPLIES):
        if not reply.more:
            return
        reply = serve_on(database, device, reply, last.page_bytes)
        yield reply
