"""Programs of different ages on the two ends: real ones, three versions of the catalogue, in both directions.

What one side does not know survives on the other; whoever is too old to receive still sends; and once both are
updated, all is equal.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sync_server.store.database import Database
from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_serving import serving
from tests.helpers.aged import NEWEST, OLD_PROTOCOL
from tests.helpers.programs import AGED
from tests.store_suite.world import new_row

OLDER = (1, 2)


class AgedDevice(DeviceCommand):
    """A device whose program is of a version; its commands run one after the other in one process of that version."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._program: subprocess.Popen[str] | None = None
        self.becomes(NEWEST)

    def becomes(self, version: int | str) -> None:
        """From now on it is of that version; its data stay."""
        self.close()
        self._program = subprocess.Popen(
            [sys.executable, "-m", AGED, str(version), "fieldrep"],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def finish(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        assert self._program is not None
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self._program.stdin.flush()
        code, out, err = json.loads(self._program.stdout.readline())
        return subprocess.CompletedProcess(words, code, out, err)

    def close(self) -> None:
        if self._program is not None:
            self._program.communicate()
            self._program = None


@pytest.fixture
def central(tmp_path: Path) -> ServerCommand:
    """A server for Ana; what is only said on its command line runs at the newest version."""
    server = ServerCommand(tmp_path / "server")
    server.set_up()
    server("user", "add", "ana.berg")
    return server


Admit = Callable[[ServerCommand], AgedDevice]


@pytest.fixture
def admit(tmp_path: Path) -> Iterator[Admit]:
    """Devices of Ana, at first of the newest version: their replicas have the tables of all."""
    made: list[AgedDevice] = []

    def new(server: ServerCommand) -> AgedDevice:
        made.append(AgedDevice(tmp_path / f"device-{len(made)}"))
        made[-1]("enroll", server("enroll", "ana.berg").splitlines()[0])
        return made[-1]

    yield new
    for device in made:
        device.close()


def store(server: ServerCommand) -> Database:
    def clock() -> int:
        return time.time_ns() // 1_000_000

    return Database.open(server.url, clock, os.urandom)


def brought_up_to_date(server: ServerCommand) -> None:
    """What the migration of a new version does to the rows of a kind that has new fields: each counts anew."""
    with closing(store(server)) as database, database.write("upgrade") as tx:
        for entity in ("account", "contact"):
            for row in tx.all(entity):
                row.update(revision=tx.new_revision())
                tx.stage(entity, row)


def test_older_devices_leave_alone_what_they_do_not_know(
    central: ServerCommand, admit: Admit, tmp_path: Path
) -> None:
    with serving(central, age=NEWEST):
        new, olds = admit(central), [admit(central) for _ in OLDER]
        account = new.do(
            "create_account", name="Corner Shop", website="https://shop.example", visit_minutes=30
        )["id"]
        contact = new.do("create_contact", account_id=account, family_name="Vos", birthday="1980-02-29")["id"]
        new("sync")
        with closing(store(central)) as database, database.write("office") as tx:
            product = new_row(tx, "product", sku="S", name="Soap")
            new_row(tx, "product_uom", product_id=product, uom="box", factor=12)
        for old, version in zip(olds, OLDER, strict=True):
            old.becomes(version)
            receipt = old.json("sync")
            assert (receipt["digests_equal"], receipt["ages_differ"], receipt["waiting"]) == (None, True, 0)
            assert "of different ages" in receipt["sentence"]
            old.do("edit_account", id=account, phone=f"of {version}")
            old.do("edit_contact", id=contact, mobile=f"of {version}")
            assert old.json("sync")["accepted"] == 2

        assert new.json("sync")["digests_equal"] is True
        (row,) = new.show("account")
        assert (row["phone"], row["website"], row["visit_minutes"]) == ("of 2", "https://shop.example", 30)
        (row,) = new.show("contact")
        assert (row["mobile"], row["birthday"]) == ("of 2", "1980-02-29")
        for old in olds:
            old.becomes(NEWEST)
            receipt = old.json("sync")
            assert (receipt["repaired"] > 0, receipt["started_over"]) == (True, False)
            assert receipt["digests_equal"] is True
            assert old.exported(tmp_path / "old.jsonl") == new.exported(tmp_path / "new.jsonl")


@pytest.mark.parametrize("version", OLDER)
def test_what_an_older_server_does_not_know_waits_on_the_device_and_the_rest_goes_out(
    central: ServerCommand, admit: Admit, tmp_path: Path, version: int, port: str
) -> None:
    with serving(central, "--port", port, age=version):
        new = admit(central)
        plain = new.do("create_account", name="Plain")["id"]
        person = new.do("create_contact", account_id=plain, family_name="Vos")["id"]
        new("sync")
        held = new.do("create_account", name="Held", visit_minutes=30)["id"]
        new.do("create_contact", account_id=held, family_name="Builds on it")
        new.do("edit_account", id=plain, phone="2")
        new.do("link_contact", account_id=plain, contact_id=person)

        receipt = new.json("sync")
        kind = int(version < 2)  # the first version knew no links
        assert (receipt["accepted"], receipt["refused"], receipt["waiting"]) == (2 - kind, 0, 0)
        assert f"{2 + kind} held back until the server is updated" in receipt["sentence"]
        assert new.json("status")["outbox_depth"] == 2 + kind
        assert {row["name"]: row["visit_minutes"] for row in new.show("account")} == {
            "Plain": None,
            "Held": 30,
        }
        assert len(new.show("account_contact")) == 1
        new.do("edit_account", id=held, phone="3")
        assert new.json("sync")["held_back"] == 3 + kind
        stored = central.rows(tmp_path / "then.jsonl")
        assert [row["phone"] for row in stored["account"]] == ["2"]

    brought_up_to_date(central)
    with serving(central, "--port", port, age=NEWEST):
        receipt = new.json("sync")
    assert (receipt["accepted"], receipt["held_back"], receipt["digests_equal"]) == (3 + kind, 0, True)
    stored = central.rows(tmp_path / "now.jsonl")
    assert {row["name"]: (row["visit_minutes"], row["phone"]) for row in stored["account"]} == {
        "Plain": (None, "2"),
        "Held": (30, "3"),
    }
    assert len(stored["account_contact"]) == 1


def test_a_device_too_old_to_receive_still_sends(
    central: ServerCommand, admit: Admit, tmp_path: Path
) -> None:
    with serving(central, age=NEWEST):
        old = admit(central)
        old.becomes(OLD_PROTOCOL)
        old.do("create_account", name="Sent before the update")
        assert "update" in old.refused("sync")
        stored = central.rows(tmp_path / "all.jsonl")["account"]
        assert [row["name"] for row in stored] == ["Sent before the update"]
        assert old.json("status")["refused"] == 0
        old.becomes(NEWEST)
        receipt = old.json("sync")
        assert (receipt["accepted"], receipt["digests_equal"]) == (0, True)
    assert [row["name"] for row in old.show("account")] == ["Sent before the update"]
