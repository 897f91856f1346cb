"""A central store altered beside FieldRep: devices do not fetch all again and again, both sides say what to run."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from fieldrep.contract.ids import RowId
from sync_server.store.proof.verify import verify
from tests.store_suite.laptop import Laptop, office
from tests.store_suite.world import World

ADVICE = "fieldrep-server verify"


@pytest.fixture
def shops(world: World, tmp_path: Path) -> tuple[Laptop, RowId, RowId]:
    """A laptop that has not synced yet, a shop whose row in the central store was altered with SQL, and a sound one."""
    laptop = Laptop(tmp_path, world, world.user("ana"), "ana")
    shop = world.account(laptop.admission.user_id, name="Shop")
    mill = world.account(laptop.admission.user_id, name="Mill")
    rename(world, shop, "Altered")
    return laptop, RowId(shop), RowId(mill)


def rename(world: World, shop: bytes, name: str) -> None:
    with world.database.beside() as session:
        session.run("UPDATE account SET name = ? WHERE id = ?", (name, shop))


def noticed(world: World) -> int:
    with world.database.read() as reader:
        ((count,),) = reader.rows("SELECT count(*) FROM audit_entry WHERE action = 'records_differ'")
    return int(count)


def test_a_fetch_of_everything_that_does_not_help_is_not_repeated_and_both_sides_name_the_check(
    world: World, shops: tuple[Laptop, RowId, RowId], caplog: pytest.LogCaptureFixture
) -> None:
    laptop, _, mill = shops
    caplog.set_level(logging.WARNING)
    first = laptop.sync()
    assert (first.digests_equal, first.started_over, first.in_vain) == (False, True, True)
    assert ADVICE in first.sentence

    for turn in range(3):
        world.clock.at += 600_000
        laptop.edit(mill, note=f"goes up all the same {turn}")
        again = laptop.sync()
        assert (again.accepted, again.started_over, again.in_vain) == (1, False, True)
        assert again.pulled <= 1, "what is new alone"
        assert ADVICE in again.sentence
    assert noticed(world) == 1
    assert sum(ADVICE in message for message in caplog.messages) == 1

    world.clock.pass_days(1)
    assert laptop.sync().started_over is True, "once a day it is tried"
    assert laptop.sync().started_over is False
    assert noticed(world) == 2
    assert any("altered outside FieldRep" in finding for finding in verify(world.database))


def test_once_the_store_is_put_right_the_next_sync_agrees(world: World, shops: tuple[Laptop, RowId]) -> None:
    laptop, shop, _ = shops
    laptop.sync()
    rename(world, shop, "Shop")
    world.clock.pass_days(1)
    healed = laptop.sync()
    assert (healed.digests_equal, healed.in_vain) == (True, False)
    assert laptop.names() == {"Shop", "Mill"}
    assert laptop.replica.state().in_vain_at == 0


def test_on_a_stick_all_is_asked_for_afresh_once_a_day_as_well(
    world: World, shops: tuple[Laptop, RowId, RowId]
) -> None:
    laptop, *_ = shops
    laptop.into(office(world, laptop.out()))
    second = laptop.into(office(world, laptop.out()))
    assert (second.started_over, second.in_vain) == (True, True)
    assert ADVICE in second.sentence
    assert "Write a new file" not in second.sentence
    third = laptop.into(office(world, laptop.out()))
    assert (third.started_over, third.in_vain) == (False, True)


def test_a_device_whose_records_agree_is_never_told_of(world: World, tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, world, world.user("ana"), "ana")
    shop = world.account(laptop.admission.user_id, name="Shop")
    for turn in range(3):
        world.clock.pass_days(1)
        laptop.sync()
        laptop.edit(RowId(shop), note=f"more {turn}")
    assert laptop.sync().digests_equal
    assert noticed(world) == 0
