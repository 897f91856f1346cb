"""A rep's working day on a real replica and a real central store, killed at a named step, begun again, and judged.

Run as a program, `python -m tests.torture.killed_at_steps FOLDER [sqlite|postgresql] [every|server]`: prints a line of
JSON for the undisturbed day and one for each kill; with `every` each step is met at its first and at its last time,
with `server` only the server's own. Every part of the day can be done again: it looks first whether it was done. What
was acknowledged before a kill must be there after it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from fieldrep.contract import steps
from fieldrep.contract.errors import KnownError
from fieldrep.contract.steps import Step
from sync_server.store.database import Database
from tests.store_suite.databases import Databases, databases
from tests.torture.day import Day, clock

SERVER_STEPS = (Step.JUDGED, Step.FLUSHED, Step.COMMITTED, Step.WIPE_CONFIRMED, Step.CARRIED_ANSWER)


def forked(work: Callable[[], None]) -> int:
    """Runs a piece of work in a process of its own; its exit code, -9 when it was killed."""
    return ended(begun(work))


def ended(child: int) -> int:
    """The exit code of a process that `begun` began."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def begun(work: Callable[[], None]) -> int:
    """Begins a piece of work in a process of its own; the number of the process."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told by the exit code; the parent says which step it was
            sys.stderr.write(
                f"{type(error).__name__}: {error.sentence if isinstance(error, KnownError) else error}\n"
            )
            os._exit(1)
        os._exit(0)
    return child


def day_killed_at(folder: Path, step: Step, nth: int) -> Callable[[], None]:
    """A day that dies when it reaches the step for the nth time."""

    def work() -> None:
        left = nth

        def listen(now: Step) -> None:
            nonlocal left
            left -= now is step
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        steps.listener = listen
        Day(folder).work()

    return work


def counted(folder: Path) -> Counter[str]:
    """How often an undisturbed day reaches each step."""

    def work() -> None:
        found: Counter[str] = Counter()
        steps.listener = lambda step: found.update([step.name])
        Day(folder).work()
        (folder / "counts").write_text(json.dumps(found), encoding="ascii")

    assert forked(work) == 0
    return Counter(json.loads((folder / "counts").read_text(encoding="ascii")))


def tell(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def judged(folder: Path, work: str) -> list[str]:
    """`look` or `judge`, in a process of its own; what it found wrong."""
    answer = folder / f"{work} says"

    def write() -> None:
        answer.write_text(json.dumps(getattr(Day(folder), work)()), encoding="utf-8")

    if forked(write):
        return [f"{work} failed"]
    found: list[str] = json.loads(answer.read_text(encoding="utf-8"))
    return found


class Places:
    """Folders for days, each with a central store of its own that is ready for the morning."""

    def __init__(self, root: Path, kind: str, stores: Databases) -> None:
        self.root, self._kind, self._stores = root, kind, stores

    @contextmanager
    def place(self, name: str) -> Iterator[Path]:
        """One of them, until it is done with."""
        folder = self.root / name
        folder.mkdir()
        address = self._stores.new(self._kind)
        if self._kind == "sqlite":
            shutil.move(str(make_url(address).database), folder / "central.db")
        else:
            (folder / "address").write_text(address, encoding="utf-8")
        assert forked(Day(folder).prepare) == 0
        yield folder
        self._stores.give_back(address)
        shutil.rmtree(folder)


def killed(places: Places, step: Step, nth: int) -> None:
    """A day that is killed at a step, again while it recovers, and then finished; tells what came of it."""
    with places.place(f"{step.name} {nth}") as folder:
        kills = [forked(day_killed_at(folder, step, nth))]
        wrong = judged(folder, "look")
        # killed again while it recovers, where it comes by there once more
        kills.append(forked(day_killed_at(folder, step, 1)))
        wrong += judged(folder, "look")
        kills.append(forked(Day(folder).work))
        wrong += judged(folder, "judge")
        tell(step=step.name, nth=nth, kills=kills, wrong=wrong)


def empty_store(url: str) -> None:
    """A central store without anything in it."""
    Database.create(url, clock, os.urandom).close()


def main(root: Path, words: list[str]) -> None:
    """Kills at one step after the other."""
    with databases(root, empty_store) as stores:
        places = Places(root, "postgresql" if "postgresql" in words else "sqlite", stores)
        with places.place("quiet") as quiet:
            counts = counted(quiet)
            tell(counts=counts, wrong=judged(quiet, "judge"))
        for step in SERVER_STEPS if "server" in words else Step:
            times = {1, counts[step.name]} if "every" in words else {1}
            for nth in sorted(times) if counts[step.name] else ():
                killed(places, step, nth)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
