"""What comes back after a restore: which devices were here since, what each gave back, and what nobody has any more.

A device counts its changes without gaps and is told of the restore before it offers anything again, so what it had been
answered before is known at its first contact. Must not know what a change became; `reconcile` decides that anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Outcome, Refused
from fieldrep.contract.ids import id_text
from fieldrep.contract.messages import Handshake
from sync_server.store.after_backup import LostRow, lost_rows
from sync_server.store.contact import DeviceIdentity
from sync_server.store.reading import Reader, StoreInfo
from sync_server.store.session import Session
from sync_server.store.transaction import Author, WriteTransaction

_numbers = msgspec.msgpack.Decoder(tuple[int, ...]).decode
_pack = msgspec.msgpack.Encoder().encode
_IN_BACKUP = "known"


@dataclass(frozen=True, slots=True)
class DeviceReturn:
    """One device since the restore.

    Attributes:
        state: `not_seen`, `giving_back` while it offers again what it had sent, `done`, or `replaced` where it was not
            seen and another one took its place.
        answered_to: its newest change that had been answered before the restore, as it told.
        seen_at: when it was last here since the restore; `last_seen_at` also counts the time before.
        returned: how many of them it offered again.
        recovered: how many of these the backup lacked.
        replaced_by: the device that took its place, as far as that can be told: enrolled again from it, or by the same
            person under the same name after it was last here.
        refused: those that had been refused before, and lie there to be corrected.
        missing: those that the backup lacks and the device no longer keeps; they are lost.
    """

    login: str
    device: str
    device_id: str
    state: str
    seen_at: int | None
    last_seen_at: int | None
    answered_to: int
    returned: int
    recovered: int
    refused: tuple[int, ...]
    missing: tuple[int, ...]
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnedChange:
    """A change the backup did not know, given back by the device that had made it."""

    login: str
    device: str
    n: int
    command: str
    result: str
    entity: str
    record: str
    row_id: str
    at: int


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What came back since the last restore, and what did not.

    Attributes:
        revision: the state of the backup that was restored.
        lost: what others than laptops had done after the backup, as far as laptops held it, and is not there again.
        done: every device that was not replaced was here and has given back all it keeps.
    """

    at: int
    revision: int
    devices: tuple[DeviceReturn, ...]
    changes: tuple[ReturnedChange, ...]
    lost: tuple[LostRow, ...]
    done: bool


def note_restoration(session: Session, epoch: bytes, at: int, revision: int) -> None:
    """Remembers that a backup was put in the store's place, under a new epoch."""
    session.run("INSERT INTO restoration (epoch, at, revision) VALUES (?, ?, ?)", (epoch, at, revision))


def note_return(
    session: Session, info: StoreInfo, device: DeviceIdentity, handshake: Handshake, now: int
) -> None:
    """Keeps what a device tells before it has heard of a restore: how far it had been answered.

    Several tell it when an exchange of before comes late, or again; the newest of them counts.
    """
    answered = max(0, handshake.highest_n - handshake.waiting)
    session.run(
        "INSERT INTO device_return (epoch, device_id, incarnation, answered_to, refused, seen_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (epoch, device_id) DO UPDATE SET answered_to = excluded.answered_to, "
        "seen_at = excluded.seen_at WHERE excluded.answered_to > device_return.answered_to",
        (info.epoch, device.device_id, handshake.incarnation, answered, _pack(()), now),
    )


def note_refused(session: Session, info: StoreInfo, device: DeviceIdentity, numbers: tuple[int, ...]) -> None:
    """Keeps which of its changes a device does not offer again because they had been refused."""
    session.run(
        "UPDATE device_return SET refused = ? WHERE epoch = ? AND device_id = ?",
        (_pack(tuple(sorted(numbers))), info.epoch, device.device_id),
    )


def answered_before(tx: WriteTransaction, author: Author) -> int:
    """The newest change of a device that a store lost since had answered; 0 when nothing was lost."""
    found = tx.session.first(
        "SELECT answered_to FROM device_return WHERE device_id = ? AND epoch = (SELECT epoch FROM store_info)",
        (author.device_id,),
    )
    return int(found[0]) if found else 0


def note_returned(tx: WriteTransaction, author: Author, change: Change, outcome: Outcome | None) -> None:
    """Lists a change that came back, with what became of it this time; None for one that the backup knows."""
    first = change.edits[0] if change.edits else None
    result = _IN_BACKUP if outcome is None else type(outcome).__name__.lower()
    if isinstance(outcome, Refused):
        result = f"refused: {outcome.code}"
    tx.session.run(
        "INSERT INTO returned_change (epoch, device_id, n, command, result, entity, row_id, at) "
        "VALUES ((SELECT epoch FROM store_info), ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (epoch, device_id, n) DO NOTHING",
        (
            author.device_id,
            change.n,
            change.command,
            result,
            first.entity if first else "",
            first.row_id if first else None,
            tx.now,
        ),
    )


def restore_report(reader: Reader) -> RestoreReport | None:
    """What came back since the store was restored last; None when it never was."""
    found = reader.session.first(
        "SELECT at, revision FROM restoration WHERE epoch = (SELECT epoch FROM store_info)"
    )
    if found is None:
        return None
    at, revision = found
    devices = tuple(_devices(reader, at))
    done = all(device.state in ("done", "replaced") for device in devices)
    return RestoreReport(at, revision, devices, tuple(_changes(reader)), tuple(lost_rows(reader)), done)


def _devices(reader: Reader, restored_at: int) -> list[DeviceReturn]:
    sql = (
        "SELECT d.id, u.login, d.name, k.seen_at, k.waiting, r.answered_to, r.refused, r.incarnation, r.seen_at "
        "FROM device AS d JOIN app_user AS u ON u.id = d.user_id "
        "JOIN device_credential AS c ON c.device_id = d.id AND c.revoked_at IS NULL "
        "LEFT JOIN device_contact AS k ON k.device_id = d.id "
        "LEFT JOIN device_return AS r ON r.device_id = d.id AND r.epoch = (SELECT epoch FROM store_info) "
        "WHERE c.made_at < ? OR r.answered_to IS NOT NULL ORDER BY u.login, d.id"
    )
    return [_device(reader, row, restored_at) for row in reader.rows(sql, (restored_at,))]


def _device(reader: Reader, row: tuple[object, ...], restored_at: int) -> DeviceReturn:
    device_id, login, name, seen, waiting, answered, refused, incarnation, came = row
    assert isinstance(device_id, bytes)  # noqa: S101 - a primary key
    answered_to = answered if isinstance(answered, int) else 0
    told = _numbers(refused) if isinstance(refused, bytes) else ()
    known = {
        n
        for (n,) in reader.rows(
            "SELECT n FROM applied_change WHERE device_id = ? AND incarnation = ? AND n <= ?",
            (device_id, incarnation or b"", answered_to),
        )
    }
    returned = reader.session.first(
        "SELECT count(*), count(CASE WHEN result <> ? THEN 1 END) FROM returned_change WHERE device_id = ? "
        "AND epoch = (SELECT epoch FROM store_info)",
        (_IN_BACKUP, device_id),
    )
    moments = [moment for moment in (seen, came) if isinstance(moment, int) and moment >= restored_at]
    floor = reader.settled_floor(device_id, incarnation if isinstance(incarnation, bytes) else b"")
    absent = tuple(n for n in range(floor + 1, answered_to + 1) if n not in known and n not in set(told))
    successor = _successor(reader, device_id, restored_at) if answered is None else None
    state = (
        "replaced" if successor else "not_seen" if answered is None else "giving_back" if waiting else "done"
    )
    return DeviceReturn(
        login=str(login),
        device=str(name or ""),
        device_id=id_text(device_id),
        state=state,
        seen_at=max(moments, default=None),
        last_seen_at=max((moment for moment in (seen, came) if isinstance(moment, int)), default=None),
        answered_to=answered_to,
        returned=int(returned[0]) if returned else 0,
        recovered=int(returned[1]) if returned else 0,
        refused=tuple(n for n in told if n not in known),
        missing=absent if state == "done" else (),
        replaced_by=id_text(successor) if successor else None,
    )


def _successor(reader: Reader, device_id: bytes, restored_at: int) -> bytes | None:
    """The device that took the place of one that was not seen, None when nothing shows it.

    One that enrolled again in its place says so; one set aside leaves no trace but the same person's device of the same
    name, admitted after it was last here, and itself here since the restore.
    """
    found = reader.session.first("SELECT device_id FROM device_former WHERE former_id = ?", (device_id,))
    if found is None:
        found = reader.session.first(_FOLLOWING, (device_id, restored_at, restored_at))
    return bytes(found[0]) if found else None


_FOLLOWING = (
    "SELECT e.id FROM device AS d JOIN device AS e ON e.user_id = d.user_id AND e.name = d.name AND e.os = d.os "
    "AND e.id <> d.id JOIN device_credential AS c ON c.device_id = e.id AND c.revoked_at IS NULL "
    "JOIN device_credential AS o ON o.device_id = d.id LEFT JOIN device_contact AS k ON k.device_id = d.id "
    "LEFT JOIN device_contact AS s ON s.device_id = e.id "
    "WHERE d.id = ? AND c.made_at > COALESCE(k.seen_at, o.made_at) AND (c.made_at >= ? OR s.seen_at >= ?) "
    "ORDER BY c.made_at DESC LIMIT 1"
)


def _changes(reader: Reader) -> list[ReturnedChange]:
    sql = (
        "SELECT u.login, d.name, r.n, r.command, r.result, r.entity, r.row_id, r.at FROM returned_change AS r "
        "JOIN device AS d ON d.id = r.device_id JOIN app_user AS u ON u.id = d.user_id "
        "WHERE r.epoch = (SELECT epoch FROM store_info) AND r.result <> ? ORDER BY u.login, d.id, r.n"
    )
    return [
        ReturnedChange(
            login,
            name or "",
            n,
            command,
            result,
            entity,
            _label(reader, entity, row_id),
            id_text(row_id) if row_id else "",
            at,
        )
        for login, name, n, command, result, entity, row_id, at in reader.rows(sql, (_IN_BACKUP,))
    ]


def _label(reader: Reader, entity: str, row_id: bytes | None) -> str:
    """What a person calls the record, "" when it is not there."""
    declared = CATALOGUE.get(entity)
    row = reader.row(declared, row_id) if declared is not None and row_id else None
    if declared is None or row is None:
        return ""
    return " ".join(str(row[name]) for name in declared.label if row.get(name))[:200]
