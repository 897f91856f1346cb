"""A disk that fails or is full at the Nth call, once or from then on, in every part of a working day.

Run as a program: `python -m tests.torture.failing_disk FOLDER [EVERY [MOST]]` fails each EVERY-th call (5 by itself, 1
for a release), or fewer where one way to fail came to more than MOST days; one call fails once, the next one from then
on. Only calls on the files of both programs fail. It needs strace and says so where there is none. Afterwards both
stores are sound, what was acknowledged is there, and the day can be finished.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle
from math import ceil
from pathlib import Path

from fieldrep.contract.errors import KnownError
from tests.torture.day import Day
from tests.torture.killed_at_steps import forked, judged, tell
from tests.torture.traced import PID, traced

CHECKOUT = Path(__file__).resolve().parents[2]
OURS = ("fieldrep", "sync_server", "tests")
MOST = 160
"""Days for each way to fail: all of them are done in a quarter of an hour of one core."""

OF_THE_DAY = {"seen", "wrong", "wrong.part", "code", "older.part", "started over", "damaged", "ended"}
"""Files by which a day knows how far it is; they are no business of the programs."""


@dataclass(frozen=True)
class Way:
    """One way to fail.

    Attributes:
        lasting: whether it may fail from then on, too.
    """

    call: str
    error: str
    lasting: bool = True

    def __str__(self) -> str:
        return f"{self.error} at {self.call}"


MAKING = Way("openat", "ENOSPC", lasting=False)
"""A file cannot be made; those that are there can be opened on a full disk, too."""

WAYS = (
    *(
        Way(call, "EIO")
        for call in ("pwrite64", "fdatasync", "fsync", "ftruncate", "pread64", "rename", "unlink")
    ),
    *(Way(call, "ENOSPC") for call in ("pwrite64", "write")),
    MAKING,
)
CALLS = ",".join(sorted({way.call for way in WAYS}))


def day(folder: Path) -> None:
    """Works the day and notes how it ended."""
    how = {"ended": "finished"}
    try:
        Day(folder).work()
    except Exception as error:  # noqa: BLE001 - whatever it is, the report names it
        how = said_of(error)
    (folder / "ended").write_text(json.dumps(how), encoding="utf-8")


def said_of(error: Exception) -> dict[str, str]:
    """A failing disk may do no more to a person than refuse with a sentence; all else is a fault.

    What the disk says goes out of the server's code as it is, and its commands make a sentence of it; the day's own
    files are no business of the programs.
    """
    if isinstance(error, KnownError):
        return {"ended": error.code}
    frames = traceback.extract_tb(error.__traceback__)
    place = next(frame for frame in reversed(frames) if _is_of(frame.filename, *OURS))
    if isinstance(error, OSError) and not _is_of(place.filename, "fieldrep"):
        return {"ended": "told by the command"}
    return {"fault": f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"}


def _is_of(file: str, *folders: str) -> bool:
    return any(Path(file).is_relative_to(CHECKOUT / folder) for folder in folders)


def how_it_ended(folder: Path, code: int) -> dict[str, str]:
    """What the day noted."""
    path = folder / "ended"
    how: dict[str, str] = (
        json.loads(path.read_text(encoding="utf-8")) if not code else {"fault": f"ended with {code}"}
    )
    path.unlink(missing_ok=True)
    return how


@dataclass(frozen=True)
class Quiet:
    """What an undisturbed day does to the files of both programs.

    Attributes:
        names: of these files, with a mark where the number of the process stands.
        lines: its calls on them, as strace tells them.
        there: the names of the files in the morning.
    """

    names: tuple[str, ...]
    lines: tuple[str, ...]
    there: frozenset[str]

    def numbers(self, way: Way) -> list[int]:
        """The calls that may fail this way, by their place among those of the same name."""
        if way is not MAKING:
            return list(range(1, sum(line.startswith(f"{way.call}(") for line in self.lines) + 1))
        return list(self._making())

    def _making(self) -> Iterator[int]:
        there, number = set(self.there), count(1)
        for line in self.lines:
            names = [Path(name).name for name in re.findall(r'"([^"]*)"', line)]
            if line.startswith("openat("):
                nth = next(number)
                if "O_CREAT" in line and names[0] not in there:
                    yield nth
                    there.add(names[0])
            elif line.startswith(("unlink(", "rename(")):
                there.discard(names[0])
                there.update(names[1:])


def looked_at(folder: Path, names: Iterable[str]) -> list[str]:
    """The words by which strace looks at these files and their folder alone."""
    return [word for path in (folder, *(folder / name for name in names)) for word in ("-P", str(path))]


def recorded(folder: Path, start: Path, *words: str) -> list[str]:
    """The calls of an undisturbed day, one a line; it must end well."""
    log = folder.with_suffix(".calls")
    shutil.copytree(start, folder)
    code = traced(partial(day, folder), "-o", str(log), *words)
    came = [how_it_ended(folder, code), *judged(folder, "judge")]
    assert came == [{"ended": "finished"}], came
    return log.read_text(encoding="utf-8", errors="replace").splitlines()


def quiet_day(root: Path, start: Path) -> Quiet:
    """Works one undisturbed day to learn the names of the files, and another one to learn the calls on them."""
    first, second = root / "first", root / "second"
    lines = recorded(first, start, "-y")
    pid = lines[0].split(maxsplit=1)[0]
    found = set(re.findall(rf'{re.escape(str(first))}/([^"<>/ ]+)[">]', "\n".join(lines)))
    names = sorted(name.replace(f".{pid}.", f".{PID}.") for name in found - OF_THE_DAY)
    lines = recorded(second, start, "-e", f"trace={CALLS}", *looked_at(second, names))
    calls = tuple(line.split(maxsplit=1)[1] for line in lines)
    return Quiet(tuple(names), calls, frozenset(file.name for file in start.iterdir()))


def failed(folder: Path, names: Iterable[str], way: Way, when: str) -> tuple[str, list[str]]:
    """How a day ended whose disk failed there, and what was wrong then or when it had been finished."""
    log = folder.with_suffix(".calls")
    inject = f"inject={way.call}:error={way.error}:when={when}"
    words = ("-e", f"trace={way.call}", "-e", inject, "-o", str(log), *looked_at(folder, names))
    how = how_it_ended(folder, traced(partial(day, folder), *words))
    wrong = [how["fault"]] if "fault" in how else []
    wrong += judged(folder, "look")
    again = how_it_ended(folder, forked(partial(day, folder)))
    if again != {"ended": "finished"}:
        wrong.append(f"the day cannot be finished: {again}")
    wrong += judged(folder, "judge")
    reached = "(INJECTED)" in log.read_text(encoding="utf-8", errors="replace")
    return how.get("ended", "a fault") if reached else "not reached", wrong


def main(root: Path, every: int, most: int) -> int:
    """Fails one call after the other; the number of days on which something was wrong."""
    start, bad, when = root / "start", 0, cycle(("{}", "{}+"))
    start.mkdir(parents=True)
    assert forked(Day(start).prepare) == 0
    quiet = quiet_day(root, start)
    for way in WAYS:
        numbers, ended = quiet.numbers(way), Counter[str]()
        tried = numbers[:: max(every, ceil(len(numbers) / most))]
        for number in tried:
            moment = next(when).format(number) if way.lasting else str(number)
            folder = root / f"{way} {moment}"
            shutil.copytree(start, folder)
            how, wrong = failed(folder, quiet.names, way, moment)
            shutil.rmtree(folder)
            ended[how] += 1
            bad += bool(wrong)
            if wrong:
                tell(way=str(way), when=moment, ended=how, wrong=wrong)
        tell(way=str(way), tried=len(tried), of=len(numbers), ended=ended)
    return bad


if __name__ == "__main__":
    every, most = [int(word) for word in sys.argv[2:]] + [5, MOST][len(sys.argv) - 2 :]
    sys.exit(1 if main(Path(sys.argv[1]), every, most) else 0)
