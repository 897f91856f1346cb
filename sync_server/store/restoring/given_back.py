"""What a restored store is given back, as it is noted: how far each device had been answered, each change that came
back, and those that wait for what others give back.

Owns the tables `device_return` and `returned_change`; `returns.py` reads them for the report. Must not know what a
change became: it is `reconcile` that decides that anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from fieldrep.contract.change import LEFT_OUT_BY_A_REPAIR, Change, Edit, Outcome, Refused
from fieldrep.contract.messages import ExchangeRequest, Handshake
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.devices.known_before import unknown_devices
from sync_server.store.reading import Reader, StoreInfo
from sync_server.store.session import Session
from sync_server.store.transaction import Author, WriteTransaction

IN_BACKUP = "known"
WAITS, TO_BE_TRIED = "waits", "waits, to be tried again"
"""What a change has become that needs a record nobody has given back yet; the other one when something came since."""

_pack = msgspec.msgpack.Encoder().encode
_numbers = msgspec.msgpack.Decoder(tuple[int, ...]).decode
_edits = msgspec.msgpack.Decoder(tuple[Edit, ...]).decode


def note_return(
    session: Session, info: StoreInfo, device: DeviceIdentity, request: ExchangeRequest, now: int
) -> bool:
    """Keeps what a device tells before it has heard of a restore: how far it had been answered.

    Several tell it when an exchange of before comes late, or again; the newest of them counts. One that still offers
    again what a restore before this one had lost waits with that as well, and says up to where it had been answered.
    Gives whether it is the first that is told of this device.
    """
    handshake = request.handshake
    known = "SELECT 1 FROM device_return WHERE epoch = ? AND device_id = ?"
    is_first = session.first(known, (info.epoch, device.device_id)) is None
    answered = max(_answered_to(request), min(handshake.offered_to, handshake.highest_n))
    session.run(
        "INSERT INTO device_return (epoch, device_id, incarnation, answered_to, newest, refused, seen_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (epoch, device_id) DO UPDATE SET answered_to = excluded.answered_to, "
        "seen_at = excluded.seen_at WHERE excluded.answered_to > device_return.answered_to",
        (info.epoch, device.device_id, handshake.incarnation, answered, handshake.highest_n, _pack(()), now),
    )
    session.run(
        "UPDATE device_return SET newest = ? WHERE epoch = ? AND device_id = ? AND newest < ?",
        (handshake.highest_n, info.epoch, device.device_id, handshake.highest_n),
    )
    return is_first


def _answered_to(request: ExchangeRequest) -> int:
    """The newest change that had been answered: its newest, less those that wait.

    Unless a repair left out numbers behind the oldest that waits; nothing behind that one was answered then.
    """
    handshake = request.handshake
    counted = max(0, handshake.highest_n - handshake.waiting)
    before_oldest = max(handshake.settled_to, request.changes[0].n - 1 if request.changes else 0)
    left_out = handshake.waiting and counted - before_oldest >= LEFT_OUT_BY_A_REPAIR
    return before_oldest if left_out else counted


def note_refused(session: Session, info: StoreInfo, device: DeviceIdentity, numbers: tuple[int, ...]) -> None:
    """Keeps which of its changes a device does not offer again because they had been refused.

    What was told before stays: a copy of it, not noticed yet, may know of fewer.
    """
    who = (info.epoch, device.device_id)
    found = session.first("SELECT refused FROM device_return WHERE epoch = ? AND device_id = ?", who)
    told = {*numbers, *(_numbers(found[0]) if found else ())}
    session.run(
        "UPDATE device_return SET refused = ? WHERE epoch = ? AND device_id = ?",
        (_pack(tuple(sorted(told))), *who),
    )


def tells_of_more(reader: Reader, device: DeviceIdentity, handshake: Handshake) -> bool:
    """Whether a device that gives back had been answered further than it told at its first contact.

    What it was answered behind a change that waited then, when a restore came before this one, it counts only now.
    """
    found = handshake.offered_to and reader.session.first(
        "SELECT 1 FROM device_return "
        "WHERE epoch = (SELECT epoch FROM store_info) AND device_id = ? AND answered_to < ?",
        (device.device_id, min(handshake.offered_to, handshake.highest_n)),
    )
    return bool(found)


def note_answered(session: Session, info: StoreInfo, device: DeviceIdentity, handshake: Handshake) -> None:
    """Keeps how far a device had been answered, as it tells once it has heard of a restore."""
    answered = min(handshake.offered_to, handshake.highest_n)
    session.run(
        "UPDATE device_return SET answered_to = ? WHERE epoch = ? AND device_id = ? AND answered_to < ?",
        (answered, info.epoch, device.device_id, answered),
    )


def revision_restored(tx: WriteTransaction) -> int:
    """The last state of the backup that the store was made of."""
    found = tx.session.first("SELECT revision FROM restoration WHERE epoch = (SELECT epoch FROM store_info)")
    return int(found[0]) if found else 0


def revision_shared(tx: WriteTransaction) -> int:
    """The last state that all stores before the restores had in common with this one.

    A change given back may be older than the restores before the last one, and so is the revision that its author saw.
    """
    found = tx.session.first("SELECT min(revision) FROM restoration")
    return int(found[0] or 0) if found else 0


def told_of_before(tx: WriteTransaction, author: Author) -> tuple[int, int] | None:
    """The newest change of a device that a store lost since had answered, and the newest that it had made by then.

    None where it has not told of that time.
    """
    found = tx.session.first(
        "SELECT answered_to, newest FROM device_return "
        "WHERE device_id = ? AND epoch = (SELECT epoch FROM store_info)",
        (author.device_id,),
    )
    return (int(found[0]), int(found[1])) if found else None


def note_returned(tx: WriteTransaction, author: Author, change: Change, outcome: Outcome | None) -> None:
    """Lists a change that came back, with what became of it this time; None for one that the backup knows."""
    result = IN_BACKUP if outcome is None else type(outcome).__name__.lower()
    if isinstance(outcome, Refused):
        result = f"refused: {outcome.code}"
    _list(tx, author, change, result, _pack(change.edits if outcome is not None else ()))


def note_waiting(tx: WriteTransaction, author: Author, change: Change, *, again: bool) -> None:
    """Lists a change that waits for what others give back; `again` where it is to be tried without them."""
    _list(tx, author, change, TO_BE_TRIED if again else WAITS, _pack(change.edits))


def _list(tx: WriteTransaction, author: Author, change: Change, result: str, edits: bytes) -> None:
    first = change.edits[0] if change.edits else None
    tx.session.run(
        "INSERT INTO returned_change (epoch, device_id, n, command, result, entity, row_id, at, edits) "
        "VALUES ((SELECT epoch FROM store_info), ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (epoch, device_id, n) "
        "DO UPDATE SET result = excluded.result, at = excluded.at WHERE returned_change.result IN (?, ?)",
        (
            author.device_id,
            change.n,
            change.command,
            result,
            first.entity if first else "",
            first.row_id if first else None,
            tx.now,
            edits,
            WAITS,
            TO_BE_TRIED,
        ),
    )


def waiting_edits(tx: WriteTransaction, author: Author) -> Iterator[tuple[int, tuple[Edit, ...]]]:
    """The changes of a device that wait, by number; one it no longer has is none of them."""
    for n, edits in tx.session.rows(
        "SELECT w.n, w.edits FROM returned_change AS w JOIN device_contact AS k ON k.device_id = w.device_id "
        "WHERE w.epoch = (SELECT epoch FROM store_info) AND w.device_id = ? AND w.result IN (?, ?) "
        "AND w.n > k.settled_to",
        (author.device_id, WAITS, TO_BE_TRIED),
    ):
        yield n, _edits(edits)


def waits_no_more(tx: WriteTransaction, author: Author, change: Change) -> None:
    """Takes one off the list that had waited, and had not been answered before the restore."""
    tx.session.run(
        "DELETE FROM returned_change WHERE epoch = (SELECT epoch FROM store_info) AND device_id = ? AND n = ?",
        (author.device_id, change.n),
    )


def something_came(tx: WriteTransaction, author: Author) -> None:
    """A change given back was taken: whatever waits on other devices may find what it needs now.

    What waits on its own was made before it.
    """
    tx.session.run(
        "UPDATE returned_change SET result = ? WHERE (epoch, device_id, n) IN ("
        "SELECT w.epoch, w.device_id, w.n FROM device_contact AS k CROSS JOIN returned_change AS w "
        "WHERE w.epoch = (SELECT epoch FROM store_info) AND w.device_id = k.device_id AND w.n > k.settled_to "
        "AND w.result = ? AND k.device_id <> ?)",
        (TO_BE_TRIED, WAITS, author.device_id),
    )


_MAY_BRING = (
    "SELECT 1 FROM device_credential AS c JOIN restoration AS o ON o.epoch = (SELECT epoch FROM store_info) "
    "LEFT JOIN device_return AS r ON r.device_id = c.device_id AND r.epoch = o.epoch "
    "LEFT JOIN device_contact AS k ON k.device_id = c.device_id "
    "WHERE c.revoked_at IS NULL AND c.device_id <> ? AND ("
    "r.answered_to IS NULL AND (c.made_at < o.at "
    "OR c.device_id IN (SELECT heir_id FROM known_before WHERE heir_id IS NOT NULL)) "
    "OR r.answered_to IS NOT NULL AND (k.waiting > 0 OR EXISTS (SELECT 1 FROM returned_change AS w "
    "WHERE w.epoch = o.epoch AND w.device_id = c.device_id AND w.result IN (?, ?) AND w.n > k.settled_to))) LIMIT 1"
)


def may_still_come(tx: WriteTransaction, author: Author, *, something_came: bool) -> bool:
    """Whether anybody else may give back what a change of this device needs.

    Those may that were not here yet, those that have not offered all, and those whose changes wait and may find by now
    what they need: all that wait, where this very push brought something. So two that wait for each other, or for one
    who was withdrawn, do not wait for ever.
    """
    untried = WAITS if something_came else TO_BE_TRIED
    found = tx.session.first(_MAY_BRING, (author.device_id, TO_BE_TRIED, untried))
    return found is not None or bool(unknown_devices(Reader(tx.session)))
