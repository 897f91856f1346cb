"""What the office did between a backup and its restore, as far as devices tell: rows they held as the store has not.

A device names them once, before it fetches its records afresh; nothing is changed by it, and only the admin reads it.
Owns the table `row_after_backup`. Must not know who gives what back; `returns.py` does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import INT64_MAX, Value
from fieldrep.contract.ids import id_text, parse_id
from fieldrep.contract.messages import MOST_BEYOND_BYTES, HeldRow
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.devices.cursor import reached
from sync_server.store.reading import Reader, StoreInfo
from sync_server.store.restoring.since_restore import SinceRestore, Told
from sync_server.store.restoring.told_rows import ToldRows
from sync_server.store.restoring.two_values import TwoValues, differing
from sync_server.store.session import Session

_HELD = (
    "SELECT h.entity, h.row_id, h.changed_at, h.label, h.changed_by, COALESCE(a.login, k.login), "
    "COALESCE(a.name, k.name), u.login, h.held FROM row_after_backup AS h "
    "JOIN device AS d ON d.id = h.device_id JOIN app_user AS u ON u.id = d.user_id "
    "LEFT JOIN app_user AS a ON a.id = h.changed_by "
    "LEFT JOIN known_before AS k ON k.row_id = h.changed_by AND k.kind = 'user' "
    "WHERE h.epoch = (SELECT epoch FROM store_info) ORDER BY h.entity, h.label, h.row_id"
)

_pack = msgspec.msgpack.Encoder().encode
_decode_was = msgspec.msgpack.Decoder(dict[str, object]).decode


@dataclass(frozen=True, slots=True)
class _Told:
    """A row as a laptop told of it; `user_id` is who changed it last, None for the office."""

    row: Told
    user_id: bytes | None
    changed_at: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LostRow:
    """A record as it was changed after the backup, which nobody has given back.

    Attributes:
        by: who had changed it last, "the office" where it was no person with a laptop; of a record that is there, the
            office may have changed it before that person.
        held_by: the person whose device told of it.
        fields: what the store now has and what the laptop held, where it told that.
        merged_into: the record it was merged into, and is no more, "" for none.
        moved: how many records had gone along with that; they are not listed themselves.
    """

    entity: str
    record: str
    row_id: str
    changed_at: int
    by: str
    held_by: str
    fields: tuple[TwoValues, ...]
    merged_into: str = ""
    moved: int = 0


def restored_to(session: Session, epoch: bytes) -> int:
    """The last state that a replica of an older epoch and the restored store have in common."""
    found = session.first(
        "SELECT min(revision) FROM restoration WHERE at > COALESCE((SELECT at FROM restoration WHERE epoch = ?), -1)",
        (epoch,),
    )
    return int(found[0]) if found and found[0] is not None else 0


def shown_before(session: Session, epoch: bytes, cursor: bytes) -> int:
    """What of the restored store a device of an older epoch shows to have had."""
    return min(reached(cursor, INT64_MAX), restored_to(session, epoch))


def note_held(session: Session, info: StoreInfo, device: DeviceIdentity, rows: Sequence[HeldRow]) -> None:
    """Keeps what a device tells of rows; of one that several tell of, the latest.

    A device tells them once, or all again because no reply came: what it told before makes room.
    """
    if not rows:
        return
    session.run(
        "DELETE FROM row_after_backup WHERE epoch = ? AND device_id = ?", (info.epoch, device.device_id)
    )
    room = MOST_BEYOND_BYTES
    for row in rows:
        if row.entity not in CATALOGUE:
            continue
        held = _pack(row.values)
        room -= len(held)
        session.run(
            "INSERT INTO row_after_backup (epoch, entity, row_id, device_id, revision, changed_at, changed_by, label, "
            "held) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (epoch, entity, row_id) DO UPDATE SET "
            "device_id = excluded.device_id, revision = excluded.revision, changed_at = excluded.changed_at, "
            "changed_by = excluded.changed_by, label = excluded.label, held = excluded.held "
            "WHERE excluded.revision > row_after_backup.revision",
            (
                info.epoch,
                row.entity,
                row.row_id,
                device.device_id,
                row.revision,
                row.changed_at,
                row.changed_by or None,
                row.label,
                held if room >= 0 else _pack({}),
            ),
        )


def told_of(reader: Reader, entity: str, row_id: bytes) -> Mapping[str, object]:
    """What a laptop held of a row when the store was restored; nothing where none told of it."""
    found = reader.session.first(
        "SELECT held FROM row_after_backup "
        "WHERE epoch = (SELECT epoch FROM store_info) AND entity = ? AND row_id = ?",
        (entity, row_id),
    )
    return _decode_was(found[0]) if found else {}


def lost_rows(reader: Reader, awaited: Collection[str]) -> list[LostRow]:
    """The rows told of that the store still has not, or not as they were; what the office writes now takes one off.

    So does what it enters anew, known by its login or code, and for a record that is gone there is nothing to enter.
    What a person had done is nobody else's to do again: `awaited` are the logins of those whose laptops may still give
    it back, and a record whose making was refused lies there to be sent again. A laptop unknown here enrols itself.
    """
    since, told = SinceRestore(reader), ToldRows(reader)
    found = []
    for entity, row_id, changed_at, label, user_id, login, by, held_by, held in reader.rows(_HELD):
        row = reader.row(CATALOGUE[entity], row_id) if entity in CATALOGUE else None
        one = _Told((entity, row_id), user_id, changed_at, _decode_was(held))
        if login in awaited:
            continue
        if row is None:
            if entity == "device" or _comes_again(since, one, awaited) or _is_done(told, one):
                continue
            fields = _apart(one, {})
        else:
            lacking = _lacking(since, one, row)
            if lacking is None:
                continue
            fields = lacking
        who = f"{by}, or the office before" if by and row is not None else by or "the office"
        named = label or (told.called(entity, row_id, row or one.values) if entity in CATALOGUE else "")
        found.append(LostRow(entity, named, id_text(row_id), changed_at, who, held_by, fields))
    return _with_merges(reader, told, found)


def _comes_again(since: SinceRestore, one: _Told, awaited: Collection[str]) -> bool:
    """Whether a record that is gone, and that a person changed last, lies refused or may come with another laptop."""
    if one.user_id is None or not since.refused(one.row, one.user_id):
        return False
    return bool(awaited) or since.making_refused(one.row)


def _is_done(told: ToldRows, one: _Told) -> bool:
    """Whether there is nothing to enter for a record that is gone."""
    return bool(one.values.get("archived")) or told.entered_anew(one.row[0], one.values)


def _lacking(since: SinceRestore, one: _Told, row: Mapping[str, object]) -> tuple[TwoValues, ...] | None:
    """What of a record that is there is not as it was; None where nothing is left to do for it.

    What a laptop gave back makes a row younger, and does not bring what the office, or one refused now, had done. Of a
    record that a person changed last, a field counts whose value the store has not had since and no change gave back.
    """
    if since.written_by_office(one.row):
        return None
    fields = _apart(one, row)
    if one.user_id is None:
        return fields
    left = tuple(
        pair for pair in fields if not since.accounts_for(one.row, pair.field, one.values[pair.field])
    )
    older = int(str(row["changed_at"] or 0)) < one.changed_at
    untold = not one.values and (older or since.refused(one.row, one.user_id))
    return left if left or untold else None


def _with_merges(reader: Reader, told: ToldRows, found: list[LostRow]) -> list[LostRow]:
    """A merge that is lost is one thing to do again, not as many as records that had gone along with it."""
    merges: dict[str, tuple[Value, Value]] = {}
    for lost in found:
        row_id = parse_id(lost.row_id)
        into = told.values(lost.entity, row_id).get("merged_into_id")
        row = reader.row(lost.entity, row_id) if isinstance(into, bytes) else None
        if isinstance(into, bytes) and row is not None and row["merged_into_id"] is None:
            merges[lost.row_id] = (row_id, into)
    listed, moved = [], Counter[tuple[Value, Value]]()
    for lost in found:
        moves = {(pair.before, pair.after) for pair in lost.fields}
        if len(moves) == 1 and moves <= set(merges.values()):
            moved.update(moves)
        else:
            listed.append(lost)
    return [
        replace(
            lost,
            fields=tuple(pair for pair in lost.fields if pair.field != "archived"),
            merged_into=_text(merges[lost.row_id][1]),
            moved=moved[merges[lost.row_id]],
        )
        if lost.row_id in merges
        else lost
        for lost in listed
    ]


def _text(row_id: Value) -> str:
    return id_text(row_id) if isinstance(row_id, bytes) else ""


def _apart(one: _Told, row: Mapping[str, object]) -> tuple[TwoValues, ...]:
    """The fields of a record that laptops held otherwise; empty where they did not tell what they held."""
    entity, row_id = one.row
    declared = CATALOGUE.get(entity)
    if declared is None or not one.values:
        return ()
    return differing(declared, row_id, row, one.values)
