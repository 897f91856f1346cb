"""One sync as the command line and the window start it: this replica, its server, over HTTP."""

from __future__ import annotations

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.receipt import Receipt
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import Progress, sync
from fieldrep.sync.transport import HttpBearer


def bearer_of(replica: Replica) -> HttpBearer:
    """The line to the server this replica belongs to.

    Raises:
        KnownError: `not_enrolled`.
    """
    state = replica.state()
    token = replica.secret("token")
    if not state.device_id or not token:
        raise KnownError(
            Code.NOT_ENROLLED, "This profile is not enrolled yet. Ask your admin for an enrolment link."
        )
    return HttpBearer(state.server_url, token, state.fingerprint)


def sync_now(replica: Replica, progress: Progress | None = None) -> Receipt:
    """One full sync with the replica's own server.

    Raises:
        KnownError: as `fieldrep.sync.engine.sync`.
    """
    bearer = bearer_of(replica)
    try:
        receipt = sync(replica, bearer, ahead=True, progress=progress)
    finally:
        bearer.close()
    replica.tidy()
    return receipt
