"""How a restore report calls the laptops it tells of."""

from __future__ import annotations

from pathlib import Path

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.wiping import Destroyed, receipt_of
from fieldrep.sync.enrolment import device_keys
from sync_server.admin.awaited import conclusion, device_cell, state_told
from sync_server.admin.words import value_words
from sync_server.store.devices.standing import lock
from sync_server.store.devices.wiping import note_wiped, order_wipe
from tests.store_suite.laptop import Laptop, go_back, keep
from tests.store_suite.test_restored import report, told
from tests.store_suite.world import World


def test_laptops_that_are_locked_or_wiped_are_called_so_and_two_of_one_name_are_told_apart(
    world: World, tmp_path: Path
) -> None:
    user = world.user("ana")
    mislaid, stolen, burnt = (Laptop(tmp_path / str(seed), world, user, "vm", seed=seed) for seed in range(3))
    stolen.sync()
    keep(world, tmp_path)
    go_back(world, tmp_path)
    with world.write() as tx:
        lock(tx, mislaid.admission.device_id)
        order_wipe(tx, stolen.admission.device_id, lost=True)
        order_wipe(tx, burnt.admission.device_id, lost=True)
    found = report(world)
    assert [state_told(one) for one in found.devices] == [
        "not seen yet, locked", "to be wiped, lost", "to be wiped, lost",
    ]  # fmt: skip
    assert len({device_cell(one.device, one.number_prefix) for one in found.devices}) == 3
    assert conclusion(found)[:3] == [
        "1 device has not given everything back yet:",
        "    ana's “vm” (D1, never seen, locked)",
        "A locked one gives back once it is unlocked: fieldrep-server device unlock DEVICE.",
    ]
    assert conclusion(found)[-1].startswith(
        "2 devices were wiped, or given up as lost, before they had given everything back; what only they had sent"
    )
    state = stolen.replica.state()
    keys = device_keys(stolen.replica, stolen.random)
    note_wiped(world.database, receipt_of(keys, state.server_id, state.device_id, Destroyed()))
    assert state_told(told(world, stolen)) == "wiped"
    for laptop in (mislaid, stolen, burnt):
        laptop.replica.close()


def test_a_field_that_may_point_to_several_kinds_of_records_names_the_one_it_points_to(world: World) -> None:
    shop = world.account(owner=world.user("ana"), name="Corner Shop")
    survivor = CATALOGUE["duplicate_candidate"].field("survivor_id")
    with world.database.read() as reader:
        assert value_words(reader, survivor, shop) == "“Corner Shop”"
        assert value_words(reader, survivor, bytes(16)) == "a record that is gone"


def test_whoever_has_to_offer_again_what_waited_is_named_for_others_wait_for_it(
    world: World, tmp_path: Path
) -> None:
    user = world.user("ana")
    desk, road, home = (Laptop(tmp_path, world, user, name) for name in ("desk", "road", "home"))
    for laptop in (desk, road, home):
        laptop.sync()
    keep(world, tmp_path)
    shop = desk.create("Shop")
    desk.sync()
    for laptop, field in ((road, "phone"), (home, "note")):
        laptop.sync()
        laptop.edit(shop, **{field: "1"})
        laptop.sync()
    go_back(world, tmp_path)
    for laptop in (road, home):
        laptop.sync()
        assert told(world, laptop).state == "waits"
    desk.sync()
    road.sync()
    said = conclusion(report(world))
    assert [told(world, laptop).tries_again for laptop in (desk, road, home)] == [False, False, True]
    assert said[0].startswith("1 change waits on their laptops")
    assert "they have to sync once more" in said[1]
    assert "home" in said[2]
    home.sync()
    assert report(world).done
    for laptop in (desk, road, home):
        laptop.replica.close()
