"""Devices that come back to a restored store: what was entered meanwhile is judged as if nothing had been restored."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from fieldrep.contract.ids import id_text
from fieldrep.contract.messages import ExchangeRequest, HeldRow, Verdict, decode_request, encode_request
from fieldrep.store.replica import Replica
from fieldrep.sync.handshake import handshake_of
from sync_server.admin.awaited import conclusion
from sync_server.reconcile.exchange import exchange
from sync_server.store.devices.credentials import identify, revoke
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.returns import DeviceReturn, restore_report
from tests.store_suite.laptop import KEY, Laptop, go_back, keep, report, with_shop
from tests.store_suite.world import World, new_row


@pytest.mark.parametrize("restored", [False, True])
@pytest.mark.parametrize("page_bytes", [1_000_000, 400])
def test_offline_work_on_an_account_that_moved_before_its_return_is_judged_by_the_grant_of_then(
    world: World, tmp_path: Path, restored: bool, page_bytes: int
) -> None:
    ana, ben = (Laptop(tmp_path, world, world.user(name), name) for name in ("ana", "ben"))
    shop = world.account(ana.admission.user_id, name="Shop")
    other = world.account(ana.admission.user_id, name="Stays")
    for laptop in (ana, ben):
        laptop.sync(page_bytes)
    keep(world, tmp_path)
    ana.edit(other, note="after the backup")
    ana.sync(page_bytes)
    ana.edit(shop, phone="offline")
    ana.edit(shop, name="Renamed offline")
    if restored:
        go_back(world, tmp_path)
    world.change("account", shop, owner_user_id=ben.admission.user_id)
    receipt = ana.sync(page_bytes)
    assert (receipt.refused, receipt.held, receipt.waiting) == (0, 1, 0)
    ben.sync(page_bytes)
    with ben.replica.read() as reader:
        assert reader.rows("SELECT name, phone FROM account WHERE id = ?", (shop,)) == [("Shop", "offline")]
        assert reader.rows("SELECT field, reason, mine_value FROM conflict") == [
            ("name", "moved", '"Renamed offline"')
        ]
    assert ana.names() == {"Stays"}
    assert verify(world.database) == []
    for laptop in (ana, ben):
        laptop.replica.close()


def states(world: World) -> dict[str, str]:
    return {device.device: device.state for device in report(world).devices}


def test_what_the_office_did_after_the_backup_is_listed_as_far_as_laptops_held_it(
    world: World, tmp_path: Path
) -> None:
    ana, ben = (Laptop(tmp_path, world, world.user(name), name) for name in ("ana", "ben"))
    shop, inn = (world.account(ana.admission.user_id, name=name) for name in ("Shop", "Inn"))
    world.account(ben.admission.user_id, name="Not Ana's")
    ana.sync()
    keep(world, tmp_path)
    world.change("account", shop, payment_terms="30 days")
    late = world.account(ana.admission.user_id, name="Made by the office")
    ana.edit(inn, phone="by ana herself")
    ana.sync()
    go_back(world, tmp_path)
    receipt = ana.sync()
    found = report(world)
    told = {(row.entity, row.record, row.by, row.held_by) for row in found.lost}
    assert told == {
        ("account", "Shop", "the office", "ana"),
        ("account", "Made by the office", "the office", "ana"),
    }
    assert (receipt.digests_equal, ana.names()) == (True, {"Shop", "Inn"})
    world.change("account", shop, payment_terms="30 days")
    with world.write() as tx:
        new_row(tx, "account", late, name="Made by the office", owner_user_id=ana.admission.user_id)
    assert report(world).lost == (), "what the office brought up to date is no longer missing"
    assert verify(world.database) == []
    for laptop in (ana, ben):
        laptop.replica.close()


def test_a_device_set_aside_is_awaited_until_it_is_withdrawn_and_then_its_successor_is_known(
    world: World, tmp_path: Path
) -> None:
    user = world.user("ana")
    old = Laptop(tmp_path, world, user, "vm")
    old.create("By the old one")
    old.sync()
    second = Laptop(tmp_path / "second", world, user, "tablet")
    second.sync()
    keep(world, tmp_path)
    go_back(world, tmp_path)
    assert states(world) == {"vm": "not_seen", "tablet": "not_seen"}
    second.sync()
    assert states(world) == {"vm": "not_seen", "tablet": "done"}, "another laptop of hers is no successor"
    anew = Laptop(tmp_path / "anew", world, user, "vm", seed=1)
    successor = id_text(anew.admission.device_id)
    assert (told(world, old).state, told(world, old).replaced_by) == ("not_seen", successor)
    assert (report(world).done, told(world, second).replaced_by) == (False, None)
    withdraw(world, old)
    assert (told(world, old).state, told(world, old).replaced_by) == ("replaced", successor)
    assert report(world).done is True
    said = conclusion(report(world))[-1]
    assert said.startswith("1 device was withdrawn and replaced; what only it had sent")
    for laptop in (old, second, anew):
        laptop.replica.close()


def test_what_the_report_says_came_back_is_what_the_receipt_said_was_given_back(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, phone="after the backup")
    ana.sync()
    go_back(world, tmp_path)
    receipt = ana.sync()
    (device,) = report(world).devices
    assert (receipt.returned, device.returned, device.recovered) == (2, 2, 1)
    assert [(change.n, change.command) for change in report(world).changes] == [(2, "edit_account")]
    ana.replica.close()


def test_a_device_that_names_rows_it_cannot_have_changes_nothing_but_the_report(
    world: World, tmp_path: Path
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    ana.sync()
    keep(world, tmp_path)
    go_back(world, tmp_path)
    device = identify(world.database, ana.admission.token)
    assert device is not None
    before = world.database.info()
    rows = (
        HeldRow("account", bytes(16), 2**62, 2**62, b"x" * 16, "Forged"),
        HeldRow("no_such_kind", bytes(16), 9, 9, b"", "Unknown"),
    )
    request = ExchangeRequest(handshake_of(ana.replica, 0), beyond=rows)
    reply = exchange(world.database, device, decode_request(encode_request(request)))
    assert (reply.verdict, reply.restored_to > 0) == (Verdict.START_OVER, True)
    assert [(row.record, row.by) for row in report(world).lost] == [("Forged", "the office")]
    assert world.database.info().revision == before.revision
    assert verify(world.database) == []
    ana.replica.close()


def two_of_one_name(world: World, folder: Path) -> tuple[Laptop, Laptop]:
    """Two laptops of one person that are called alike, each of which has synced."""
    user = world.user("ana")
    one = Laptop(folder / "one", world, user, "vm")
    other = Laptop(folder / "other", world, user, "vm", seed=1)
    for laptop in (one, other):
        laptop.sync()
    return one, other


def test_of_two_laptops_of_one_name_used_beside_each_other_both_are_awaited(
    world: World, tmp_path: Path
) -> None:
    one, other = two_of_one_name(world, tmp_path)
    keep(world, tmp_path)
    go_back(world, tmp_path)
    one.sync()
    found = {device.device_id: device.state for device in report(world).devices}
    assert found[id_text(other.admission.device_id)] == "not_seen", (
        "it was there after the other was admitted"
    )
    assert report(world).done is False
    for laptop in (one, other):
        laptop.replica.close()


def test_laptops_of_one_name_are_awaited_though_a_third_of_that_name_is_enrolled(
    world: World, tmp_path: Path
) -> None:
    one, other = two_of_one_name(world, tmp_path)
    keep(world, tmp_path)
    for laptop in (one, other):
        laptop.create("After the backup")
        laptop.sync()
    go_back(world, tmp_path)
    third = Laptop(tmp_path / "third", world, one.admission.user_id, "vm", seed=2)
    third.sync()
    assert {told(world, laptop).state for laptop in (one, other)} == {"not_seen"}
    said = "\n".join(conclusion(report(world)))
    assert said.startswith("2 devices have not given everything back yet:\n")
    assert (
        f"({told(world, one).number_prefix}) by the one of id {id_text(third.admission.device_id)}\n" in said
    )
    assert "Revoke it only where it was" in said
    for laptop in (one, other):
        laptop.sync()
    assert conclusion(report(world)) == ["Every device was here and has given back all it keeps."]
    for laptop in (one, other, third):
        laptop.replica.close()


def told(world: World, laptop: Laptop) -> DeviceReturn:
    """What the report says of a laptop's device."""
    named = id_text(laptop.admission.device_id)
    (found,) = [device for device in report(world).devices if device.device_id == named]
    return found


def withdraw(world: World, laptop: Laptop) -> None:
    with world.write() as tx:
        revoke(tx, laptop.admission.device_id, "never came back")


def copied(laptop: Laptop, folder: Path) -> Laptop:
    """The same profile a second time, enrolled in place as a device of its own."""
    twin = laptop.copied(folder)
    twin.enrol_again("ana")
    return twin


def test_what_a_withdrawn_device_may_have_had_stays_in_the_report(world: World, tmp_path: Path) -> None:
    user = world.user("ana")
    old = Laptop(tmp_path, world, user, "old")
    shop = old.create("In the backup")
    old.sync()
    early = Laptop(tmp_path, world, user, "early")
    withdraw(world, early)
    keep(world, tmp_path)
    old.edit(shop, note="after the backup")
    old.sync()
    go_back(world, tmp_path)
    withdraw(world, old)
    found = report(world)
    assert [(one.device, one.state) for one in found.devices] == [("old", "withdrawn")], (
        "one withdrawn before the backup had sent all it sent by then"
    )
    assert found.done is True
    first, second = conclusion(found)
    assert first == "No device is awaited any more."
    assert second.startswith(
        "1 device was withdrawn before it had given everything back; what only it had sent"
    )
    for laptop in (old, early):
        laptop.replica.close()


def test_a_device_withdrawn_after_it_gave_all_back_stays_with_what_it_no_longer_had(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    for phone in ("1", "2"):
        ana.edit(shop, phone=phone)
    ana.sync()
    with ana.replica.write() as connection:
        connection.execute("DELETE FROM sent_log WHERE n = 2")
    go_back(world, tmp_path)
    ana.sync()
    withdraw(world, ana)
    found = told(world, ana)
    assert (found.state, found.missing) == ("done", (2,))
    assert conclusion(report(world))[-1].startswith("1 change is missing for good")
    ana.replica.close()


def test_what_the_laptop_it_was_copied_from_had_sent_is_not_missing_from_a_copy(
    world: World, tmp_path: Path
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    shop = ana.create("By the first")
    ana.edit(shop, phone="by the first")
    ana.sync()
    ana.replica.close()
    twin = copied(ana, tmp_path)
    ana.replica = Replica.open(tmp_path / "ana.db", KEY, world.clock, ana.random)
    for laptop, note in ((twin, "of the copy"), (ana, "of the first")):
        laptop.edit(shop, note=note)
        laptop.sync()
    keep(world, tmp_path)
    for laptop in (twin, ana):
        laptop.edit(shop, phone="after the backup")
        laptop.sync()
    go_back(world, tmp_path)
    with twin.replica.write() as connection:
        connection.execute("DELETE FROM sent_log WHERE n IN (1, 4)")
    twin.sync()
    assert told(world, twin).missing == (4,), "1 to 3 are there; 4 of the copy is another than 4 of the first"
    ana.sync()
    assert (told(world, ana).missing, told(world, twin).missing) == ((), (4,))
    for laptop in (ana, twin):
        laptop.replica.close()


def test_a_laptop_is_awaited_although_a_copy_of_it_became_a_device_of_its_own(
    world: World, tmp_path: Path
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    ana.create("By the first")
    ana.sync()
    ana.replica.close()
    twin = copied(ana, tmp_path)
    twin.sync()
    keep(world, tmp_path)
    go_back(world, tmp_path)
    twin.sync()
    assert (told(world, ana).state, told(world, twin).state) == ("not_seen", "done")
    assert report(world).done is False
    ana.replica = Replica.open(tmp_path / "ana.db", KEY, world.clock, ana.random)
    ana.sync()
    assert (told(world, ana).state, report(world).done) == ("done", True)
    for laptop in (ana, twin):
        laptop.replica.close()


def test_a_restore_from_before_a_laptop_enrolled_again_takes_nothing_of_it_a_second_time(
    world: World, tmp_path: Path
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    shop = ana.create("In the backup")
    ana.edit(shop, phone="in the backup")
    ana.sync()
    keep(world, tmp_path)
    for reason in ("copied", "lost and found"):
        with world.write() as tx:
            revoke(tx, ana.admission.device_id, reason)
        ana.enrol_again("ana")
        ana.edit(shop, note=f"after it was {reason}")
        ana.sync()
    go_back(world, tmp_path)
    with world.write() as tx:
        row = tx.row("account", shop)
        assert row is not None
        tx.stage("account", {**row, "phone": None, "revision": tx.new_revision()})
    ana.enrol_again("ana")
    receipt = ana.sync()
    assert (receipt.refused, receipt.conflicts) == (0, 0), "what the backup holds is known, not judged again"
    with world.database.read() as reader:
        row = reader.row("account", shop)
        assert row is not None
        assert (row["phone"], row["note"]) == (None, "after it was lost and found")
    assert verify(world.database) == []
    ana.replica.close()


def test_a_withdrawn_laptop_enrolled_again_in_place_gives_back_as_the_new_device(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, phone="after the backup")
    ana.sync()
    go_back(world, tmp_path)
    withdraw(world, ana)
    former = copy.copy(ana)
    ana.enrol_again("ana")
    ana.sync()
    again, before = told(world, ana), told(world, former)
    assert (again.state, again.recovered, again.missing) == ("done", 1, ())
    assert (before.state, before.replaced_by) == ("replaced", again.device_id)
    ana.replica.close()


def test_a_laptop_unknown_to_the_backup_is_not_awaited_again_when_it_is_withdrawn_after_it_gave_back(
    world: World, tmp_path: Path
) -> None:
    user = world.user("ana")
    keep(world, tmp_path)
    ana = Laptop(tmp_path, world, user, "ana")
    ana.create("After the backup")
    ana.sync()
    go_back(world, tmp_path)
    for _ in range(2):  # unknown here at first, then withdrawn
        ana.enrol_again("ana")
        ana.sync()
        withdraw(world, ana)
    ana.enrol_again("ana")
    ana.sync()
    with world.database.read() as reader:
        report = restore_report(reader)
    assert report is not None
    assert ([device.state for device in report.devices], report.done) == (["done"], True)
    ana.replica.close()
