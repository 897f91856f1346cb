"""A disk that fails at the Nth write or sync, once or from then on, in every part of a working day.

Run as a program: `python -m tests.torture.failing_disk FOLDER [EVERY]` fails each EVERY-th call (5 by itself, 1 for a
release). It needs strace and says so where there is none. Afterwards both stores are sound, what was acknowledged is
there, and the day can be finished.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from fieldrep.contract.errors import KnownError
from tests.torture.day import Day
from tests.torture.killed_at_steps import forked, judged, tell

CALLS = {"pwrite64": "EIO", "fdatasync": "EIO", "ftruncate": "EIO"}
REFUSED = 3


def strace(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A day in a program of its own, watched by strace with these options."""
    program = shutil.which("strace")
    if program is None:
        raise SystemExit("This needs strace: install it, then run this again.")
    command = [
        program,
        "-f",
        "-qq",
        *options,
        sys.executable,
        "-m",
        "tests.torture.failing_disk",
        "--day",
        str(folder),
    ]
    return subprocess.run(command, capture_output=True, text=True)


def day(folder: Path) -> int:
    """Works the day; 3 when it was refused with a sentence, which is all a failing disk may do to a person."""
    try:
        Day(folder).work()
    except KnownError as error:
        sys.stdout.write(f"{error.code}: {error.sentence}\n")
        return REFUSED
    return 0


def counted(folder: Path) -> dict[str, int]:
    """How many of each call a quiet day makes."""
    log = folder / "calls"
    done = strace(folder, "-e", f"trace={','.join(CALLS)}", "-o", str(log))
    assert done.returncode == 0, done.stderr
    text = log.read_text(encoding="utf-8", errors="replace")
    return {call: len(re.findall(rf"\b{call}\(", text)) for call in CALLS}


def main(root: Path, every: int) -> int:
    """Fails one call after the other; the number of days on which something was wrong."""
    start, quiet = root / "start", root / "quiet"
    start.mkdir(parents=True)
    assert forked(Day(start).prepare) == 0
    shutil.copytree(start, quiet)
    counts = counted(quiet)
    tell(counts=counts, wrong=judged(quiet, "judge"))
    bad = 0
    for call, error in CALLS.items():
        for number in range(1, counts[call] + 1, every):
            for when in (str(number), f"{number}+"):
                folder = root / f"{call} {when}"
                shutil.copytree(start, folder)
                options = (
                    "-e",
                    f"trace={call}",
                    "-e",
                    f"inject={call}:error={error}:when={when}",
                    "-o",
                    "/dev/null",
                )
                done = strace(folder, *options)
                wrong = [] if done.returncode in (0, REFUSED) else [done.stderr[-300:]]
                wrong += judged(folder, "look")
                if forked(Day(folder).work):
                    wrong.append("the day cannot be finished")
                wrong += judged(folder, "judge")
                bad += bool(wrong)
                if wrong or number == 1:
                    tell(call=call, when=when, ended=done.returncode, said=done.stdout.strip(), wrong=wrong)
                shutil.rmtree(folder)
    tell(days=2 * sum(len(range(1, count + 1, every)) for count in counts.values()), bad=bad)
    return bad


if __name__ == "__main__":
    if sys.argv[1] == "--day":
        sys.exit(day(Path(sys.argv[2])))
    sys.exit(1 if main(Path(sys.argv[1]), int(json.loads(sys.argv[2])) if len(sys.argv) > 2 else 5) else 0)
