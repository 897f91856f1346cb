"""Whom a store knew that a restore replaced, and whom this one does not know: kept to be met again.

Owns the table `known_before`: those shut out, for whichever store is restored next, and those admitted, until they are
admitted anew. Must not know how the replaced store was read, nor how anybody is admitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from fieldrep.contract.ids import RowId
from sync_server.store.reading import Reader
from sync_server.store.replaced import KNOWN_COLUMNS, Kind, Known
from sync_server.store.sql_text import insert_text
from sync_server.store.transaction import WriteTransaction

_COLUMNS = (*KNOWN_COLUMNS, "noted_at", "heir_id")


def keep(tx: WriteTransaction, absent: Iterable[Known], *, afresh: bool) -> None:
    """Keeps who is unknown here; `afresh` where they are all, in place of those admitted that the backup had kept."""
    if afresh:
        tx.session.run("DELETE FROM known_before WHERE why IS NULL")
    new = ", ".join(f"{name} = excluded.{name}" for name in (*KNOWN_COLUMNS[1:], "noted_at"))
    sql = f"{insert_text('known_before', _COLUMNS)} ON CONFLICT (row_id) DO UPDATE SET {new}"
    for one in absent:
        tx.session.run(sql, (*(getattr(one, name) for name in KNOWN_COLUMNS), tx.now, None))


def unknown_devices(reader: Reader) -> list[Known]:
    """Devices that were admitted when the store was restored, are unknown here and have not been enrolled anew.

    One whose user has been disabled here since is awaited no more.
    """
    return _unknown(reader, "device")


def unknown_people(reader: Reader) -> list[Known]:
    """People who were admitted when the store was restored, and whose login nobody has here."""
    return _unknown(reader, "user")


def _unknown(reader: Reader, kind: Kind) -> list[Known]:
    columns = ", ".join(f"k.{name}" for name in KNOWN_COLUMNS)
    sql = (
        f"SELECT {columns} FROM known_before AS k LEFT JOIN app_user AS u ON u.login = k.login "  # noqa: S608 - our columns
        "WHERE k.kind = ? AND k.why IS NULL AND k.heir_id IS NULL "
        "AND k.server_id = (SELECT server_id FROM store_info) "
        "AND (u.id IS NULL OR k.kind = 'device' AND u.active = 1) ORDER BY k.login, k.row_id"
    )
    return [msgspec.convert(tuple(row), Known) for row in reader.rows(sql, (kind,))]


def note_heir(tx: WriteTransaction, device_id: bytes, login: str, was: Sequence[tuple[bytes, bytes]]) -> None:
    """Remembers that an unknown device came back as another one, as that one says, within its own user's."""
    for former_id, _ in was:
        tx.session.run(
            "UPDATE known_before SET heir_id = ? WHERE row_id = ? AND kind = 'device' AND login = ? AND why IS NULL "
            "AND heir_id IS NULL",
            (device_id, former_id, login),
        )


def former_id(tx: WriteTransaction, login: str) -> RowId | None:
    """The id of an unknown person of that login, who then goes on as before: what lies on a laptop names the person."""
    found = tx.session.first(
        "SELECT row_id FROM known_before WHERE kind = 'user' AND login = ? AND why IS NULL "
        "AND server_id = (SELECT server_id FROM store_info)",
        (login,),
    )
    if found is None or tx.row("user", bytes(found[0])) is not None:
        return None
    tx.session.run("DELETE FROM known_before WHERE row_id = ?", (bytes(found[0]),))
    return RowId(bytes(found[0]))


def shut_out_unknown(tx: WriteTransaction, device_id: bytes, why: str) -> bool:
    """Withdraws a device that is unknown here: for every store that may be restored later; False where it is none."""
    given = (device_id,)
    sql = "SELECT row_id FROM known_before WHERE row_id = ? AND kind = 'device' AND why IS NULL"
    if tx.session.first(sql, given) is None:
        return False
    tx.session.run("UPDATE known_before SET why = ? WHERE row_id = ?", (why, *given))
    tx.audit("revoke_device", entity="device", row_id=device_id, detail=why)
    return True


def is_locked_unknown(reader: Reader, device_id: bytes, login: str) -> bool:
    """Whether a device of a person that is unknown here was locked when the store was restored, and is so still."""
    found = reader.session.first(f"{_ADMITTED_DEVICE} AND login = ?", (device_id, login))
    return found is not None and bool(found[0])


def lock_unknown(tx: WriteTransaction, device_id: bytes, *, locked: bool) -> bool | None:
    """Locks a device that is unknown here, or unlocks it; False where it is so already, None where it is none."""
    found = tx.session.first(_ADMITTED_DEVICE, (device_id,))
    if found is None or bool(found[0]) is locked:
        return None if found is None else False
    tx.session.run("UPDATE known_before SET locked = ? WHERE row_id = ?", (int(locked), device_id))
    tx.audit("lock_device" if locked else "unlock_device", entity="device", row_id=device_id)
    return True


_ADMITTED_DEVICE = (
    "SELECT locked FROM known_before WHERE row_id = ? AND kind = 'device' AND why IS NULL AND heir_id IS NULL"
)
