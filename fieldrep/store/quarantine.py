"""A change on which the server fails every time is taken out of the way, so that all behind it go on (F34).

It becomes a refused change of this device, with everything that was entered; what builds on it waits beside it.
"""

from __future__ import annotations

from fieldrep.contract.change import Refused
from fieldrep.contract.errors import Code
from fieldrep.store.replica import Replica
from fieldrep.store.settle import settle
from fieldrep.store.shown import show_again


def set_aside(replica: Replica, n: int, sentence: str) -> None:
    """Moves a waiting change to the refused ones, in one transaction."""
    state = replica.state()
    with replica.write() as connection:
        reason = Refused(n, Code.INTERNAL, sentence)
        settling = settle(connection, [reason], state.incarnation, replica.clock())
        digest = show_again(connection, settling.rows, state.user_id, state.digest)
        if digest != state.digest:
            raise AssertionError("a change that was never acknowledged counted in the digest")
