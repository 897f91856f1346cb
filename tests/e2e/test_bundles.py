"""A sync by stick with real programs: no network between the laptop and the office but a file carried both ways."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_serving import serving


@dataclass
class Place:
    """An office, a laptop that was enrolled over a line once, and a stick."""

    server: ServerCommand
    ana: DeviceCommand
    stick: Path
    port: str

    def answer(self, file: str) -> dict[str, Any]:
        """The office takes a file and puts the answer on the stick."""
        words = ("bundle", "in", self.stick / file, "--reply", self.stick / "answer")
        found: dict[str, Any] = self.server.json(*words)
        return found


@pytest.fixture
def place(tmp_path: Path, port: str) -> Place:
    server = ServerCommand(tmp_path / "server")
    server.set_up()
    server("user", "add", "ana.berg")
    ana, stick = DeviceCommand(tmp_path / "ana"), tmp_path / "stick"
    stick.mkdir()
    with serving(server, "--port", port):
        ana("enroll", server("enroll", "ana.berg").splitlines()[0])
    return Place(server, ana, stick, port)


def test_a_rep_without_a_network_syncs_with_a_stick(place: Place, tmp_path: Path) -> None:
    ana, stick = place.ana, place.stick
    account = ana.do("create_account", name="Herberg De Toren", phone="1")["id"]

    assert ana.json("bundle", "out", stick / "ana")["changes"] == 1
    told = place.answer("ana")
    assert (told["login"], told["accepted"], told["verdict"]) == ("ana.berg", 1, "continue")
    receipt = ana.json("bundle", "in", stick / "answer")

    assert (receipt["accepted"], receipt["waiting"], receipt["digests_equal"]) == (1, 0, True)
    mine, theirs = tmp_path / "mine.jsonl", tmp_path / "theirs.jsonl"
    place.server("export", theirs, "--user", "ana.berg")
    assert ana.exported(mine) == theirs.read_bytes()
    assert b"Herberg" not in (stick / "ana").read_bytes() + (stick / "answer").read_bytes()

    ana.do("edit_account", id=account, phone="2")
    ana("bundle", "out", stick / "ana")
    for _ in range(2):
        assert place.answer("ana")["accepted"] == 1
    assert ana.json("bundle", "in", stick / "answer")["accepted"] == 1
    assert "read before" in ana("bundle", "in", stick / "answer")
    with serving(place.server, "--port", place.port):
        over_the_line = ana.json("sync")
    assert (over_the_line["accepted"], over_the_line["digests_equal"]) == (0, True)


def test_an_answer_that_a_line_has_overtaken_is_no_failure_for_a_script(place: Place) -> None:
    ana, stick = place.ana, place.stick
    account = ana.do("create_account", name="Herberg De Toren")["id"]
    ana("bundle", "out", stick / "ana")
    place.answer("ana")
    with serving(place.server, "--port", place.port):
        ana("sync")
        ana.do("edit_account", id=account, phone="2")
        ana("sync")
    assert "which has newer records by now. Nothing was changed" in ana("bundle", "in", stick / "answer")
    told = ana.json("bundle", "in", stick / "answer")
    assert (told["overtaken"], told["pulled"], told["accepted"]) == (True, 0, 0)
    assert ana.show("account")[0]["phone"] == "2"


def test_a_photo_goes_by_stick_and_a_full_office_says_so(place: Place, tmp_path: Path) -> None:
    ana, stick = place.ana, place.stick
    ana("bundle", "out", stick / "ana")
    place.answer("ana")
    ana("bundle", "in", stick / "answer")
    visit = ana.do("log_activity", kind="meeting", subject="Shelf check")["id"]
    photos = [tmp_path / "Shelf.jpg", tmp_path / "Door.jpg"]
    for number, photo in enumerate(photos):
        photo.write_bytes(b"\xff\xd8\xff" + bytes([number]) * 700_000)
        ana.do("add_attachment", activity_id=visit, path=str(photo))
    place.server("files", "--person-mb", "1")
    assert ana.json("bundle", "out", stick / "ana")["files"] == 2
    assert place.answer("ana")["files"] == 1, "there is room for one of the two"
    receipt = ana.json("bundle", "in", stick / "answer")
    (stuck,) = [row for row in ana.json("attachments") if row["state"] == "waiting"]
    assert "come to more than 1 MB" in stuck["refused"]
    assert [file["name"] for file in receipt["files_not_taken"]] == [stuck["name"]]
    assert stuck["name"] in receipt["sentence"]

    said = place.server("files", "--person-mb", "2", "--company-mb", "100")
    assert said.startswith("The files of one person may come to 2 MB, all together to 100 MB.\n")
    ana("bundle", "out", stick / "ana")
    assert place.answer("ana")["files"] == 1
    ana("bundle", "in", stick / "answer")
    assert {row["state"] for row in ana.json("attachments")} == {"here"}
    assert "activity Shelf check" in ana("attachments")
    listed = place.server.json("files")
    assert [(row["files"], row["bytes"], row["quota"], row["not_arrived"]) for row in listed] == [
        (2, 1_400_006, 2_000_000, 0)
    ]
    place.server("verify")


def test_a_file_that_is_cut_or_not_for_it_is_refused_and_a_withdrawn_device_gets_no_answer(
    place: Place,
) -> None:
    ana, stick = place.ana, place.stick
    ana.do("create_account", name="Waits")
    ana("bundle", "out", stick / "ana")
    (stick / "half").write_bytes((stick / "ana").read_bytes()[:-7])
    words = ("--reply", stick / "answer")
    assert "not whole" in place.server.refused("bundle", "in", stick / "half", *words)
    assert ana.refused("bundle", "in", stick / "ana").startswith("This file is not for this laptop now.")
    (device,) = place.server.json("device", "list")
    place.server("device", "revoke", device["id"])
    assert "is withdrawn. Nothing was taken" in place.server.refused("bundle", "in", stick / "ana", *words)
    assert [file.name for file in sorted(stick.iterdir())] == ["ana", "half"]


def test_the_office_is_told_whose_file_it_took_and_in_the_right_number(place: Place) -> None:
    ana, stick = place.ana, place.stick
    (device,) = place.server.json("device", "list")
    which = f"The device “{device['name']}” (D1) of ana.berg"
    words = ("bundle", "in", stick / "ana", "--reply", stick / "answer")
    ana("bundle", "out", stick / "ana")
    place.server(*words)
    ana("bundle", "in", stick / "answer")
    ana.do("create_account", name="Herberg De Toren")
    ana("bundle", "out", stick / "ana")
    assert place.server(*words).splitlines() == [
        f"{which}: 1 taken, 0 refused; 1 record goes back in {stick / 'answer'}.",
        "On the device: fieldrep bundle in answer",
    ]
    ana("bundle", "in", stick / "answer")
    ana("bundle", "out", stick / "ana")
    told = place.server(*words)
    assert f"{which}: 0 taken, 0 refused; nothing new goes back; {stick / 'answer'} says so." in told
    place.server("device", "wipe", "D1")
    ana("bundle", "out", stick / "ana")
    told = place.server(*words)
    assert f"{which}: 0 taken, 0 refused; {stick / 'answer'} only tells it what follows." in told
    assert "It is ordered to be wiped: the answer tells it so" in told
    assert place.answer("ana")["device_id"] == device["id"]


def test_a_file_of_a_copy_is_refused_to_the_admin_and_answered_to_the_copy(place: Place) -> None:
    copy, stick = DeviceCommand(place.ana.home.parent / "copy"), place.stick
    with serving(place.server, "--port", place.port):
        place.ana("sync")
        shutil.copytree(place.ana.home, copy.home)
        for device in (place.ana, copy):
            device.do("create_account", name="Entered on each")
        place.ana("sync")
    copy("bundle", "out", stick / "copy")
    words = ("bundle", "in", stick / "copy", "--reply", stick / "answer")
    said = place.server.refused(*words)
    assert "There are two of this installation" in said
    assert "a new link (fieldrep-server enroll ana.berg)" in said
    assert "ask your admin" not in said
    told = json.loads(place.server(*words, "--json", code=1))
    assert (told["ok"], told["verdict"], told["accepted"]) == (False, "enrol_again", 0)
    assert "ask your admin for a link" in copy.refused("bundle", "in", stick / "answer")


def test_a_file_of_a_laptop_that_is_shut_out_names_it_and_what_lets_its_work_in(place: Place) -> None:
    ana, stick = place.ana, place.stick
    (device,) = place.server.json("device", "list")
    which = f"The device “{device['name']}” (D1) of ana.berg wrote this file and"
    ana("bundle", "out", stick / "ana")
    words = ("bundle", "in", stick / "ana", "--reply", stick / "answer")
    place.server("device", "lock", "D1")
    said = place.server.refused(*words)
    assert f"{which} is locked. Nothing was taken" in said
    assert "fieldrep-server device unlock D1" in said
    place.server("user", "disable", "ana.berg")
    said = place.server.refused(*words)
    assert f"{which} is withdrawn. Nothing was taken" in said
    assert "(fieldrep-server user enable ana.berg, then fieldrep-server enroll ana.berg)" in said
    place.server("device", "wipe", "D1", "--lost")
    assert f"{which} is to be wiped as lost." in place.server.refused(*words)
