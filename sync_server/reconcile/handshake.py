"""The handshake: each mismatch between a device and this store has one named outcome; none loses a change."""

from __future__ import annotations

from fieldrep.contract.messages import NO_EPOCH, PROTOCOL_VERSION, Handshake, Verdict
from sync_server.store.database import StoreInfo
from sync_server.store.devices.credentials import LOCKED, DeviceIdentity
from sync_server.store.devices.cursor import is_before

OLDEST_PROTOCOL = 1
"""Devices that speak an older one still push, and are then asked to update."""


COPY = (
    "There are two of this installation (it was copied, or put back from an older state), and the other one has synced "
    "since. What you entered is kept here; ask your admin for a link to enrol this one as a device of its own."
)


RESTORED = "The server was restored from a backup; your records are fetched afresh."
REPAIRED = "This laptop was repaired; your records are fetched afresh, and what it had sent is compared."
WIPE = "Your admin ordered this laptop to be wiped."


def judge(info: StoreInfo, device: DeviceIdentity, handshake: Handshake) -> tuple[Verdict, str]:
    """What the handshake comes to, and the sentence for the person at the device ("" to go on)."""
    if handshake.server_id and handshake.server_id != info.server_id:
        return Verdict.DIFFERENT_SERVER, "This is another company's server, or an empty one."
    if device.state == "locked":
        return Verdict.LOCKED, LOCKED
    if device.incarnation and device.incarnation != handshake.incarnation:
        return Verdict.ENROL_AGAIN, COPY
    if device.state == "wipe":
        return Verdict.WIPE, WIPE
    if not OLDEST_PROTOCOL <= handshake.protocol <= PROTOCOL_VERSION:
        return (
            Verdict.UPGRADE,
            "The app and the server are of different ages. What you did was received; update to go on.",
        )
    if handshake.epoch and handshake.epoch != info.epoch:
        return Verdict.START_OVER, REPAIRED if handshake.epoch == NO_EPOCH else RESTORED
    if handshake.epoch and is_before(handshake.cursor, info.revision, info.horizon):
        return Verdict.TOO_OLD, "This laptop was away very long; your records are fetched afresh."
    return Verdict.CONTINUE, ""


def has_gone_back(info: StoreInfo, device: DeviceIdentity, handshake: Handshake) -> bool:
    """Whether a device tells of fewer changes of its own than it told of before: it may be a copy, or put back (F26).

    Numbers only grow on a device. It is one when such a change was taken as well. Of a restore it hears first.
    """
    return handshake.epoch in (b"", info.epoch) and handshake.highest_n < device.highest_n
