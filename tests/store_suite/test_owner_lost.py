"""A laptop whose repair lost who it was: what it had sent comes back to a restored store, and is taken once. Both
databases.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import NO_EPOCH
from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.repairing.repair import repair
from fieldrep.store.replica import Replica
from sync_server.store.devices.credentials import revoke
from sync_server.store.devices.formers import formers_of
from sync_server.store.devices.standing import lock
from sync_server.store.proof.verify import verify
from tests.store_suite.laptop import KEY, Laptop, go_back, with_shop
from tests.store_suite.world import World


def lose_its_owner(laptop: Laptop, folder: Path) -> None:
    """The page that says whose the replica is cannot be read, and the replica is repaired."""
    with laptop.replica.read() as reader:
        ((root,),) = reader.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'sync_state'")
    laptop.replica.close()
    path = folder / f"{laptop.name}.db"
    content = bytearray(path.read_bytes())
    content[(root - 1) * PAGE_BYTES + 100] ^= 1
    path.write_bytes(content)
    assert not repair(path, KEY, laptop.world.clock()).known
    laptop.replica = Replica.open(path, KEY, laptop.world.clock, laptop.random)
    assert laptop.replica.state().device_id == b""


def phone(world: World, account: bytes) -> object:
    with world.database.read() as reader:
        row = reader.row(CATALOGUE["account"], account)
    assert row is not None
    return row["phone"]


def withdraw(world: World, laptop: Laptop) -> None:
    with world.write() as tx:
        revoke(tx, laptop.admission.device_id, "repaired")


def test_what_it_had_sent_comes_back_to_a_store_that_was_restored_by_then(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, phone="after the backup")
    inn = ana.create("Inn")
    ana.sync()
    ana.edit(inn, phone="not sent by then")
    lose_its_owner(ana, tmp_path)
    go_back(world, tmp_path)
    withdraw(world, ana)
    ana.enrol_again("ana, repaired")
    receipt = ana.sync()
    assert (receipt.returned, receipt.refused, ana.replica.depth()) == (3, 0, 0)
    assert (phone(world, shop), phone(world, inn)) == ("after the backup", "not sent by then")
    assert verify(world.database) == []
    ana.replica.close()


def test_nothing_of_it_is_taken_twice_by_a_store_that_has_it(world: World, tmp_path: Path) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, phone="1")
    ana.sync()
    world.change("account", shop, phone="2")
    lose_its_owner(ana, tmp_path)
    assert ana.replica.state().epoch == NO_EPOCH
    withdraw(world, ana)
    before = ana.admission
    ana.enrol_again("ana, repaired")
    receipt = ana.sync()
    assert (receipt.refused, receipt.conflicts, ana.replica.depth()) == (0, 0, 0)
    assert phone(world, shop) == "2"
    with world.database.read() as reader:
        formers = formers_of(reader, ana.admission.device_id)
    assert [device for device, _ in formers] == [before.device_id], "by the incarnation that its changes name"
    assert verify(world.database) == []
    ana.replica.close()


def test_a_lock_is_not_walked_round_by_it(world: World, tmp_path: Path) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, phone="1")
    lose_its_owner(ana, tmp_path)
    with world.write() as tx:
        lock(tx, ana.admission.device_id)
    with pytest.raises(KnownError) as caught:
        ana.enrol_again("ana, repaired")
    assert caught.value.code is Code.DEVICE_LOCKED
    assert ana.replica.depth() == 1
    ana.replica.close()
