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

from fieldrep.contract.steps import Step
from tests.torture.report import Part

CHECKOUT = Path(__file__).resolve().parents[2]
PASSED = re.compile(r"(\d+) (passed|failed|error|skipped)")
NAMED = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
BAD_LINES = ("tests/e2e/test_lines_that_break.py", "tests/e2e/test_cut_lines.py")
WHOLE_PROGRAMS = ("tests/e2e",)


@dataclass(frozen=True)
class Tier:
    """How much of everything is tried."""

    seeds: int
    steps: int
    seeds_postgresql: int
    played_again: int
    each_bug: int
    kills: tuple[str, ...]
    kills_postgresql: tuple[str, ...]
    each_call: int
    power_cuts: int
    rows: int
    laptops: int
    edits: int
    each_rule: int


TIERS = {
    "quick": Tier(40, 60, 6, 6, 6, (), ("server",), 211, 30, 1_200, 12, 8, 10),
    "release": Tier(10_000, 200, 500, 50, 1, ("every",), ("every",), 1, 5_000, 1_000_000, 500, 20, 1_000),
}


@dataclass(frozen=True)
class Place:
    """Where a part may write: a folder that is gone afterwards, and what it has of seeds, to go on from there."""

    folder: Path
    seeds: Path


def program(*words: str, aloud: bool = False) -> subprocess.CompletedProcess[str]:
    """A module of the tests, run to its end; `aloud` lets it tell on standard error what it tells on the way."""
    command = [sys.executable, "-m", *words]
    if aloud:
        return subprocess.run(command, cwd=CHECKOUT, stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)


def said(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The lines of JSON a harness printed."""
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def fell_over(done: subprocess.CompletedProcess[str]) -> list[str]:
    """A harness that ends without having told anything wrong, and yet not well."""
    last = (done.stderr.strip() or (done.stdout or "").strip()).splitlines()[-1:]
    return [f"ended with {done.returncode}: {''.join(last)[:300]}"] if done.returncode else []


def seeds(tier: Tier, place: Place, database: str) -> Part:
    number = tier.seeds if database == "sqlite" else tier.seeds_postgresql
    what = (
        f"histories of {tier.steps} steps, kills and bad lines among them, judged by an oracle on {database}"
    )
    part = Part(f"Simulated histories, {database}", what)
    path = place.seeds
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
    done = program("tests.sim", *words, aloud=True)
    if not path.exists():
        part.wrong = fell_over(done)
        return part
    told = json.loads(path.read_text(encoding="utf-8"))
    part.tries, part.wrong, part.counts = told["seeds"], told["failures"], told["counts"]
    if part.tries < number:
        part.wrong += [f"ended after {part.tries} of {number} seeds", *fell_over(done)]
    return part


def same_again(tier: Tier, place: Place) -> Part:
    part = Part(
        "The same seed again", "each seed is played twice and must leave the same log", tier.played_again
    )
    done = program("tests.sim.again", str(tier.played_again), str(tier.steps))
    part.wrong = [
        f"seed {one['seed']} went otherwise the second time" for one in said(done) if not one["same"]
    ]
    part.wrong += fell_over(done) if not part.wrong else []
    return part


def planted_bugs(tier: Tier, place: Place) -> Part:
    part = Part("Planted bugs", "the engine is broken on purpose; the simulator must notice")
    path = place.folder / "bugs.json"
    done = program("tests.sim", "bugs", "--each", str(tier.each_bug), "--report", str(path))
    if not path.exists():
        part.wrong = fell_over(done)
        return part
    told = json.loads(path.read_text(encoding="utf-8"))
    part.tries = len(told)
    part.wrong = [f"{one['bug']} went unnoticed" for one in told if not one["seeds"]]
    part.lines = [f"{one['bug']}: seed {one['seeds']}, {one['broke']}" for one in told]
    return part


def kills(tier: Tier, place: Place, database: str) -> Part:
    what = f"a day is killed at a step, again in recovery, and finished; {NAMED[database]}"
    part = Part(f"Killed at named steps, {database}", what)
    words = tier.kills if database == "sqlite" else tier.kills_postgresql
    done = program("tests.torture.killed_at_steps", str(place.folder), database, *words)
    for one in said(done):
        part.wrong += [f"{one.get('step', 'undisturbed')}: {wrong}" for wrong in one["wrong"]]
        if "counts" in one:
            part.wrong += [f"{step.name} is never reached" for step in Step if step.name not in one["counts"]]
        part.tries += "step" in one
    part.wrong += fell_over(done)
    return part


def failing_disk(tier: Tier, place: Place) -> Part:
    part = Part(
        "A disk that fails",
        "a call on a file of the stores fails, once or from then on, or the disk is full; SQLite",
    )
    if shutil.which("strace") is None:
        part.left_out = "strace is not installed"
        return part
    done = program("tests.torture.failing_disk", str(place.folder / "days"), str(tier.each_call))
    for one in said(done):
        part.wrong += [f"{one['way']} {one['when']}: {wrong}" for wrong in one.get("wrong", ())]
        if "tried" in one:
            part.tries += one["tried"]
            part.counts[one["way"]] = {"tried": one["tried"], "of": one["of"], **one["ended"]}
    part.wrong += fell_over(done) if not part.wrong else []
    return part


def power_cuts(tier: Tier, place: Place) -> Part:
    part = Part(
        "Power cuts", "writes not synced are dropped at random, the stores opened and looked at; SQLite"
    )
    if shutil.which("strace") is None:
        part.left_out = "strace is not installed"
        return part
    done = program("tests.torture.power_cut", str(place.folder / "days"), str(tier.power_cuts))
    for one in said(done):
        part.tries += one.get("points", 0)
        part.wrong += [
            f"cut {one.get('cut', 'never')}: {wrong}" for wrong in one.get("wrong", one.get("uncut", ()))
        ]
    part.wrong += fell_over(done) if not part.wrong else []
    return part


def crowd(tier: Tier, place: Place) -> Part:
    part = Part(
        "A crowd", "8 writers who dawdle before they commit, 50 readers, each in programs; PostgreSQL"
    )
    done = program("tests.torture.crowd", str(place.folder), str(tier.rows))
    for one in said(done):
        part.tries += one["rows"] if one["store"] == "central store" else 0
        part.lines.append("{store}: {rows:,} rows, {missed:,} missed, {wrong} readers wrong".format_map(one))
    part.wrong = fell_over(done)
    return part


def morning(tier: Tier, place: Place, database: str) -> Part:
    what = f"laptops push while the server, {NAMED[database]} and the laptops' programs are killed"
    part = Part(f"A morning of kills, {database}", what)
    words = (str(place.folder), database, str(tier.laptops), str(tier.edits))
    done = program("tests.torture.morning", *words)
    for one in said(done):
        part.tries, part.wrong = one["edits"], one["wrong"]
        part.counts = {"killed": one["killed"], "syncs refused for now": one["refused"]}
        part.lines.append("{laptops} laptops, {edits:,} changes, {seconds} s".format_map(one))
    part.wrong += fell_over(done) if not part.wrong else []
    return part


def bad_lines(tier: Tier, place: Place, database: str) -> Part:
    what = f"cut, dripping, half open, flipped, doubled and late messages, portals; {NAMED[database]}"
    return _tests(Part(f"Bad lines, {database}", what), database, *BAD_LINES)


def whole_programs(tier: Tier, place: Place) -> Part:
    what = "every test of whole programs, which runs on SQLite at each change, with its central stores on PostgreSQL"
    return _tests(Part("Whole programs, postgresql", what), "postgresql", *WHOLE_PROGRAMS)


def _tests(part: Part, database: str, *files: str) -> Part:
    """Tests that keep their central stores in a database; what failed is told by name."""
    words = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--central-store", database)
    done = program("pytest", *words, *files)
    came = {how: int(count) for count, how in PASSED.findall(done.stdout[-400:])}
    part.tries = came.get("passed", 0) + came.get("failed", 0)
    part.wrong = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    part.wrong += fell_over(done) if not part.wrong else []
    return part


PARTS: dict[str, Callable[[Tier, Place], Part]] = {
    "kills": lambda tier, place: kills(tier, place, "sqlite"),
    "kills-postgresql": lambda tier, place: kills(tier, place, "postgresql"),
    "disk": failing_disk,
    "power": power_cuts,
    "crowd": crowd,
    "morning": lambda tier, place: morning(tier, place, "sqlite"),
    "morning-postgresql": lambda tier, place: morning(tier, place, "postgresql"),
    "lines": lambda tier, place: bad_lines(tier, place, "sqlite"),
    "lines-postgresql": lambda tier, place: bad_lines(tier, place, "postgresql"),
    "programs-postgresql": whole_programs,
    "again": same_again,
    "bugs": planted_bugs,
    "sqlite": lambda tier, place: seeds(tier, place, "sqlite"),
    "postgresql": lambda tier, place: seeds(tier, place, "postgresql"),
}
