"""Taking pushes: those that wait for the clock lock together are judged one after another in one transaction.

A commit costs as much for ten pushes as for one, so the more devices sync the less each costs. Each has its own author,
its own outcomes and its own note of contact; where one of them cannot be taken, each is taken alone. Must not know how
a message travelled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fieldrep.contract.change import Answer
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Incarnation, Revision
from fieldrep.contract.messages import ExchangeRequest, Handshake, Verdict
from sync_server.reconcile.author import Author
from sync_server.reconcile.push import ask_known, conclude, judged, preload
from sync_server.store.audit import Actor
from sync_server.store.database import Database, StoreInfo
from sync_server.store.devices.contact import contact_note, keep_contact
from sync_server.store.devices.credentials import DeviceIdentity, ask_admitted, confirm_all
from sync_server.store.devices.cursor import heading_to, is_at_rest, reached
from sync_server.store.devices.positions import Position, keep_positions, position_of
from sync_server.store.together import Waiting
from sync_server.store.transaction import WriteTransaction

MOST_CHANGES = 1_000
"""Of all pushes of one transaction; a single push may hold more."""

_DECIDING = frozenset({"conflict", "duplicate_candidate"})
"""Who decides about others' records is judged by what they have in the store, and is taken alone."""

_OF_THE_STORE = frozenset({Code.SERVER_BUSY, Code.DISK_FULL, Code.STORE_UNUSABLE})
"""Errors that would meet each push alone as well, after a wait for each; a damaged page may be in the way of one."""


@dataclass(slots=True)
class Push:
    """What a device hands in, and what becomes of it.

    Attributes:
        epoch: of the store as the device was judged.
        error: why nothing of it was taken; it says so until it was.
    """

    device: DeviceIdentity
    request: ExchangeRequest
    verdict: Verdict
    author: Author
    epoch: bytes
    outcomes: tuple[Answer, ...] = ()
    error: Exception | None = field(
        default_factory=lambda: KnownError(Code.SERVER_BUSY, "The server stops; sync again in a few seconds.")
    )

    @property
    def actor(self) -> Actor:
        """Who acts by it."""
        return Actor(self.device.login, self.device.user_id, self.device.device_id)

    @property
    def is_pulling(self) -> bool:
        """Whether the reply brings what is new, because nothing more is to be pushed before."""
        return self.verdict is Verdict.CONTINUE and not self.request.further

    @property
    def is_alone(self) -> bool:
        """Whether it must not be taken together with others."""
        return any(edit.entity in _DECIDING for change in self.request.changes for edit in change.edits)


def take(
    database: Database,
    device: DeviceIdentity,
    request: ExchangeRequest,
    info: StoreInfo,
    verdict: Verdict,
    *,
    carried: bool = False,
) -> tuple[Answer, ...]:
    """The outcomes of what was pushed; what the device told of itself is kept in that transaction.

    Raises:
        CopyNoticed, KnownError: nothing of the push is then taken.
    """
    push = pushed(device, request, info, verdict, carried=carried)
    database.pushes.run(push, lambda first, waiting: _take(database, first, waiting))
    if push.error is not None:
        raise push.error
    return push.outcomes


def pushed(
    device: DeviceIdentity,
    request: ExchangeRequest,
    info: StoreInfo,
    verdict: Verdict,
    *,
    carried: bool = False,
) -> Push:
    """A push as it is handed in, by a device as its credential says."""
    author = Author(
        device_id=device.device_id,
        user_id=device.user_id,
        role=device.role,
        incarnation=Incarnation(request.handshake.incarnation),
        known_revision=_known(device, request.handshake, info),
        stood_at=Revision(device.known_revision),
        is_new=not device.incarnation,
        carried=carried,
        waits_to=0 if verdict is Verdict.WIPE else request.handshake.highest_n,
        came_with=device.highest_n if device.seen_at else request.handshake.highest_n,
        heads_to=heading_to(request.handshake.cursor, info.revision)
        if _is_of(info, request.handshake)
        else 0,
    )
    return Push(device, request, verdict, author, info.epoch)


def _take(database: Database, first: Push, waiting: Waiting[Push]) -> None:
    fits = _room_beside(first)
    take_together(database, first, lambda: [] if first.is_alone else waiting(fits), [])


def take_together(
    database: Database, first: Push, others: Callable[[], list[Push]], pushes: list[Push]
) -> None:
    """Takes a push, and those that have come by the time it has the clock lock, or come while they are judged."""
    pushes.append(first)
    try:
        with database.write(first.actor) as tx:
            batch = [first, *others()]
            while batch:
                pushes += [push for push in batch if push is not first]
                _judge(tx, batch)
                batch = others()
            _conclude(tx, pushes)
    except Exception as error:  # noqa: BLE001 - whoever brought it hears of it
        if len(pushes) > 1 and not (isinstance(error, KnownError) and error.code in _OF_THE_STORE):
            for push in pushes:
                take_together(database, push, list, [])
            return
        for push in pushes:
            push.error = error
    else:
        database.echoes.keep(tx)
        for push in pushes:
            push.error = None


def _room_beside(first: Push) -> Callable[[Push], bool]:
    """Whether a further push, asked for in the order they came, fits into the transaction."""
    taken, devices = len(first.request.changes), {first.device.device_id}

    def fits(push: Push) -> bool:
        nonlocal taken
        taken += len(push.request.changes)
        fitting = taken <= MOST_CHANGES and push.device.device_id not in devices and not push.is_alone
        devices.add(push.device.device_id)
        return fitting

    return fits


def _judge(tx: WriteTransaction, pushes: list[Push]) -> None:
    """Pushes that came together, one after another; what it takes to judge them is asked for at once."""
    for push in pushes:
        require_epoch(tx.epoch, push.epoch)
    devices = [push.device for push in pushes]
    admitted = ask_admitted(tx, devices)
    known = [ask_known(tx, push.author, push.request.changes) for push in pushes]
    preload(tx, [change for push in pushes for change in push.request.changes])
    with_past = confirm_all(admitted, devices)
    for push, stored in zip(pushes, known, strict=True):
        tx.actor = push.actor
        author = replace(push.author, has_past=push.device.device_id in with_past)
        push.outcomes = judged(tx, author, push.request.changes, stored())


def _conclude(tx: WriteTransaction, pushes: list[Push]) -> None:
    """What follows once all is judged: also what each device told of itself, now that the revisions are known."""
    conclude(tx)
    noted = [push for push in pushes if push.verdict in (Verdict.CONTINUE, Verdict.TOO_OLD, Verdict.WIPE)]
    keep_contact(tx.session, *filter(None, (_note(tx, push) for push in noted)))
    positions = {push.device.device_id: _position(tx, push.request) for push in noted if push.is_pulling}
    keep_positions(tx.session, {device: at for device, at in positions.items() if at is not None})


def require_epoch(present: bytes, judged_in: bytes) -> None:
    """A device is judged anew where the store was put back since; what it then hears is the new epoch.

    Raises:
        KnownError: `server_busy`.
    """
    if present != judged_in:
        raise KnownError(
            Code.SERVER_BUSY, "The central store was just restored; sync again in a few seconds."
        )


def _note(tx: WriteTransaction, push: Push) -> tuple[object, ...] | None:
    """What to keep of what a device told of itself."""
    told, further = push.request.handshake, push.request.further
    return contact_note(push.device, told, tx.revision_now, tx.now, len(push.outcomes), further=further)


def _position(tx: WriteTransaction, request: ExchangeRequest) -> Position | None:
    """How far the reply to a push leads."""
    shown = request.handshake
    at_rest = is_at_rest(shown.cursor, tx.revision_now)
    return position_of(shown, tx.revision_now, tx.revision, tx.now) if at_rest else None


def _known(device: DeviceIdentity, handshake: Handshake, info: StoreInfo) -> Revision:
    """The last state the device has shown to have taken, with this very request, a part of it, or before."""
    here = reached(handshake.cursor, info.revision) if _is_of(info, handshake) else 0
    return Revision(max(device.known_revision, device.pushed_from, here))


def _is_of(info: StoreInfo, handshake: Handshake) -> bool:
    """Whether a cursor is a place in this store, and not in one that was restored since."""
    return handshake.epoch in (b"", info.epoch)
