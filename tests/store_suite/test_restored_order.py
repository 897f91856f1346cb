"""Laptops that come back to a restored store before those whose records they worked on: nothing of it is refused."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fieldrep.contract.change import Change, Edit, Refused, Waits
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.sync.engine import sync
from fieldrep.sync.handshake import handshake_of
from fieldrep.sync.wiping import WipeOrdered
from sync_server.admin.awaited import conclusion
from sync_server.store.devices.credentials import revoke
from sync_server.store.devices.wiping import order_wipe
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.returns import DeviceReturn
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop, go_back, keep, office, report
from tests.store_suite.world import World


def told(world: World, laptop: Laptop) -> DeviceReturn:
    (found,) = (one for one in report(world).devices if one.device == laptop.name)
    return found


def stood(laptop: Laptop, sql: str) -> list[tuple[object, ...]]:
    with laptop.replica.read() as reader:
        return list(reader.rows(sql))


def work_on(laptop: Laptop, shop: RowId) -> None:
    """What somebody does at a customer: edits, a person, a visit and a file of it, an order, a move between fields."""
    laptop.edit(shop, phone="1")
    with laptop.replica.begin("create_contact", "person") as uow:
        uow.create("contact", {"account_id": shop, "family_name": "Smit"})
    with laptop.replica.begin("complete_visit", "visit") as uow:
        visit = uow.create("activity", {"account_id": shop, "kind": "meeting", "subject": "Hello"})
        file = {"account_id": shop, "activity_id": visit, "name": "a.pdf", "media_type": "application/pdf"}
        uow.create("attachment", {**file, "size": 3, "sha256": "0" * 64})
    laptop.order(shop)
    laptop.edit(shop, phone="2")


@pytest.fixture
def laptops(world: World, tmp_path: Path) -> tuple[Laptop, Laptop]:
    """Two laptops of one person, as they were when the backup was made."""
    user = world.user("ana")
    found = Laptop(tmp_path, world, user, "desk"), Laptop(tmp_path, world, user, "road")
    for laptop in found:
        laptop.sync()
    keep(world, tmp_path)
    return found


@pytest.mark.parametrize("sent", [True, False])
def test_work_on_a_record_of_another_laptop_waits_until_that_one_has_given_it_back(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop], sent: bool
) -> None:
    desk, road = laptops
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    work_on(road, shop)
    road.create("Its own")
    if sent:
        road.sync()
    go_back(world, tmp_path)
    receipt = road.sync()
    assert (receipt.refused, receipt.told_to_wait, receipt.waiting) == (0, 6, 0)
    assert "6 waiting for what other laptops give back to the restored server" in receipt.sentence
    assert (told(world, road).state, told(world, road).waits) == ("waits", (1, 2, 3, 4, 5, 6))
    assert told(world, desk).state == "not_seen"
    said = conclusion(report(world))
    assert said[0] == "1 device has not given everything back yet:"
    assert "desk" in said[1]
    assert said[-1].startswith("6 changes wait on their laptops for what others have not given back yet")
    assert desk.sync().refused == 0
    receipt = road.sync()
    assert (receipt.refused, receipt.told_to_wait, receipt.digests_equal) == (0, 0, True)
    assert (receipt.returned, receipt.accepted + receipt.merged) == ((6, 0) if sent else (0, 6))
    assert stood(road, "SELECT name, phone FROM account ORDER BY name") == [("Its own", None), ("Shop", "2")]
    assert stood(road, "SELECT count(*) FROM conflict") == [(0,)]
    assert (told(world, road).state, told(world, road).waits, report(world).done) == ("done", (), True)
    assert told(world, road).missing == ()
    assert verify(world.database) == []
    for laptop in laptops:
        laptop.replica.close()


def test_an_order_at_a_customer_that_is_there_does_not_wait_with_an_edit_of_it(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    inn = road.create("Inn")
    road.sync()
    (tmp_path / "kept").unlink()
    keep(world, tmp_path)
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    with road.replica.begin("edit_account", "two at once") as uow:
        uow.update("account", shop, {"phone": "1"})
        uow.update("account", inn, {"phone": "1"})
        person = uow.create("contact", {"account_id": inn, "family_name": "Smit"})
    road.order(inn)
    road.draft(shop)
    road.edit(inn, note="waits as well, for it may build on the number")
    with road.replica.begin("log_activity", "names somebody who waits") as uow:
        uow.create("activity", {"account_id": inn, "contact_id": person, "kind": "call", "subject": "Hello"})
    road.sync()
    go_back(world, tmp_path)
    assert road.sync().told_to_wait == 4
    with world.database.read() as reader:
        assert reader.rows("SELECT status FROM sales_order") == [("received",)]
    desk.sync()
    receipt = road.sync()
    assert (receipt.refused, receipt.told_to_wait, receipt.digests_equal) == (0, 0, True)
    assert stood(road, "SELECT name, phone FROM account ORDER BY name") == [("Inn", "1"), ("Shop", "1")]
    assert stood(road, "SELECT count(*) FROM conflict") == [(0,)]
    assert report(world).done
    for laptop in laptops:
        laptop.replica.close()


def test_what_names_a_record_that_waits_to_be_made_is_not_judged_before_it(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    order = road.draft(shop)
    with road.replica.begin("edit_order", "one more line") as uow:
        line = {"order_id": order, "account_id": shop, "description": "Cup", "qty": 1_000_000, "seq": 2}
        uow.create("document_line", line)
    *_, last = road.replica.waiting(10, 1_000_000)
    go_back(world, tmp_path)
    assert road.sync().told_to_wait == 2
    desk.sync()
    second_part = ExchangeRequest(handshake_of(road.replica), (last,))
    answers = InProcess(world.database, road.admission.token).exchange(second_part).outcomes
    assert answers == (Waits(last.n),), "the order is still to come, though nobody else is awaited"
    receipt = road.sync()
    assert (receipt.refused, receipt.told_to_wait, receipt.digests_equal) == (0, 0, True)
    for laptop in laptops:
        laptop.replica.close()


def test_what_waits_for_one_who_never_comes_lies_there_until_he_is_withdrawn_and_is_told(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    road.edit(shop, phone="1")
    road.sync()
    go_back(world, tmp_path)
    for _ in range(3):
        assert road.sync().told_to_wait == 1
    assert stood(road, "SELECT n, state FROM outbox") == [(1, "waits")]
    with world.write() as tx:
        revoke(tx, desk.admission.device_id, "lost")
    receipt = road.sync()
    assert (receipt.refused, receipt.told_to_wait) == (1, 0)
    assert stood(road, "SELECT n FROM refused_change") == [(1,)]
    assert (told(world, road).state, told(world, road).refused) == ("done", (1,))
    found = report(world)
    assert found.done
    assert "what only it had sent after the backup may be missing" in " ".join(conclusion(found))
    assert [(row.entity, row.record, row.by) for row in found.lost] == [("account", "Shop", "Ana")]
    for laptop in laptops:
        laptop.replica.close()


def test_two_that_need_what_a_withdrawn_one_had_made_do_not_wait_for_each_other(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    lost = Laptop(tmp_path, world, desk.admission.user_id, "lost")
    lost.sync()
    (tmp_path / "kept").unlink()
    keep(world, tmp_path)
    shop = lost.create("Shop")
    lost.sync()
    order = {}
    for laptop in laptops:
        laptop.sync()
        order[laptop.name] = laptop.draft(shop)
        laptop.sync()
    desk.sync()
    desk.submit(order["road"])
    desk.sync()
    go_back(world, tmp_path)
    assert [laptop.sync().told_to_wait for laptop in (desk, road, desk)] == [2, 1, 2]
    with world.write() as tx:
        revoke(tx, lost.admission.device_id, "lost")
    assert [laptop.sync().refused for laptop in (desk, road)] == [2, 1]
    assert report(world).done
    for laptop in (*laptops, lost):
        laptop.replica.close()


def test_a_chain_through_several_laptops_comes_back_in_whatever_order_they_come(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    order = road.draft(shop)
    road.sync()
    desk.sync()
    desk.submit(order)
    desk.sync()
    go_back(world, tmp_path)
    assert [laptop.sync().told_to_wait for laptop in (road, desk)] == [1, 1]
    assert [told(world, laptop).state for laptop in (road, desk)] == ["waits", "waits"]
    assert [laptop.sync().told_to_wait for laptop in (desk, road, desk)] == [1, 0, 0]
    assert stood(desk, "SELECT status FROM sales_order") == [("received",)]
    assert report(world).done
    assert all(not one.refused and not one.missing for one in report(world).devices)
    for laptop in laptops:
        laptop.replica.close()


def test_what_waits_is_sent_or_refused_before_a_laptop_is_wiped(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    road.edit(shop, phone="1")
    road.sync()
    go_back(world, tmp_path)
    assert road.sync().told_to_wait == 1
    with world.write() as tx:
        order_wipe(tx, road.admission.device_id, lost=False)
    with pytest.raises(WipeOrdered):
        road.sync()
    assert stood(road, "SELECT n FROM refused_change") == [(1,)], (
        "nothing is destroyed that nobody was told of"
    )
    with world.database.read() as reader:
        assert reader.rows("SELECT n, code FROM refused_change") == [(1, "not_found")]
    for laptop in laptops:
        laptop.replica.close()


def test_what_waits_goes_by_stick_as_well(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    road.edit(shop, phone="1")
    road.sync()
    go_back(world, tmp_path)
    for _ in range(2):
        receipt = road.into(office(world, road.out(most_changes=1)))
    assert (receipt.told_to_wait, receipt.refused) == (1, 0)
    desk.sync()
    receipt = road.into(office(world, road.out()))
    assert (receipt.returned, receipt.told_to_wait, road.names()) == (1, 0, {"Shop"})
    for laptop in laptops:
        laptop.replica.close()


def test_a_change_that_its_laptop_never_told_of_does_not_wait_with_what_it_names(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    road.edit(shop, phone="1")
    road.sync()
    go_back(world, tmp_path)
    assert road.sync().told_to_wait == 1
    strange = Change(
        1_000_000, 1, "edit", (Edit("account", shop, "update", 1, {"phone": "1"}, {"phone": "2"}),)
    )
    request = ExchangeRequest(handshake_of(road.replica), (strange,))
    (answer,) = InProcess(world.database, road.admission.token).exchange(request).outcomes
    assert isinstance(answer, Refused), "no sync of this laptop would ever offer it again"
    assert told(world, road).waits == (1,)
    desk.sync()
    road.sync()
    assert report(world).done
    for laptop in laptops:
        laptop.replica.close()


class Cut(InProcess):
    """A line that breaks behind its first exchange."""

    replies = 0

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        self.replies += 1
        if self.replies > 1:
            raise KnownError(Code.OFFLINE, "The line broke.")
        return super().exchange(request)


@pytest.mark.parametrize("forged", [False, True])
def test_one_that_has_only_heard_of_the_restore_is_awaited_still(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop], forged: bool
) -> None:
    desk, road = laptops
    if forged:  # a high number, which the backup knows, is none of the laptop's own
        request = ExchangeRequest(handshake_of(desk.replica), (Change(1_000_000, 1, "edit", ()),))
        InProcess(world.database, desk.admission.token).exchange(request)
        (tmp_path / "kept").unlink()
        keep(world, tmp_path)
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    road.edit(shop, phone="1")
    road.sync()
    go_back(world, tmp_path)
    with pytest.raises(KnownError):
        sync(desk.replica, Cut(world.database, desk.admission.token))
    assert (told(world, desk).state, told(world, desk).missing) == ("giving_back", ())
    assert road.sync().told_to_wait == 1
    assert [laptop.sync().refused for laptop in (desk, road)] == [0, 0]
    assert report(world).done
    for laptop in laptops:
        laptop.replica.close()


class OlderServer(InProcess):
    """The same store, served by a program that knows none of today's records."""

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        return msgspec.structs.replace(super().exchange(request), schema=0)


def test_one_that_holds_back_what_the_server_cannot_take_yet_is_awaited_until_that_is_updated(
    world: World, tmp_path: Path, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    shop = desk.create("Shop")
    desk.sync()
    road.sync()
    road.edit(shop, phone="1")
    road.sync()
    go_back(world, tmp_path)
    older = OlderServer(world.database, desk.admission.token)
    assert [sync(desk.replica, older).held_back for _ in range(2)] == [1, 1]
    assert told(world, desk).state == "giving_back"
    assert [road.sync().told_to_wait for _ in range(2)] == [1, 1]
    assert [laptop.sync().refused for laptop in (desk, road)] == [0, 0]
    assert stood(road, "SELECT name, phone FROM account") == [("Shop", "1")]
    assert report(world).done
    for laptop in laptops:
        laptop.replica.close()


def test_what_is_held_back_for_the_servers_update_is_sent_before_a_laptop_is_wiped(
    world: World, laptops: tuple[Laptop, Laptop]
) -> None:
    desk, road = laptops
    older = OlderServer(world.database, desk.admission.token)
    sync(desk.replica, older)
    desk.create("Shop")
    with world.write() as tx:
        order_wipe(tx, desk.admission.device_id, lost=False)
    assert sync(desk.replica, older).held_back == 1
    with pytest.raises(WipeOrdered):
        desk.sync()
    assert road.sync().pulled
    assert road.names() == {"Shop"}
    for laptop in laptops:
        laptop.replica.close()
