"""A change on which the server fails every time is taken out of the way, so that all behind it go on (F34).

It becomes a refused change of this device, with everything that was entered; what builds on it waits beside it.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from fieldrep.contract.change import Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.incoming.settle import settle
from fieldrep.store.incoming.shown import show_again
from fieldrep.store.outgoing import correcting
from fieldrep.store.replica import Replica


def set_aside(replica: Replica, n: int, sentence: str) -> None:
    """Moves a waiting change to the refused ones, in one transaction."""
    _refuse(replica, Refused(n, Code.INTERNAL, sentence))


def stop_correcting(replica: Replica, n: int) -> frozenset[str]:
    """Puts a change that was being corrected back among the refused ones, as it is by now; the kinds it touches.

    Raises:
        KnownError: `not_found` when no such change is being corrected.
    """
    with replica.read() as reader:
        reason = correcting.reason(reader.driver, n)
    if reason is None:
        raise KnownError(Code.NOT_FOUND, "This change is not being corrected.")
    return _refuse(replica, msgspec.structs.replace(reason, n=n))


def _refuse(replica: Replica, reason: Refused) -> frozenset[str]:
    state = replica.state()
    with replica.write() as connection:
        settling = settle(connection, [reason], state.incarnation, replica.clock())
        digest = show_again(connection, settling.rows, state.user_id, state.digest)
        replica.store_state(connection, replace(state, digest=digest))
    return frozenset(entity for entity, _ in settling.rows)
