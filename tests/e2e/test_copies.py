"""Copies of a profile: two installations behind one credential are noticed, and neither loses what was entered."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_serving import serving


def test_a_copied_profile_is_told_at_its_first_contact_and_keeps_what_was_entered(
    server: ServerCommand, tmp_path: Path
) -> None:
    server("init")
    server("user", "add", "rita", "--name", "Rita Reiter")
    with serving(server):
        first, copy = DeviceCommand(tmp_path / "first"), DeviceCommand(tmp_path / "copy")
        first("enroll", server("enroll", "rita").split()[-1])
        first("sync")
        shutil.copytree(first.home, copy.home)
        first.do("create_account", name="Entered on the first laptop")
        copy.do("create_account", name="Entered on the copy")
        first("sync")

        sentence = copy.refused("sync")

        assert "copy" in sentence
        assert copy.json("status")["outbox_depth"] == 1
        assert [row["name"] for row in copy.show("account")] == ["Entered on the copy"]
        assert [row["name"] for row in first.show("account")] == ["Entered on the first laptop"]
        assert first.json("sync")["digests_equal"] is True
    stored = server.rows(tmp_path / "all.jsonl")["account"]
    assert [row["name"] for row in stored] == ["Entered on the first laptop"]
