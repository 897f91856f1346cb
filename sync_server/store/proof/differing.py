"""Devices that hold other records than the store's sums say, though they have everything up to the present: told once.

Owns when that is told, in the server's log and in the audit log. What is wrong only `verify` can say: mostly the store
was altered beside FieldRep, since a device fetches again what differs. Must not decide what a device is answered.
"""

from __future__ import annotations

import logging

from fieldrep.contract.catalogue import SCHEMA_VERSION
from fieldrep.contract.digest import Digest
from fieldrep.contract.ids import id_text
from fieldrep.contract.messages import Handshake
from sync_server.store.audit import Actor
from sync_server.store.database import Database
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.devices.cursor import is_up_to

TELL_EVERY_MS = 24 * 3_600_000
"""Of one person's records: each of his devices meets the same."""

_log = logging.getLogger(__name__)
_TOLD = (
    "SELECT at FROM audit_entry WHERE action = 'records_differ' AND entity = 'user' AND row_id = ? "
    "ORDER BY n DESC LIMIT 1"
)


def differs(handshake: Handshake, digest: Digest | None, revision: int) -> bool:
    """Whether a device shows other records than the digest of what its user holds, at that very revision."""
    return (
        handshake.digest not in (None, digest)
        and handshake.schema == SCHEMA_VERSION
        and is_up_to(handshake.cursor, revision)
    )


def tell_difference(database: Database, device: DeviceIdentity) -> None:
    """Notes that the records of a device are not those of the store, at most once a day for each person."""
    with database.write(Actor(device.login, device.user_id, device.device_id)) as tx:
        found = tx.session.first(_TOLD, (device.user_id,))
        if found is not None and 0 <= tx.now - int(found[0]) < TELL_EVERY_MS:
            return
        told = f"the device {id_text(device.device_id)} shows other records than the store's sums say"
        tx.audit("records_differ", "noticed", entity="user", row_id=device.user_id, detail=told)
    _log.warning(
        "The records of %s on the device %s are not those that this store says it has. Where that is said again "
        "another day, or of others, the store itself may have been altered: run fieldrep-server verify.",
        device.login,
        id_text(device.device_id),
    )
