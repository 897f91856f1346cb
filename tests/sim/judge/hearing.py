"""Which state of the store a device shows to have taken, over restores as well: the grants of then count for its work.

Must not know what a change becomes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldrep.contract.messages import ExchangeRequest
from tests.sim.judge.copying import heading_to, shown_by
from tests.sim.judge.oracle import Sender
from tests.sim.skew import is_served

if TYPE_CHECKING:
    from tests.sim.central import Central


def hear(central: Central, request: ExchangeRequest, device: bytes) -> None:
    """The cursor a device shows, now or when it was last noted, says which state it has taken."""
    told, since = request.handshake, shown_by(request)
    if told.epoch in (b"", central.epoch):
        shown = _tick_of(central, since)
    else:  # it has not heard of a restore: what it had of the time before the backup counts
        epochs = [epoch for epoch, _ in central.restored_to]
        heard_of = epochs.index(told.epoch) + 1 if told.epoch in epochs else 0
        shown = _tick_of(central, min([since, *(at for _, at in central.restored_to[heard_of:])]))
        central.noted[device] = max(central.noted.get(device, 0), shown)
    central.heard[device] = max(central.noted.get(device, 0), central.oracle.pushed.get(device, 0), shown)


def sender(central: Central, request: ExchangeRequest, device: bytes, user: bytes) -> Sender:
    """Who pushes, by what he shows with the request, showed before, and was given first."""
    heard, stood = central.heard.get(device, 0), central.noted.get(device, 0)
    here = request.handshake.epoch in (b"", central.epoch)
    heads = _tick_of(central, heading_to(request)) if here else 0
    _, found = central.sql.rows("SELECT device_id, min(given) FROM device_position GROUP BY device_id")
    given = _tick_of(central, next((first for who, first in found if bytes(who) == device), 0))
    since = stood or min(filter(None, (given, heard, heads)), default=0)
    return Sender(device, user, max(heard, heads), stood, since)


def note_pushed(central: Central, who: Sender, request: ExchangeRequest) -> None:
    """A push was taken: what its sender shows counts from now on, beside where it stood before until all has come."""
    if is_served(request):
        known = central.oracle.pushed if request.further else central.noted
        known[who.device] = max(who.stood, central.heard[who.device])


def _tick_of(central: Central, since: int) -> int:
    """The newest event up to a revision."""
    ticks = (tick for revision, tick in central.ticks.items() if revision <= since and since)
    return max(ticks, default=0)
