"""One small exchange cut at every byte, on the way there and on the way back, and altered at every byte of the answer.

A real server process, real HTTP and a real encrypted replica; whatever happens on the line, the change is neither
lost nor taken twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldrep.contract import steps
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.steps import Step
from fieldrep.queries.sync_history import sync_history
from fieldrep.store.replica import Replica
from fieldrep.sync.enrolment import enrol
from fieldrep.sync.session import sync_now
from tests.conftest import IN_CI
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_northwind_scenario import through
from tests.e2e.test_serving import serving
from tests.helpers.bad_line import Fault, Proxy, bad_line

EVERY = 1 if IN_CI else 5
"""At a desk a fifth of the bytes is enough to see a mistake; CI cuts at every one."""

VARYING = 60
"""By so many bytes at most one message of a kind is shorter than another."""

ON_THE_LINE = {Code.OFFLINE, Code.DAMAGED_MESSAGE, Code.NOT_A_SERVER, Code.SERVER_BUSY}


@dataclass
class Device:
    """A replica in this process, its server in another, a bad line between them."""

    replica: Replica
    line: Proxy
    server: ServerCommand
    account: bytes
    edits: int = 0

    def edit(self) -> None:
        """One more change that waits."""
        self.edits += 1
        with self.replica.begin("edit_account", "Edit") as uow:
            uow.update("account", self.account, {"phone": f"{self.edits:06d}"})

    def assert_safe(self) -> None:
        """The change is there, shown, and waits, whatever the line did."""
        with self.replica.read() as reader:
            row = reader.row("account", self.account)
        assert row is not None
        assert row["phone"] == f"{self.edits:06d}"

    def sync_stopped(self) -> KnownError | None:
        """What stopped a sync, None when nothing did."""
        try:
            sync_now(self.replica)
        except KnownError as error:
            return error
        return None

    def sync_whole(self) -> None:
        receipt = sync_now(self.replica)
        assert receipt.whole, receipt
        self.assert_safe()


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    folder = tmp_path_factory.mktemp("cut")
    server = ServerCommand(folder / "server")
    server.set_up()
    server("user", "add", "ana.berg")

    def clock() -> int:
        return time.time_ns() // 1_000_000

    with serving(server) as address, bad_line(address) as line:
        link = through(line, server("enroll", "ana.berg").splitlines()[0])
        with Replica.open(folder / "replica.db", os.urandom(32), clock, os.urandom, create=True) as replica:
            enrol(replica, link, os.urandom)
            sync_now(replica)
            with replica.begin("create_account", "New account") as uow:
                account = uow.create("account", {"name": "Corner Shop"})
            made = Device(replica, line, server, account)
            made.edit()
            made.sync_whole()
            yield made


def lengths(device: Device) -> tuple[int, int]:
    """The bytes of one exchange that carries one change, each way."""
    device.edit()
    device.sync_whole()
    return device.line.asked, device.line.answered


def cut_everywhere(device: Device, fault: Fault, length: int) -> None:
    for place in range(0, length, EVERY):
        device.edit()
        device.line.breaks(fault, place)
        stopped = device.sync_stopped()
        if (
            stopped is None
        ):  # no two messages have quite as many bytes, so the last places may lie behind the end
            passed = device.line.asked if fault == "cut request" else device.line.answered
            assert length - VARYING < passed <= place, "it was cut, and nobody minded"
        else:
            assert stopped.code in ON_THE_LINE, (place, stopped)
        device.assert_safe()
        device.line.heals()
        device.sync_whole()


class Cut(BaseException):
    """The program dies here."""


def test_a_program_that_dies_when_the_last_reply_is_committed_has_kept_its_receipt(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(step: Step) -> None:
        if step is Step.PULLED:
            raise Cut

    device.edit()
    with monkeypatch.context() as patched:
        patched.setattr(steps, "listener", dies)
        with pytest.raises(Cut):
            sync_now(device.replica)
    with device.replica.read() as reader:
        receipt = sync_history(reader).receipts[0].receipt
    assert (receipt.accepted, receipt.pulled, receipt.whole) == (1, 1, True)
    assert receipt.sentence == "1 sent, 1 received; both sides hold the same records."
    device.sync_whole()


def test_a_request_cut_at_any_byte_is_sent_again(device: Device) -> None:
    asked, _ = lengths(device)
    assert asked > 400
    cut_everywhere(device, "cut request", asked)


def test_a_reply_cut_at_any_byte_is_asked_for_again_and_nothing_is_taken_twice(device: Device) -> None:
    _, answered = lengths(device)
    assert answered > 200
    cut_everywhere(device, "cut reply", answered)


def test_a_reply_altered_at_any_byte_of_its_body_is_not_believed(device: Device) -> None:
    _, answered = lengths(device)
    head = 150  # the answer's head may be altered where nobody reads it; its body may not, anywhere
    for place in range(head, answered, 3):
        device.edit()
        device.line.breaks("flip reply", place)
        with suppress(KnownError):
            sync_now(device.replica)
        device.assert_safe()
        device.line.heals()
        device.sync_whole()


def test_after_all_cuts_the_server_took_each_change_once(device: Device, tmp_path: Path) -> None:
    rows = device.server.rows(tmp_path / "all.jsonl")
    (account,) = rows["account"]
    assert account["phone"] == f"{device.edits:06d}"
    assert "conflict" not in rows
    with device.replica.read() as reader:
        answered = reader.rows("SELECT count(*), count(DISTINCT n) FROM sent_log")
    assert answered == [(device.edits + 1, device.edits + 1)]
