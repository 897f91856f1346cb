"""The scenario of the README, by real command lines: offline edits on both sides, a lost reply, and everybody equal.

A real server process, real HTTP through a line that can break, real encrypted profiles. Shares nothing with the
programs but their command lines.
"""

from __future__ import annotations

import csv
import json
import shutil
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_serving import serving
from tests.helpers.bad_line import Proxy, bad_line

PEOPLE = ("nancy.davolio", "janet.leverling", "andrew.fuller")
THEIR_PHONE, OUR_PHONE = "0800 OFFICE", "0800 NANCY"


@dataclass
class Company:
    """Northwind, its server behind a bad line, and three enrolled devices."""

    folder: Path
    server: ServerCommand
    line: Proxy
    devices: dict[str, DeviceCommand]

    def sync(self, *people: str) -> None:
        for who in people or PEOPLE:
            receipt = self.devices[who].json("sync")
            assert receipt["digests_equal"] is True, receipt
            assert receipt["waiting"] == 0

    def assert_equal(self) -> None:
        """What each device holds is byte for byte what the central store would give it."""
        for who in PEOPLE:
            theirs = self.folder / f"{who}.server.jsonl"
            self.server("export", theirs, "--user", who)
            mine = self.devices[who].exported(self.folder / f"{who}.jsonl")
            assert mine == theirs.read_bytes(), who


def through(line: Proxy, link: str) -> str:
    """An enrolment link that leads over the bad line."""
    parts = urllib.parse.urlsplit(link)
    query = dict(urllib.parse.parse_qsl(parts.query), server=line.address)
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))


def enrol(server: ServerCommand, line: Proxy, device: DeviceCommand, who: str) -> None:
    """Enrols a device with the admin's link."""
    device("enroll", through(line, server("enroll", who).splitlines()[0]))


@pytest.fixture(scope="module")
def company(northwind: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    server = ServerCommand(folder / "server")
    server.set_up()
    server("import", "northwind", northwind)
    with serving(server) as address, bad_line(address) as line:
        devices = {who: DeviceCommand(folder / who) for who in PEOPLE}
        for who, device in devices.items():
            enrol(server, line, device, who)
        company = Company(folder, server, line, devices)
        company.sync()
        yield company


def import_again(company: Company, northwind: Path, customer: str) -> None:
    """The office's next import: another phone and another contact title for one customer."""
    again = company.folder / "again"
    shutil.copytree(northwind, again)
    with (northwind / "Customers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["CustomerID"] == customer:
            row["Phone"], row["CompanyName"] = THEIR_PHONE, row["CompanyName"] + " International"
    with (again / "Customers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    company.server("import", "northwind", again)


def owned(device: DeviceCommand) -> list[dict[str, Any]]:
    return sorted(device.show("account"), key=lambda row: str(row["number"]))


def test_each_rep_holds_her_own_accounts_only_and_the_manager_all(company: Company) -> None:
    held = {who: {row["number"] for row in owned(company.devices[who])} for who in PEOPLE}
    everything = company.server.rows(company.folder / "all.jsonl")["account"]
    owners = {row["id"]: row["login"] for row in company.server.rows(company.folder / "all.jsonl")["user"]}
    for who in ("nancy.davolio", "janet.leverling"):
        assert held[who] == {row["number"] for row in everything if owners[row["owner_user_id"]] == who}
    assert held["nancy.davolio"].isdisjoint(held["janet.leverling"])
    assert held["andrew.fuller"] == {row["number"] for row in everything}
    company.assert_equal()


@dataclass(frozen=True)
class Met:
    """What everybody did offline: Nancy's account as it was, her order, Janet's new shop."""

    account: dict[str, Any]
    order_id: str
    shop: str


@pytest.fixture(scope="module")
def met(company: Company, northwind: Path) -> Met:
    """Offline edits on both sides and a lost reply; then everybody syncs."""
    nancy, janet = company.devices["nancy.davolio"], company.devices["janet.leverling"]
    account = owned(nancy)[0]
    nancy.do("edit_account", id=account["id"], phone=OUR_PHONE, note="Ask for Maria")
    sku = next(row["sku"] for row in nancy.show("product") if row["status"] == "active")
    lines = [{"sku": sku, "quantity": "2.5"}, {"sku": sku, "quantity": 3, "discount": "5"}]
    order = nancy.do("create_order", account_id=account["id"], lines=lines)
    nancy.do("submit_order", id=order["id"])
    import_again(company, northwind, account["number"])
    shop = janet.do("create_account", name="Corner Shop", phone="1")["ids"]["account"]

    company.line.breaks("drop reply")
    sentence = nancy.refused("sync", "--json")
    assert "safe" in sentence
    assert nancy.json("status")["outbox_depth"] == 3, "nothing was forgotten"
    company.line.heals()
    company.sync()
    company.sync()
    company.assert_equal()
    (row,) = nancy.show("account", f"id={account['id']}")
    assert row["phone"] == THEIR_PHONE, "what the office entered first stands until somebody decides"
    return Met(account, order["id"], shop)


def test_offline_edits_a_lost_reply_and_the_office_meet_again_and_nothing_is_lost(
    company: Company, met: Met
) -> None:
    nancy, janet = company.devices["nancy.davolio"], company.devices["janet.leverling"]
    account, shop = met.account, met.shop
    everything = company.server.rows(company.folder / "after.jsonl")
    (conflict,) = everything["conflict"]
    assert (conflict["mine_value"], conflict["theirs_value"]) == (OUR_PHONE, THEIR_PHONE)
    assert conflict["base_value"] == account["phone"]
    people = {row["login"]: row["id"] for row in everything["user"]}
    assert conflict["mine_by"] == people["nancy.davolio"]
    assert conflict["mine_at"] >= conflict["theirs_at"] > 0
    assert (conflict["theirs_by"], conflict["theirs_source"]) == (None, "Import northwind")
    row = next(row for row in everything["account"] if row["id"] == account["id"])
    assert row["phone"] in (THEIR_PHONE, OUR_PHONE), "theirs, until Nancy decides otherwise"
    assert row["note"] == "Ask for Maria"
    assert row["name"].endswith("International")
    assert_there_once(everything, met.order_id)
    assert shop in {row["id"] for row in owned(janet)}
    assert shop in {row["id"] for row in owned(company.devices["andrew.fuller"])}
    assert shop not in {row["id"] for row in owned(nancy)}


def assert_there_once(everything: dict[str, list[dict[str, Any]]], order_id: str) -> None:
    """The order is in the central store once, received, with its numbers, both lines and their sum."""
    (order,) = [row for row in everything["sales_order"] if row["id"] == order_id]
    assert order["status"] == "received"
    assert [row["number_local"] for row in everything["sales_order"]].count(order["number_local"]) == 1
    assert order["number_official"]
    lines = [row for row in everything["document_line"] if row["order_id"] == order_id]
    assert len(lines) == 2
    assert order["goods_amount"] == sum(row["line_amount"] for row in lines) > 0


@pytest.mark.usefixtures("met")
def test_deciding_the_conflict_offline_and_syncing_converges_again(company: Company) -> None:
    nancy = company.devices["nancy.davolio"]
    (conflict,) = nancy.show("conflict")
    assert conflict["status"] == "open"
    nancy.do("resolve_conflict", id=conflict["id"], choose="mine")
    assert nancy.show("account", f"id={conflict['row_id']}")[0]["phone"] == OUR_PHONE
    company.sync("nancy.davolio", "andrew.fuller", "janet.leverling")
    company.assert_equal()
    manager = company.devices["andrew.fuller"]
    (decided,) = manager.show("conflict")
    assert (decided["status"], decided["chosen"]) == ("resolved", "mine")
    assert manager.show("account", f"id={conflict['row_id']}")[0]["phone"] == OUR_PHONE
    for who in PEOPLE:
        assert company.devices[who]("verify")
    assert json.loads(company.server("verify", "--json"))
