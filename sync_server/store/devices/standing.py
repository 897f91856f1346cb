"""How a device stands: active, locked by the admin, to be wiped, wiped, or withdrawn for good.

Owns the lock, and how that word is kept in the device's row. A locked device stays admitted, but nothing is taken of it
and nothing given until it is unlocked. Must not know why a device is withdrawn or wiped, nor how either end is reached.
"""

from __future__ import annotations

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.devices.known_before import lock_unknown
from sync_server.store.reading import Reader
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction


def device_of(tx: WriteTransaction, device_id: bytes) -> Row:
    """The row of a device.

    Raises:
        KnownError: `not_found`.
    """
    device = tx.row("device", device_id)
    if device is None:
        raise no_such_device()
    return device


def no_such_device() -> KnownError:
    """What is said of a device that nobody knows."""
    return KnownError(Code.NOT_FOUND, "There is no such device. List them with fieldrep-server device list.")


def stand(tx: WriteTransaction, device: Row, state: str) -> None:
    """Writes how a device stands from now on; whoever waits for news of its person hears that there is some."""
    device.update(state=state, revision=tx.new_revision(), changed_at=tx.now)
    tx.stage("device", device)


def is_withdrawn(reader: Reader, device: Row) -> bool:
    """Whether a device gets and gives nothing any more."""
    sql = "SELECT 1 FROM device_credential WHERE device_id = ? AND revoked_at IS NOT NULL"
    return device["state"] in ("withdrawn", "wiped") or reader.session.first(sql, (device["id"],)) is not None


def is_locked(reader: Reader, device: Row) -> bool:
    """Whether the admin locked a device, whatever else it stands under."""
    sql = "SELECT 1 FROM device_credential WHERE device_id = ? AND locked_at IS NOT NULL"
    return reader.session.first(sql, (device["id"],)) is not None


def state_without_order(reader: Reader, device: Row) -> str:
    """How a device stands once it is no longer to be wiped."""
    if is_withdrawn(reader, device):
        return "withdrawn"
    return "locked" if is_locked(reader, device) else "active"


def lock(tx: WriteTransaction, device_id: bytes) -> None:
    """Takes nothing of a device and gives it nothing from this commit on, until it is unlocked.

    Raises:
        KnownError: `not_found`, `nothing_to_change`, `move_not_allowed` for one that is withdrawn or to be wiped.
    """
    instead = ", or give --lost there to take nothing of it either"
    if not _turned(tx, device_id, instead, locked=True):
        raise KnownError(Code.NOTHING_TO_CHANGE, "This device is locked already.")


def unlock(tx: WriteTransaction, device_id: bytes) -> None:
    """Lets a locked device go on.

    Raises:
        KnownError: as `lock`.
    """
    if not _turned(tx, device_id, locked=False):
        raise KnownError(Code.NOTHING_TO_CHANGE, "This device is not locked.")


def _turned(tx: WriteTransaction, device_id: bytes, instead: str = "", *, locked: bool) -> bool:
    """As `set_lock`, also for a device that a restored store does not know and that may be enrolled again."""
    unknown = lock_unknown(tx, device_id, locked=locked) if tx.row("device", device_id) is None else None
    return set_lock(tx, _lockable(tx, device_id, instead), locked=locked) if unknown is None else unknown


def set_lock(tx: WriteTransaction, device: Row, *, locked: bool) -> bool:
    """Locks a device or unlocks it; False where it is so already. One to be wiped is so when that is taken back."""
    if is_locked(tx, device) is locked:
        return False
    sql = "UPDATE device_credential SET locked_at = ? WHERE device_id = ?"
    tx.session.run(sql, (tx.now if locked else None, device["id"]))
    if device["state"] != "wipe":
        stand(tx, device, "locked" if locked else "active")
    device_id = device["id"]
    assert isinstance(device_id, bytes)  # noqa: S101 - ids are never empty
    tx.audit("lock_device" if locked else "unlock_device", entity="device", row_id=device_id)
    return True


def _lockable(tx: WriteTransaction, device_id: bytes, instead: str = "") -> Row:
    """A device that can be locked or unlocked; `instead` is said of what else serves for one to be wiped."""
    device = device_of(tx, device_id)
    if is_withdrawn(tx, device):
        how = "wiped" if device["state"] == "wiped" else "withdrawn for good"
        raise KnownError(Code.MOVE_NOT_ALLOWED, f"This device is {how}: it gets and gives nothing any more.")
    if device["state"] == "wipe":
        sentence = (
            "This device is ordered to wipe itself, and gets nothing any more. Take that back first (fieldrep-server "
            f"device wipe DEVICE --cancel){instead}."
        )
        raise KnownError(Code.MOVE_NOT_ALLOWED, sentence)
    return device
