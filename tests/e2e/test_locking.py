"""A mislaid laptop is locked and unlocked with the real programs: by its line, and by stick."""

from __future__ import annotations

import json

from tests.e2e.device_command import DeviceCommand
from tests.e2e.test_strangers_and_restores import Place, place, refused_sync_keeps_the_edit

__all__ = ["place"]


def state(place: Place) -> object:
    (device,) = place.server.json("device", "list")
    return device["state"]


def phone(place: Place) -> object:
    (row,) = place.server.rows(place.folder / "all.jsonl")["account"]
    return row["phone"]


def test_a_locked_laptop_keeps_its_work_and_sends_it_by_itself_once_unlocked(place: Place) -> None:
    said = place.server("device", "lock", "D1")
    assert "it gets and gives nothing from its next request on" in said
    assert state(place) == "locked"
    assert place.server("device", "lock", "D1") == "This device is locked already.\n"
    sentence = refused_sync_keeps_the_edit(place, "0800 LOCKED")
    assert "locked by your admin; ask them to unlock it" in sentence
    assert "link" not in sentence
    assert place.ana.json("status")["warning"] == sentence.strip()
    assert phone(place) == "1"

    link = place.link()
    assert (
        "locked; ask your admin to unlock it. Nothing was changed; this link stays good"
        in place.ana.refused("enroll", link)
    )

    told = json.loads(place.server("device", "unlock", "D1", "--json"))
    assert (told["changed"], told["state"]) == (True, "active")
    assert place.server("device", "unlock", "D1") == "This device is not locked.\n"
    assert place.ana.json("sync")["digests_equal"] is True
    assert (phone(place), state(place)) == ("0800 LOCKED", "active")
    assert place.ana.json("status")["warning"] is None


def test_a_file_of_a_locked_laptop_is_refused_and_names_the_way_out(place: Place) -> None:
    request, answer = place.folder / "request", place.folder / "answer"
    place.ana.do("create_account", name="By stick")
    place.ana("bundle", "out", request)
    place.server("device", "lock", "D1")
    assert "fieldrep-server device unlock" in place.server.refused("bundle", "in", request, "--reply", answer)
    assert not answer.exists()
    place.server("device", "unlock", "D1")
    place.server("bundle", "in", request, "--reply", answer)
    place.ana("bundle", "in", answer)
    assert place.ana.json("status")["outbox_depth"] == 0


def test_what_is_withdrawn_or_to_be_wiped_is_not_locked_nor_unlocked(place: Place) -> None:
    place.server("device", "lock", "D1")
    assert "Its lock does not hold back what waits" in place.server("device", "wipe", "D1")
    assert "device wipe DEVICE --cancel).\n" in place.server.refused("device", "unlock", "D1") + "\n"
    assert "--cancel), or give --lost there" in place.server.refused("device", "lock", "D1")
    assert "stays locked" in place.server("device", "wipe", "D1", "--cancel")
    assert "locked by your admin" in place.ana.refused("sync")
    out = place.ana.finish("bundle", "out", place.folder / "in vain")
    assert (out.returncode, "nothing of it as long as this holds: This laptop is locked" in out.stderr) == (
        0,
        True,
    )
    place.server("device", "revoke", "D1")
    assert "withdrawn for good" in place.server.refused("device", "unlock", "D1")
    assert state(place) == "withdrawn"


def test_a_word_that_is_one_laptops_prefix_and_anothers_name_locks_neither(place: Place) -> None:
    DeviceCommand(place.folder / "other")("enroll", place.link(), "--name", "D1")
    devices = {str(one["number_prefix"]): one for one in place.server.json("device", "list")}
    assert "2 devices are called “D1”; give the id." in place.server.refused("device", "lock", "D1")
    assert "2 devices are called “d1”; give the id." in place.server.refused("device", "lock", "d1")
    mine = place.server("device", "lock", devices["D1"]["id"])
    assert f"The device “{devices['D1']['name']}” (D1) of ana.berg is locked" in mine
    assert "The device “D1” (D2) of ana.berg will be wiped" in place.server("device", "wipe", "D2")


def test_a_lock_given_since_the_backup_stands_after_it_is_restored(place: Place) -> None:
    backup = place.folder / "backup"
    place.server("backup", backup)
    place.server("device", "lock", "D1")
    assert "Who was locked or unlocked since the backup stays so: 1 of the devices." in place.server(
        "restore", backup
    )
    assert state(place) == "locked"
    assert "locked by your admin" in place.ana.refused("sync")
    place.server("device", "unlock", "D1")
    place.assert_home()
