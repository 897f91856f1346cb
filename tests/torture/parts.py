"""The parts of a torture run: each starts one of the harnesses as a program and tells what came of it.

Owns how much of each a tier asks for. What is tried, and when it counts as a loss, is the harness' own business.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.torture.report import Part

CHECKOUT = Path(__file__).resolve().parents[2]
PASSED = re.compile(r"(\d+) (passed|failed|error|skipped)")
BAD_LINES = ("tests/e2e/test_lines_that_break.py", "tests/e2e/test_cut_lines.py")


@dataclass(frozen=True)
class Tier:
    """How much of everything is tried."""

    seeds: int
    steps: int
    seeds_postgresql: int
    played_again: int
    each_bug: int
    kills: tuple[str, ...]
    each_call: int
    power_cuts: int
    rows: int
    each_rule: int


TIERS = {
    "quick": Tier(40, 60, 6, 6, 6, (), 211, 30, 1_200, 10),
    "release": Tier(10_000, 200, 500, 50, 1, ("every",), 1, 5_000, 1_000_000, 1_000),
}


def program(*words: str) -> subprocess.CompletedProcess[str]:
    """A module of the tests, run to its end."""
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)


def said(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The lines of JSON a harness printed."""
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def fell_over(done: subprocess.CompletedProcess[str]) -> list[str]:
    """A harness that ends without having told anything wrong, and yet not well."""
    last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
    return [f"ended with {done.returncode}: {''.join(last)[:300]}"] if done.returncode else []


def seeds(tier: Tier, folder: Path, database: str) -> Part:
    number = tier.seeds if database == "sqlite" else tier.seeds_postgresql
    what = (
        f"histories of {tier.steps} steps, kills and bad lines among them, judged by an oracle on {database}"
    )
    part = Part(f"Simulated histories, {database}", what)
    path = folder / f"{database}.json"
    words = (
        "--seeds",
        str(number),
        "--steps",
        str(tier.steps),
        "--database",
        database,
        "--each-rule",
        str(tier.each_rule * number // tier.seeds),
        "--report",
        str(path),
    )
    done = program("tests.sim", *words)
    if not path.exists():
        part.wrong = fell_over(done)
        return part
    told = json.loads(path.read_text(encoding="utf-8"))
    part.tries, part.wrong, part.counts = told["seeds"], told["failures"], told["counts"]
    return part


def same_again(tier: Tier, folder: Path) -> Part:
    part = Part(
        "The same seed again", "each seed is played twice and must leave the same log", tier.played_again
    )
    done = program("tests.sim.again", str(tier.played_again), str(tier.steps))
    part.wrong = [
        f"seed {one['seed']} went otherwise the second time" for one in said(done) if not one["same"]
    ]
    part.wrong += fell_over(done) if not part.wrong else []
    return part


def planted_bugs(tier: Tier, folder: Path) -> Part:
    part = Part("Planted bugs", "the engine is broken on purpose; the simulator must notice")
    path = folder / "bugs.json"
    done = program("tests.sim", "bugs", "--each", str(tier.each_bug), "--report", str(path))
    if not path.exists():
        part.wrong = fell_over(done)
        return part
    told = json.loads(path.read_text(encoding="utf-8"))
    part.tries = len(told)
    part.wrong = [f"{one['bug']} went unnoticed" for one in told if not one["seeds"]]
    part.lines = [f"{one['bug']}: seed {one['seeds']}, {one['broke']}" for one in told]
    return part


def kills(tier: Tier, folder: Path) -> Part:
    part = Part("Killed at named steps", "a day is killed at a step, again in recovery, and finished; SQLite")
    done = program("tests.torture.killed_at_steps", str(folder), *tier.kills)
    for one in said(done):
        part.wrong += [f"{one.get('step', 'undisturbed')}: {wrong}" for wrong in one["wrong"]]
        part.tries += "step" in one
    part.wrong += fell_over(done)
    return part


def failing_disk(tier: Tier, folder: Path) -> Part:
    part = Part("A disk that fails", "a write, sync or cut of a file fails, once or from then on; SQLite")
    if shutil.which("strace") is None:
        part.left_out = "strace is not installed"
        return part
    done = program("tests.torture.failing_disk", str(folder / "days"), str(tier.each_call))
    for one in said(done):
        part.tries += one.get("days", 0)
        place = f"{one['call']} {one['when']}: " if "call" in one else ""
        part.wrong += [f"{place}{wrong}" for wrong in one.get("wrong", ())]
    part.wrong += fell_over(done) if not part.wrong else []
    return part


def power_cuts(tier: Tier, folder: Path) -> Part:
    part = Part(
        "Power cuts", "writes not synced are dropped at random, the stores opened and looked at; SQLite"
    )
    if shutil.which("strace") is None:
        part.left_out = "strace is not installed"
        return part
    done = program("tests.torture.power_cut", str(folder / "days"), str(tier.power_cuts))
    for one in said(done):
        part.tries += one.get("points", 0)
        part.wrong += [
            f"cut {one.get('cut', 'never')}: {wrong}" for wrong in one.get("wrong", one.get("uncut", ()))
        ]
    part.wrong += fell_over(done) if not part.wrong else []
    return part


def crowd(tier: Tier, folder: Path) -> Part:
    part = Part(
        "A crowd", "8 writers who dawdle before they commit, 50 readers, each in programs; PostgreSQL"
    )
    done = program("tests.torture.crowd", str(folder), str(tier.rows))
    for one in said(done):
        part.tries += one["rows"] if one["store"] == "central store" else 0
        part.lines.append("{store}: {rows:,} rows, {missed:,} missed, {wrong} readers wrong".format_map(one))
    part.wrong = fell_over(done)
    return part


def bad_lines(tier: Tier, folder: Path) -> Part:
    part = Part("Bad lines", "cut, dripping, half open, flipped, doubled and late messages, portals; SQLite")
    done = program("pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *BAD_LINES)
    came = {how: int(count) for count, how in PASSED.findall(done.stdout[-400:])}
    part.tries = came.get("passed", 0) + came.get("failed", 0)
    part.wrong = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    part.wrong += fell_over(done) if not part.wrong else []
    return part


PARTS: dict[str, Callable[[Tier, Path], Part]] = {
    "kills": kills,
    "disk": failing_disk,
    "power": power_cuts,
    "crowd": crowd,
    "lines": bad_lines,
    "again": same_again,
    "bugs": planted_bugs,
    "sqlite": lambda tier, folder: seeds(tier, folder, "sqlite"),
    "postgresql": lambda tier, folder: seeds(tier, folder, "postgresql"),
}
