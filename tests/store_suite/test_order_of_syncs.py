"""Laptops that come in another order leave the same rows, as far as they did not touch the same things (I10, I11)."""

from __future__ import annotations

import random
from itertools import permutations
from pathlib import Path

import pytest

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.fields import Kind
from fieldrep.contract.ids import RowId
from sync_server.store.proof.verify import verify
from tests.store_suite.databases import Databases
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World

FIRST, SECOND, *UNRELATED = range(4)
ORDERS = [order for order in permutations(range(4)) if order.index(FIRST) < order.index(SECOND)]
OF_THE_MOMENT = {"revision", "created_revision", "number_official"}
"""What tells when something came."""


def work(laptop: Laptop, shop: RowId, source: random.Random) -> None:
    """Some changes to one customer, and a new one of its own."""
    for _ in range(3):
        laptop.edit(shop, **{source.choice(("phone", "note", "name")): f"{source.randrange(10**9)}"})
    laptop.order(shop)
    own = laptop.create("".join(source.choices("bcdfghklmnprstvz", k=12)))
    laptop.edit(own, email=f"{source.randrange(10**9)}@new.example")
    if source.random() < 0.5:
        with laptop.replica.begin("archive_account", "archive") as uow:
            uow.update("account", own, {"archived": 1})


def rows_after(url: str, folder: Path, order: tuple[int, ...], seed: int) -> list[object]:
    """What every row says after four laptops came in an order; the first two had worked on the same customer."""
    world = World(url)
    folder.mkdir()
    ana = world.user("ana")
    laptops = [Laptop(folder, world, ana, f"laptop{n}", n) for n in range(4)]
    shops = [RowId(world.account(owner=ana, name=name)) for name in ("Bakery", "Kiosk", "Farm")]
    for laptop in laptops:
        laptop.sync()
    for number, laptop in enumerate(laptops):
        work(laptop, shops[max(0, number - 1)], random.Random(f"{seed}/{number}"))
    for _ in range(3):
        for number in order:
            receipt = laptops[number].sync()
            assert receipt.digests_equal, "I1"
    for laptop in laptops:
        assert laptop.replica.depth() == 0, "I15"
        laptop.replica.close()
    assert verify(world.database) == []
    found: list[object] = []
    with world.database.read() as reader:
        for entity in ENTITIES:
            left_out = OF_THE_MOMENT | {field.name for field in entity.columns if field.kind is Kind.INSTANT}
            left_out |= {"id"} if entity.name == "conflict" else set()  # the server's own ids
            rows = [{name: row[name] for name in row if name not in left_out} for row in reader.all(entity)]
            found.append((entity.name, sorted(rows, key=repr)))
    world.close()
    return found


@pytest.mark.parametrize("seed", range(2))
def test_unrelated_laptops_may_come_in_any_order(
    kind: str, stores: Databases, tmp_path: Path, seed: int
) -> None:
    orders = random.Random(seed).sample(ORDERS, 4 if kind == "sqlite" else 2)
    expected = None
    for order in orders:
        url = stores.new(kind)
        found = rows_after(url, tmp_path / "".join(map(str, order)), order, seed)
        stores.give_back(url)
        expected = expected or found
        assert found == expected, f"another end in the order {order}"
    assert any(name == "conflict" and rows for name, rows in expected or ()), (
        "two laptops should have clashed"
    )
