"""What carries an exchange: HTTP, a file on a stick, or the simulator. The engine knows no other way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self, runtime_checkable

from fieldrep.contract.errors import KnownError
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest


class BrokeOff(KnownError):
    """The line broke with a large message on it, or before the reply to one: a smaller one may get through."""


Heard = Callable[[bytes, bytes], None]
"""Called with the epoch and the cursor behind a reply whose head is here, on any thread, and perhaps more than once."""


class Bearer(Protocol):
    """Carries one request to the server and its reply back."""

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """The server's reply.

        Raises:
            KnownError: when there is none that can be believed; nothing has changed here then.
        """
        ...


@runtime_checkable
class Foretelling(Bearer, Protocol):
    """Knows of a reply on its way what comes behind it, and can carry that beside."""

    def exchange_heard(self, request: ExchangeRequest, heard: Heard) -> ExchangeReply:
        """The server's reply; what it says in its head is told before it is there.

        Raises:
            BrokeOff: the line broke within a large reply; a smaller one is asked for by `exchange`, once whatever
                goes on beside has ended.
            KnownError: as `exchange`.
        """
        ...

    def beside(self) -> Self:
        """Another one to the same server, on a line of its own, for as long as this one lives."""
        ...

    def cut(self) -> None:
        """Ends what is under way at once; may be called from any thread."""
        ...

    def close(self) -> None:
        """Ends it for good."""
        ...
