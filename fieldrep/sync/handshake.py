"""The handshake: what a replica says of itself at the beginning of each exchange, on every bearer.

Must not know what the server makes of it.
"""

from __future__ import annotations

from fieldrep import __version__
from fieldrep.contract.catalogue import SCHEMA_VERSION
from fieldrep.contract.messages import PROTOCOL_VERSION, Handshake
from fieldrep.store.replica import Replica


def handshake_of(
    replica: Replica, waiting: int | None = None, settled_to: int | None = None, newest: int | None = None
) -> Handshake:
    """Who speaks, and from which state; how many changes wait is counted where it is not given.

    Whoever saves meanwhile must not make a change that waits look as if it had been answered: the three numbers are of
    one moment, or the newest is read first.
    """
    state = replica.state()
    if waiting is None:
        waiting = replica.depth()
    return Handshake(
        protocol=PROTOCOL_VERSION,
        schema=SCHEMA_VERSION,
        app_version=__version__,
        incarnation=state.incarnation,
        server_id=state.server_id,
        epoch=state.epoch,
        cursor=state.cursor,
        digest=state.digest if state.complete else None,
        highest_n=state.highest_n if newest is None else newest,
        device_clock=replica.clock(),
        waiting=waiting,
        settled_to=replica.settled_to() if settled_to is None else settled_to,
        offered_to=state.offered_to,
        held_back=replica.held_back(),
    )
