"""A device that knows more of this store than the store itself: nothing is taken from it and nothing served.

What it was told to be accepted would be missing, and would be lost once the store has passed the state it shows. So it
waits, also then, until the admin has looked. Must not decide for anybody else: a device's word alone is no restore.
"""

from __future__ import annotations

import logging

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import id_text
from fieldrep.contract.messages import Handshake
from sync_server.store.audit import Actor
from sync_server.store.database import Database
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.devices.cursor import shown_beyond
from sync_server.store.restoring.behind import is_noted, note
from sync_server.store.snapshot import Snapshot

log = logging.getLogger(__name__)

SENTENCE = (
    "The server has gone back to an older state than this laptop knows. Nothing was taken, so that nothing is lost; "
    "everything you entered stays on this laptop. Tell your admin: the server's log says what to do."
)
_TOLD = (
    "%s's device %s shows revision %d of this central store, which stands at %d: the store was put back without "
    "fieldrep-server restore, or that device is not sound. Nothing is taken from it. Look into it; where the store was "
    "put back, run fieldrep-server restored: devices then start over and give back what it lacks."
)
_RETRY_SECONDS = 300


def require_not_behind(
    database: Database, snapshot: Snapshot, device: DeviceIdentity, handshake: Handshake
) -> None:
    """Lets a device of this epoch pass that shows no later state than the store has, and never did.

    Raises:
        KnownError: `store_behind`; it is noted once.
    """
    info = snapshot.info()
    shown = shown_beyond(handshake.cursor, info.revision)
    if shown:
        _note(database, device, info.epoch, shown)
    elif not (info.behind and is_noted(snapshot, device.device_id)):
        return
    raise KnownError(Code.STORE_BEHIND, SENTENCE, retry_after=_RETRY_SECONDS)


def _note(database: Database, device: DeviceIdentity, epoch: bytes, shown: int) -> None:
    with database.read() as now:
        if is_noted(now, device.device_id):
            return
    with database.write(Actor(device.login, device.user_id, device.device_id)) as tx:
        if tx.epoch == epoch and note(tx, device, shown):
            log.error(_TOLD, device.login, id_text(device.device_id), shown, tx.revision_now)
