"""Numbers over a restore: what was told to a customer never names two orders, whoever comes back first."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.messages import ExchangeRequest, HeldRow, decode_request, encode_request
from fieldrep.sync.handshake import handshake_of
from sync_server.reconcile.exchange import exchange
from sync_server.store.devices.credentials import identify
from sync_server.store.restoring.returns import restore_report
from tests.store_suite.laptop import Laptop, go_back, keep, with_shop
from tests.store_suite.world import World


def number(world: World, row_id: bytes) -> str | None:
    with world.database.read() as reader:
        row = reader.row("sales_order", row_id)
    return str(row["number_official"]) if row else None


def lost_orders(world: World) -> list[str]:
    """The orders the office is told to enter anew."""
    with world.database.read() as reader:
        found = restore_report(reader)
    assert found is not None
    return [row.record for row in found.lost if row.entity == "sales_order"]


def forget_numbers(world: World) -> None:
    with world.write() as tx:
        tx.session.run("DELETE FROM number_series")


@pytest.mark.parametrize("disk", ["replaced", "lost"])
def test_a_number_given_out_after_the_backup_names_no_second_order_in_whatever_order_laptops_come(
    world: World, tmp_path: Path, disk: str
) -> None:
    ana, ben = (Laptop(tmp_path, world, world.user(name), name) for name in ("ana", "ben"))
    shops = {}
    for laptop in (ana, ben):
        shops[laptop] = laptop.create("Shop")
        laptop.sync()
    keep(world, tmp_path)
    first = ana.order(shops[ana])
    ana.sync()
    assert (was := number(world, first)) == "SO-000001"
    if disk == "lost":
        forget_numbers(world)
    go_back(world, tmp_path)
    second = ben.order(shops[ben])
    ben.sync()
    ana.sync()
    numbers = [number(world, second), number(world, first)]
    assert was not in numbers[:1]
    assert len(set(numbers)) == 2
    late = Laptop(tmp_path, world, world.user("late"), "late")
    assert late.admission.number_prefix not in ("D1", "D2")
    for laptop in (ana, ben, late):
        laptop.replica.close()


def test_the_same_backup_restored_twice_gives_no_number_again(world: World, tmp_path: Path) -> None:
    ana, shop = with_shop(tmp_path, world)
    go_back(world, tmp_path)
    first = ana.order(shop)
    ana.sync()
    was = number(world, first)
    go_back(world, tmp_path, 10)
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    second = ben.order(ben.create("Other"))
    ben.sync()
    assert number(world, second) is not None
    assert number(world, second) != was
    ana.sync()
    assert number(world, first) != number(world, second)
    for laptop in (ana, ben):
        laptop.replica.close()


def test_what_a_laptop_shows_to_have_been_given_out_is_left_out_and_what_it_makes_up_is_not(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    go_back(world, tmp_path)
    labels = ("SO-015000 D1-000001", "SO-999999999 D999999-000001", "SO-016000 by hand", "D2200-000007")
    rows = tuple(
        HeldRow("sales_order", bytes([n]) * 16, 2**40, 1, b"", label) for n, label in enumerate(labels)
    )
    device = identify(world.database, ana.admission.token)
    assert device is not None
    request = ExchangeRequest(handshake_of(ana.replica, 0), beyond=rows)
    exchange(world.database, device, decode_request(encode_request(request)))
    made = ana.order(shop)
    ana.sync()
    assert number(world, made) == "SO-016001"
    late = Laptop(tmp_path, world, world.user("late"), "late")
    assert late.admission.number_prefix == "D2201"
    for laptop in (ana, late):
        laptop.replica.close()


def test_a_laptop_tells_the_numbers_of_its_own_orders_too(world: World, tmp_path: Path) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.order(shop)
    ana.sync()
    go_back(world, tmp_path)
    forget_numbers(world)  # as if more had been given out after the backup than a restore leaves out
    ana.sync()
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    second = ben.order(ben.create("Other"))
    ben.sync()
    assert number(world, second) == "SO-000003"
    assert lost_orders(world) == []
    for laptop in (ana, ben):
        laptop.replica.close()
