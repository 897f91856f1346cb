"""Measures T1 to T10, the live line and the client: `python -m tests.bench [--size full] [--store both] [T1 …]`.

The first run makes the central store of the workload, which takes minutes for the full one, and keeps it in the
folder for temporary files; `--rebuild` makes it anew.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.bench.central import Stores
from tests.bench.concurrency import STORE
from tests.bench.report import Report
from tests.bench.tasks import TASKS, Run
from tests.bench.workload import SIZES, Size


def measure(
    size: Size, kinds: list[str], wanted: list[str], *, repeats: int, rebuild: bool = False
) -> list[Report]:
    """A report for each kind of central store."""
    reports = []
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="fieldrep-bench-") as folder:
            stores = Stores(size, Path(folder), rebuild=rebuild)
            few = SIZES[STORE[size.name]]
            others = stores if few == size else Stores(few, Path(folder), rebuild=rebuild)
            try:
                _say(f"{kind}: a copy of the central store")
                run = Run(stores.new(kind), partial(others.new, kind), kind, size, Path(folder), _say)
                reports.append(run.measure(wanted, repeats=repeats))
            finally:
                for one in {stores, others}:
                    one.close()
    return reports


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Prints the tables and writes the JSON; fails when two sides that should hold the same rows do not."""
    parser = argparse.ArgumentParser(
        prog="bench", description="Measures the main jobs against their budgets."
    )
    parser.add_argument(
        "tasks", nargs="*", metavar="T1 ...", help=f"of {', '.join(TASKS)}; all when none is named"
    )
    parser.add_argument("--size", choices=STORE, default="full")
    parser.add_argument("--store", choices=("sqlite", "postgresql", "both"), default="sqlite")
    parser.add_argument("--json", type=Path, help="write everything to this file")
    parser.add_argument("--repeats", type=int, default=3, help="how often; figures are medians")
    parser.add_argument("--rebuild", action="store_true", help="make the central store anew")
    words = parser.parse_args()
    unknown = set(words.tasks) - set(TASKS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(TASKS)}")
    kinds = ["sqlite", "postgresql"] if words.store == "both" else [words.store]
    reports = measure(
        SIZES[words.size], kinds, words.tasks or list(TASKS), repeats=words.repeats, rebuild=words.rebuild
    )
    for report in reports:
        print(report.table(), end="\n\n")
    if words.json:
        machine = {"python": platform.python_version(), "system": platform.platform()}
        words.json.write_text(
            json.dumps({"machine": machine, "reports": [r.as_json() for r in reports]}, indent=1),
            encoding="utf-8",
        )
    return 0 if all(fact for report in reports for fact in report.facts.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
