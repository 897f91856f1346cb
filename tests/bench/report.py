"""The figures of a run beside their budgets, what is expected at this stage, and their floors: a table, and JSON.

Owns budgets and expectations, so that they stand in one place. Must not measure anything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """One figure's place in the table.

    Attributes:
        unit: "s", "ms", "MB", "B" or "" for a plain number; figures are kept in that unit.
        budget, expected: what it may take in the end, and at this stage; None where nothing is said.
        floor: the name of the floor it is compared with.
    """

    task: str
    name: str
    unit: str
    budget: float | None = None
    expected: float | None = None
    floor: str = ""


LINES = {
    "t1_usable": Line("T1", "first replica, accounts listed and searched", "s", 0.3),
    "t1_complete": Line(
        "T1", "first replica, complete and proven", "s", 1.5, 2.0, "rows into bare SQLCipher"
    ),
    "t1_wire": Line("T1", "bytes on the wire", "MB", 10),
    "t1_peak_client": Line("T1", "peak memory of the client", "MB", 120, 120),
    "t1_peak_server": Line("T1", "peak memory of the server", "MB", 120, 120),
    "t2_push": Line("T2", "push E", "s", 0.11, 0.3, "bare push of E"),
    "t3_pull": Line("T3", "pull E on another device", "s", 0.07, 0.2, "bare SQLCipher update of E"),
    "t4_idle": Line("T4", "sync with nothing to say", "ms", 1.0, 2.0, "bare requests round trip"),
    "t4_wire": Line("T4", "bytes on the wire", "B", 600),
    "t4_exchanges": Line("T4", "requests", "", 1, 1),
    "t5_median": Line("T5", "one edit saved for good", "ms", 0.30, 0.6, "bare SQLCipher commit"),
    "t5_p99": Line("T5", "one edit saved for good, p99", "ms", 1.0),
    "t6_accounts": Line("T6", "search accounts as you type", "ms", 0.2, 0.2),
    "t6_all": Line("T6", "search all text", "ms", 2.0, 2.0),
    "t7_processes": Line("T7", "server processes", ""),
    "t7_rate": Line("T7", "devices at once push shared rows and pull: edits a second", "", 900),
    "t7_edit": Line("T7", "the same, one edit", "ms", 1.11, floor="round trip and two commits, per edit"),
    "t7_server": Line("T7", "processor of the server, one edit", "ms"),
    "t7_database": Line("T7", "processor of the database beside it, one edit", "ms"),
    "t7_devices": Line("T7", "processor of the devices on the same machine, one edit", "ms"),
    "t7_taken": Line("T7", "the same from devices that only send: edits a second the server takes", ""),
    "t7_four": Line("T7", "the same, four devices", ""),
    "t8_p95": Line("T8", "delta of 200 changes, p95", "ms", 30, floor="bare requests round trip"),
    "t8_median": Line("T8", "delta of 200 changes, median", "ms", floor="bare requests round trip"),
    "t8_small": Line("T8", "the same from a store a hundredth as large, median", "ms"),
    "t9_done": Line(
        "T9", "devices within ten seconds: until the last is done", "s", 120, floor="ten seconds"
    ),
    "t9_busy": Line("T9", "how often one was asked to come again", ""),
    "t9_peak_server": Line("T9", "peak memory of the server", "MB", 500),
    "t10_complete": Line(
        "T10", "T1 at 20 Mbit/s and 60 ms, complete", "s", 4.5, floor="bytes of T1 on the line"
    ),
    "t10_usable": Line("T10", "T1 at 20 Mbit/s and 60 ms, usable", "s"),
    "t10_push": Line("T10", "T2 at 20 Mbit/s and 60 ms", "s", 0.4, floor="bytes of T2 on the line"),
    "live_shown": Line("live", "a colleague's change is in another replica, median", "s", 1.0),
    "live_p95": Line("live", "the same, p95", "s", 1.0),
    "live_waits": Line("live", "processor of the server for 1,000 idle waits, each second", "ms"),
    "live_memory": Line("live", "memory of the server for 1,000 idle waits", "MB"),
    "client_list": Line("client", "key to the rows of the accounts list, query alone, p95", "ms", 5),
    "client_start": Line("client", "cold start to a usable window", "s", 1.2, 1.2),
    "client_start_cpu": Line("client", "cold start, processor", "s", 0.8),
    "client_key": Line("client", "key to painted result, p95", "ms", 50),
    "client_stall": Line("client", "longest time the window stands still while somebody types", "ms", 50),
    "client_scroll": Line("client", "scroll frame, p95", "ms", 8),
}


@dataclass(slots=True)
class Report:
    """What one run on one kind of central store found.

    Attributes:
        figures: by the names of `LINES`, in their units.
        cpu: processor time of the client for some of them, same names and units; on a busy machine it says more.
        floors: seconds on the clock, by name; floors_cpu: of processor time. The ratio is of processor times where
            both are known, because a busy machine stretches the clock alone.
        facts: what must hold for the figures to mean anything.
    """

    store: str
    size: str
    figures: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    floors_cpu: dict[str, float] = field(default_factory=dict)
    facts: dict[str, bool | int] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Everything, with the budgets beside it."""
        return {**asdict(self), "lines": {name: asdict(LINES[name]) for name in self.figures}}

    def table(self) -> str:
        """For people."""
        head = f"{'':8}{'':58}{'measured':>10}{'cpu':>10}{'budget':>10}{'now':>8}{'floor':>10}{'ratio':>7}"
        rows = [f"Central store: {self.store}, workload {self.size}", head]
        rows += [self._row(name, LINES[name]) for name in LINES if name in self.figures]
        rows.append(
            "Floors: " + ", ".join(f"{name} {1e3 * took:.3g} ms" for name, took in self.floors.items())
        )
        rows.append("Facts: " + ", ".join(f"{name} {fact}" for name, fact in self.facts.items()))
        return "\n".join(rows)

    def _row(self, name: str, line: Line) -> str:
        value = self.figures[name]
        unit = 1e3 if line.unit == "ms" else 1.0
        cpu, floor, floor_cpu = (
            self.cpu.get(name),
            self.floors.get(line.floor),
            self.floors_cpu.get(line.floor),
        )
        ratio = cpu / unit / floor_cpu if cpu and floor_cpu else value / unit / floor if floor else None
        cells = [_cell(value, line.unit), _cell(cpu, line.unit), _cell(line.budget, "")]
        cells += [_cell(unit * floor if floor else None, ""), f"{ratio:.1f}" if ratio else ""]
        late = "!" if line.expected is not None and self.size == "full" and value > line.expected else " "
        cells.insert(3, _cell(line.expected, "") + late)
        widths = (10, 10, 10, 8, 10, 7)
        return f"{line.task:8}{line.name:58}" + "".join(
            f"{c:>{w}}" for c, w in zip(cells, widths, strict=True)
        )


def _cell(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    text = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{text} {unit}".rstrip()
