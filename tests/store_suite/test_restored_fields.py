"""What a restore report says of single fields: which came back and which are missing, each with both its values."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.messages import MAX_BEYOND, ExchangeRequest, HeldRow, decode_request, encode_request
from fieldrep.sync.handshake import handshake_of
from sync_server.admin.awaited import conclusion
from sync_server.reconcile.exchange import exchange
from sync_server.store.devices.credentials import identify
from sync_server.store.restoring.two_values import TwoValues
from tests.store_suite.laptop import Laptop, go_back, keep, report
from tests.store_suite.world import World


def pairs(fields: tuple[TwoValues, ...]) -> set[tuple[str, str, Value, Value]]:
    return {(one.entity, one.field, one.before, one.after) for one in fields}


def test_fields_that_came_back_and_fields_that_are_missing_are_named_with_both_values(
    world: World, tmp_path: Path, ana: Laptop
) -> None:
    shop, inn = (world.account(ana.admission.user_id, name=name) for name in ("Shop", "Inn"))
    ana.sync()
    ana.edit(shop, phone="1")
    ana.sync()
    keep(world, tmp_path)
    ana.edit(shop, phone="2", note="Ask for Maria")
    with ana.replica.begin("create_account", "two records") as uow:
        bar = uow.create("account", {"name": "Bar", "lifecycle": "prospect"})
        uow.create("contact", {"account_id": bar, "family_name": "Li"})
    ana.sync()
    for account in (shop, inn):
        world.change("account", account, payment_terms="30 days", changed_by=None)
    world.make(
        "account", name="Made by the office", owner_user_id=ana.admission.user_id, website="made.example"
    )
    ana.sync()
    ana.edit(inn, note="not sent yet")
    go_back(world, tmp_path)
    ana.sync()
    found = report(world)
    came = {change.n: pairs(change.fields) for change in found.changes}
    assert came[2] == {("account", "phone", "1", "2"), ("account", "note", None, "Ask for Maria")}
    assert came[3] >= {("account", "name", None, "Bar"), ("contact", "family_name", None, "Li")}
    missing = {row.record: pairs(row.fields) for row in found.lost}
    assert missing["Shop"] == {("account", "payment_terms", None, "30 days")}
    assert missing["Inn"] == {
        ("account", "payment_terms", None, "30 days"),
        ("account", "note", "not sent yet", None),
    }, "the laptop's own edit that waits hides nothing of what the office had done"
    assert {
        ("account", "name", None, "Made by the office"),
        ("account", "website", None, "made.example"),
    } <= missing["Made by the office"]
    assert {one.whole for row in found.lost for one in row.fields if row.record == "Shop"} == {False}
    assert all(one.whole for row in found.lost for one in row.fields if row.record == "Made by the office")


def test_what_a_laptop_may_not_see_is_not_said_to_have_been_empty(
    world: World, tmp_path: Path, ana: Laptop
) -> None:
    row = world.make("product", sku="TEA", name="Tea", cost_price=2_000_000)
    ana.sync()
    keep(world, tmp_path)
    world.change("product", row, name="Renamed by the office", changed_by=None)
    ana.sync()
    go_back(world, tmp_path)
    ana.sync()
    (lost,) = report(world).lost
    assert pairs(lost.fields) == {("product", "name", "Tea", "Renamed by the office")}


def told(world: World, laptop: Laptop, rows: tuple[HeldRow, ...]) -> None:
    device = identify(world.database, laptop.admission.token)
    assert device is not None
    request = ExchangeRequest(handshake_of(laptop.replica, 0), beyond=rows)
    exchange(world.database, device, decode_request(encode_request(request)))


def test_a_device_that_tells_nonsense_fills_neither_the_report_nor_the_store(
    world: World, tmp_path: Path, ana: Laptop
) -> None:
    ana.sync()
    keep(world, tmp_path)
    go_back(world, tmp_path)
    with pytest.raises(KnownError, match="Nothing was applied"):
        told(world, ana, (HeldRow("account", bytes(16), 9, 9, b"", "Forged", {"name": 1.5}),))
    odd: dict[str, Value] = {"name": b"\xff", "website": 7, "no_such_field": "x", "phone": "1"}
    told(world, ana, (HeldRow("account", bytes(16), 9, 9, b"", "Forged", odd),))
    assert [pairs(row.fields) for row in report(world).lost] == [{("account", "phone", None, "1")}]
    for turn in range(3):
        long: dict[str, Value] = {"note": "x" * 5_000}
        ids = ((turn * MAX_BEYOND + n).to_bytes(16, "big") for n in range(MAX_BEYOND))
        told(world, ana, tuple(HeldRow("account", row_id, 9, 9, b"", "Forged", long) for row_id in ids))
    with world.database.read() as reader:
        ((count, size),) = reader.rows("SELECT count(*), sum(length(held)) FROM row_after_backup")
    assert (count, size < 2_100_000) == (MAX_BEYOND, True)


def test_a_restore_of_a_store_without_devices_says_so(world: World, tmp_path: Path) -> None:
    keep(world, tmp_path)
    go_back(world, tmp_path)
    assert conclusion(report(world))[0].startswith("No device had been enrolled")
