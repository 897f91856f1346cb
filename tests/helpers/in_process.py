"""The direct way to a central store's own exchange: the same bytes as over HTTP, without a line that could break."""

from __future__ import annotations

import msgspec

from fieldrep.contract.messages import (
    PAGE_BYTES,
    ExchangeReply,
    ExchangeRequest,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from sync_server.reconcile.exchange import at_a_glance, exchange
from sync_server.store.database import Database
from sync_server.store.devices.credentials import identify
from sync_server.store.devices.glance import glance


class InProcess:
    """A bearer for one device; its replies hold no more rows than `page_bytes`."""

    def __init__(self, database: Database, token: str, page_bytes: int = PAGE_BYTES) -> None:
        self._database, self._token, self._page_bytes = database, token, page_bytes

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """One step of a sync."""
        request = msgspec.structs.replace(request, page_bytes=min(request.page_bytes, self._page_bytes))
        request = decode_request(encode_request(request))
        seen = glance(self._database, self._token)
        reply = at_a_glance(self._database, seen, request) if seen is not None else None
        if reply is None:
            device = identify(self._database, self._token) if seen is None else seen.device
            assert device is not None
            reply = exchange(self._database, device, request, seen)
        return decode_reply(encode_reply(reply))
