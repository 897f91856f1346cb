"""Copies and withdrawn laptops: noticed, told, and enrolled again in place with everything that was entered on them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_serving import serving

NOTICED = ("audit", "--action", "notice_copy")


@dataclass
class Place:
    folder: Path
    server: ServerCommand
    first: DeviceCommand

    def link(self, who: str = "rita") -> str:
        return self.server("enroll", who).split()[-1]

    def copy(self) -> DeviceCommand:
        copy = DeviceCommand(self.folder / "copy")
        shutil.copytree(self.first.home, copy.home)
        return copy

    def stored(self) -> dict[str, list[dict[str, Any]]]:
        return self.server.rows(self.folder / "all.jsonl")

    def noticed(self) -> list[str]:
        """By what copies showed themselves, as the admin's log has it."""
        return [entry["detail"] for entry in reversed(self.server.json(*NOTICED)["entries"])]

    def assert_equal(self, *devices: DeviceCommand) -> None:
        for device in devices:
            receipt = device.json("sync")
            assert (receipt["digests_equal"], receipt["waiting"], receipt["refused"]) == (True, 0, 0)
        theirs = self.folder / "theirs.jsonl"
        self.server("export", theirs, "--user", "rita")
        for device in devices:
            assert device.exported(self.folder / "mine.jsonl") == theirs.read_bytes()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    server = ServerCommand(tmp_path / "server")
    server.set_up()
    server("user", "add", "rita", "--name", "Rita Reiter")
    with serving(server):
        made = Place(tmp_path, server, DeviceCommand(tmp_path / "first"))
        made.first("enroll", made.link(), "--name", "Rita's laptop")
        made.first("sync")
        yield made


def account(device: DeviceCommand, name: str) -> dict[str, Any]:
    (row,) = device.show("account", f"name={name}")
    return row


def test_a_copy_is_told_and_enrols_again_with_the_work_of_both_taken_once(place: Place) -> None:
    first = place.first
    shop = first.do("create_account", name="Made before the copy", phone="1")["id"]
    first.do("edit_account", id=shop, phone="2")
    copy = place.copy()
    first.do("edit_account", id=shop, phone="3", note="by the first")
    first.do("create_account", name="Entered on the first laptop")
    copy.do("create_account", name="Entered on the copy")
    copy.do("edit_account", id=shop, email="copy@example.org")
    first("sync")

    assert "sync first" in copy.refused("enroll", place.link()), "nobody has said yet that it is a copy"
    assert copy.json("status")["warning"] is None
    sentence = copy.refused("sync")
    assert "two of this installation" in sentence
    status = copy.json("status")
    assert (status["outbox_depth"], status["warning"]) == (4, sentence.strip())
    assert [row["name"] for row in place.stored()["account"]] == [
        "Made before the copy",
        "Entered on the first laptop",
    ]

    old = copy.json("status")["device"]
    copy("enroll", place.link())
    status = copy.json("status")
    assert status["device"] != old
    assert {row["name"] for row in place.server.json("device", "list")} == {"Rita's laptop"}, "its name stays"
    assert (status["outbox_depth"], status["warning"]) == (4, None)
    receipt = copy.json("sync")
    assert (receipt["accepted"] + receipt["merged"], receipt["refused"], receipt["conflicts"]) == (4, 0, 0)
    place.assert_equal(copy, first)
    stored = place.stored()
    assert sorted(row["name"] for row in stored["account"]) == [
        "Entered on the copy", "Entered on the first laptop", "Made before the copy",
    ]  # fmt: skip
    (row,) = [row for row in stored["account"] if row["id"] == shop]
    assert (row["phone"], row["note"], row["email"]) == ("3", "by the first", "copy@example.org")
    assert stored.get("conflict", []) == []
    copy.do("edit_account", id=shop, phone="4")
    place.assert_equal(copy)


def test_the_admin_reads_of_which_laptop_a_copy_was_noticed(place: Place) -> None:
    assert "No such entry" in place.server(*NOTICED)
    assert "copy noticed" not in place.server("device", "list")
    copy = place.copy()
    for laptop, name in ((place.first, "Entered on the first laptop"), (copy, "Entered on the copy")):
        laptop.do("create_account", name=name)
    place.first("sync")
    copy.refused("sync")

    (entry,) = place.server.json(*NOTICED)["entries"]
    assert (entry["who"], entry["result"]) == ("rita", "refused")
    assert entry["row_id"] == copy.json("status")["device"]
    (listed,) = place.server.json("device", "list")
    assert listed["copy_noticed"][:16] == entry["at"][:16].replace("T", " ")
    assert "copy noticed" in place.server("device", "list")
    assert entry["about"] == f"Device “{listed['name']}” ({listed['number_prefix']})"
    assert entry["about"] in place.server(*NOTICED)


def test_a_copy_is_noticed_at_first_contact_though_no_number_was_used_twice(place: Place) -> None:
    first = place.first
    shop = first.do("create_account", name="Made before the copy")["id"]
    first("sync")
    copy = place.copy()
    copy.do("edit_account", id=shop, phone="by the copy")
    copy("sync")

    sentence = first.refused("sync")
    assert "two of this installation" in sentence
    first.do("edit_account", id=shop, note="entered before the link came")
    assert "two of this installation" in first.refused("sync")
    assert place.noticed()[0].startswith("changes up to 2 were told of before, its newest is 1;")

    first("enroll", place.link())
    first("sync")
    place.assert_equal(first, copy)
    (row,) = place.stored()["account"]
    assert (row["phone"], row["note"]) == ("by the copy", "entered before the link came")


def test_a_file_that_is_older_than_what_came_by_line_is_no_copys(place: Place) -> None:
    first = place.first
    shop = first.do("create_account", name="Carried")["id"]
    first("bundle", "out", place.folder / "old.frb")
    first.do("edit_account", id=shop, phone="by line")
    first("sync")
    place.server("bundle", "in", place.folder / "old.frb", "--reply", place.folder / "reply.frb")
    first("bundle", "in", place.folder / "reply.frb")
    assert first.json("status")["warning"] is None
    place.assert_equal(first)


def test_a_copy_that_is_told_by_a_file_enrols_again_as_one_that_is_told_by_line(place: Place) -> None:
    first = place.first
    copy = place.copy()
    first.do("create_account", name="Entered on the first laptop")
    copy.do("create_account", name="Entered on the copy")
    first("sync")
    copy("bundle", "out", place.folder / "copy.frb")
    place.server.refused("bundle", "in", place.folder / "copy.frb", "--reply", place.folder / "answer.frb")

    sentence = copy.refused("bundle", "in", place.folder / "answer.frb")
    assert "two of this installation" in sentence
    assert copy.json("status")["warning"] == sentence
    copy("enroll", place.link())
    copy("sync")
    place.assert_equal(copy, first)
    assert len(place.stored()["account"]) == 2


def test_a_link_alone_sends_nothing_and_changes_nothing_of_a_profile_that_is_admitted(place: Place) -> None:
    rita = place.first
    rita.do("create_account", name="Not sent yet")
    before, link = rita.json("status"), place.link()
    for text in (link, link.replace("code=", "code=X"), "fieldrep://enroll?server=http://localhost:9&code=A"):
        sentence = rita.refused("enroll", text)
        assert "enrolled already, for Rita Reiter" in sentence
        assert "Nothing was sent" in sentence
    assert rita.json("status") == before
    assert place.stored().get("account", []) == []
    DeviceCommand(place.folder / "other")("enroll", link)


def test_a_server_that_moved_admits_its_laptops_at_the_new_address_and_takes_what_waited(
    tmp_path: Path,
) -> None:
    server, rita = ServerCommand(tmp_path / "server"), DeviceCommand(tmp_path / "rita")
    server.set_up()
    server("user", "add", "rita")
    with serving(server):
        rita("enroll", server("enroll", "rita").split()[-1])
        rita("sync")
    rita.do("create_account", name="Entered while it moved")
    with serving(server):
        rita("enroll", server("enroll", "rita").split()[-1])
        assert rita.json("sync")["accepted"] == 1


def own_certificate(folder: Path, name: str) -> tuple[str | Path, ...]:
    """The options by which a server shows a certificate of its own."""
    issued = trustme.CA().issue_cert("127.0.0.1")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    cert.write_bytes(issued.cert_chain_pems[0].bytes())
    key.write_bytes(issued.private_key_pem.bytes())
    return "--tls-cert", cert, "--tls-key", key


def test_a_server_with_another_certificate_admits_its_laptops_again_by_a_link_that_names_it(
    tmp_path: Path, port: str
) -> None:
    server, rita = ServerCommand(tmp_path / "server"), DeviceCommand(tmp_path / "rita")
    server.set_up()
    server("user", "add", "rita")
    here = ("--port", port)
    with serving(server, *here, *own_certificate(tmp_path, "first")):
        rita("enroll", server("enroll", "rita").split()[-1])
        rita("sync")
    rita.do("create_account", name="Entered before anybody noticed")
    with serving(server, *here, *own_certificate(tmp_path, "second")):
        assert "ask for a new link" in rita.refused("sync")
        rita("enroll", server("enroll", "rita").split()[-1])
        assert rita.json("sync")["accepted"] == 1


def test_a_withdrawn_laptop_enrols_again_in_place_and_what_waited_goes_out(place: Place) -> None:
    rita = place.first
    rita.do("create_account", name="Sent before")
    rita("sync")
    place.server("device", "revoke", rita.json("status")["device"])
    rita.do("edit_account", id=account(rita, "Sent before")["id"], phone="after it was withdrawn")
    assert "kept" in rita.refused("sync")
    place.server("user", "add", "otto")
    other = place.link("otto")
    sentence = rita.refused("enroll", other)
    assert "rita" in sentence
    assert "1 of them not sent yet" in sentence
    rita("enroll", place.link())
    receipt = rita.json("sync")
    assert (receipt["accepted"], receipt["started_over"]) == (1, False)
    assert receipt["entered"] == 2, "the new colleague and the new device; what it holds is not fetched again"
    place.assert_equal(rita)
    (row,) = place.stored()["account"]
    assert row["phone"] == "after it was withdrawn"
    otto = DeviceCommand(place.folder / "otto")
    otto("enroll", other)
    assert otto.json("status")["user"] == "otto", "a refused link stays good"


def test_a_laptop_that_no_longer_knows_who_it_is_brings_its_work_into_a_new_enrolment(place: Place) -> None:
    rita = place.first
    rita.do("create_account", name="Not sent yet")
    _forget_who_it_is(rita.home / "replica.db")
    assert rita.json("status", code=1)["enrolled"] is False
    rita("enroll", place.link())
    place.assert_equal(rita)
    assert [row["name"] for row in place.stored()["account"]] == ["Not sent yet"]


def _forget_who_it_is(replica: Path) -> None:
    """As a repair leaves it that could not read the pages with the device's identity."""
    from fieldrep.paths import Profile
    from fieldrep.secrets import KeyVault
    from fieldrep.store.engine import connect, transaction

    phrase = (replica.parent.parent / "passphrase").read_text(encoding="utf-8").strip()
    connection = connect(replica, KeyVault(Profile(replica.parent)).unlock(phrase), writer=True)
    with transaction(connection):
        connection.execute("DELETE FROM sync_state")
        connection.execute("DELETE FROM secret")
    connection.close()
