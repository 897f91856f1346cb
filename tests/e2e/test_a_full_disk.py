"""The server's disk is full while a laptop pushes.

The rep reads that nothing is lost, and all goes out once there is room.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.e2e.device_command import DeviceCommand
from tests.helpers.served import served
from tests.helpers.small_disk import fill, small_disk

SHOPS = 3


def test_a_full_disk_of_the_server_is_told_as_the_servers_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(tmp_path) as disk, served(disk) as office:
        laptop = DeviceCommand(tmp_path / "ana")
        laptop("enroll", office.link(office.make("user", login="ana", name="Ana")))
        laptop("sync")
        for number in range(SHOPS):
            laptop.do("create_account", name=f"Shop {number}", note="x" * 20_000)
        filler = fill(disk)
        with caplog.at_level(logging.ERROR):
            said = laptop.refused("sync")
        assert "The server's disk is full" in said
        assert "safe on this laptop and goes out later by itself" in said
        assert "free some space" not in said, "it is not her disk"
        assert "free some space" in caplog.text, "it is the admin's"
        assert laptop.json("status")["outbox_depth"] == SHOPS
        filler.unlink()
        assert laptop.json("sync")["accepted"] == SHOPS
        assert laptop.json("status")["outbox_depth"] == 0
