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
from fieldrep.contract.change import Change
from fieldrep.contract.fields import INT64_MAX, Value
from fieldrep.contract.ids import id_text, parse_id
from fieldrep.contract.messages import MOST_BEYOND_BYTES, HeldRow
from sync_server.store.contact import DeviceIdentity
from sync_server.store.cursor import reached
from sync_server.store.reading import Reader, StoreInfo
from sync_server.store.session import Session
from sync_server.store.told_rows import ToldRows
from sync_server.store.two_values import TwoValues, differing

_TOLD_ROWS = "SELECT entity, row_id FROM row_after_backup WHERE epoch = (SELECT epoch FROM store_info)"

_pack = msgspec.msgpack.Encoder().encode
_decode_was = msgspec.msgpack.Decoder(dict[str, object]).decode
_decode_change = msgspec.msgpack.Decoder(Change).decode


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


def lost_rows(reader: Reader, awaited: Collection[str]) -> list[LostRow]:
    """The rows told of that the store still has not, or not as they were; what the office writes now takes one off.

    So does what it enters anew, known by its login or code, and for a record that is gone there is nothing to enter.
    What a person had done is nobody else's to do again: `awaited` are the logins of those whose laptops may still give
    it back, and a record whose making was refused lies there to be sent again. A laptop unknown here enrols itself.
    """
    lying, redone, told = _lying_refused(reader), _written_by_office(reader), ToldRows(reader)
    sql = (
        "SELECT h.entity, h.row_id, h.changed_at, h.label, h.changed_by, a.login, a.name, u.login, h.held "
        "FROM row_after_backup AS h "
        "JOIN device AS d ON d.id = h.device_id JOIN app_user AS u ON u.id = d.user_id "
        "LEFT JOIN app_user AS a ON a.id = h.changed_by "
        "WHERE h.epoch = (SELECT epoch FROM store_info) AND (h.changed_by IS NULL OR h.changed_by <> d.user_id) "
        "ORDER BY h.entity, h.label, h.row_id"
    )
    found = []
    for entity, row_id, changed_at, label, user_id, login, by, held_by, held in reader.rows(sql):
        row = reader.row(CATALOGUE[entity], row_id) if entity in CATALOGUE else None
        refused = (user_id, entity, row_id) in lying
        if login in awaited or (row is None and (refused or entity == "device")):
            continue
        values = _decode_was(held)
        if row is None and (values.get("archived") or told.entered_anew(entity, values)):
            continue
        # What a laptop gave back makes a row younger, and does not bring what the office, or one refused now, had done.
        apart = row is not None and (refused or user_id is None) and (entity, row_id) not in redone
        if row is None or apart or int(row["changed_at"] or 0) < changed_at:
            who = f"{by}, or the office before" if by and row is not None else by or "the office"
            fields = _apart(entity, row_id, row or {}, values)
            named = label or (told.called(entity, row_id, row or values) if entity in CATALOGUE else "")
            found.append(LostRow(entity, named, id_text(row_id), changed_at, who, held_by, fields))
    return _with_merges(reader, told, found)


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


def _apart(
    entity: str, row_id: bytes, row: Mapping[str, object], values: Mapping[str, object]
) -> tuple[TwoValues, ...]:
    """The fields of a record that laptops held otherwise; empty where they did not tell what they held."""
    declared = CATALOGUE.get(entity)
    if declared is None or not values:
        return ()
    return differing(declared, row_id, row, values)


def _written_by_office(reader: Reader) -> set[tuple[str, bytes]]:
    """Rows told of that the office itself has written since the restore."""
    told = reader.rows(_TOLD_ROWS)
    (restored,) = reader.rows("SELECT revision FROM restoration WHERE epoch = (SELECT epoch FROM store_info)")
    sql = "SELECT row_id, entity, revision, was FROM row_history WHERE revision > ? AND row_id IN :members"
    former: dict[tuple[str, bytes], list[tuple[int, bytes]]] = {}
    for row_id, entity, at, was in reader.session.chosen(
        sql, [row_id for _, row_id in told], before=restored
    ):
        former.setdefault((entity, row_id), []).append((at, was))
    written = set()
    for entity, row_id in told:
        row = reader.row(CATALOGUE[entity], row_id) if entity in CATALOGUE else None
        stands: dict[str, object] = dict(row or {"revision": 0})
        for _, was in [(0, None), *sorted(former.get((entity, row_id), ()), reverse=True)]:
            stands |= _decode_was(was) if was is not None else {}
            revision = stands["revision"]
            if stands.get("changed_by") is None and isinstance(revision, int) and revision > restored[0]:
                written.add((entity, row_id))
    return written


def _lying_refused(reader: Reader) -> set[tuple[bytes, str, bytes]]:
    """Whose refused changes since the restore name which rows."""
    sql = (
        "SELECT user_id, payload FROM refused_change "
        "WHERE received_at >= (SELECT at FROM restoration WHERE epoch = (SELECT epoch FROM store_info))"
    )
    return {
        (user_id, edit.entity, edit.row_id)
        for user_id, payload in reader.rows(sql)
        for edit in _decode_change(payload).edits
    }
