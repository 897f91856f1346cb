"""What a restore leaves for the office to do again: what others had done, and nothing a laptop still has."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.ids import RowId, id_text
from sync_server.admin.restored import print_report
from sync_server.reconcile.merges import merge
from sync_server.store.devices.credentials import revoke
from sync_server.store.office.admin import add_territory, assign, unassign
from tests.store_suite.laptop import Laptop, go_back, keep, report
from tests.store_suite.world import World, contacts


def named(world: World) -> set[tuple[str, str, str]]:
    return {(row.entity, row.record, row.by) for row in report(world).lost}


def test_a_refused_order_that_its_laptop_keeps_is_not_for_the_office_to_enter_anew(
    world: World, tmp_path: Path
) -> None:
    andrew = Laptop(tmp_path, world, world.user("andrew"), "andrew")
    nancy = Laptop(tmp_path, world, world.user("nancy", andrew.admission.user_id), "nancy")
    janet = world.user("janet", andrew.admission.user_id)
    shop = world.account(janet, name="Shop")
    for laptop in (andrew, nancy):
        laptop.sync()
    keep(world, tmp_path)
    world.change("account", shop, owner_user_id=nancy.admission.user_id)
    nancy.sync()
    nancy.order(shop)
    for laptop in (nancy, andrew):
        laptop.sync()
    steven = Laptop(tmp_path, world, world.user("steven"), "vm")
    steven.sync()
    andrew.sync()
    go_back(world, tmp_path)
    andrew.sync()
    expected = {("account", "Shop", "the office"), ("user", "Steven", "the office")}
    assert named(world) == expected, "Nancy's laptop may still give her order back"
    assert nancy.sync().told_to_wait == 2
    assert named(world) == expected, "it waits there for whoever may bring what it needs"
    with world.write() as tx:
        revoke(tx, steven.admission.device_id, "lost")
    assert nancy.sync().refused == 2
    assert named(world) == expected, "she keeps it and can send it again"
    (of_nancy,) = [device for device in report(world).devices if device.login == "nancy"]
    assert of_nancy.refused == (1, 2)
    assert of_nancy.missing == ()
    for laptop in (andrew, nancy, steven):
        laptop.replica.close()


def test_an_act_of_the_office_stays_listed_although_laptops_gave_back_edits_of_the_same_record(
    world: World, tmp_path: Path
) -> None:
    andrew = Laptop(tmp_path, world, world.user("andrew"), "andrew")
    boss = andrew.admission.user_id
    janet, nancy = (Laptop(tmp_path, world, world.user(name, boss), name) for name in ("janet", "nancy"))
    shop, inn = (world.account(janet.admission.user_id, name=name) for name in ("Shop", "Inn"))
    laptops = (nancy, janet, andrew)
    for laptop in laptops:
        laptop.sync()
    keep(world, tmp_path)
    for account in (shop, inn):
        janet.edit(RowId(account), phone="0800 JANET")
    janet.sync()
    world.change("account", inn, payment_terms="30 days", changed_by=None)
    world.change("account", shop, owner_user_id=nancy.admission.user_id, changed_by=None)
    nancy.sync()
    nancy.edit(RowId(shop), note="Ask for Maria")
    for laptop in laptops:
        laptop.sync()
    go_back(world, tmp_path)
    assert [laptop.sync().told_to_wait for laptop in laptops] == [1, 0, 0]
    both = {("account", "Shop", "Nancy, or the office before"), ("account", "Inn", "the office")}
    assert named(world) == both, "Janet's edits made both younger, and brought neither act back"
    assert nancy.sync().refused == 1
    assert named(world) == both, "and so it is when nobody may bring it any more"
    world.change("account", inn, payment_terms="30 days", changed_by=None)
    world.change("account", shop, owner_user_id=nancy.admission.user_id, changed_by=None)
    nancy.sync()
    nancy.edit(RowId(shop), phone="later work")
    nancy.sync()
    assert named(world) == set(), "what the office has done again is done"
    for laptop in laptops:
        laptop.replica.close()


def test_a_merge_of_the_office_is_one_thing_to_do_again(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    shop, double = (world.account(ana.admission.user_id, name=name) for name in ("Shop", "Double"))
    with world.write() as tx:
        contacts(tx, double, ["Li", "Wu", "Zoë"])
    ana.sync()
    keep(world, tmp_path)

    def merged() -> None:
        with world.write() as tx:
            tx.new_revision()
            merge(tx, "account", shop, double)

    merged()
    ana.sync()
    go_back(world, tmp_path)
    ana.sync()
    (one,) = report(world).lost
    assert (one.record, one.merged_into, one.moved, one.fields) == ("Double", id_text(shop), 3, ())
    with world.database.read() as reader:
        print_report(reader, report(world))
    said = capsys.readouterr().out
    assert "Double had been merged into Shop, and 3 of its records with it." in said
    assert f"fieldrep-server merge {id_text(shop)} {id_text(double)}" in said
    merged()
    assert report(world).lost == ()
    ana.replica.close()


def test_an_order_that_comes_back_is_listed_with_the_number_it_had_and_in_its_currency(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    shop = world.make("account", name="Shop", owner_user_id=ana.admission.user_id, currency="USD")
    ana.sync()
    keep(world, tmp_path)
    with ana.replica.begin("create_order", "order") as uow:
        values = {"account_id": shop, "currency": "USD", "number_local": uow.next_number("order")}
        head = uow.create("sales_order", values)
        line = {"order_id": head, "account_id": shop, "description": "Tea", "qty": 1_000_000, "seq": 1}
        tea = uow.create("document_line", {**line, "unit_price": 5_000_000, "line_amount": 500})
    with ana.replica.begin("edit_line", "edit") as uow:
        uow.update("document_line", tea, {"qty": 2_000_000, "line_amount": 1_000})
    ana.submit(head)
    ana.sync()
    with world.database.read() as reader:
        before = reader.row("sales_order", head)
    assert before is not None
    go_back(world, tmp_path)
    ana.sync()
    with world.database.read() as reader:
        print_report(reader, report(world))
    said = capsys.readouterr().out
    assert f", before {before['number_official']}" in said
    assert "The first two are counts; the last three name the changes by their numbers" in said
    assert "Amount: 5.00 USD" in said
    assert "Amount: 10.00 USD, before 5.00 USD" in said, "the change says nothing of the currency"
    assert "EUR" not in said
    ana.replica.close()


def test_what_the_office_enters_anew_under_another_id_is_done(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    with world.write() as tx:
        add_territory(tx, code="NB", name="Noord-Brabant")
        add_territory(tx, code="ZH", name="Zuid-Holland")
        assign(tx, login="ana", territory_code="ZH")
    ana.sync()
    keep(world, tmp_path)
    with world.write() as tx:
        add_territory(tx, code="ZZ", name="Zeeland")
        assign(tx, login="ana", territory_code="ZZ", kind="cover")
        assign(tx, login="ana", territory_code="NB")
        unassign(tx, login="ana", territory_code="ZH")
    with world.write() as tx:
        unassign(tx, login="ana", territory_code="NB")
    ana.sync()
    go_back(world, tmp_path)
    ana.sync()
    lost = {("territory", "Zeeland", "the office")}
    assignments = {(name, "the office") for name in ("ana in ZZ", "ana in ZH")}
    assert named(world) == lost | {("territory_assignment", *one) for one in assignments}, "NB came and went"
    with world.database.read() as reader:
        print_report(reader, report(world))
    said = capsys.readouterr().out
    assert "territory_assignment ana in ZZ" in said
    assert "    Territory: “Zeeland”, which is not there" in said
    with world.write() as tx:
        add_territory(tx, code="ZZ", name="Zeeland")
    assert named(world) == {("territory_assignment", *one) for one in assignments}
    with world.write() as tx:
        assign(tx, login="ana", territory_code="ZZ")
    assert named(world) == {("territory_assignment", *one) for one in assignments}, "not as a cover"
    with world.write() as tx:
        assign(tx, login="ana", territory_code="ZZ", kind="cover")
        unassign(tx, login="ana", territory_code="ZH")
    assert named(world) == set()
    ana.replica.close()
