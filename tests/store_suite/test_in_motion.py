"""What changes while a replica gets from one state of the store to another, page by page, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.store.verify import verify
from fieldrep.sync.engine import sync
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop, office
from tests.store_suite.world import World

SMALL = 300
"""Bytes of a page: a few records."""


class CutLine:
    """A line over which so many replies come."""

    def __init__(self, laptop: Laptop, replies: int) -> None:
        self._line = InProcess(laptop.world.database, laptop.admission.token, SMALL)
        self._left = replies

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        if not self._left:
            raise KnownError(Code.OFFLINE, "The line broke.")
        self._left -= 1
        return self._line.exchange(request)


class BusyLine:
    """A line on which something is done at the laptop while the first reply is on its way."""

    def __init__(self, laptop: Laptop, meanwhile: Callable[[], object]) -> None:
        self._line = InProcess(laptop.world.database, laptop.admission.token)
        self._left = [meanwhile]

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        reply = self._line.exchange(request)
        if self._left:
            self._left.pop()()
        return reply


def lose_the_reply() -> None:
    raise KnownError(Code.OFFLINE, "The reply was lost.")


def pull_a_part(laptop: Laptop, replies: int) -> None:
    """The first replies of a sync that has more to get."""
    with pytest.raises(KnownError):
        sync(laptop.replica, CutLine(laptop, replies))


def costs(laptop: Laptop) -> set[object]:
    with laptop.replica.read() as reader:
        return {cost for (cost,) in reader.rows("SELECT cost_price FROM product")}


def shop_of_many(world: World) -> None:
    for number in range(30):
        world.make("product", sku=f"T{number}", name=f"Tea {number}", cost_price=5)


@pytest.mark.parametrize("role", ["manager", "rep"])
@pytest.mark.parametrize("first", [True, False])
def test_who_has_another_role_for_a_part_of_a_pull_ends_with_the_costs_of_the_last_one(
    world: World, tmp_path: Path, role: str, first: bool
) -> None:
    other = "rep" if role == "manager" else "manager"
    eva = world.user("eva", role=role)
    laptop = Laptop(tmp_path, world, eva, "eva")
    if first:
        shop_of_many(world)
    else:
        laptop.sync()
        shop_of_many(world)
    pull_a_part(laptop, 4)
    world.change("user", eva, role=other)
    pull_a_part(laptop, 3)
    world.change("user", eva, role=role)
    assert laptop.sync(SMALL).digests_equal
    assert costs(laptop) == ({5} if role == "manager" else {None})
    laptop.replica.close()


@pytest.mark.parametrize("role", ["manager", "rep"])
def test_a_pull_that_began_in_a_role_for_a_day_ends_with_the_costs_of_the_one_before(
    world: World, tmp_path: Path, role: str
) -> None:
    eva = world.user("eva", role=role)
    laptop = Laptop(tmp_path, world, eva, "eva")
    laptop.sync()
    world.change("user", eva, role="rep" if role == "manager" else "manager")
    shop_of_many(world)
    pull_a_part(laptop, 4)
    world.change("user", eva, role=role)
    assert laptop.sync(SMALL).digests_equal
    assert costs(laptop) == ({5} if role == "manager" else {None})
    laptop.replica.close()


def many_shops(world: World, owner: bytes) -> bytes:
    """Fifty customers of a person; gives the one whose rows come first."""
    shops = [world.account(owner, name=f"Shop {number}") for number in range(50)]
    return shops[0]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_entered_on_a_customer_that_came_with_a_part_of_a_pull_is_taken_though_it_has_moved_since(
    world: World, tmp_path: Path, first: bool, at_once: bool
) -> None:
    """Entered while the pull goes on, it is sent with its next exchange, or else once the pull is at its end."""
    ana, ben = world.user("ana"), world.user("ben")
    laptop = Laptop(tmp_path, world, ana, "ana")
    if not first:
        laptop.sync()
    shop = many_shops(world, ana)
    pull_a_part(laptop, 12)
    assert "Shop 0" in laptop.names()
    if at_once:
        laptop.edit(RowId(shop), phone="1")
    world.change("account", shop, owner_user_id=ben)
    receipt = sync(laptop.replica, BusyLine(laptop, lambda: at_once or laptop.edit(RowId(shop), phone="1")))
    assert (receipt.accepted + receipt.merged, receipt.refused, receipt.digests_equal) == (1, 0, True)
    with world.database.read() as reader:
        assert (reader.row("account", shop) or {})["phone"] == "1"
    assert "Shop 0" not in laptop.names()
    laptop.replica.close()


@pytest.mark.parametrize("by_stick", [True, False])
def test_what_is_entered_on_a_customer_made_here_is_taken_though_nothing_was_heard_of_it_before_it_moved(
    world: World, tmp_path: Path, by_stick: bool
) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    laptop = Laptop(tmp_path, world, ana, "ana")
    laptop.sync()
    shop = laptop.create("Shop")
    if by_stick:
        office(world, laptop.out())
    else:
        with pytest.raises(KnownError):
            sync(laptop.replica, BusyLine(laptop, lose_the_reply))
    world.change("account", shop, owner_user_id=ben)
    laptop.edit(shop, phone="1")
    with laptop.replica.begin("create_contact", "contact") as uow:
        uow.create("contact", {"account_id": shop, "family_name": "Smith"})
    receipt = laptop.sync()
    assert (receipt.refused, receipt.digests_equal) == (0, True), receipt.sentence
    with world.database.read() as reader:
        assert (reader.row("account", shop) or {})["phone"] == "1"
        assert len(reader.find("contact", "account_id", shop)) == 1
    assert laptop.names() == set()
    laptop.replica.close()


def test_a_contact_that_stays_until_its_edit_is_answered_is_no_damage_though_its_account_has_left(
    world: World, tmp_path: Path
) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    shop = world.account(ana)
    contact = world.make("contact", account_id=shop, family_name="Smith")
    laptop = Laptop(tmp_path, world, ana, "ana")
    laptop.sync()
    request = laptop.out()
    world.change("account", shop, owner_user_id=ben)
    answer = office(world, request)
    with laptop.replica.begin("edit_contact", "contact") as uow:
        uow.update("contact", contact, {"phone": "1"})
    assert laptop.into(answer).left == 1
    with laptop.replica.read() as reader:
        assert reader.rows("SELECT phone FROM contact") == [("1",)]
        assert verify(reader) == []
    laptop.sync()
    with laptop.replica.read() as reader:
        assert reader.rows("SELECT phone FROM contact") == []
        assert verify(reader) == []
    laptop.replica.close()
