"""What changes while a replica gets from one state of the store to another, page by page, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.sync.engine import sync
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop
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
