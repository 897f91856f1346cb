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
from sync_server.reconcile.exchange import exchange
from sync_server.store.credentials import identify
from sync_server.store.database import Database


class InProcess:
    """A bearer for one device; its replies hold no more rows than `page_bytes`."""

    def __init__(self, database: Database, token: str, page_bytes: int = PAGE_BYTES) -> None:
        self._database, self._token, self._page_bytes = database, token, page_bytes

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """One step of a sync."""
        device = identify(self._database, self._token)
        assert device is not None
        request = msgspec.structs.replace(request, page_bytes=min(request.page_bytes, self._page_bytes))
        reply = exchange(self._database, device, decode_request(encode_request(request)))
        return decode_reply(encode_reply(reply))
