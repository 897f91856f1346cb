"""A damaged profile on the command line: one sentence, one command, and what was not sent goes out after all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldrep.paths import Profile
from fieldrep.secrets import KeyVault
from fieldrep.store.engine import connect
from fieldrep.store.repairing.repair import repair
from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_serving import serving
from tests.sim.dying import dying_at
from tests.sim.tap import Killed


@dataclass
class Place:
    server: ServerCommand
    rita: DeviceCommand

    @property
    def replica(self) -> Path:
        return self.rita.home / "replica.db"

    def link(self) -> str:
        return self.server("enroll", "rita").split()[-1]

    def stored(self) -> set[str]:
        return {row["name"] for row in self.server.rows(self.replica.with_name("all.jsonl"))["account"]}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    server = ServerCommand(tmp_path / "server")
    server.set_up()
    server("user", "add", "rita", "--name", "Rita Reiter")
    with serving(server):
        made = Place(server, DeviceCommand(tmp_path / "rita"))
        made.rita("enroll", made.link())
        made.rita.do("create_account", name="Sent before")
        made.rita("sync")
        made.rita.do("create_account", name="Not sent yet")
        yield made


def damage(file: Path, begin: int, size: int) -> bytes:
    content = bytearray(file.read_bytes())
    content[begin : begin + size] = bytes(size)
    file.write_bytes(content)
    return bytes(content)


def test_a_damaged_replica_is_repaired_with_one_command_and_loses_nothing(place: Place) -> None:
    damaged = damage(place.replica, 0, 4096)
    for words in (("status",), ("sync",), ("enroll", place.link())):
        assert "fieldrep repair" in place.rita.refused(*words)
    done = place.rita.json("repair")
    assert (done["changes"], done["lost_changes"], done["enrolled"]) == (1, [], True)
    assert (place.rita.home / done["kept_as"]).read_bytes() == damaged
    assert [row["name"] for row in place.rita.show("account")] == ["Not sent yet"]
    receipt = place.rita.json("sync")
    assert (receipt["digests_equal"], receipt["waiting"]) == (True, 0)
    assert place.stored() == {"Sent before", "Not sent yet"}
    assert place.rita.json("verify")["ok"]
    assert place.rita.json("repair")["sound"]


def test_what_a_killed_repair_did_is_told_by_the_next_command_once(place: Place) -> None:
    damage(place.replica, 0, 4096)
    profile = Profile(place.rita.home)
    key = KeyVault(profile).unlock("correct horse battery staple")
    with suppress(Killed), dying_at("REPAIR_READY"):
        repair(profile, key, 1_800_000_000_000)
    told = place.rita.finish("status").stderr
    assert told.startswith(
        "The data on this laptop was damaged and has been repaired. The damaged file is kept as"
    )
    assert "Saved out of it: 1 change that waits." in told
    assert place.rita.finish("status").stderr == ""


def test_a_replica_damaged_throughout_is_set_aside_and_the_profile_begins_anew(place: Place) -> None:
    damaged = damage(place.replica, 0, place.replica.stat().st_size)
    assert "--set-aside" in place.rita.refused("repair")
    kept = place.rita.json("repair", "--set-aside")["kept_as"]
    assert (place.rita.home / kept).read_bytes() == damaged
    place.rita("enroll", place.link())
    assert place.rita.json("sync")["digests_equal"]
    assert [row["name"] for row in place.rita.show("account")] == ["Sent before"]


@pytest.mark.parametrize("how", ["emptied", "removed"])
def test_a_lost_replica_is_told_and_not_taken_for_one_that_never_was(place: Place, how: str) -> None:
    if how == "emptied":
        place.replica.write_bytes(b"")
    else:
        place.replica.unlink()
    for words in (("status",), ("sync",), ("repair",), ("enroll", place.link())):
        sentence = place.rita.refused(*words)
        assert "The replica of this profile is lost" in sentence
        assert "--set-aside" in sentence
    place.rita("repair", "--set-aside")
    assert list(place.rita.home.glob("key-*.json")), "the key of a copy that may turn up is kept"
    place.rita("enroll", place.link())
    assert place.rita.json("sync")["digests_equal"]
    assert [row["name"] for row in place.rita.show("account")] == ["Sent before"]


def test_a_missing_key_is_named_and_no_new_one_is_written_over_the_data(place: Place) -> None:
    key = place.rita.home / "key.json"
    kept = key.with_name("elsewhere.json")
    key.rename(kept)
    for words in (("status",), ("repair",), ("enroll", place.link())):
        sentence = place.rita.refused(*words)
        assert "key file" in sentence
        assert "--set-aside" in sentence
        assert not key.exists()
    shutil.copyfile(kept, key)
    assert place.rita.json("sync")["waiting"] == 0
    assert place.stored() == {"Sent before", "Not sent yet"}
    key.unlink()
    place.rita("repair", "--set-aside")
    place.rita("enroll", place.link())
    assert place.rita.json("sync")["digests_equal"]


def test_what_a_check_names_comes_again_with_the_next_sync_and_each_command_says_the_step(
    place: Place,
) -> None:
    profile = Profile(place.rita.home)
    key = KeyVault(profile).unlock("correct horse battery staple")
    connection = connect(profile.replica, key, writer=True)
    connection.execute("UPDATE account SET name = 'Evil' WHERE name = 'Sent before'")
    connection.close()
    for _ in range(2):
        told = place.rita.refused("verify")
        assert "is not as the central store sent it" in told
        assert told.endswith(
            "Run fieldrep sync: it compares all records with the server and fetches again those that differ."
        )
        assert "Digest(" not in told
    assert "Run fieldrep sync" in place.rita("repair")
    assert "Run fieldrep sync" in place.rita.json("repair")["next_step"]
    receipt = place.rita.json("sync")
    assert (receipt["accepted"], receipt["repaired"], receipt["digests_equal"]) == (1, 1, True)
    assert {row["name"] for row in place.rita.show("account")} == {"Sent before", "Not sent yet"}
    assert place.rita.json("verify") == {"ok": True, "findings": [], "next_step": None}
    assert place.rita.json("repair")["sound"]
