"""Two copies of one profile that both live on, long after the answers to what they have in common were let go of."""

from __future__ import annotations

from pathlib import Path

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.upkeep.retention import tidy
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World


def told_to_enrol_again(laptop: Laptop) -> bool:
    try:
        laptop.sync()
    except KnownError as error:
        return error.code is Code.DEVICE_REVOKED
    return False


def test_a_copy_that_enrolled_again_goes_on_working_whatever_became_of_the_answers_to_the_first(
    world: World, tmp_path: Path
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    shop = ana.create("Shop")
    ana.sync()
    twin = ana.copied(tmp_path)
    ana.edit(shop, phone="1")
    ana.sync()
    assert told_to_enrol_again(twin)
    twin.enrol_again("twin")
    twin.edit(shop, email="a@b.example")
    assert twin.sync().refused == 0
    for number in range(9):
        ana.edit(shop, phone=f"2{number}")
    for _ in range(2):
        for laptop in (ana, twin):
            laptop.sync()
        world.clock.pass_days(91)
    ana.sync()
    tidy(world.database)
    twin.edit(shop, email="c@d.example")
    receipt = twin.sync()
    assert (receipt.accepted, receipt.refused) == (1, 0), receipt.sentence
    ana.replica.close()
    twin.replica.close()
