"""Which installation a device was before it enrolled again: what was sent as that one is not taken a second time (I3).

A copied, withdrawn or wiped installation enrols again as a new device and brings its outbox with it. Owns the table
`device_former`. What a device says of itself counts only within its own user's devices.
"""

from __future__ import annotations

from fieldrep.contract.ids import Incarnation, RowId
from sync_server.store.reading import Reader
from sync_server.store.transaction import WriteTransaction

MOST_FORMERS = 10
"""Enrolments of one laptop that are remembered; what waited longer than that is judged as new."""


def note_former(
    tx: WriteTransaction, device_id: bytes, user_id: bytes, former_id: bytes, incarnation: bytes
) -> None:
    """Remembers who a device was; another user's device, or an unknown one, is passed over in silence."""
    former = tx.row("device", former_id) if len(former_id) == 16 else None
    if former is None or former["user_id"] != user_id or former_id == device_id:
        return
    tx.session.run(
        "INSERT INTO device_former (device_id, former_id, incarnation) VALUES (?, ?, ?) ON CONFLICT (device_id) "
        "DO UPDATE SET former_id = excluded.former_id, incarnation = excluded.incarnation",
        (device_id, former_id, incarnation),
    )


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
