"""Which state of the store a device shows to have taken, over restores as well: the grants of then count for its work.

Must not know what a change becomes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldrep.contract.messages import ExchangeRequest
from tests.sim.judge.copying import shown_by
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
        shown = _tick_of(central, min(since, *(at for _, at in central.restored_to[heard_of:])))
        central.noted[device] = max(central.noted.get(device, 0), shown)
    central.heard[device] = max(central.noted.get(device, 0), central.oracle.pushed.get(device, 0), shown)


def note_pushed(central: Central, who: Sender, request: ExchangeRequest) -> None:
    """A push was taken: what its sender shows counts from now on, beside where it stood before until all has come."""
    if is_served(request):
        known = central.oracle.pushed if request.further else central.noted
        known[who.device] = max(who.stood, central.heard[who.device])


def _tick_of(central: Central, since: int) -> int:
    """The newest event up to a revision."""
    ticks = (tick for revision, tick in central.ticks.items() if revision <= since and since)
    return max(ticks, default=0)
