"""What carries an exchange: HTTP, a file on a stick, or the simulator. The engine knows no other way out."""

from __future__ import annotations

from typing import Protocol

from fieldrep.contract.errors import KnownError
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest


class BrokeOff(KnownError):
    """The line broke with a large request on it, or before the reply to one: a smaller one may get through."""


class Bearer(Protocol):
    """Carries one request to the server and its reply back."""

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """The server's reply.

        Raises:
            KnownError: when there is none that can be believed; nothing has changed here then.
        """
        ...
