"""What the office did after a backup to a record that a person changed later: it is said to be missing, by field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldrep.contract.ids import RowId
from tests.store_suite.laptop import Laptop, go_back, keep
from tests.store_suite.test_restored_fields import pairs, report
from tests.store_suite.world import World


@pytest.fixture
def ben(world: World, tmp_path: Path) -> Iterator[Laptop]:
    laptop = Laptop(tmp_path, world, world.user("ben"), "ben")
    yield laptop
    laptop.replica.close()


@pytest.mark.parametrize("made", ["before the backup", "after the backup"])
@pytest.mark.parametrize("first", ["ana", "ben"])
@pytest.mark.parametrize("later", ["by the old owner", "by the new owner", "by both"])
def test_a_new_owner_given_by_the_office_is_missed_though_a_laptop_changed_the_record_later(
    world: World, tmp_path: Path, ana: Laptop, ben: Laptop, made: str, first: str, later: str
) -> None:
    for laptop in (ana, ben):
        laptop.sync()
    if made == "after the backup":
        keep(world, tmp_path)
    shop = ana.create("Shop")
    ana.sync()
    if made == "before the backup":
        keep(world, tmp_path)
    old, new = ana.admission.user_id, ben.admission.user_id
    world.change("account", shop, owner_user_id=new, changed_by=None)
    if later != "by the new owner":
        ana.edit(shop, website="late.example")
    for laptop in (ana, ben):
        laptop.sync()
    if later != "by the old owner":
        ben.edit(shop, phone="by ben")
        ben.sync()
    go_back(world, tmp_path)
    laptops = {"ana": (ana, ben), "ben": (ben, ana)}[first]
    for laptop in laptops:
        laptop.sync()
    moved = ("account", "owner_user_id", old, new)
    assert [pairs(row.fields) for row in report(world).lost] == [{moved}], (
        "what laptops gave back, or keep refused, is not missing"
    )
    world.change("account", shop, owner_user_id=new, changed_by=None)
    assert report(world).lost == (), "what the office has done again is done"


def test_of_a_record_of_the_office_that_a_person_changed_later_all_is_missed(
    world: World, tmp_path: Path, ana: Laptop
) -> None:
    ana.sync()
    keep(world, tmp_path)
    shop = world.account(ana.admission.user_id, name="Made by the office")
    ana.sync()
    ana.edit(RowId(shop), phone="1")
    ana.sync()
    go_back(world, tmp_path)
    assert ana.sync().refused == 1
    found = report(world)
    assert [row.record for row in found.lost] == ["Made by the office"]
    assert [(one.returned, one.recovered, one.refused) for one in found.devices] == [(1, 0, (1,))], (
        "what was refused is not recovered"
    )


def test_what_laptops_gave_back_and_what_was_entered_since_is_not_missed(
    world: World, tmp_path: Path, ana: Laptop, desk: Laptop
) -> None:
    shop = ana.create("Shop")
    ana.edit(shop, phone="1", website="old.example")
    for laptop in (ana, desk):
        laptop.sync()
    keep(world, tmp_path)
    ana.edit(shop, phone="2")
    ana.sync()
    desk.edit(shop, note="Ask for Maria")
    desk.sync()
    ana.edit(shop, phone="3")
    ana.sync()
    go_back(world, tmp_path)
    for laptop in (desk, ana):
        laptop.sync()
    ana.edit(shop, website="new.example", phone="4")
    ana.sync()
    assert report(world).lost == ()


def test_what_a_person_unknown_to_the_backup_entered_is_his_and_comes_back_with_his_laptop(
    world: World, tmp_path: Path, ana: Laptop
) -> None:
    keep(world, tmp_path)
    dora = Laptop(tmp_path, world, world.user("dora", ana.admission.user_id), "dora")
    world.change("user", dora.admission.user_id, manager_id=ana.admission.user_id)
    dora.create("By Dora")
    dora.sync()
    ana.sync()
    assert "By Dora" in ana.names()
    go_back(world, tmp_path)
    ana.sync()
    assert "By Dora" not in {row.record for row in report(world).lost}
    dora.replica.close()
