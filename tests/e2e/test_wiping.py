"""A laptop is wiped with the real programs: online, after weeks offline, as lost, and killed in the middle of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from fieldrep.contract.steps import Step
from tests.e2e.device_command import DeviceCommand
from tests.e2e.test_serving import serving
from tests.e2e.test_strangers_and_restores import Place, company, place

__all__ = ["place"]

SECRET = "Herberg De Gouden Leeuw"
KILLED_AT = """
import os, signal, sys
from fieldrep.contract import steps
def listen(now):
    if now.name == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
steps.listener = listen
from fieldrep.cli import main
main(["sync"])
"""
POSIX = pytest.mark.skipif(os.name != "posix", reason="kills by signal are of POSIX systems")
ON_THE_WAY = (Step.WIPE_NOTED, Step.KEY_DESTROYED, Step.FILES_DESTROYED, Step.WIPE_TOLD)


def device_of(place: Place) -> dict[str, object]:
    (found,) = [one for one in place.server.json("device", "list") if one["login"] == "ana.berg"]
    return dict(found)


def assert_nothing_left(place: Place) -> None:
    """Not a byte of what she had, no key, no replica: a raw look at every file of the folder."""
    left = {path.name: path.read_bytes() for path in place.ana.home.rglob("*") if path.is_file()}
    assert set(left) <= {"profile.lock"}, sorted(left)
    for content in left.values():
        assert SECRET.encode() not in content


def assert_wiped(place: Place) -> dict[str, object]:
    assert_nothing_left(place)
    device = device_of(place)
    assert (device["state"], bool(device["wiped"])) == ("wiped", True)
    return device


def killed_in_sync(place: Place, step: Step) -> int:
    """How a sync ends that dies at a step."""
    words = [sys.executable, "-c", KILLED_AT, step.name]
    return subprocess.run(words, env=place.ana.environment, capture_output=True).returncode


def copied(place: Place) -> DeviceCommand:
    """A second laptop with her folder."""
    copy = DeviceCommand(place.folder / "copy")
    shutil.copytree(place.ana.home, copy.home)
    return copy


def names(place: Place) -> set[object]:
    rows = place.server.rows(place.folder / f"theirs-{os.urandom(4).hex()}.jsonl")
    return {row["name"] for row in rows["account"]}


def test_a_restore_says_that_a_laptop_spared_since_the_backup_stays_so(place: Place) -> None:
    backup = place.folder / "backup"
    place.server("device", "wipe", "D1")
    place.server("backup", backup)
    place.server("device", "wipe", "D1", "--cancel")
    said = place.server("restore", backup)
    assert "An order to wipe that was taken back since the backup stays so: 1 of the devices." in said
    assert device_of(place)["state"] == "active"
    place.assert_home()


def test_what_waits_is_sent_then_all_is_destroyed_and_the_admin_sees_when(place: Place) -> None:
    place.ana.do("create_account", name=SECRET)
    said = place.server("device", "wipe", "D1")
    assert "what waits on it is sent first" in said
    assert device_of(place)["state"] == "to be wiped"
    assert "ordered to wipe itself already" in place.server("device", "wipe", "D1")

    sentence = place.ana.refused("sync", code=3)

    assert "Your admin had this laptop wiped" in sentence
    assert SECRET in names(place)
    assert assert_wiped(place)["lost_with_it"] == "nothing"
    assert "no key yet" in place.ana.refused("show", "account")
    place.ana("enroll", place.link())
    assert place.ana.json("sync")["digests_equal"] is True


def test_after_weeks_offline_it_happens_at_the_next_contact(place: Place) -> None:
    place.server("device", "wipe", "D1")
    place.line.breaks("drop request")
    place.ana.do("create_account", name=SECRET)
    assert "safe" in place.ana.refused("sync")
    assert place.ana.show("account", f"name={SECRET}")
    place.line.heals()
    assert "wiped" in place.ana.refused("sync", code=3)
    assert SECRET in names(place)
    assert_wiped(place)


def test_a_lost_one_sends_nothing_and_says_how_much_went_with_it(place: Place) -> None:
    place.ana.do("create_account", name=SECRET)
    place.server("device", "wipe", "D1", "--lost")
    assert device_of(place)["state"] == "to be wiped, lost"
    assert "with 1 unsent change" in place.ana.refused("sync", code=3)
    assert SECRET not in names(place)
    assert assert_wiped(place)["lost_with_it"] == "1 unsent change"


@pytest.mark.parametrize("how", [(), ("--lost",)], ids=["sent first", "lost"])
def test_an_image_of_a_wiped_laptop_that_is_put_back_is_wiped_as_well(
    place: Place, how: tuple[str, ...]
) -> None:
    place.ana.do("create_account", name=SECRET)
    image = place.folder / "image"
    shutil.copytree(place.ana.home, image)
    place.server("device", "wipe", "D1", *how)
    place.ana.refused("sync", code=3)
    first = assert_wiped(place)
    shutil.copytree(image, place.ana.home, dirs_exist_ok=True)

    assert "with 1 unsent change" in place.ana.refused("sync", code=3)

    assert assert_wiped(place) == first
    assert place.server.json("audit", "--action", "wipe_device")["entries"][0]["detail"] == "1 unsent change"


def test_an_image_of_a_lost_laptop_is_wiped_with_all_that_was_entered_on_it_since(place: Place) -> None:
    place.ana.do("create_account", name=SECRET)
    copy = copied(place)
    place.server("device", "wipe", "D1", "--lost")
    place.ana.refused("sync", code=3)
    copy.do("create_account", name="Entered on the image")

    assert "with 2 unsent changes" in copy.refused("sync", code=3)

    assert_wiped(place)
    entries = place.server.json("audit", "--action", "wipe_device")["entries"]
    assert [entry["detail"] for entry in entries] == ["2 unsent changes", "1 unsent change"]
    assert "Entered on the image" not in names(place)


def wiped_with_a_copy_at_work(place: Place) -> DeviceCommand:
    """The copy: it has something that the laptop sent before it was wiped, and something of its own."""
    place.ana.do("create_account", name=SECRET)
    copy = copied(place)
    place.server("device", "wipe", "D1")
    copy.do("create_account", name="Entered on the copy")
    place.ana.do("create_account", name="Entered on the first")
    place.ana.refused("sync", code=3)
    assert_wiped(place)
    return copy


def test_a_copy_of_a_laptop_wiped_once_all_was_sent_keeps_what_only_it_has_for_a_new_link(
    place: Place,
) -> None:
    copy = wiped_with_a_copy_at_work(place)

    assert "two of this installation" in copy.refused("sync")

    assert copy.json("status")["outbox_depth"] == 2
    assert "Entered on the copy" not in names(place), "nothing is taken of one that is withdrawn (I18)"
    noticed = place.server.json("audit", "--action", "notice_copy")["entries"][0]
    assert noticed["detail"] == "it was wiped, and a copy of it has changes that it never sent"
    assert device_of(place)["copy_noticed"]
    copy("enroll", place.link())
    assert copy.json("sync")["digests_equal"] is True
    taken = [row["name"] for row in place.server.rows(place.folder / "all.jsonl")["account"]]
    assert {SECRET, "Entered on the first", "Entered on the copy"} <= set(taken)
    assert taken.count(SECRET) == 1


def test_a_copy_that_keeps_something_is_wiped_where_the_laptop_is_then_said_to_be_lost(place: Place) -> None:
    copy = wiped_with_a_copy_at_work(place)
    copy.refused("sync")
    assert "wiped already" in place.server("device", "wipe", "D1")
    assert "Copies of it" in place.server("device", "wipe", "D1", "--lost")
    assert "with 2 unsent changes" in copy.refused("sync", code=3)
    assert not (copy.home / "replica.db").exists()
    assert "wiped already" in place.server("device", "wipe", "D1", "--lost")


@POSIX
def test_one_that_can_tell_nobody_tells_with_the_next_command(place: Place) -> None:
    place.server("device", "wipe", "D1", "--lost")
    assert killed_in_sync(place, Step.WIPE_NOTED) == -signal.SIGKILL
    place.line.breaks("drop request")
    assert "wiped" in place.ana.refused("status", code=3)
    assert "wiped" in place.ana.refused("status", code=3)
    assert device_of(place)["state"] == "to be wiped, lost"
    place.line.heals()
    assert "wiped" in place.ana.refused("status", code=3)
    assert_wiped(place)


@POSIX
@pytest.mark.parametrize("step", ON_THE_WAY, ids=lambda step: step.name.lower())
def test_killed_in_the_middle_the_next_command_finishes_it(place: Place, step: Step) -> None:
    place.ana.do("create_account", name=SECRET)
    place.server("device", "wipe", "D1")
    assert killed_in_sync(place, step) == -signal.SIGKILL
    told = step is Step.WIPE_TOLD
    assert (device_of(place)["state"] == "wiped") is told
    place.ana.refused("status", code=3)
    assert SECRET in names(place)
    assert_wiped(place)


def test_what_lies_beside_it_or_outside_is_not_touched(place: Place) -> None:
    outside = place.folder / "outside"
    outside.mkdir()
    (outside / "fieldrep.log").write_text("mine", encoding="utf-8")
    (place.ana.home / "logs").symlink_to(outside)
    (place.ana.home / "holiday.jpg").write_bytes(b"mine")
    (place.ana.home / "settings.json").symlink_to(outside / "fieldrep.log")
    place.server("device", "wipe", "D1")
    place.ana.refused("sync", code=3)
    assert (outside / "fieldrep.log").read_text(encoding="utf-8") == "mine"
    assert {path.name for path in place.ana.home.iterdir()} == {"holiday.jpg", "profile.lock"}


def test_an_order_is_taken_back_while_the_laptop_was_not_there(place: Place) -> None:
    place.server("device", "wipe", "D1")
    said = json.loads(place.server("device", "wipe", "D1", "--cancel", "--json"))
    assert said["changed"] is True
    assert place.ana.json("sync")["digests_equal"] is True
    assert "--lost or --cancel" in place.server.refused("device", "wipe", "D1", "--cancel", "--lost", code=2)


def test_another_server_orders_nothing(place: Place) -> None:
    """A device of the same number at another company, which wipes its own."""
    foreign = company(place.folder / "foreign")
    with serving(foreign) as address:
        other = DeviceCommand(place.folder / "other")
        other("enroll", foreign("enroll", "ana.berg").splitlines()[0])
        foreign("device", "wipe", "D1", "--lost")
        place.line.server_port = int(address.rpartition(":")[2])
        place.ana.refused("sync")
        assert place.ana.show("account")
    place.assert_home()
