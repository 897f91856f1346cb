"""The order to wipe this profile: whether it counts, what is sent before, and the receipt that tells the server.

Nothing is believed but what the replica's own server signed for this very device. Owns the way from the order to the
marker; what is destroyed then, and how, is `store/wiping.py`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from fieldrep.contract.bundle import Keys, PublicKeys
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply, Verdict
from fieldrep.contract.steps import Step, reached
from fieldrep.contract.wiping import Destroyed, Manner, WipeReceipt, manner_of, receipt_of
from fieldrep.paths import Profile
from fieldrep.store.file_queue import uploads
from fieldrep.store.lock import Holder
from fieldrep.store.replica import DEVICE_KEY, SERVER_KEY, Replica
from fieldrep.store.wiping import Marker, finish, forget, marker_of, note, told_to_the_person

log = logging.getLogger(__name__)

_ANSWERS = frozenset({Code.UNAUTHORISED, Code.NOT_FOUND})
"""Of a server that does not know the device any more: nobody waits for its receipt."""


class WipeOrdered(KnownError):
    """The server ordered this profile to be wiped, and what was to be sent before is sent.

    Attributes:
        manner: what becomes of what is still here.
    """

    def __init__(self, manner: Manner) -> None:
        super().__init__(Code.WIPED, "Your admin ordered this laptop to be wiped.")
        self.manner = manner


def order_in(replica: Replica, reply: ExchangeReply) -> Manner | None:
    """How a reply orders this profile to be wiped; None where it does not, or not as its own server would."""
    state, shown = replica.state(), replica.secret(SERVER_KEY)
    if reply.verdict is not Verdict.WIPE or reply.wipe is None or not shown:
        return None
    server = PublicKeys.of(bytes.fromhex(shown))
    return manner_of(reply.wipe, server, state.server_id, state.device_id)


def prepare(replica: Replica) -> KnownError:
    """Signs the receipt and writes the marker; whoever closes the replica then calls `carry_out`.

    Raises:
        KnownError: when the disk refuses; nothing is then destroyed.
    """
    state = replica.state()
    keys = Keys(bytes.fromhex(replica.secret(DEVICE_KEY)))
    receipt = receipt_of(keys, state.server_id, state.device_id, _lost_with(replica))
    marker = Marker(server_url=state.server_url, fingerprint=state.fingerprint, receipt=receipt)
    note(Profile(replica.folder), marker)
    return KnownError(Code.WIPED, told_to_the_person(marker))


def carry_out(profile: Profile, holder: Holder = Holder.COMMAND) -> str:
    """Finishes a wipe that was begun; the sentence for the person, "" where there is none.

    Raises:
        KnownError: when something cannot be destroyed yet.
    """
    marker = finish(profile, holder)
    return told_to_the_person(marker) if marker is not None else ""


class ReceiptBearer(Protocol):
    """Carries the receipt of a wipe."""

    def wiped(self, receipt: WipeReceipt) -> None:
        """Gives it to the server.

        Raises:
            KnownError: when there is no line, or the server does not know the device.
        """

    def close(self) -> None:
        """It is not used any more."""


def _line(marker: Marker) -> ReceiptBearer:
    from fieldrep.sync.transport import HttpBearer

    return HttpBearer(marker.server_url, fingerprint=marker.fingerprint)


def tell(profile: Profile, line: Callable[[Marker], ReceiptBearer] = _line) -> None:
    """Gives the server the receipt of every wipe that waits for that, where there is a line; then the marker goes."""
    marker = marker_of(profile)
    if marker is None or not marker.done:
        return
    wipes = marker.wipes()
    left = [one for one in wipes if not _is_told(one, line)]
    if len(left) < len(wipes):
        reached(Step.WIPE_TOLD)
        forget(profile, left)


def _is_told(marker: Marker, line: Callable[[Marker], ReceiptBearer]) -> bool:
    """Whether the server has the receipt of this wipe now, or does not want it."""
    try:
        bearer = line(marker)
        try:
            bearer.wiped(marker.receipt)
        finally:
            bearer.close()
    except KnownError as error:
        log.info("the receipt of the wipe: %s", error.code)
        return error.code in _ANSWERS
    return True


def _lost_with(replica: Replica) -> Destroyed:
    """What only this profile has, and what nobody will have once it is destroyed."""
    with replica.read() as reader:
        ((changes, refused, drafts),) = reader.rows(
            "SELECT (SELECT count(*) FROM outbox WHERE state <> 'settled'), (SELECT count(*) FROM refused_change), "
            "(SELECT count(*) FROM draft)"
        )
        files = len(uploads(reader))
    return Destroyed(changes=changes, refused=refused, drafts=drafts, files=files)
