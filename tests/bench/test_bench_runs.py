"""The bench itself stays in working order: each figure is there and both sides hold the same rows; nothing is timed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.machine import ROOT, environment
from tests.bench.report import LINES
from tests.bench.workload import PRODUCTS, REPS, SIZES, Workload


@pytest.fixture
def apart() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach; pytest closes its folders to others whenever a run begins."""
    with tempfile.TemporaryDirectory(prefix="fieldrep-bench-test-") as folder:
        yield Path(folder)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_every_task_is_measured_and_both_sides_hold_the_same_rows(store: str, apart: Path) -> None:
    told = apart / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--size", "tiny", "--repeats", "2"]
    done = subprocess.run(
        [*command, "--store", store, "--json", str(told)],
        env=environment(TMPDIR=str(apart), TEMP=str(apart)),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(told.read_text(encoding="utf-8"))["reports"]
    assert report["store"] == store
    assert set(LINES) == set(report["figures"])
    # nobody may have been sent away, and a processor's time may be less than the system counts
    assert {name for name, figure in report["figures"].items() if not figure} <= {
        "t9_busy",
        "t7_server",
        "t7_database",
        "t7_devices",
        "live_waits",
        "live_memory",
    }
    assert {line.floor for line in LINES.values() if line.floor} <= set(report["floors"])
    assert all(report["floors"].values())
    facts = report["facts"]
    whole = ("t1_whole", "rounds_whole", "t4_whole", "client_whole", "t10_whole")
    crowds = ("t7", "t7_taken", "t7_four", "t9")
    together = tuple(f"{crowd}_{what}" for crowd in crowds for what in ("no_error", "alike"))
    assert [name for name in (*whole, *together) if facts[name] is not True] == []
    assert facts["rows"] >= SIZES["tiny"].rows + PRODUCTS + REPS
    assert facts["hits"] > 0


def test_the_workload_is_the_same_for_the_same_seed() -> None:
    one, other = Workload(SIZES["tiny"]), Workload(SIZES["tiny"])
    for (name, rows), (same, again) in zip(one.of_rep(3), other.of_rep(3), strict=True):
        assert (name, list(rows)) == (same, list(again))
    assert one.edits(3, 1) == other.edits(3, 1) != one.edits(3, 2)


def test_a_rep_holds_ten_rows_per_account() -> None:
    size = SIZES["tiny"]
    assert sum(len(list(rows)) for _, rows in Workload(size).of_rep(0)) == size.rows == size.accounts * 10
