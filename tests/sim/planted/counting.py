"""Each planted bug, and how many seeds it took to notice it: `python -m tests.sim bugs [--each 4] [--report FILE]`.

The engine with a bug in it is played seed by seed until a promise breaks. A bug that goes unnoticed says that the
harness is blind there, and fails the run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.sim.places import memory
from tests.sim.planted.bugs import BUGS, Bug, planted
from tests.sim.planted.disk import DISK_BUGS
from tests.sim.planted.files import FILE_BUGS
from tests.sim.planted.in_motion import IN_MOTION
from tests.sim.planted.loss import LOSS_BUGS
from tests.sim.planted.merges import MERGE_BUGS
from tests.sim.planted.restore import RESTORE_BUGS, restored_often
from tests.sim.planted.skew import SKEW_BUGS
from tests.sim.play import make_store, play
from tests.store_suite.databases import Databases, databases

_SHOWN_SOON = (*BUGS, *IN_MOTION, *MERGE_BUGS, *FILE_BUGS, *LOSS_BUGS, *DISK_BUGS, *SKEW_BUGS)
ALL_BUGS: tuple[Bug, ...] = (*_SHOWN_SOON, *RESTORE_BUGS)
MOST_SEEDS = 120
CAUGHT = Path(__file__).with_name("caught.json")
"""Which seed noticed each bug last time (`bugs --note` writes it): the suite looks there first."""


def seeds_to_try(bug: Bug) -> list[int]:
    """Every seed, the one that noticed the bug last time first."""
    noted = json.loads(CAUGHT.read_text(encoding="utf-8")).get(bug.__name__, 1)
    return [noted, *(seed for seed in range(1, MOST_SEEDS + 1) if seed != noted)]


def histories_for(bug: Bug) -> dict[str, Any]:
    """In what histories it is looked for, as `play` takes it: how long they are, and what is made of schedules."""
    return {"steps": 60} if bug in _SHOWN_SOON else {"steps": 200, "change": restored_often}


def seeds_needed(bug: Bug, folder: Path, stores: Databases) -> tuple[int, str]:
    """How many seeds it took, and what was broken; 0 when nobody noticed."""
    for seed in range(1, MOST_SEEDS + 1):
        place = folder / f"{bug.__name__} {seed}"
        place.mkdir()
        try:
            with planted(bug):
                play(seed, place, url=stores.new("sqlite"), **histories_for(bug)).close()
        except AssertionError as caught:
            return seed, str(caught)[:160]
    return 0, ""


def main(words: Sequence[str]) -> int:
    """Prints a line per bug; 1 when one was not noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim bugs", description=__doc__)
    parser.add_argument("--each", type=int, default=1, help="only every so many of the bugs")
    parser.add_argument("--report", type=Path, help="where the list is written as JSON")
    parser.add_argument("--note", action="store_true", help="write down the seeds for the suite")
    asked = parser.parse_args(words)
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="fieldrep-bugs-", dir=memory()) as name:
        folder = Path(name)
        (folder / "stores").mkdir()
        with databases(folder / "stores", make_store) as stores:
            for bug in ALL_BUGS[:: asked.each]:
                begun = time.monotonic()
                seeds, broke = seeds_needed(bug, folder, stores)
                spent = round(time.monotonic() - begun, 1)
                what = " ".join((bug.__doc__ or "").split())
                found.append(
                    {"bug": bug.__name__, "what": what, "seeds": seeds, "broke": broke, "seconds": spent}
                )
                print(f"{bug.__name__:40} {f'seed {seeds}' if seeds else 'UNNOTICED':10} {broke}", flush=True)
    if asked.report:
        asked.report.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if asked.note:
        noted = {one["bug"]: one["seeds"] for one in found if one["seeds"]}
        CAUGHT.write_text(json.dumps(noted, indent=2) + "\n", encoding="utf-8")
    return int(any(not one["seeds"] for one in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
