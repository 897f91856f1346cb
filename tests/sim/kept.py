"""Histories that once showed a fault, kept step by step, so that they stay the same when new kinds of steps are drawn.

`python -m tests.sim.kept SEED STEPS NAME WHY…` keeps the history of a seed that fails, without the steps it can do
without. Must not know what is right.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

from tests.sim.places import memory
from tests.sim.play import History, make_store, play
from tests.sim.schedule import Step, draw
from tests.store_suite.databases import Databases, databases

FOLDER = Path(__file__).with_name("kept")


def names() -> list[str]:
    """All that are kept."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def play_kept(name: str, folder: Path, url: str) -> History:
    """Plays one again."""
    kept = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    schedule = [Step(*values) for values in kept["steps"]]
    return play(kept["seed"], folder, url=url, change=lambda _: schedule)


def keep(name: str, why: str, seed: int, schedule: list[Step]) -> None:
    """Writes one down, a step a line."""
    steps = ",\n".join(f"  {json.dumps(astuple(step))}" for step in schedule)
    head = f'"why": {json.dumps(why)},\n"seed": {seed},\n"steps": [\n'
    (FOLDER / f"{name}.json").write_text(f"{{\n{head}{steps}\n]\n}}\n", encoding="utf-8")


def broken(seed: int, schedule: list[Step], folder: Path, stores: Databases) -> str:
    """What a schedule breaks, "" for nothing."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        try:
            play(seed, Path(place), url=stores.new("sqlite"), change=lambda _: schedule).close()
        except AssertionError as error:
            return str(error)
    return ""


def shrunk(seed: int, schedule: list[Step], folder: Path, stores: Databases) -> list[Step]:
    """The schedule without the steps that can be left out while the same promise breaks."""
    wanted = broken(seed, schedule, folder, stores)[:12]
    assert wanted, "nothing breaks"
    size = len(schedule) // 2
    while size:
        for start in _from_the_end(len(schedule), size):
            less = schedule[:start] + schedule[start + size :]
            if broken(seed, less, folder, stores)[:12] == wanted:
                schedule = less
        size //= 2
    return schedule


def _from_the_end(length: int, size: int) -> Iterator[int]:
    return iter(range(length - size, -1, -size))


def main(seed: int, steps: int, name: str, why: str) -> int:
    """Keeps the history of a seed."""
    with tempfile.TemporaryDirectory(prefix="fieldrep-kept-", dir=memory()) as given:
        folder = Path(given)
        (folder / "stores").mkdir()
        with databases(folder / "stores", make_store) as stores:
            schedule = shrunk(seed, draw(seed, steps, 2 + seed % 3), folder, stores)
            print(f"{len(schedule)} of {steps} steps: {broken(seed, schedule, folder, stores)}")
    FOLDER.mkdir(exist_ok=True)
    keep(name, why, seed, schedule)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], " ".join(sys.argv[4:])))
