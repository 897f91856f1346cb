"""Discount authority from the admin's command to the rep's laptop and back, with the real programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_ages import Admit, AgedDevice, admit, central, store
from tests.e2e.test_serving import serving
from tests.helpers.aged import NEWEST
from tests.store_suite.world import new_row

__all__ = ["admit", "central"]


@pytest.fixture
def sold(central: ServerCommand) -> str:
    """The SKU of something that is sold."""
    with closing(store(central)) as database, database.write("office") as tx:
        new_row(tx, "product", sku="TEA", name="Tea", family="Drinks")
    return "TEA"


def ordered(device: DeviceCommand, sku: str, *discounts: str) -> str:
    """An order entered and submitted without a line; gives its id."""
    account = device.show("account")[0]["id"]
    lines = [{"sku": sku, "unit_price": "5", "discount": discount} for discount in discounts]
    order = device.do("create_order", account_id=account, lines=lines)["id"]
    device.do("submit_order", id=order)
    return str(order)


def shown(device: DeviceCommand, order: str) -> dict[str, Any]:
    (row,) = [one for one in device.show("sales_order") if one["id"] == order]
    return row


@pytest.fixture
def ana(central: ServerCommand, admit: Admit, sold: str) -> Iterator[AgedDevice]:
    """Ana's laptop with a customer; reps may give 10 %."""
    assert sold
    assert "Every rep may give up to 10 %" in central("discount", "set", "10", "--role", "rep")
    with serving(central, age=NEWEST):
        device = admit(central)
        device.do("create_account", name="Corner Shop")
        device("sync")
        yield device


def test_an_order_above_the_limit_waits_for_the_office_and_is_received_once_approved(
    central: ServerCommand, ana: AgedDevice, sold: str
) -> None:
    above, within = ordered(ana, sold, "10", "15"), ordered(ana, sold, "10")
    assert shown(ana, above)["status"] == "submitted", "nothing held it up offline"
    receipt = ana.json("sync")
    assert (receipt["refused"], receipt["waiting"], receipt["digests_equal"]) == (0, 0, True)
    held = shown(ana, above)
    assert (held["status"], held["number_official"]) == ("held", "SO-000001")
    (reason,) = held["hold_reasons"]
    assert reason["lines"] == [{"line": 2, "rate": 150_000, "limit": 100_000}]
    assert shown(ana, within)["status"] == "received"

    (waiting,) = central.json("order", "held")
    assert waiting["why"] == "line 2: 15 %, limit 10 %"
    assert (waiting["customer"], waiting["taken_by"]) == ("Corner Shop", "ana.berg")
    assert "SO-000001 is approved" in central("order", "approve", "SO-000001")
    assert json.loads(central("order", "approve", "SO-000001", "--json"))["changed"] is False
    assert central("order", "held") == "No order waits for the office.\n"
    ana("sync")
    assert (shown(ana, above)["status"], shown(ana, above)["hold_reasons"]) == ("received", [])
    assert "SO-000001" in central("audit", "--action", "approve_order")


def test_a_rejected_order_says_why_on_the_laptop(central: ServerCommand, ana: AgedDevice, sold: str) -> None:
    order = ordered(ana, sold, "15")
    ana("sync")
    number = str(shown(ana, order)["number_official"])
    assert "--why" in central.refused("order", "reject", number, code=2)
    central("order", "reject", number, "--why", "No more than 10 % this year")
    ana("sync")
    assert shown(ana, order)["status"] == "rejected"
    assert shown(ana, order)["reject_reason"] == "No more than 10 % this year"


def test_a_person_may_be_given_more_than_the_role_and_an_ended_limit_limits_nobody(
    central: ServerCommand, ana: AgedDevice, sold: str
) -> None:
    assert central("discount", "set", "10 %", "--role", "rep") == "The limit is 10 % already.\n"
    assert "No product is of" in central.refused("discount", "set", "5", "--role", "rep", "--family", "Tools")
    central("discount", "set", "20", "--user", "ana.berg")
    orders = [ordered(ana, sold, "15"), ordered(ana, sold, "25")]
    ana("sync")
    assert [shown(ana, one)["status"] for one in orders] == ["received", "held"]
    assert [one["limit"] for one in central.json("discount", "list")] == ["20", "10"]
    central("discount", "end", "--user", "ana.berg")
    central("discount", "end", "--role", "rep")
    assert "Nobody's discount is limited" in central("discount", "list")
    free = ordered(ana, sold, "90")
    ana("sync")
    assert shown(ana, free)["status"] == "received"
    assert shown(ana, orders[1])["status"] == "held", "what is held stays held"


def test_a_program_that_knows_no_limits_is_held_by_them_and_hears_of_them_once_it_is_newer(
    central: ServerCommand, admit: Admit, sold: str
) -> None:
    central("discount", "set", "10", "--user", "ana.berg", "--family", "Drinks")
    with serving(central, age=NEWEST):
        old = admit(central)
        old.becomes(1)
        old.do("create_account", name="Corner Shop")
        old("sync")
        assert "discount_policy" in old.refused("show", "discount_policy", code=2)
        order = ordered(old, sold, "15")
        assert old.json("sync")["refused"] == 0
        assert shown(old, order)["status"] == "held"
        old.do("cancel_order", id=order)
        old("sync")
        assert shown(old, order)["status"] == "cancelled"
        old.becomes(NEWEST)
        assert old.json("sync")["digests_equal"] is True
        (policy,) = old.show("discount_policy")
        assert policy["family"] == "Drinks"
