"""A sync by stick with real programs: no network between the laptop and the office but a file carried both ways."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_serving import serving


def test_a_rep_without_a_network_syncs_with_a_stick(tmp_path: Path) -> None:
    server = ServerCommand(tmp_path / "server", own_process=False)
    server("init")
    server("user", "add", "ana.berg")
    ana = DeviceCommand(tmp_path / "ana")
    with serving(server) as address:
        ana("enroll", server("enroll", "ana.berg").splitlines()[0])
    stick, mine, theirs = tmp_path / "stick", tmp_path / "mine.jsonl", tmp_path / "theirs.jsonl"
    stick.mkdir()
    account = ana.do("create_account", name="Herberg De Toren", phone="1")["id"]

    assert ana.json("bundle", "out", stick / "ana")["changes"] == 1
    told = server.json("bundle", "in", stick / "ana", "--reply", stick / "answer")
    assert (told["login"], told["accepted"], told["verdict"]) == ("ana.berg", 1, "continue")
    receipt = ana.json("bundle", "in", stick / "answer")

    assert (receipt["accepted"], receipt["waiting"], receipt["digests_equal"]) == (1, 0, True)
    server("export", theirs, "--user", "ana.berg")
    assert ana.exported(mine) == theirs.read_bytes()
    assert b"Herberg" not in (stick / "ana").read_bytes() + (stick / "answer").read_bytes()
    assert "holds 0 changes" in ana("bundle", "out", stick / "ana")

    ana.do("edit_account", id=account, phone="2")
    ana("bundle", "out", stick / "ana")
    half = stick / "half"
    half.write_bytes((stick / "ana").read_bytes()[:-7])
    assert "not whole" in server.refused("bundle", "in", half, "--reply", stick / "answer")
    assert ana.refused("bundle", "in", stick / "ana").startswith("This file is not for this laptop now.")
    shutil.copy(stick / "ana", stick / "twice")
    for file in ("ana", "twice"):
        assert "From ana.berg: 1 taken, 0 refused" in server(
            "bundle", "in", stick / file, "--reply", stick / "answer"
        )
    assert ana.json("bundle", "in", stick / "answer")["accepted"] == 1
    assert "read before" in ana("bundle", "in", stick / "answer")
    with serving(server, "--port", address.rpartition(":")[2]):
        over_the_line = ana.json("sync")
    assert (over_the_line["accepted"], over_the_line["digests_equal"]) == (0, True)

    (device,) = server.json("device", "list")
    server("device", "revoke", device["id"])
    ana.do("edit_account", id=account, phone="3")
    ana("bundle", "out", stick / "ana")
    (stick / "answer").unlink()
    assert "not admitted" in server.refused("bundle", "in", stick / "ana", "--reply", stick / "answer")
    assert not (stick / "answer").exists()
