"""What comes back after a restore: which devices were here since, what each gave back, and what nobody has any more.

A device counts its changes without gaps, unless it was repaired, and is told of the restore before it offers anything
again, so what it had been answered before is known at its first contact. Reads what `given_back.py` notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import LEFT_OUT_BY_A_REPAIR, Edit
from fieldrep.contract.ids import id_text
from sync_server.store.devices.formers import formers_of
from sync_server.store.devices.known_before import unknown_devices, unknown_people
from sync_server.store.devices.successors import following, successor_of
from sync_server.store.reading import Reader
from sync_server.store.replaced import Known
from sync_server.store.restoring.after_backup import LostRow, lost_rows
from sync_server.store.restoring.given_back import IN_BACKUP, TO_BE_TRIED, WAITS
from sync_server.store.restoring.two_values import TwoValues, entered

_numbers = msgspec.msgpack.Decoder(tuple[int, ...]).decode
_edits = msgspec.msgpack.Decoder(tuple[Edit, ...]).decode
_ANSWERED = "SELECT n FROM applied_change WHERE device_id = ? AND incarnation = ? AND n <= ?"
AWAITED = ("not_seen", "giving_back", "unknown")
"""States of a device that may have something to give back."""
UNSETTLED = (*AWAITED, "waits")
"""States of a device with which the report is not done: what waits may yet be taken."""


@dataclass(frozen=True, slots=True)
class DeviceReturn:
    """One device since the restore.

    Attributes:
        state: `not_seen`, `giving_back` while it offers again what it had sent, `waits` once all that is left waits for
            what others give back, `done`, `withdrawn` since the restore before it had given everything back,
            `replaced` where another one took the place of such a withdrawn one, or `unknown` where the replaced store
            knew it and this one does not: it has to be enrolled again.
        number_prefix: by which its orders are numbered, and which it has alone; "" for one that is unknown here.
        stands: as the admin has it: `active`, `locked`, `wipe` for one that is to be wiped, `wiped` or `withdrawn`.
        answered_to: its newest change that had been answered before the restore, as it told.
        seen_at: when it was last here since the restore; `last_seen_at` also counts the time before.
        returned: how many of them it offered again.
        recovered: how many of these the backup lacked and the store has taken again.
        replaced_by: the device that took its place, or that may have where it was not seen: the same person's under the
            same name, admitted after it was last here; of a withdrawn one also what was enrolled again from it.
        refused: those that lie there to be corrected, refused before or when they were given back; and those refused
            before that their person had corrected or let go by then.
        waits: those that need a record which another device may still give back; they lie there until then.
        tries_again: something came since it offered these, so it has to offer them once more.
        missing: those that the backup lacks and the device no longer keeps; they are lost.
        repaired: it was repaired after damage and left out numbers; some of them may have been used, and be lost.
    """

    login: str
    device: str
    device_id: str
    state: str
    last_seen_at: int | None
    seen_at: int | None = None
    number_prefix: str = ""
    stands: str = ""
    answered_to: int = 0
    returned: int = 0
    recovered: int = 0
    refused: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    waits: tuple[int, ...] = ()
    tries_again: bool = False
    replaced_by: str | None = None
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class ReturnedChange:
    """A change the backup did not know, given back by the device that had made it.

    Attributes:
        fields: what it makes of each field, of all records in it.
    """

    login: str
    device: str
    number_prefix: str
    n: int
    command: str
    result: str
    entity: str
    record: str
    row_id: str
    at: int
    fields: tuple[TwoValues, ...]


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What came back since the last restore, and what did not.

    Attributes:
        revision: the state of the backup that was restored.
        lost: what others than laptops had done after the backup, as far as laptops held it, and is not there again.
        done: every device that was not withdrawn was here and has given back all it keeps, and nothing of it waits.
        people: login and name of those who were admitted when the store was restored, and are unknown here.
        knew_all: the store before could tell of everybody; else there may be people and devices nobody knows of.
    """

    at: int
    revision: int
    devices: tuple[DeviceReturn, ...]
    changes: tuple[ReturnedChange, ...]
    lost: tuple[LostRow, ...]
    done: bool
    people: tuple[tuple[str, str], ...]
    knew_all: bool


def was_restored(reader: Reader) -> bool:
    """Whether the present epoch came with a restore, or with being told of one."""
    found = reader.session.first("SELECT 1 FROM restoration WHERE epoch = (SELECT epoch FROM store_info)")
    return found is not None


def restore_report(reader: Reader) -> RestoreReport | None:
    """What came back since the store was restored last; None when it never was."""
    found = reader.session.first(
        "SELECT at, revision, knew_all FROM restoration WHERE epoch = (SELECT epoch FROM store_info)"
    )
    if found is None:
        return None
    at, revision, knew_all = found
    devices = (*_devices(reader, at), *map(_unknown, unknown_devices(reader)))
    awaited = {device.login for device in devices if device.state in AWAITED}
    return RestoreReport(
        at=at,
        revision=revision,
        devices=devices,
        changes=tuple(_changes(reader)),
        lost=tuple(lost_rows(reader, awaited)),
        done=all(device.state not in UNSETTLED for device in devices),
        people=tuple((one.login, one.name) for one in unknown_people(reader)),
        knew_all=bool(knew_all),
    )


def _unknown(device: Known) -> DeviceReturn:
    return DeviceReturn(
        login=device.login,
        device=device.name,
        device_id=id_text(device.row_id),
        state="unknown",
        stands="locked" if device.locked else "",
        last_seen_at=device.seen_at,
    )


def _devices(reader: Reader, restored_at: int) -> list[DeviceReturn]:
    """Those the backup knows, that told of the time before, or that came for one that is unknown here.

    One withdrawn by then had sent all it ever would.
    """
    sql = (
        "SELECT d.id, u.login, d.name, d.number_prefix, d.state, k.seen_at, k.waiting, k.settled_to, r.answered_to, "
        "r.refused, r.incarnation, r.seen_at, c.made_at, c.revoked_at "
        "FROM device AS d JOIN app_user AS u ON u.id = d.user_id "
        "JOIN device_credential AS c ON c.device_id = d.id AND (c.revoked_at IS NULL OR c.revoked_at >= ?) "
        "LEFT JOIN device_contact AS k ON k.device_id = d.id "
        "LEFT JOIN device_return AS r ON r.device_id = d.id AND r.epoch = (SELECT epoch FROM store_info) "
        "WHERE c.made_at < ? OR r.answered_to IS NOT NULL "
        "OR d.id IN (SELECT heir_id FROM known_before WHERE heir_id IS NOT NULL) ORDER BY u.login, d.id"
    )
    return [_device(reader, row, restored_at) for row in reader.rows(sql, (restored_at, restored_at))]


def _device(reader: Reader, row: tuple[object, ...], restored_at: int) -> DeviceReturn:
    device_id, login, name, number_prefix, stands, *rest = row
    seen, waiting, settled, answered, refused, incarnation, came, made_at, revoked_at = rest
    assert isinstance(device_id, bytes)  # noqa: S101 - a primary key
    assert isinstance(made_at, int)  # noqa: S101 - never empty
    answered_to = answered if isinstance(answered, int) else 0
    told = _numbers(refused) if isinstance(refused, bytes) else ()
    returned, waits, to_try = _listed(reader, device_id, settled if isinstance(settled, int) else 0)
    admitted_by = made_at if made_at < restored_at else None
    installation = (device_id, incarnation if isinstance(incarnation, bytes) else b"")
    again = {n for n, result in returned if result.startswith("refused")}
    own = _own(reader, installation, max((answered_to, *told)))
    known = {n for n, _ in returned} | own
    before = _as_formers(reader, device_id, min(own, default=answered_to + 1) - 1, admitted_by)
    moments = [moment for moment in (seen, came) if isinstance(moment, int)]
    state = "giving_back" if waiting else "waits" if waits else "done"
    state = "not_seen" if answered is None else state
    state, successor = _or_gone(reader, device_id, restored_at, state, withdrawn=revoked_at is not None)
    missing, left_out = _absent(known.union(told, before), answered_to) if state == "done" else ((), False)
    return DeviceReturn(
        login=str(login),
        device=str(name or ""),
        device_id=id_text(device_id),
        state=state,
        number_prefix=str(number_prefix or ""),
        stands=str(stands),
        seen_at=max((moment for moment in moments if moment >= restored_at), default=None),
        last_seen_at=max(moments, default=None),
        answered_to=answered_to,
        returned=len(returned),
        recovered=sum(n not in again and result != IN_BACKUP for n, result in returned),
        refused=tuple(sorted({n for n in told if n not in known} | again)),
        missing=missing,
        waits=tuple(sorted(waits)),
        tries_again=state == "waits" and to_try,
        replaced_by=id_text(successor) if successor else None,
        repaired=left_out,
    )


def _listed(
    reader: Reader, device_id: bytes, settled_to: int
) -> tuple[list[tuple[int, str]], set[int], bool]:
    """What came back of a device, with what became of it, what waits there for others, and whether it has to offer
    any of that again.
    """
    sql = (
        "SELECT n, result FROM returned_change WHERE device_id = ? AND epoch = (SELECT epoch FROM store_info)"
    )
    listed = reader.rows(sql, (device_id,))
    returned = [(n, result) for n, result in listed if result not in (WAITS, TO_BE_TRIED)]
    waits = {n: result for n, result in listed if n > settled_to and result in (WAITS, TO_BE_TRIED)}
    return returned, set(waits), TO_BE_TRIED in waits.values()


def _or_gone(
    reader: Reader, device_id: bytes, restored_at: int, state: str, *, withdrawn: bool
) -> tuple[str, bytes | None]:
    """The state, but for a withdrawn device that is not done; and which one took the place of one, or may have."""
    if state == "done" or not withdrawn:
        return state, following(reader, device_id, restored_at) if state == "not_seen" else None
    successor = successor_of(reader, device_id, restored_at)
    return "replaced" if successor else "withdrawn", successor


def _absent(there: set[int], answered_to: int) -> tuple[tuple[int, ...], bool]:
    """The numbers that are not there, without stretches that a repair left out; and whether there are such.

    Such a stretch may look shorter: a copy may have used some of it, and what waited when it came counts as answered.
    """
    ends = [0, *sorted(n for n in there if n <= answered_to), answered_to + 1]
    stretches = [range(one + 1, other) for one, other in pairwise(ends)]
    missing = [stretch for stretch in stretches if 2 * len(stretch) < LEFT_OUT_BY_A_REPAIR]
    return tuple(chain.from_iterable(missing)), len(missing) < len(stretches)


def _own(reader: Reader, installation: tuple[bytes, bytes], up_to: int) -> set[int]:
    """The numbers the store has of an installation as what it is now, or has had and forgotten."""
    known = {n for (n,) in reader.rows(_ANSWERED, (*installation, up_to))}
    return known.union(range(1, reader.settled_floor(*installation) + 1))


def _as_formers(reader: Reader, device_id: bytes, up_to: int, admitted_by: int | None) -> set[int]:
    """The numbers the store has of what an installation sent as those it was, before the first of its own.

    A copied one lives on beside its copy: what it sends after `admitted_by`, or under later numbers, is its alone. None
    for a copy that the backup does not know, which had sent nothing itself.
    """
    known: set[int] = set()
    for former in formers_of(reader, device_id):
        known.update(range(1, min(up_to, reader.settled_floor(*former)) + 1))
        if admitted_by is None:
            known.update(n for (n,) in reader.rows(_ANSWERED, (*former, up_to)))
        else:
            by_then = reader.rows(f"{_ANSWERED} AND received_at <= ?", (*former, up_to, admitted_by))
            known.update(n for (n,) in by_then)
    return known


def _changes(reader: Reader) -> list[ReturnedChange]:
    sql = (
        "SELECT u.login, d.name, d.number_prefix, r.n, r.command, r.result, r.entity, r.row_id, r.at, r.edits "
        "FROM returned_change AS r "
        "JOIN device AS d ON d.id = r.device_id JOIN app_user AS u ON u.id = d.user_id "
        "WHERE r.epoch = (SELECT epoch FROM store_info) AND r.result <> ? ORDER BY u.login, d.id, r.n"
    )
    return [
        ReturnedChange(
            login,
            name or "",
            number_prefix or "",
            n,
            command,
            result,
            entity,
            _label(reader, entity, row_id),
            id_text(row_id) if row_id else "",
            at,
            entered(_edits(edits)),
        )
        for login, name, number_prefix, n, command, result, entity, row_id, at, edits in reader.rows(
            sql, (IN_BACKUP,)
        )
    ]


def _label(reader: Reader, entity: str, row_id: bytes | None) -> str:
    """What a person calls the record, "" when it is not there."""
    declared = CATALOGUE.get(entity)
    row = reader.row(declared, row_id) if declared is not None and row_id else None
    if declared is None or row is None:
        return ""
    return " ".join(str(row[name]) for name in declared.label if row.get(name))[:200]
