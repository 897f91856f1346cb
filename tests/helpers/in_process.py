"""The direct way to a central store's own exchange: the same bytes as over HTTP, without a line that could break."""

from __future__ import annotations

from fieldrep.contract.messages import (
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
    """A bearer for one device."""

    def __init__(self, database: Database, token: str) -> None:
        self._database, self._token = database, token

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """One step of a sync."""
        device = identify(self._database, self._token)
        assert device is not None
        reply = exchange(self._database, device, decode_request(encode_request(request)))
        return decode_reply(encode_reply(reply))
