"""The line held open, with a real server process: who is woken and who is not, by whomever, and how waits end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.replica import Replica
from fieldrep.sync.enrolment import enrol
from fieldrep.sync.live import Heard, LiveLine
from fieldrep.sync.session import sync_now
from fieldrep.sync.transport import HttpBearer
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_serving import serving
from tests.helpers.bad_line import bad_line
from tests.helpers.served import clock

NEWS = Heard(changed=True, moved=False)
PATIENCE = 60


@dataclass
class Device:
    """A replica, and a thread on which it waits for news."""

    replica: Replica
    line: LiveLine
    thread: ThreadPoolExecutor

    def wait(self) -> Future[Heard]:
        """Waits; comes back once the server holds the line."""
        held = Event()
        waiting = self.thread.submit(self.line.wait, self.replica, held.set)
        while not held.wait(0.05):
            if waiting.done():
                waiting.result()
                break
        return waiting

    def phone(self, name: str) -> object:
        with self.replica.read() as reader:
            return reader.rows("SELECT phone FROM account WHERE name = ?", (name,))

    def edit(self, name: str, phone: str) -> None:
        with self.replica.read() as reader:
            ((account,),) = reader.rows("SELECT id FROM account WHERE name = ?", (name,))
        with self.replica.begin("edit_account", "Edit") as uow:
            uow.update("account", account, {"phone": phone})


@dataclass
class Place:
    server: ServerCommand
    folder: Path
    stack: ExitStack

    def device(self, login: str, name: str, address: str = "") -> Device:
        link = self.server("enroll", login).splitlines()[0]
        if address:
            link = link.replace(link.partition("server=")[2].partition("&")[0], address)
        file = self.folder / f"{name}.db"
        replica = self.stack.enter_context(Replica.open(file, os.urandom(32), clock, os.urandom, create=True))
        enrol(replica, link, os.urandom, name)
        sync_now(replica)
        line = LiveLine()
        thread = self.stack.enter_context(ThreadPoolExecutor(1))
        self.stack.callback(line.hang_up)
        return Device(replica, line, thread)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    server = ServerCommand(tmp_path / "server")
    server.set_up()
    for login in ("ana", "ben"):
        server("user", "add", login)
    with ExitStack() as stack:
        yield Place(server, tmp_path, stack)


def with_a_shop(device: Device, name: str) -> None:
    with device.replica.begin("create_account", "New account") as uow:
        uow.create("account", {"name": name})
    sync_now(device.replica)


def heard_after(synced: Event, device: Device, patch: pytest.MonkeyPatch) -> None:
    """However early news comes, this device hears it after a sync; it might come before the reply of its own push."""
    plain, token = HttpBearer.wait, device.replica.secret("token")

    def wait(bearer: HttpBearer, at: str, hold: int, accepted: Callable[[], None]) -> bool:
        changed = plain(bearer, at, hold, accepted)
        assert bearer._token != token or synced.wait(PATIENCE)
        return changed

    patch.setattr(HttpBearer, "wait", wait)


def test_a_push_wakes_the_other_device_of_its_holder_and_nobody_else(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(place.server):
        ana, ben = place.device("ana", "ana"), place.device("ben", "ben")
        with_a_shop(ana, "Ana's shop")
        with_a_shop(ben, "Ben's shop")
        other = place.device("ana", "ana 2")
        heard_after(synced := Event(), ben, monkeypatch)
        theirs, mine = ben.wait(), other.wait()
        for phone in ("1", "2", "3"):
            ana.edit("Ana's shop", phone)
            sync_now(ana.replica)
            assert mine.result(PATIENCE) == NEWS
            sync_now(other.replica)
            assert other.phone("Ana's shop") == [(phone,)]
            mine = other.wait()
        assert not theirs.done(), "what Ana does is nothing to Ben, not even a moment"
        ben.edit("Ben's shop", "4")
        sync_now(ben.replica)
        synced.set()
        assert theirs.result(PATIENCE) == Heard(changed=True, moved=True), (
            "its own push, which it has already"
        )
        assert not mine.done()


def test_what_another_process_writes_wakes_those_who_hold_it(place: Place) -> None:
    """The admin's command line writes to the store beside the server."""
    with serving(place.server):
        ana, ben = place.device("ana", "ana"), place.device("ben", "ben")
        with_a_shop(ana, "Corner Shop")
        with_a_shop(ben, "Ben's shop")
        sync_now(ana.replica)
        first, second = ana.wait(), ben.wait()
        place.server("account", "move", number_of(place), "--owner", "ben")
        assert first.result(PATIENCE) == NEWS, "it leaves her"
        assert second.result(PATIENCE) == NEWS, "it comes to him"
        assert sync_now(ana.replica).left > 0
        assert sync_now(ben.replica).entered > 0
        assert ben.phone("Corner Shop") != []


def number_of(place: Place) -> str:
    rows = place.server.rows(place.folder / "all.jsonl")
    return str(next(row["id"] for row in rows["account"] if row["name"] == "Corner Shop"))


def test_a_withdrawal_ends_the_wait_at_once_and_nothing_more_is_served(place: Place) -> None:
    with serving(place.server):
        ana = place.device("ana", "ana")
        waiting = ana.wait()
        (device,) = place.server.json("device", "list")
        place.server("device", "revoke", device["id"])
        assert waiting.result(PATIENCE) == NEWS
        with pytest.raises(KnownError) as caught:
            sync_now(ana.replica)
        assert caught.value.code is Code.UNAUTHORISED
        with pytest.raises(KnownError) as caught:
            ana.wait().result(PATIENCE)
        assert caught.value.code is Code.UNAUTHORISED


def test_a_lock_ends_the_wait_at_once_and_once_unlocked_the_line_is_held_again(place: Place) -> None:
    with serving(place.server):
        ana = place.device("ana", "ana")
        waiting = ana.wait()
        place.server("device", "lock", "D1")
        assert waiting.result(PATIENCE) == NEWS
        assert ana.wait().result(PATIENCE) == NEWS, "a locked one has news at once: that it is locked"
        with pytest.raises(KnownError) as caught:
            sync_now(ana.replica)
        assert caught.value.code is Code.DEVICE_LOCKED
        place.server("device", "unlock", "D1")
        assert sync_now(ana.replica).whole
        assert not ana.wait().done()


def test_a_server_that_stops_ends_the_waits_and_stops_without_waiting_for_them(place: Place) -> None:
    with serving(place.server):
        ana, ben = place.device("ana", "ana"), place.device("ben", "ben")
        sync_now(ana.replica)
        waits = [ana.wait(), ben.wait()]
    for wait in waits:
        with pytest.raises(KnownError) as caught:
            wait.result(PATIENCE)
        assert caught.value.code is Code.SERVER_BUSY
        assert "stopped or restarted" in caught.value.sentence


def test_a_line_cut_while_it_is_held_is_held_again(place: Place) -> None:
    with serving(place.server) as address, bad_line(address) as line:
        ana = place.device("ana", "ana", line.address)
        waiting = ana.wait()
        line.cut_all()
        with pytest.raises(KnownError) as caught:
            waiting.result(PATIENCE)
        assert caught.value.code is Code.OFFLINE
        assert sync_now(ana.replica).whole
        again = ana.wait()
        place.server("user", "add", "eve")
        assert again.result(PATIENCE) == NEWS


def test_hanging_up_ends_a_wait_from_another_thread(place: Place) -> None:
    with serving(place.server):
        ana = place.device("ana", "ana")
        waiting = ana.wait()
        ana.line.hang_up()
        with pytest.raises(KnownError) as caught:
            waiting.result(PATIENCE)
        assert caught.value.code is Code.OFFLINE
        with pytest.raises(KnownError):
            ana.line.wait(ana.replica, lambda: None, lambda: True)
