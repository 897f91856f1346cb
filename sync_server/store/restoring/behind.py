"""Devices that show a later state of this very store than it has: the sign that it was put back by hand.

A device's word alone makes nobody else start over: it is noted once, its device waits, and the admin decides. Owns the
table `store_behind` and its count in `store_info`. Must not know a cursor.
"""

from __future__ import annotations

from dataclasses import dataclass

from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.reading import Reader
from sync_server.store.transaction import WriteTransaction


@dataclass(frozen=True, slots=True)
class Ahead:
    """A device that showed a later state.

    Attributes:
        shown: the revision up to which it had everything, or was on its way.
        present: where the store stood then.
    """

    login: str
    device: str
    device_id: bytes
    shown: int
    present: int
    at: int


def is_noted(reader: Reader, device_id: bytes) -> bool:
    """Whether the device had shown a later state, however far the store has come since."""
    return (
        reader.session.first("SELECT shown FROM store_behind WHERE device_id = ?", (device_id,)) is not None
    )


def note(tx: WriteTransaction, device: DeviceIdentity, shown: int) -> bool:
    """Notes what a device showed; False where it was noted before."""
    if is_noted(tx, device.device_id):
        return False
    tx.session.run(
        "INSERT INTO store_behind (device_id, shown, present, noted_at) VALUES (?, ?, ?, ?)",
        (device.device_id, shown, tx.revision_now, tx.now),
    )
    tx.session.run("UPDATE store_info SET behind = (SELECT count(*) FROM store_behind) WHERE one = 1")
    detail = f"shows revision {shown}, the store stands at {tx.revision_now}"
    tx.audit("notice_store_behind", "refused", entity="device", row_id=device.device_id, detail=detail)
    return True


def ahead(reader: Reader) -> list[Ahead]:
    """The devices that showed a later state, the first to show it first."""
    sql = (
        "SELECT u.login, d.name, b.device_id, b.shown, b.present, b.noted_at FROM store_behind AS b "
        "JOIN device AS d ON d.id = b.device_id JOIN app_user AS u ON u.id = d.user_id "
        "ORDER BY b.noted_at, b.device_id"
    )
    return [
        Ahead(str(login), str(name or ""), bytes(device_id), shown, present, at)
        for login, name, device_id, shown, present, at in reader.rows(sql)
    ]
