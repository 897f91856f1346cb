"""Which installation a device was before it enrolled again: what was sent as that one is not taken a second time (I3).

A copied, withdrawn or wiped installation enrols again as a new device and brings its outbox with it. Owns the table
`device_former`. What a device says of itself, or shows, counts only within its own user's devices.
"""

from __future__ import annotations

from collections.abc import Sequence

from fieldrep.contract.fields import INT64_MAX
from fieldrep.contract.ids import Incarnation, RowId
from fieldrep.contract.messages import MOST_FORMERS, EnrollRequest
from sync_server.store.reading import Reader
from sync_server.store.transaction import WriteTransaction

MOST_RELATIVES = 4 * MOST_FORMERS


def note_former(
    tx: WriteTransaction, device_id: bytes, user_id: bytes, was: Sequence[tuple[bytes, bytes]]
) -> None:
    """Remembers who a device was: the first of those it names, device and incarnation, that the store knows.

    A store restored from a backup may know only an earlier one, or none: then it is the first it ever was, which its
    copies name as well. Another user's device is passed over in silence.
    """
    named = [one for one in was if len(one[0]) == 16 and one[0] != device_id]
    rows = [tx.row("device", RowId(former_id)) for former_id, _ in named]
    known = [
        one for one, row in zip(named, rows, strict=True) if row is not None and row["user_id"] == user_id
    ]
    unknown = [one for one, row in zip(named, rows, strict=True) if row is None]
    for former_id, incarnation in known[:1] or unknown[-1:]:
        tx.session.run(
            "INSERT INTO device_former (device_id, former_id, incarnation) VALUES (?, ?, ?) "
            "ON CONFLICT (device_id) DO UPDATE SET former_id = excluded.former_id, "
            "incarnation = excluded.incarnation",
            (device_id, former_id, incarnation),
        )


def named_formers(tx: WriteTransaction, request: EnrollRequest) -> list[tuple[bytes, bytes]]:
    """Device and incarnation of those an installation says it was, the last first; the first may be none.

    Where it names an incarnation alone, it was the device that was last met under that.
    """
    said = ((request.former_device, request.former_incarnation), *request.earlier[:MOST_FORMERS])
    return [(device or _met_under(tx, incarnation), incarnation) for device, incarnation in said]


def _met_under(tx: WriteTransaction, incarnation: bytes) -> bytes:
    sql = "SELECT device_id FROM device_contact WHERE incarnation = ?"
    found = tx.session.first(sql, (incarnation,)) if incarnation else None
    return bytes(found[0]) if found else b""


def formers_of(reader: Reader, device_id: bytes) -> list[tuple[RowId, Incarnation]]:
    """The installations a device was before, the last first."""
    found: list[tuple[RowId, Incarnation]] = []
    sql = "SELECT former_id, incarnation FROM device_former WHERE device_id = ?"
    while len(found) < MOST_FORMERS:
        row = reader.session.first(sql, (device_id,))
        if row is None:
            break
        device_id = bytes(row[0])
        found.append((RowId(device_id), Incarnation(bytes(row[1]))))
    return found


def settled_as_formers(tx: WriteTransaction, device_id: bytes, came_with: int) -> int:
    """Up to which number the changes a device brought along may have been answered as one it was, and forgotten.

    What it made since it was first in contact as a device of its own was never another's, however far that one has come
    meanwhile. `came_with` is the newest change it had then; the first push says it for good.
    """
    tx.session.run(
        "UPDATE device_former SET brought = ? WHERE device_id = ? AND brought IS NULL", (came_with, device_id)
    )
    sql = "SELECT former_id, incarnation, brought FROM device_former WHERE device_id = ?"
    floor, brought = 0, INT64_MAX
    for _ in range(MOST_FORMERS):
        row = tx.session.first(sql, (device_id,))
        if row is None:
            break
        device_id, incarnation = RowId(bytes(row[0])), Incarnation(bytes(row[1]))
        brought = min(brought, INT64_MAX if row[2] is None else int(row[2]))
        floor = max(floor, min(brought, tx.settled_floor(device_id, incarnation)))
    return floor


def others_of(reader: Reader, device_id: bytes, user_id: bytes) -> list[tuple[RowId, Incarnation]]:
    """The installations of a user that the store has met, but for one."""
    sql = (
        "SELECT d.id, c.incarnation FROM device AS d JOIN device_contact AS c ON c.device_id = d.id "
        "WHERE d.user_id = ? AND d.id <> ? AND length(c.incarnation) > 0 ORDER BY d.id"
    )
    return [
        (RowId(bytes(one)), Incarnation(bytes(was))) for one, was in reader.rows(sql, (user_id, device_id))
    ]


def relatives_of(
    reader: Reader, device_id: bytes, formers: Sequence[tuple[RowId, Incarnation]]
) -> list[tuple[RowId, Incarnation]]:
    """The installations that may have handed in what a device holds: its formers, the last first, and others that
    became devices of their own from it or from one of these.

    Copies of one profile do so when it is withdrawn before anybody noticed that there are two; and after a restore a
    copy may be the first to give back what both had sent.
    """
    found, following = list(formers), [RowId(device_id), *(former for former, _ in formers)]
    known: set[bytes] = set(following)
    sql = (
        "SELECT f.device_id, c.incarnation FROM device_former AS f "
        "JOIN device_contact AS c ON c.device_id = f.device_id JOIN device AS d ON d.id = f.device_id "
        "WHERE f.former_id = ? AND c.incarnation IS NOT NULL "
        "AND d.user_id = (SELECT user_id FROM device WHERE id = ?) ORDER BY f.device_id"
    )
    while following and len(found) < MOST_RELATIVES:
        for one, incarnation in reader.rows(sql, (following.pop(0), device_id)):
            if bytes(one) not in known:
                known.add(bytes(one))
                following.append(RowId(bytes(one)))
                found.append((RowId(bytes(one)), Incarnation(bytes(incarnation))))
    return found
