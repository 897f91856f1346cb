"""After a restore: what came back, from whom, what is missing; and another company's backup in the store's place."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.device_command import DeviceCommand
from tests.e2e.test_serving import serving
from tests.e2e.test_strangers_and_restores import (
    Place,
    account,
    company,
    place,  # noqa: F401 - a fixture
    refused_sync_keeps_the_edit,
)


def test_the_admin_is_told_what_came_back_and_who_has_not_been_there(place: Place) -> None:  # noqa: F811 - a fixture of another file
    second = DeviceCommand(place.folder / "second")
    second("enroll", place.link())
    second("sync")
    assert "never restored" in place.server("restore-report")
    place.server("backup", place.folder / "backup")
    place.ana.do("edit_account", id=account(place.ana)["id"], phone="after the backup")
    place.ana.do("create_account", name="Second Shop")
    place.server("user", "add", "eva.wolf", "--name", "Eva Wolf")
    place.assert_home()
    place.server("restore", place.folder / "backup")
    report = place.server.json("restore-report")
    assert (report["done"], report["changes"]) == (False, [])
    assert {device["state"] for device in report["devices"]} == {"not_seen"}
    receipt = place.ana.json("sync")
    assert (receipt["accepted"], receipt["returned"]) == (0, 3), "what was told once is not told again"
    assert "3 given back" in receipt["sentence"]
    report = place.server.json("restore-report")
    states = {device["state"]: device for device in report["devices"]}
    assert set(states) == {"done", "not_seen"}
    done = states["done"]
    assert (done["answered_to"], done["returned"], done["recovered"], done["missing"]) == (3, 3, 2, [])
    assert [(one["n"], one["command"], one["record"]) for one in report["changes"]] == [
        (2, "edit_account", "Corner Shop"),
        (3, "create_account", "Second Shop"),
    ]
    told = place.server("restore-report")
    assert_fields_named(report, told)
    assert "Recovered: of these, what the backup lacked and the store has taken again." in told
    (waits,) = [one["number_prefix"] for one in report["devices"] if one["state"] == "not_seen"]
    assert "1 device has not" in told
    assert f"({waits}, last seen 20" in told
    assert "fieldrep-server device revoke DEVICE ends the waiting" in told
    second("sync")
    assert place.server.json("restore-report")["done"] is True
    assert "Every device was here" in place.server("restore-report")
    assert place.ana.json("sync")["returned"] == 0


def assert_fields_named(report: dict[str, Any], told: str) -> None:
    (phone,) = report["changes"][0]["fields"]
    assert (phone["record"], phone["field"]) == ("Corner Shop", "phone")
    assert (phone["before"], phone["after"]) == ("1", "after the backup")
    lines = told.splitlines()
    assert "    Phone: “after the backup”, before “1”" in lines
    assert "    Name: “Second Shop”" in lines
    assert "    Name: “Eva Wolf”" in lines, "the office had made her, and a laptop held it"


def test_a_laptop_withdrawn_because_it_never_came_back_stays_in_the_report(place: Place) -> None:  # noqa: F811 - a fixture of another file
    place.server("backup", place.folder / "backup")
    place.ana.do("edit_account", id=account(place.ana)["id"], phone="after the backup")
    place.assert_home()
    place.server("restore", place.folder / "backup")
    place.server("device", "revoke", place.ana.json("status")["device"])
    report = place.server.json("restore-report")
    assert (report["done"], [device["state"] for device in report["devices"]]) == (True, ["withdrawn"])
    told = place.server("restore-report")
    assert "No device is awaited any more.\n1 device was withdrawn" in told
    assert "may be missing" in told
    assert "Every device was here" not in told


def test_a_laptop_and_a_person_that_came_after_the_backup_are_named_and_brought_back(place: Place) -> None:  # noqa: F811 - a fixture of another file
    place.server("backup", place.folder / "backup")
    place.server("user", "add", "eva.wolf", "--name", "Eva Wolf")
    laptop = DeviceCommand(place.folder / "eva")
    laptop("enroll", place.link("eva.wolf"))
    laptop.do("create_account", name="Eva's Shop")
    laptop("sync")
    place.ana("sync")
    old_link = place.link("eva.wolf")
    device = laptop.json("status")["device"]
    told = place.server("restore", place.folder / "backup")
    assert "unknown here: eva.wolf (Eva Wolf)" in told
    assert f"(id {device}, last seen 20" in told
    assert "new link from fieldrep-server enroll LOGIN" in told
    assert "One-time links printed before admit nobody any more" in told
    place.ana("sync")
    report = place.server.json("restore-report")
    assert (report["done"], report["people"]) == (False, [{"login": "eva.wolf", "name": "Eva Wolf"}])
    assert [one["state"] for one in report["devices"] if one["device_id"] == device] == ["unknown"]
    assert "No device is awaited" not in place.server("restore-report")
    laptop.refused("sync")
    place.server("user", "add", "eva.wolf", "--name", "Eva Wolf")
    laptop.refused("enroll", old_link)
    laptop("enroll", place.link("eva.wolf"))
    assert laptop.json("sync")["returned"] == 1
    report = place.server.json("restore-report")
    assert (report["done"], report["people"], report["lost"]) == (True, [], [])


def test_another_companys_backup_in_the_stores_place_takes_nothing_and_gives_nothing(place: Place) -> None:  # noqa: F811 - a fixture of another file
    foreign = company(place.folder / "foreign")
    with serving(foreign) as address:
        stranger = DeviceCommand(place.folder / "stranger")
        stranger("enroll", foreign("enroll", "ana.berg", "--server", address).splitlines()[0])
        stranger.do("create_account", name="Their Shop")
        stranger("sync")
        foreign("backup", place.folder / "theirs")
    place.server("backup", place.folder / "ours")
    place.server("restore", place.folder / "theirs")
    refused_sync_keeps_the_edit(place, "2")
    names = {json.loads(line)["row"].get("name") for line in _accounts(place)}
    assert names == {"Their Shop"}, "nothing of ours got into their store"
    assert [row["name"] for row in place.ana.show("account")] == ["Corner Shop"], (
        "and nothing of theirs to us"
    )
    place.server("restore", place.folder / "ours")
    place.assert_home()
    assert account(place.ana)["phone"] == "2"


def _accounts(place: Place) -> list[str]:  # noqa: F811 - a fixture of another file
    file = place.folder / "store.jsonl"
    place.server("export", file)
    return [line for line in file.read_text(encoding="utf-8").splitlines() if '"entity":"account"' in line]
