"""Devices as the store knows them, and what each last told of itself: its position, its digest, its newest change.

Must not know a secret; `credentials.py` does. Nothing here is ever pulled by a replica.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.fields import INT64_MAX
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import Handshake
from sync_server.store.devices.cursor import reached
from sync_server.store.session import Session

CONTACT_EVERY_MS = 60_000
"""A device that has nothing new to tell is noted at most this often."""

_MOST_SKEW = 2**62
_COLUMNS = (
    "device_id",
    "seen_at",
    "revision",
    "digest_count",
    "digest_total",
    "incarnation",
    "highest_n",
    "app_version",
    "clock_skew_ms",
    "waiting",
    "settled_to",
    "pushed_from",
)
# Two exchanges of one device may overtake each other in two server processes. What it showed to have and the newest
# change it told of only grow, and it stays fixed to the installation that came first.
_OVER = (
    "ON CONFLICT (device_id) DO UPDATE SET seen_at = excluded.seen_at, "
    "revision = CASE WHEN device_contact.revision > excluded.revision THEN device_contact.revision "
    "ELSE excluded.revision END, highest_n = CASE WHEN device_contact.highest_n > excluded.highest_n "
    "THEN device_contact.highest_n ELSE excluded.highest_n END, "
    "incarnation = CASE WHEN length(device_contact.incarnation) > 0 THEN device_contact.incarnation "
    "ELSE excluded.incarnation END, "
    "digest_count = excluded.digest_count, digest_total = excluded.digest_total, "
    "app_version = excluded.app_version, clock_skew_ms = excluded.clock_skew_ms, "
    "waiting = excluded.waiting, settled_to = excluded.settled_to, pushed_from = excluded.pushed_from"
)


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """A device and its user, as the store knows them.

    Attributes:
        incarnation: the installation it is fixed to, empty before its first exchange.
        known_revision: the state of the store it last showed to have.
        highest_n: the newest change number it has told of.
        seen_at: when that was noted.
        waiting: changes it had made by then and not yet sent.
        settled_to: up to which number it has the answers to all its changes.
        pushed_from: the state it showed with a push of which more was to come, until all has come; `known_revision` is
            then still the one before.
    """

    device_id: RowId
    user_id: RowId
    login: str
    role: str
    state: str
    incarnation: bytes
    known_revision: int
    highest_n: int
    seen_at: int
    waiting: int = 0
    settled_to: int = 0
    pushed_from: int = 0


def contact_note(
    device: DeviceIdentity,
    handshake: Handshake,
    present: int,
    now: int,
    taken: int = 0,
    *,
    further: bool = False,
) -> tuple[object, ...] | None:
    """What to keep of a device's handshake, None when there is no news and the last note is recent.

    What it showed to have only ever grows: a device that shows an older cursor cannot claim older grants by it.
    `taken` of the changes it told of are answered with this exchange; the others still wait on it, and so
    does what it holds back for this server's update. Where `further` ones follow, it stands where it stood before for
    these as well.
    """
    shown = max(device.known_revision, device.pushed_from, reached(handshake.cursor, present))
    revision, pushed_from = (device.known_revision, shown) if further else (shown, 0)
    incarnation = device.incarnation or handshake.incarnation
    highest_n = max(device.highest_n, handshake.highest_n)
    waiting = min(INT64_MAX, max(0, handshake.waiting - taken) + handshake.held_back)
    settled_to = min(handshake.settled_to, highest_n)
    before = (device.incarnation, device.known_revision, device.highest_n, device.waiting, device.settled_to)
    told = (incarnation, revision, highest_n, waiting, settled_to)
    is_news = (*told, pushed_from) != (*before, device.pushed_from)
    if not is_news and 0 <= now - device.seen_at < CONTACT_EVERY_MS:
        return None
    digest = handshake.digest
    skew = handshake.device_clock - now if handshake.device_clock else 0
    return (
        device.device_id,
        now,
        revision,
        digest.count if digest else None,
        digest.total if digest else None,
        incarnation,
        highest_n,
        handshake.app_version[:40],
        max(-_MOST_SKEW, min(_MOST_SKEW, skew)),
        waiting,
        settled_to,
        pushed_from,
    )


def keep_contact(session: Session, *notes: tuple[object, ...]) -> None:
    """Writes notes over the ones before, at most one of a device."""
    session.put_many("device_contact", _COLUMNS, list(notes), _OVER)
