"""Who is shut out, over a restore: whom the replaced store admitted no longer, or had locked, an older backup does
not let in again; nor does it lock whom that store had unlocked, or wipe whom it had spared.

Owns doing it again in the restored store, and handing on who is unknown there. Must not know how the replaced store was
read, nor how a device is admitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from sync_server.store.devices.credentials import revoke
from sync_server.store.devices.known_before import keep
from sync_server.store.devices.standing import is_withdrawn, set_lock
from sync_server.store.devices.wiping import LOST, cancel_wipe, open_manner, order_again
from sync_server.store.office.admin import disable_user
from sync_server.store.replaced import Known, Replaced
from sync_server.store.transaction import WriteTransaction


@dataclass(frozen=True, slots=True)
class Carried:
    """What a restore carried over.

    Attributes:
        shut_out: whom the backup would have admitted again.
        locks: devices that the backup would have unlocked or locked again.
        spared: devices that the backup would have wiped again.
        unknown: who was admitted, and is unknown to the restored store.
    """

    shut_out: tuple[Known, ...]
    locks: tuple[Known, ...]
    spared: tuple[Known, ...]
    unknown: tuple[Known, ...]


def carry_over(tx: WriteTransaction, before: Replaced, *, sure: bool) -> Carried:
    """Shuts out again whom the replaced store did, and keeps whom the restored one does not know.

    Only where it is `sure` to have known all orders to wipe is one that it had not taken as taken back.
    """
    known = {one.row_id: one for one in reversed(before.known)}
    own = tx.info().server_id
    welcome = {one.login for one in known.values() if one.kind == "user" and one.why is None}
    out = sorted((one for one in known.values() if one.why is not None), key=lambda one: one.row_id)
    again = [one for one in out if one.kind == "device" and _withdraw(tx, one)]
    again += [
        one for one in out if one.kind == "user" and one.login not in welcome and _disable(tx, one, own)
    ]
    locks = [one for one in known.values() if one.kind == "device" and _lock_as_before(tx, one)]
    spared = [one for one in known.values() if sure and one.row_id in before.spared and _spare(tx, one)]
    for wipe in before.wipes:
        order_again(tx, wipe)
    doomed = {wipe.device_id for wipe in before.wipes if wipe.wiped_at is None}
    absent = [
        msgspec.structs.replace(one, why=one.why or LOST) if one.row_id in doomed else one
        for one in known.values()
        if tx.row(one.kind, one.row_id) is None
    ]
    keep(tx, absent, afresh=before.whole)
    admitted = (
        one
        for one in absent
        if one.why is None
        and one.server_id == own
        and not (one.kind == "user" and tx.find("user", "login", one.login))
    )
    return Carried(
        tuple(again),
        tuple(locks),
        tuple(spared),
        tuple(sorted(admitted, key=lambda one: (one.login, one.row_id))),
    )


def _withdraw(tx: WriteTransaction, device: Known) -> bool:
    row = tx.row("device", device.row_id)
    if row is None or is_withdrawn(tx, row):
        return False
    revoke(tx, device.row_id, device.why or "")
    return True


def _lock_as_before(tx: WriteTransaction, device: Known) -> bool:
    row = tx.row("device", device.row_id)
    return row is not None and not is_withdrawn(tx, row) and set_lock(tx, row, locked=bool(device.locked))


def _spare(tx: WriteTransaction, device: Known) -> bool:
    if open_manner(tx, device.row_id) is None:
        return False
    cancel_wipe(tx, device.row_id)
    return True


def _disable(tx: WriteTransaction, user: Known, own: bytes) -> bool:
    """By id; by login where this company's store has somebody of another id under it."""
    row = tx.row("user", user.row_id)
    if row is None and user.server_id == own:
        row = next(iter(tx.find("user", "login", user.login)), None)
    if row is None or not row["active"]:
        return False
    disable_user(tx, str(row["login"]))
    return True
