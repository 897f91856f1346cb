"""A push in several parts: what its laptop had taken by then counts for all of it, whatever becomes of the laptop."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fieldrep.contract.change import Accepted, Held
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.sync.handshake import handshake_of
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World


def sent(laptop: Laptop, n: int, *, further: bool, damaged: bool = False) -> ExchangeReply:
    """A part of what waits, sent by the laptop, or by what a repair made of it."""
    told = handshake_of(laptop.replica)
    if damaged:
        told = msgspec.structs.replace(told, cursor=b"", digest=None)
    changes = tuple(change for change in laptop.replica.waiting(10, 1_000_000) if change.n == n)
    line = InProcess(laptop.world.database, laptop.admission.token)
    return line.exchange(ExchangeRequest(told, changes, further=further))


def test_late_work_of_a_laptop_damaged_in_the_middle_of_a_push_is_judged_by_where_it_stood(
    world: World, tmp_path: Path
) -> None:
    ana, ben = (Laptop(tmp_path, world, world.user(name), name) for name in ("ana", "ben"))
    shop = RowId(world.account(ben.admission.user_id, name="Shop"))
    ana.sync()
    world.change("account", shop, owner_user_id=ana.admission.user_id)
    ana.sync()
    ana.edit(shop, phone="1")
    ana.edit(shop, name="Renamed")
    ana.edit(shop, name="Renamed again")
    (first,) = sent(ana, 1, further=True).outcomes
    world.change("account", shop, owner_user_id=ben.admission.user_id)
    (second,) = sent(ana, 2, further=True, damaged=True).outcomes
    (third,) = sent(ana, 3, further=False, damaged=True).outcomes
    assert (type(first), type(second), type(third)) == (Accepted, Held, Held)
    for laptop in (ana, ben):
        laptop.replica.close()
