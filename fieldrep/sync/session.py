"""One sync as the command line and the window start it: this replica, its server, over HTTP.

The window has a schedule of its own; who asks for one sync and waits for it has one busy answer waited out here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.receipt import Receipt
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import Progress, sync
from fieldrep.sync.files import EVERYTHING_WANTED, FilePolicy, bring, carry
from fieldrep.sync.transport import HttpBearer

LONGEST_WAITED_SECONDS = 30
"""For a busy server, by a person before a command line; who asks for more is answered with its sentence."""


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


def sync_now(
    replica: Replica, progress: Progress | None = None, policy: FilePolicy = EVERYTHING_WANTED
) -> Receipt:
    """One full sync with the replica's own server; `policy` says which bodies of attachments may follow.

    Raises:
        KnownError: as `fieldrep.sync.engine.sync`.
    """
    bearer = bearer_of(replica)
    try:
        receipt = sync(replica, bearer, ahead=True, progress=progress)
        if receipt.whole:
            carry(replica, bearer, policy)
    finally:
        bearer.close()
    replica.tidy()
    return receipt


def sync_patiently(replica: Replica, told: Callable[[int], None]) -> Receipt:
    """One full sync; a server that names the seconds after which it has time is asked once more then.

    Args:
        told: called with those seconds before they are waited.

    Raises:
        KnownError: as `sync_now`.
    """
    try:
        return sync_now(replica)
    except KnownError as error:
        if error.code is not Code.SERVER_BUSY or not 0 < error.retry_after <= LONGEST_WAITED_SECONDS:
            raise
        seconds = error.retry_after
    told(seconds)
    time.sleep(seconds)
    return sync_now(replica)


def bring_file(replica: Replica, row_id: bytes, *, metered: bool = False) -> bytes:
    """The body of an attachment, from here or from the replica's own server.

    Raises:
        KnownError: as `fieldrep.sync.files.bring`.
    """
    bearer = bearer_of(replica)
    try:
        return bring(replica, bearer, row_id, metered=metered)
    finally:
        bearer.close()
