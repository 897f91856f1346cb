"""T7 and T9: many devices against one real server, in a few processes, on a small central store.

Owns the start of the crowd's processes and the sums of what they saw; `crowd.py` holds the devices.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollReply, EnrollRequest
from sync_server.store.database import Database
from sync_server.store.devices.credentials import admit, make_code
from tests.bench.crowd import Member, Seen, Task
from tests.bench.machine import ROOT, Server, database_processes, environment, processor_seconds
from tests.bench.workload import REPS, SEED, SIZES, Workload

ARRIVAL_SECONDS = 10.0
"""T9: within so long all devices begin."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many devices, how many edits each, over how many seconds they begin, in how many processes."""

    devices: int
    edits: int
    seconds: float
    processes: int


SHARING = {"full": Crowd(50, 20, 0, 2), "small": Crowd(10, 10, 0, 2), "tiny": Crowd(4, 5, 0, 2)}
FOUR = {"full": Crowd(4, 250, 0, 2), "small": Crowd(4, 25, 0, 2), "tiny": Crowd(4, 5, 0, 2)}
MORNING = {
    "full": Crowd(500, 20, ARRIVAL_SECONDS, 4),
    "small": Crowd(50, 10, 2.0, 2),
    "tiny": Crowd(6, 5, 0.2, 2),
}
PROCESSES = {"sqlite": 1, "postgresql": 2}
"""Of the server, on each kind of store; this machine has two processors."""

WARM_ROUNDS = 3
"""Unmeasured ones before: a server has been at work for a while, and PostgreSQL plans a statement once a connection."""

STORE = {"full": "crowd", "small": "tiny", "tiny": "tiny"}
"""The size of the central store for each size of the bench."""


@dataclass(frozen=True, slots=True)
class Together:
    """What a crowd came to.

    Attributes:
        seconds: from the signal until the last device was done.
        cpu, database, devices: processor seconds of the server, of the database's own processes, of all the devices.
        alike: whether in the end all devices of one user held the same rows as the central store.
    """

    edits: int
    seconds: float
    cpu: float
    database: float
    devices: float
    busy: int
    errors: tuple[str, ...]
    alike: bool
    peak_mb: float


def meet(
    url: str, size: str, crowd: Crowd, folder: Path, step: str = "sync", *, processes: int = 1
) -> Together:
    """The whole of it: admits the devices, lets them fetch and edit, gives the signal, compares.

    Args:
        step: what is measured, a word of `crowd.py`.
        processes: of the server.
    """
    folder.mkdir(parents=True)
    with Server(folder / "server", url, processes) as server:
        members = _admitted(url, size, crowd, folder)
        share = -(-len(members) // crowd.processes)
        tasks = [
            Task(server.address, size, crowd.edits, members[at : at + share])
            for at in range(0, len(members), share)
        ]
        with _processes(tasks, folder) as running:
            for before_it in (*("warm",) * WARM_ROUNDS, "edit"):
                _step(running, before_it)
            before = _spent(server, url, running)
            seen = _step(running, step)
            spent = [now - then for now, then in zip(_spent(server, url, running), before, strict=True)]
            settled = _step(running, "settle")
        alike = all(one.whole for one in settled) and all(
            len({one.digest for one in settled if one.rep == rep}) <= 1 for rep in range(REPS)
        )
        return Together(
            edits=crowd.devices * crowd.edits,
            seconds=max(one.done for one in seen),
            cpu=spent[0],
            database=spent[1],
            devices=spent[2],
            busy=sum(one.busy for one in seen),
            errors=tuple(one.error for one in (*seen, *settled) if one.error),
            alike=alike,
            peak_mb=server.peak_mb,
        )


def _spent(server: Server, url: str, running: list[subprocess.Popen[str]]) -> tuple[float, float, float]:
    """Processor seconds so far of the server, of the database and of the crowd."""
    crowd = [psutil.Process(process.pid) for process in running]
    return server.cpu, processor_seconds(database_processes(url)), processor_seconds(crowd)


def _admitted(url: str, size: str, crowd: Crowd, folder: Path) -> tuple[Member, ...]:
    """The devices, several to each user, whose rows they share."""
    source, load = random.Random(f"{SEED}/crowd/{crowd.devices}"), Workload(SIZES[size])
    database = Database.open(url, lambda: time.time_ns() // 1_000_000, os.urandom)
    try:
        return tuple(
            Member(
                folder=str(folder / f"device-{number}"),
                admitted=admitted(database, load.rep_id(number % REPS)),
                rep=number % REPS,
                round=number // REPS,
                starts_after=source.random() * crowd.seconds,
            )
            for number in range(crowd.devices)
        )
    finally:
        database.close()


def admitted(database: Database, user_id: bytes) -> EnrollReply:
    """A new device of a user, without a line."""
    with database.write("bench") as tx:
        code = make_code(tx, os.urandom, user_id)
    return admit(database, EnrollRequest(code, "bench", "bench", "bench", PROTOCOL_VERSION, os.urandom(32)))


@contextmanager
def _processes(tasks: list[Task], folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """The crowd's processes, all of them ready."""
    running = []
    try:
        for number, task in enumerate(tasks):
            path = folder / f"crowd-{number}.json"
            path.write_bytes(msgspec.json.encode(task))
            running.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.bench.crowd", str(path)],
                    env=environment(),
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        for process in running:
            _heard(process)
        yield running
    finally:
        for process in running:
            process.terminate()
            process.wait(60)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()


def _step(running: list[subprocess.Popen[str]], step: str) -> list[Seen]:
    for process in running:
        assert process.stdin is not None
        process.stdin.write(step + "\n")
        process.stdin.flush()
    return [seen for process in running for seen in msgspec.json.decode(_heard(process), type=list[Seen])]


def _heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"a process of the crowd ended with {process.wait(60)}")
    return line
