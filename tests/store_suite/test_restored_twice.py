"""What a laptop keeps to itself when a store is restored, and a restore that comes before everything was given back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from fieldrep.contract.change import Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId, id_text
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.store.incoming.refused import discard, refused_changes
from fieldrep.sync.engine import sync
from sync_server.store.restoring.returns import DeviceReturn
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop, go_back, keep, office, report, with_shop
from tests.store_suite.world import World


def returns(world: World) -> tuple[DeviceReturn, ...]:
    return report(world).devices


def told(world: World) -> DeviceReturn:
    (device,) = returns(world)
    return device


def refused(laptop: Laptop, account: RowId) -> None:
    """Two changes, of which the second is refused: the office had sent the order off by then."""
    order = laptop.draft(account)
    laptop.sync()
    laptop.world.change("sales_order", order, status="submitted")
    with laptop.replica.begin("edit_order", "edit") as uow:
        uow.update("sales_order", order, {"po_ref": "too late"})
    assert laptop.sync().refused == 1


def test_a_refused_change_that_was_the_last_to_be_answered_is_not_missing(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, phone="after the backup")
    refused(ana, shop)
    go_back(world, tmp_path)
    ana.edit(shop, note="not sent by then")
    ana.sync()
    found = told(world)
    assert (found.state, found.answered_to) == ("done", 4)
    assert (found.refused, found.missing) == ((4,), ())
    ana.replica.close()


def test_a_correction_that_waits_for_its_person_is_not_missing(world: World, tmp_path: Path) -> None:
    ana, shop = with_shop(tmp_path, world)
    refused(ana, shop)
    ana.sync()
    with ana.replica.begin("correct_order", "correct") as uow:
        uow.hold_back = Refused(2, Code.FIELD_PROTECTED, "It is the office's.")
        uow.update("account", shop, {"phone": "half corrected"})
    go_back(world, tmp_path)
    ana.sync()
    found = told(world)
    assert (found.state, found.missing) == ("done", ())
    ana.replica.close()


@pytest.mark.parametrize("done", ["corrected", "let go", "let go, the newest"])
def test_a_refused_change_that_its_person_was_done_with_before_the_restore_is_not_missing(
    world: World, tmp_path: Path, done: str
) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, phone="after the backup")
    refused(ana, shop)
    with ana.replica.begin("done_with", "Done with it") as uow:
        (entry,) = refused_changes(uow.driver)
        discard(uow, entry.refused_no)
        if done == "corrected":
            uow.update("account", shop, {"note": "told by phone"})
    if done == "let go":
        ana.edit(shop, note="after the refusal")
    ana.sync()
    go_back(world, tmp_path)
    ana.sync()
    found = told(world)
    assert (found.state, found.refused, found.missing) == ("done", (4,), ())
    assert report(world).done
    ana.replica.close()


def test_a_restore_while_a_laptop_still_gives_back_forgets_nothing_of_what_it_had_been_answered(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, phone="after the backup")
    refused(ana, shop)
    ana.edit(shop, note="after the refusal")
    ana.sync()
    go_back(world, tmp_path)
    ana.into(office(world, ana.out()))  # by a stick: it has heard of the restore, and given nothing back yet
    go_back(world, tmp_path, seed=10)
    ana.sync()
    found = told(world)
    assert (found.state, found.answered_to, found.returned) == ("done", 5, 4)
    assert (found.refused, found.missing) == ((4,), ())
    ana.replica.close()


def test_what_was_answered_behind_a_change_that_waits_counts_as_answered_at_the_next_restore(
    world: World, tmp_path: Path
) -> None:
    desk, _ = with_shop(tmp_path, world)
    road = Laptop(tmp_path, world, desk.admission.user_id, "road")
    road.sync()
    (tmp_path / "kept").unlink()
    keep(world, tmp_path)
    late = desk.create("Late")
    desk.sync()
    road.sync()
    road.edit(late, phone="1")
    road.sync()
    go_back(world, tmp_path)
    assert road.sync().told_to_wait == 1
    road.create("Inn")
    road.create("Pub")
    road.sync()
    with road.replica.write() as connection:
        connection.execute("DELETE FROM sent_log WHERE n = 2")
    go_back(world, tmp_path, seed=10)
    road.sync()
    (found,) = (one for one in returns(world) if one.device == "road")
    assert (found.answered_to, found.returned, found.waits) == (3, 1, (1,))
    desk.sync()
    assert road.sync().told_to_wait == 0
    (found,) = (one for one in returns(world) if one.device == "road")
    assert (found.state, found.missing) == ("done", (2,))
    for laptop in (desk, road):
        laptop.replica.close()


def test_a_copy_that_knows_less_of_what_was_refused_takes_nothing_of_it_back(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    refused(ana, shop)
    twin = ana.copied(tmp_path)
    refused(ana, shop)
    go_back(world, tmp_path)
    ana.sync()
    before = told(world)
    assert (before.state, before.missing, len(before.refused)) == ("done", (), 2)
    twin.edit(shop, note="the copy's")
    with suppress(KnownError):
        twin.sync()
    after = told(world)
    assert (after.refused, after.missing) == (before.refused, ())
    for laptop in (ana, twin):
        laptop.replica.close()


def test_what_a_copy_had_sent_as_the_old_device_stands_for_nothing_of_the_new_one(
    world: World, tmp_path: Path
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    shop = ana.create("Shop")
    ana.sync()
    twin = ana.copied(tmp_path)
    for phone in ("1", "2"):
        twin.edit(shop, phone=phone)
    twin.sync()
    ana.enrol_again("ana")
    ana.edit(shop, note="in the backup")
    ana.sync()
    keep(world, tmp_path)
    ana.edit(shop, note="after the backup")
    ana.sync()
    go_back(world, tmp_path)
    with ana.replica.write() as connection:
        connection.execute("DELETE FROM sent_log WHERE n = 3")
    ana.sync()
    (found,) = [one for one in returns(world) if one.device_id == id_text(ana.admission.device_id)]
    assert (found.state, found.missing) == ("done", (3,)), "3 of the copy is another than 3 of the new device"
    for laptop in (ana, twin):
        laptop.replica.close()


class Keeping(InProcess):
    """A bearer that keeps every request that names refused changes."""

    def __init__(self, world: World, laptop: Laptop) -> None:
        super().__init__(world.database, laptop.admission.token)
        self.kept: list[ExchangeRequest] = []

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        self.kept += [request] if request.refused else []
        return super().exchange(request)


def test_a_request_of_between_two_restores_that_comes_again_forgets_nothing_named_since(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    refused(ana, shop)
    go_back(world, tmp_path)
    line = Keeping(world, ana)
    sync(ana.replica, line)
    refused(ana, shop)
    go_back(world, tmp_path, seed=10)
    ana.sync()
    before = told(world)
    assert len(before.refused) == 2
    InProcess(world.database, ana.admission.token).exchange(line.kept[0])
    assert told(world).refused == before.refused
    ana.replica.close()
