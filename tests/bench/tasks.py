"""The tasks T1 to T10 on one central store: starts the real server and real devices, and puts what they saw together.

Owns the order of a run. The stop watches are in `device.py`, the budgets in `report.py`.
"""

from __future__ import annotations

import os
import time
import urllib.parse
from collections.abc import Callable, Collection
from pathlib import Path
from statistics import median
from typing import Any

from sync_server.store.database import Database
from sync_server.store.devices.credentials import make_code
from tests.bench import floors
from tests.bench.concurrency import (
    ARRIVAL_SECONDS,
    FOUR,
    MORNING,
    PROCESSES,
    SHARING,
    STORE,
    Crowd,
    Together,
    meet,
)
from tests.bench.delta import deltas
from tests.bench.keys import FILE_VARIABLE
from tests.bench.live import WAITS, WATCHED_SECONDS, idle_waits
from tests.bench.machine import Relay, Server, SlowLine, run_json
from tests.bench.report import Report
from tests.bench.workload import Size, Workload

TASKS = ("T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "live", "client")
_APART = frozenset({"T7", "T8", "T9"})
"""Tasks that need no replica of the whole workload."""

ROAD_BITS, ROAD_SECONDS = 20e6, 0.060
_DEVICE, _LIVE, _WINDOW = "tests.bench.device", "tests.bench.live", "tests.bench.window"
Say = Callable[[str], None]


class Run:
    """One run on one copy of the workload's store."""

    def __init__(
        self, url: str, small: Callable[[], str], kind: str, size: Size, folder: Path, say: Say
    ) -> None:
        self._url = url
        self._small = small
        self._size = size
        self._folder = folder
        self._say = say
        self.report = Report(kind, size.name)

    def measure(self, wanted: Collection[str], *, repeats: int) -> Report:
        """Everything wanted, with the floors in the same run."""
        self._say("floors of the line")
        self._floor(floors.of_the_line(self._folder))
        if set(wanted) - _APART:
            self._with_replicas(set(wanted), repeats)
        if "T8" in wanted:
            self._deltas()
        if "T7" in wanted:
            self._sharing()
        if "T9" in wanted:
            self._morning()
        if "live" in wanted:
            self._idle_waits()
        return self.report

    def _with_replicas(self, wanted: set[str], repeats: int) -> None:
        with Server(self._folder / "server", self._url) as server:
            devices = self._first_replicas(server, repeats)
            if wanted - _APART - {"T1", "T10", "live", "client"}:
                self._rounds(devices[0], devices[1], repeats)
                self._idle_bytes(devices[-1])
            if "live" in wanted:
                self._live(devices[0], devices[1], repeats)
            if "client" in wanted:
                self._client(server, repeats)
            if "T10" in wanted:
                self._road(server)
        self._say("floors of the replica")
        self._floor(floors.measure(self._size, devices[0] / "replica.db", self._folder))

    def _floor(self, found: dict[str, floors.Took]) -> None:
        self.report.floors |= {name: took.wall for name, took in found.items()}
        self.report.floors_cpu |= {name: took.cpu for name, took in found.items()}

    def _deltas(self) -> None:
        self._say("T8")
        took = deltas(self._url, self._size.name, self._folder / "server-deltas")
        figures = self.report.figures
        figures["t8_p95"], figures["t8_median"] = 1e3 * _percentile(took, 95), 1e3 * median(took)
        few = deltas(self._small(), STORE[self._size.name], self._folder / "server-deltas-small")
        figures["t8_small"] = 1e3 * median(few)

    def _sharing(self) -> None:
        self._say("T7")
        size, crowd, processes = self._size.name, SHARING[self._size.name], PROCESSES[self.report.store]
        seen = meet(self._small(), STORE[size], crowd, self._folder / "sharing", processes=processes)
        figures = self.report.figures
        figures["t7_processes"] = processes
        figures["t7_rate"] = seen.edits / seen.seconds
        figures["t7_edit"] = 1e3 * seen.seconds / seen.edits
        figures["t7_server"] = 1e3 * seen.cpu / seen.edits
        figures["t7_database"] = 1e3 * seen.database / seen.edits
        figures["t7_devices"] = 1e3 * seen.devices / seen.edits
        took = self.report.floors["round trip and two commits"]
        self.report.floors["round trip and two commits, per edit"] = took / crowd.edits
        self._together("t7", crowd, seen)
        for name, sending in (("t7_taken", crowd), ("t7_four", FOUR[size])):
            folder = self._folder / name
            seen = meet(self._small(), STORE[size], sending, folder, "send", processes=processes)
            figures[name] = seen.edits / seen.seconds
            self._together(name, sending, seen)

    def _morning(self) -> None:
        self._say("T9")
        crowd = MORNING[self._size.name]
        seen = meet(self._small(), STORE[self._size.name], crowd, self._folder / "morning")
        figures = self.report.figures
        figures["t9_done"] = seen.seconds
        figures["t9_busy"] = seen.busy
        figures["t9_peak_server"] = seen.peak_mb
        self.report.floors["ten seconds"] = ARRIVAL_SECONDS
        self._together("t9", crowd, seen)

    def _live(self, here: Path, there: Path, repeats: int) -> None:
        self._say("live")
        took = run_json(_LIVE, str(here), str(there), self._size.name, str(10 * repeats))
        figures = self.report.figures
        figures["live_shown"], figures["live_p95"] = median(took), _percentile(took, 95)

    def _idle_waits(self) -> None:
        self._say("idle waits")
        size, folder = self._size.name, self._folder / "waits"
        idle = idle_waits(self._small(), STORE[size], WAITS[size], WATCHED_SECONDS[size], folder)
        self.report.figures["live_waits"] = 1e3 * idle.cpu
        self.report.figures["live_memory"] = idle.memory
        self.report.facts["live_waits_held"] = WAITS[size]

    def _together(self, task: str, crowd: Crowd, seen: Together) -> None:
        facts = self.report.facts
        facts[f"{task}_devices"] = crowd.devices
        facts[f"{task}_no_error"], facts[f"{task}_alike"] = not seen.errors, seen.alike
        if seen.errors:
            self._say(f"{task}: errors {', '.join(seen.errors)}")

    def _road(self, server: Server) -> None:
        """T1 and T2 of one device through a slow line."""
        self._say("T10")
        line = SlowLine(server.address, ROAD_BITS, ROAD_SECONDS)
        told = run_json(
            _DEVICE, "road", str(self._folder / "road"), self._link(line.address), self._size.name
        )
        line.close()
        figures, counted = self.report.figures, self.report.floors
        figures["t10_usable"], figures["t10_complete"] = told["usable"], told["complete"]
        figures["t10_push"] = told["push"]
        fetched = figures["t1_wire"] * 1e6
        counted["bytes of T1 on the line"] = fetched * 8 / ROAD_BITS + 2 * ROAD_SECONDS
        counted["bytes of T2 on the line"] = (line.total - fetched) * 8 / ROAD_BITS + 2 * ROAD_SECONDS
        self.report.facts["t10_whole"] = told["whole"]

    def _first_replicas(self, server: Server, repeats: int) -> list[Path]:
        """T1, each time by a new device in a new process; the last one's bytes are counted on the way, not timed."""
        seen: list[dict[str, Any]] = []
        devices = [self._folder / f"device-{n}" for n in range(max(2, repeats) + 1)]
        relay = Relay(server.address)
        for device in devices:
            last = device is devices[-1]
            self._say("T1, counted" if last else "T1")
            link = self._link(relay.address if last else server.address)
            answer = run_json(_DEVICE, "first", str(device), link)
            if not last:
                seen.append(answer)
        figures, facts = self.report.figures, self.report.facts
        figures["t1_usable"] = median(one["usable"] for one in seen)
        figures["t1_complete"] = median(one["complete"] for one in seen)
        self.report.cpu["t1_complete"] = median(one["cpu"] for one in seen)
        figures["t1_peak_client"] = max(one["peak_mb"] for one in seen)
        figures["t1_peak_server"] = server.peak_mb
        figures["t1_wire"] = relay.total / 1e6
        facts["rows"] = seen[0]["pulled"]
        facts["t1_exchanges"] = seen[0]["exchanges"]
        facts["t1_whole"] = all(one["whole"] for one in seen)
        self._relay = relay
        return devices

    def _rounds(self, here: Path, there: Path, repeats: int) -> None:
        self._say("T2 to T6")
        seen = run_json(_DEVICE, "rounds", str(here), str(there), self._size.name, str(max(2, repeats)))
        self._note("t2_push", seen["push"], 1)
        self._note("t3_pull", seen["pull"], 1)
        self._note("t4_idle", seen["idle"], 1e3)
        self._note("t5_median", seen["save"], 1e3)
        self._note("t6_accounts", seen["search"], 1e3)
        self._note("t6_all", seen["search_all"], 1e3)
        self.report.figures["t5_p99"] = 1e3 * _percentile(seen["save"]["wall"], 99)
        self.report.figures["client_list"] = 1e3 * _percentile(seen["list"]["wall"], 95)
        self.report.facts["rounds_whole"] = seen["whole"]
        self.report.facts["hits"] = seen["hits"]

    def _idle_bytes(self, device: Path) -> None:
        run_json(_DEVICE, "idle", str(device))
        before = self._relay.total
        answer = run_json(_DEVICE, "idle", str(device))
        self.report.figures["t4_wire"] = self._relay.total - before
        self.report.figures["t4_exchanges"] = answer["exchanges"]
        self.report.facts["t4_whole"] = answer["whole"]
        self._relay.close()

    def _client(self, server: Server, repeats: int) -> None:
        """The window on a profile of its own: from the start of its process to accounts that can be used."""
        self._say("client")
        home = self._folder / "profile"
        more = {
            "FIELDREP_HOME": str(home),
            "PYTHON_KEYRING_BACKEND": "tests.bench.keys.FileKeyring",
            FILE_VARIABLE: str(self._folder / "keys.json"),
        }
        ready = run_json(_WINDOW, "prepare", str(home), self._link(server.address), **more)
        self.report.facts["client_whole"] = ready["whole"]
        seen = [
            run_json(_WINDOW, "start", FIELDREP_BENCH_BEGUN=repr(time.time()), **more)
            for _ in range(repeats + 1)  # the first one compiles and warms
        ]
        figures = self.report.figures
        figures["client_start"] = median(one["wall"] for one in seen[1:])
        figures["client_start_cpu"] = median(one["cpu"] for one in seen[1:])
        figures["client_key"] = 1e3 * _percentile([took for one in seen[1:] for took in one["keys"]], 95)
        figures["client_stall"] = 1e3 * median(one["stall"] for one in seen[1:])
        figures["client_scroll"] = 1e3 * _percentile([took for one in seen[1:] for took in one["frames"]], 95)

    def _note(self, name: str, told: dict[str, list[float]], unit: float) -> None:
        self.report.figures[name] = unit * median(told["wall"])
        self.report.cpu[name] = unit * sum(told["cpu"]) / len(told["cpu"])

    def _link(self, address: str) -> str:
        database = Database.open(self._url, lambda: time.time_ns() // 1_000_000, os.urandom)
        try:
            with database.write("bench") as tx:
                code = make_code(tx, os.urandom, Workload(self._size).rep_id(0))
        finally:
            database.close()
        return f"fieldrep://enroll?{urllib.parse.urlencode({'server': address, 'code': code})}"


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
