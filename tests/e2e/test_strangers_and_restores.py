"""What else may answer or happen: wrong links, another company's server, a login page, a withdrawn device, a restore.

Real programs and real HTTP. Each gets a sentence, nothing entered is lost, and the way home works afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_northwind_scenario import through
from tests.e2e.test_serving import serving
from tests.helpers.bad_line import Proxy, bad_line
from tests.unit.sync.hostile import hostile, page


@dataclass
class Place:
    """A company's server behind a line that can lead elsewhere, and Ana's enrolled device."""

    folder: Path
    server: ServerCommand
    line: Proxy
    ana: DeviceCommand
    home: int

    def link(self, who: str = "ana.berg") -> str:
        return through(self.line, self.server("enroll", who).splitlines()[0])

    def assert_home(self) -> None:
        """The line leads home again, what waited goes out, and both sides are equal."""
        self.line.server_port = self.home
        self.line.heals()
        receipt = self.ana.json("sync")
        assert receipt["digests_equal"] is True
        theirs = self.folder / "theirs.jsonl"
        self.server("export", theirs, "--user", "ana.berg")
        assert self.ana.exported(self.folder / "mine.jsonl") == theirs.read_bytes()


def company(folder: Path) -> ServerCommand:
    server = ServerCommand(folder)
    server.set_up()
    server("user", "add", "ana.berg")
    return server


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path
    server = company(folder / "server")
    with serving(server) as address, bad_line(address) as line:
        made = Place(folder, server, line, DeviceCommand(folder / "ana"), line.server_port)
        made.ana("enroll", made.link())
        made.ana.do("create_account", name="Corner Shop", phone="1")
        made.assert_home()
        yield made


def waiting(device: DeviceCommand) -> int:
    depth = device.json("status")["outbox_depth"]
    assert isinstance(depth, int)
    return depth


def account(device: DeviceCommand) -> dict[str, object]:
    (row,) = device.show("account")
    return row


def refused_sync_keeps_the_edit(place: Place, phone: str) -> str:
    """An edit, and a sync that must fail; gives its sentence."""
    place.ana.do("edit_account", id=account(place.ana)["id"], phone=phone)
    before = place.ana.exported(place.folder / "before.jsonl")
    sentence = place.ana.refused("sync")
    assert place.ana.exported(place.folder / "after.jsonl") == before
    assert waiting(place.ana) == 1
    return sentence


def test_a_wrong_a_used_and_a_broken_link_admit_nobody(place: Place) -> None:
    other = DeviceCommand(place.folder / "other")
    link = place.link()
    assert "not valid here" in other.refused("enroll", link[:-6] + "ZZZZZZ")
    assert "not an enrolment link" in other.refused("enroll", link.replace("code=", "cod="))
    other("enroll", link)
    third = DeviceCommand(place.folder / "third")
    assert "used already" in third.refused("enroll", link)
    assert "enrolled already" in other.refused("enroll", place.link())
    assert third.finish("sync").returncode == 1
    assert "enrol" in third.refused("sync").lower()


def test_another_companys_server_and_an_empty_one_change_nothing(place: Place) -> None:
    with serving(company(place.folder / "foreign")) as foreign:
        place.line.server_port = int(foreign.rpartition(":")[2])
        sentence = refused_sync_keeps_the_edit(place, "2")
        assert "does not know this device" in sentence
        assert "kept" in sentence
    place.assert_home()


def test_a_hotels_login_page_is_named_and_changes_nothing(place: Place) -> None:
    login = page(b"<html>Welcome. Please sign in.</html>", media="text/html")
    with hostile(lambda connection: connection.sendall(login)) as portal:
        place.line.server_port = int(portal.address.rpartition(":")[2])
        assert "sign in" in refused_sync_keeps_the_edit(place, "3")
        assert portal.asked
    place.assert_home()


def test_no_server_at_all_is_a_sentence_and_changes_nothing(place: Place) -> None:
    place.line.breaks("drop request")
    assert "safe" in refused_sync_keeps_the_edit(place, "4")
    place.assert_home()


def test_after_a_restore_the_laptop_gives_back_what_the_server_forgot(place: Place) -> None:
    backup = place.folder / "backup"
    place.server("backup", backup)
    place.ana.do("edit_account", id=account(place.ana)["id"], phone="after the backup")
    place.ana.do("create_account", name="Second Shop")
    place.assert_home()
    assert "The server may go on running" in place.server("restore", "--help")
    place.server("restore", backup)
    rows = place.server.rows(place.folder / "restored.jsonl")
    assert [row["phone"] for row in rows["account"]] == ["1"], "the restore went back in time"
    place.assert_home()
    rows = place.server.rows(place.folder / "healed.jsonl")
    assert {(row["name"], row["phone"]) for row in rows["account"]} == {
        ("Corner Shop", "after the backup"),
        ("Second Shop", None),
    }


def test_a_withdrawn_device_gets_nothing_more_and_keeps_what_was_entered(place: Place) -> None:
    (mine,) = [one for one in place.ana.show("account") if one["name"] == "Corner Shop"]
    device = place.ana.json("status")["device"]
    assert isinstance(device, str)
    place.server("device", "revoke", device)
    place.ana.do("edit_account", id=mine["id"], phone="after it was withdrawn")
    sentence = place.ana.refused("sync")
    assert "kept" in sentence
    assert waiting(place.ana) == 1
    assert place.ana.show("account", f"id={mine['id']}")[0]["phone"] == "after it was withdrawn"
