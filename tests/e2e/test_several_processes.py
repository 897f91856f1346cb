"""Several server processes on one PostgreSQL store: one address, one truth, and no process that cannot be replaced."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.sync.engine import sync
from fieldrep.sync.session import bearer_of, sync_now
from tests.e2e.server_command import PROGRAM, ServerCommand
from tests.e2e.test_live_line import NEWS, PATIENCE, Device, Place, with_a_shop
from tests.helpers.programs import Running, running
from tests.store_suite.databases import Databases

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="on Windows one process serves, and the command says so"
)


@pytest.fixture
def place(tmp_path: Path, empty_databases: Databases) -> Iterator[Place]:
    server = ServerCommand(tmp_path / "server")
    server("init", "--database", empty_databases.empty("postgresql"))
    for login in ("ana", "ben"):
        server("user", "add", login)
    with ExitStack() as stack:
        yield Place(server, tmp_path, stack)


class Served:
    """A server of two processes."""

    def __init__(self, program: Running) -> None:
        self.program = program
        self.address = program.first_line().removeprefix("Serving on ")
        assert self.address.startswith("http://127.0.0.1:"), program.said("err")

    @property
    def processes(self) -> list[psutil.Process]:
        """Those that take requests."""
        pid = self.program.process.pid
        assert pid is not None
        return psutil.Process(pid).children()

    @contextmanager
    def only(self, one: psutil.Process) -> Iterator[None]:
        """All new connections are made to that process, since the others stand still."""
        others = [other for other in self.processes if other != one]
        for other in others:
            other.suspend()
        try:
            yield
        finally:
            for other in others:
                other.resume()

    def ended(self) -> list[psutil.Process]:
        """Waits until all have ended; those that have not."""
        processes = self.processes
        self.program.process.terminate()
        self.program.process.join(PATIENCE)
        return psutil.wait_procs(processes, PATIENCE)[1]


@contextmanager
def served_by_two(server: ServerCommand) -> Iterator[Served]:
    with running(PROGRAM, ("serve", "--port", "0", "--processes", "2"), server.environment) as program:
        served = Served(program)
        assert len(served.processes) == 2
        yield served
        if program.process.is_alive():
            assert served.ended() == []
        assert "Traceback" not in program.said("err"), program.said("err")


def test_what_one_process_takes_the_other_gives_at_once(place: Place) -> None:
    with served_by_two(place.server) as served:
        first, second = served.processes
        ana, other = place.device("ana", "ana"), place.device("ana", "ana 2")
        with served.only(first):
            with_a_shop(ana, "Corner Shop")
        for phone, here, there in (("1", first, second), ("2", second, first), ("3", first, second)):
            with served.only(there):
                assert sync_now(other.replica).whole
            other.edit("Corner Shop", phone)
            with served.only(here):
                assert sync_now(other.replica).accepted == 1
            with served.only(there):
                assert sync_now(ana.replica).whole
            assert ana.phone("Corner Shop") == [(phone,)]


def test_a_withdrawn_device_is_refused_by_every_process_from_the_next_request_on(place: Place) -> None:
    with served_by_two(place.server) as served:
        ana, ben = place.device("ana", "ana"), place.device("ben", "ben")
        for one in served.processes:
            with served.only(one):
                assert sync_now(ana.replica).whole
                assert sync_now(ben.replica).whole
        place.server("device", "revoke", "D1")
        place.server("user", "disable", "ben")
        for one in served.processes:
            for device in (ana, ben):
                with served.only(one), pytest.raises(KnownError) as caught:
                    sync_now(device.replica)
                assert caught.value.code is Code.UNAUTHORISED


def test_a_wait_that_one_process_holds_is_answered_when_the_other_takes_a_push(place: Place) -> None:
    with served_by_two(place.server) as served:
        first, second = served.processes
        ana, other = place.device("ana", "ana"), place.device("ana", "ana 2")
        with_a_shop(ana, "Corner Shop")
        sync_now(other.replica)
        line = bearer_of(other.replica)
        place.stack.callback(line.close)
        with served.only(second):
            sync(other.replica, line)
        with served.only(first):
            waiting = ana.wait()
        for phone in ("1", "2"):
            other.edit("Corner Shop", phone)
            sync(other.replica, line)
            assert waiting.result(PATIENCE) == NEWS
            sync_now(ana.replica)
            assert ana.phone("Corner Shop") == [(phone,)]
            waiting = ana.wait()


def test_a_process_that_is_killed_is_replaced_and_nothing_is_lost_with_it(place: Place) -> None:
    with served_by_two(place.server) as served:
        devices = [place.device("ana", "ana"), place.device("ben", "ben")]
        for device, name in zip(devices, ("Ana's shop", "Ben's shop"), strict=True):
            with_a_shop(device, name)
        at_first = {one.pid for one in served.processes}
        for number in range(30):
            for device, name in zip(devices, ("Ana's shop", "Ben's shop"), strict=True):
                device.edit(name, f"{number}")
                push = device.thread.submit(sync_now, device.replica)
                if number % 6 == 3:
                    with suppress(psutil.NoSuchProcess, IndexError):
                        served.processes[number // 6 % 2].kill()
                with suppress(KnownError):
                    push.result(PATIENCE)
        for device, name in zip(devices, ("Ana's shop", "Ben's shop"), strict=True):
            assert _synced(device)
            assert device.replica.depth() == 0
            assert device.phone(name) == [("29",)]
        for _ in range(6_000):
            if len(served.processes) == 2:
                break
            time.sleep(0.01)
        assert len(served.processes) == 2
        assert not at_first & {one.pid for one in served.processes}
        assert "another takes its place" in served.program.said("err")
    rows = place.server.rows(place.folder / "all.jsonl")["account"]
    assert {(row["name"], row["phone"]) for row in rows} == {("Ana's shop", "29"), ("Ben's shop", "29")}
    audit = place.server.json("audit", "--action", "edit_account")
    assert len(audit["entries"]) + audit["more"] == 60, "each was taken once"
    place.server("verify")


def _synced(device: Device) -> bool:
    """Some come again more than once while a process is replaced."""
    for _ in range(50):
        with suppress(KnownError):
            return sync_now(device.replica).whole
    return False


@pytest.mark.parametrize("interrupt", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_it_ends_every_process_and_answers_what_is_under_way(
    place: Place, interrupt: signal.Signals
) -> None:
    with served_by_two(place.server) as served:
        first, second = served.processes
        ana, ben = place.device("ana", "ana"), place.device("ben", "ben")
        waits = []
        for device, one in ((ana, first), (ben, second)):
            sync_now(device.replica)
            with served.only(one):
                waits.append(device.wait())
        host, _, port = served.address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), PATIENCE) as line:
            line.sendall(b"POST /v1/enroll HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf ")
            for device in (ana, ben):
                sync_now(device.replica)  # by then that has come as well
            os.kill(served.program.process.pid or 0, interrupt)
            for wait in waits:
                with pytest.raises(KnownError) as caught:
                    wait.result(PATIENCE)
                assert caught.value.code is Code.SERVER_BUSY
            line.sendall(b"whole")
            assert line.recv(65_536).startswith(b"HTTP/1.1 400 "), "it is answered, as what it is"
        assert psutil.wait_procs([first, second], PATIENCE)[1] == []
        served.program.process.join(PATIENCE)


def test_no_process_outlives_the_one_that_started_it(place: Place) -> None:
    with served_by_two(place.server) as served:
        processes = served.processes
        served.program.process.kill()
        served.program.process.join()
        assert psutil.wait_procs(processes, PATIENCE)[1] == []


def test_a_store_on_sqlite_is_served_by_one_process_and_says_so(server: ServerCommand) -> None:
    server("init")
    said = server.refused("serve", "--port", "0", "--processes", "2", code=2)
    assert said == "More than one server process needs a central store on PostgreSQL; this one is on SQLite."
