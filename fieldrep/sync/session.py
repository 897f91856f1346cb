"""One sync as the command line and the window start it: this replica, its server, over HTTP.

The window has a schedule of its own; who asks for one sync and waits for it has one busy answer waited out here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.wiping import Manner
from fieldrep.paths import Profile
from fieldrep.store.incoming.receipt import Receipt, joined, with_files
from fieldrep.store.incoming.receipts import tell_files
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import Progress, sync
from fieldrep.sync.files import EVERYTHING_WANTED, FilePolicy, bring, carry, hand_in
from fieldrep.sync.transport import HttpBearer
from fieldrep.sync.wiping import WipeOrdered, prepare, tell

log = logging.getLogger(__name__)

FILES_AT_ONCE_MS = 15_000
"""So long files travel before records are looked at again."""

MOST_TURNS = 1_000

LONGEST_WAITED_SECONDS = 30
"""For a busy server, by a person before a command line; who asks for more is answered with its sentence."""


Lender = Callable[[Replica], AbstractContextManager[HttpBearer]]
"""Gives the line to a replica's server for as long as a block lasts."""


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


@contextmanager
def line_once(replica: Replica) -> Iterator[HttpBearer]:
    """A line of its own, closed afterwards.

    Raises:
        KnownError: `not_enrolled`.
    """
    bearer = bearer_of(replica)
    try:
        yield bearer
    finally:
        bearer.close()


def server_answers(server_url: str, fingerprint: str) -> bool:
    """Whether a server of ours is there; nothing of this device is said to it."""
    bearer = HttpBearer(server_url, fingerprint=fingerprint)
    try:
        return bearer.answers()
    finally:
        bearer.close()


def sync_now(
    replica: Replica,
    progress: Progress | None = None,
    policy: FilePolicy = EVERYTHING_WANTED,
    lender: Lender = line_once,
) -> Receipt:
    """One full sync with the replica's own server; `policy` says which bodies of attachments may follow.

    Raises:
        KnownError: as `fieldrep.sync.engine.sync`; `wiped` when the server ordered to wipe this profile: whoever closes
            the replica then carries that out.
    """
    since, sent, brought = replica.clock(), 0, 0
    with lender(replica) as bearer:
        try:
            receipt = sync(replica, bearer, ahead=True, progress=progress)
        except WipeOrdered as ordered:
            raise wiped_by(replica, bearer, ordered.manner) from ordered
        for _ in range(MOST_TURNS):
            if not receipt.whole and not receipt.in_vain:
                break
            records = _RecordsFirst(replica)
            carried = carry(replica, bearer, policy, records.are_due)
            sent, brought = sent + carried.sent, brought + carried.brought
            if not records.came_up:
                break
            try:
                receipt = joined(receipt, sync(replica, bearer, ahead=True, progress=progress))
            except KnownError as error:
                log.info("files wait on, the line broke: %s", error.code)
                break
    replica.tidy()
    tell(Profile(replica.folder))  # of a wipe before this person, where there was no line then
    with replica.read() as reader:
        told = with_files(receipt, reader, sent, brought)
    tell_files(replica, since, told)
    return told


def wiped_by(replica: Replica, bearer: HttpBearer, manner: Manner) -> KnownError:
    """Sends what else waits, where that is wanted, and prepares the wipe; gives the error that says so.

    Raises:
        KnownError: when not all went out; the next sync goes on.
    """
    while manner is Manner.SEND_FIRST:
        hand_in(replica, bearer)
        if not replica.unanswered():
            break
        try:  # entered meanwhile
            sync(replica, bearer)
        except WipeOrdered as ordered:
            manner = ordered.manner
        else:
            return KnownError(Code.OFFLINE, "Your admin took the order to wipe this laptop back. Sync again.")
    return prepare(replica)


class _RecordsFirst:
    """Files never go in front of records: they make room when a change waits, and now and then for what is new."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._until = replica.clock() + FILES_AT_ONCE_MS
        self.came_up = False

    def are_due(self) -> bool:
        """Whether it is the records' turn; asked between the parts of files."""
        self.came_up = self.came_up or self._replica.clock() >= self._until or self._replica.depth() > 0
        return self.came_up


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
    with line_once(replica) as bearer:
        return bring(replica, bearer, row_id, metered=metered)
