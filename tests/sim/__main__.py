"""Many seeds at once: `python -m tests.sim --seeds 10000 --steps 200 --report FILE`.

`python -m tests.sim bugs` lists the planted bugs and how many seeds each takes to be noticed.

Exit code 1 when any seed breaks a promise; the report says how often each action, fault and outcome came up. A failing
seed is told at once. A run that was broken off goes on after the seeds in its report, unless the programs or the
simulator have changed since; one that came to its end with failures is played anew.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldrep.contract.change import Refused
from tests.sim.judge.rules import RULES
from tests.sim.places import memory
from tests.sim.planted import counting as planted
from tests.sim.play import History, make_store, play
from tests.store_suite.databases import databases
from tests.torture.report import state

BATCH = 20


@dataclass
class Batch:
    """What one batch of seeds came to."""

    seeds: int = 0
    failures: list[str] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)

    def take(self, history: History) -> None:
        outcomes = Counter(_said(outcome) for outcome in history.central.answers.values())
        for what, counted in (
            ("people", history.people.done),
            ("office", history.office.done),
            ("faults", history.fired),
            ("sticks", history.sticks.done),
            ("repairs", history.damage.done),
            ("wipes", history.wiping.done),
            ("files", history.central.bodies.asked),
            ("outcomes", outcomes),
            ("fields judged, by merge rule", _rules(history)),
            ("conflicts", Counter(row["reason"] for row in history.central.oracle.rows["conflict"].values())),
            ("copies told", {"": history.central.copies.noticed}),
            ("known again by their work", {"": history.central.copies.recognised}),
            ("told to wait", {"": history.central.waiting.times}),
            ("records purged", {"": history.ageing.purged}),
            ("instants looked at", {"": history.watch.looks}),
        ):
            self.counts.setdefault(what, Counter()).update(counted)

    def join(self, other: Batch) -> None:
        self.seeds += other.seeds
        self.failures += other.failures
        for what, counted in other.counts.items():
            self.counts.setdefault(what, Counter()).update(counted)


def _said(outcome: object) -> str:
    code = getattr(outcome, "code", "")
    return type(outcome).__name__.lower() + (f" {code}" if code else "")


def _rules(history: History) -> Counter[str]:
    """How many edited fields of answered changes each merge rule judged."""
    return Counter(
        RULES[edit.entity].get(name, "F")
        for laptop in history.laptops
        for n, change in laptop.made.items()
        if not isinstance(history.central.copies.answered_as(laptop, n)[1], Refused | None)
        for edit in change.edits
        if edit.kind == "update"
        for name in edit.after
    )


def judged_too_rarely(counts: dict[str, Counter[str]], least: int) -> list[str]:
    """The merge rules that judged fewer fields than wished; derived fields are not merged."""
    judged = counts.get("fields judged, by merge rule", Counter())
    rules = {rule for fields in RULES.values() for rule in fields.values()} - {"="}
    return [
        f"merge rule {rule} judged {judged[rule]} fields, fewer than {least}"
        for rule in sorted(rules)
        if judged[rule] < least
    ]


def play_batch(first: int, count: int, steps: int, kind: str, keep_log: bool) -> Batch:
    """Some seeds, one after the other, in this process."""
    batch = Batch()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fieldrep-sim-", dir=memory())))
        stores = stack.enter_context(databases(folder / "stores", make_store))
        (folder / "stores").mkdir()
        for seed in range(first, first + count):
            batch.seeds += 1
            place = folder / str(seed)
            place.mkdir()
            try:
                history = play(seed, place, steps=steps, url=stores.new(kind))
            except Exception as error:  # noqa: BLE001 - whatever it is, the report names the seed
                batch.failures.append(f"seed {seed}: {type(error).__name__}: {error}")
                continue
            history.close()
            batch.take(history)
            batch.logs += history.log[:-1] if keep_log else []
    gc.collect()
    return batch


def look_seldom() -> None:
    """Once in a process: what is loaded stays, and histories leave little behind in rings."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def _batches(first: int, seeds: int) -> Iterator[tuple[int, int]]:
    for start in range(first, first + seeds, BATCH):
        yield start, min(BATCH, first + seeds - start)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed")
    parser.add_argument("--steps", type=int, default=60, help="steps of each history")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=Path, help="where the result is written as JSON")
    parser.add_argument("--each-rule", type=int, default=0, help="how many fields each merge rule must judge")
    parser.add_argument("--log", action="store_true", help="print what happened, step by step")
    return parser.parse_args()


def _report(asked: argparse.Namespace, total: Batch, played: list[int], seconds: float) -> dict[str, Any]:
    return {
        "seeds": total.seeds,
        "asked": asked.seeds,
        "first": asked.first,
        "steps": asked.steps,
        "database": asked.database,
        "state": state("tests/sim"),
        "seconds": round(seconds, 1),
        "failures": total.failures,
        "counts": {what: dict(counted.most_common()) for what, counted in total.counts.items()},
        "played": sorted(played),
    }


def _before(asked: argparse.Namespace) -> tuple[Batch, list[int], float]:
    """What an earlier run of the same seeds came to, the batches it played, and how long it took."""
    if asked.report is None or not asked.report.exists():
        return Batch(), [], 0.0
    told = json.loads(asked.report.read_text(encoding="utf-8"))
    same = ("asked", "first", "steps", "database", "state")
    here = _report(asked, Batch(), [], 0.0)
    over = told["seeds"] == asked.seeds and told["failures"]
    if over or any(told.get(name) != here[name] for name in same):
        return Batch(), [], 0.0
    counts = {what: Counter(counted) for what, counted in told["counts"].items()}
    return Batch(told["seeds"], told["failures"], counts), told["played"], told["seconds"]


def main() -> int:
    """Plays all seeds, prints a line a batch, and writes the report, after each batch what is known by then."""
    if sys.argv[1:2] == ["bugs"]:
        return planted.main(sys.argv[2:])
    asked, begun = _arguments(), time.monotonic()
    total, played, spent = _before(asked)
    logs: dict[int, list[str]] = {}
    with ProcessPoolExecutor(asked.processes, initializer=look_seldom) as pool:
        running = {
            pool.submit(play_batch, first, count, asked.steps, asked.database, asked.log): first
            for first, count in _batches(asked.first, asked.seeds)
            if first not in played
        }
        for done in as_completed(running):
            batch = done.result()
            total.join(batch)
            played.append(running[done])
            logs[running[done]] = batch.logs
            _say(*batch.failures, f"{total.seeds} seeds, {len(total.failures)} failures")
            _write(asked, _report(asked, total, played, spent + time.monotonic() - begun))
    rarely = judged_too_rarely(total.counts, asked.each_rule)
    _say(*(line for first in sorted(logs) for line in logs[first]), *rarely)
    total.failures += rarely
    report = _report(asked, total, played, spent + time.monotonic() - begun)
    _write(asked, report)
    if not asked.report:
        _say(json.dumps(report, indent=2, ensure_ascii=False))
    return 1 if total.failures else 0


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)


def _write(asked: argparse.Namespace, report: dict[str, Any]) -> None:
    if asked.report:
        text = json.dumps(report, indent=2, ensure_ascii=False)
        asked.report.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
