"""A laptop that was to be wiped and was spared since the backup is not wiped by its restore. Both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync_server.store.devices.standing import lock
from sync_server.store.devices.wiping import cancel_wipe, order_for_barred
from sync_server.store.lineage import renew
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import restore
from tests.store_suite.laptop import Laptop, go_back, keep
from tests.store_suite.test_put_back import ByHand, by_hand
from tests.store_suite.test_wiping import order, state
from tests.store_suite.world import SeededBytes, World

__all__ = ["by_hand"]


@pytest.mark.parametrize(("lost", "stands"), [(False, "locked"), (True, "withdrawn")])
def test_an_order_taken_back_since_the_backup_does_not_come_back_with_it(
    world: World, ana: Laptop, tmp_path: Path, *, lost: bool, stands: str
) -> None:
    with world.write() as tx:
        lock(tx, ana.admission.device_id)
    order(world, ana, lost=lost)
    keep(world, tmp_path)
    with world.write() as tx:
        cancel_wipe(tx, ana.admission.device_id)
    result = restore(world.url, tmp_path / "kept", world.clock, SeededBytes(10))
    assert [one.row_id for one in result.carried.spared] == [ana.admission.device_id]
    assert state(world, ana) == stands
    with world.database.read() as reader:
        assert order_for_barred(reader, ana.admission.token) is None
        assert reader.session.rows("SELECT count(*) FROM audit_entry WHERE action = 'cancel_wipe'") == [(1,)]
    assert verify(world.database) == []


def test_an_order_stands_although_the_replaced_store_may_have_lost_it(
    world: World, ana: Laptop, tmp_path: Path, by_hand: ByHand
) -> None:
    by_hand.keep()
    order(world, ana)
    keep(world, tmp_path)
    by_hand.put_back()
    with world.write() as tx:
        renew(tx, SeededBytes(8), knew_all=False, detail="put back by hand")
    assert state(world, ana) == "active"
    go_back(world, tmp_path, 10)
    assert state(world, ana) == "wipe"
