"""The report of a torture run says first what was lost, and never passes over what could not be tried."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.torture.__main__ import arguments, before
from tests.torture.killed_at_steps import SERVER_STEPS
from tests.torture.report import Part, Report, as_json, as_markdown, cited, commit, kept, state

CHECKOUT = Path(__file__).resolve().parents[2]
ATTACHMENTS = "I13"
"""The one promise about what does not exist yet."""


def test_what_went_wrong_stands_first_and_is_named() -> None:
    report = Report(
        "quick", [Part("Power cuts", "the power goes", 30), Part("A crowd", "many", 9, ["one row missed"])]
    )
    assert report.losses == 1
    assert "1 things went wrong" in as_markdown(report).splitlines()[2]
    assert "- WRONG: one row missed" in as_markdown(report)
    assert json.loads(as_json(report))["losses"] == 1


def test_a_part_that_could_not_be_tried_is_no_part_that_went_well() -> None:
    report = Report("quick", [Part("Power cuts", "the power goes", left_out="strace is not installed")])
    assert not report.complete
    assert "Not everything was tried" in as_markdown(report)
    assert "left out: strace is not installed" in as_markdown(report)


def test_every_promise_is_named_by_a_test() -> None:
    assert {promise for promise, modules in cited().items() if not modules} <= {ATTACHMENTS}


@pytest.mark.skipif(os.name != "posix", reason="kills by signal and forks are of POSIX systems")
def test_a_run_writes_its_report_as_markdown_and_as_json(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    words = [sys.executable, "-m", "tests.torture", "--out", str(out), "kills-postgresql"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing was lost." in out.read_text(encoding="utf-8")
    told = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert [(part["name"], part["tries"], part["wrong"]) for part in told["parts"]] == [
        ("Killed at named steps, postgresql", len(SERVER_STEPS), [])
    ]
    assert [(part["commit"], part["state"]) for part in told["parts"]] == [(commit(), state())]
    assert told["parts"][0]["date"]


def test_what_was_not_run_is_named() -> None:
    report = Report("release", [Part("A crowd", "many", 9, asked="crowd")], ("crowd", "power"))
    assert not report.complete
    assert "Not everything was tried" in as_markdown(report)
    assert "| power | not run |" in as_markdown(report)
    assert json.loads(as_json(report))["not run"] == ["power"]


def tried(asked: str, **more: Any) -> Part:
    """A part that went well with the programs as they are."""
    return Part(asked.title(), "much", 9, asked=asked, **{"commit": "aaaaaaa", "state": state(), **more})


def test_a_later_run_keeps_what_went_well_with_the_same_programs(tmp_path: Path) -> None:
    well = tried("crowd", seconds=2.5, lines=["store: 9 rows"], date="2026-11-22")
    parts = [well, tried("power", wrong=["lost"]), tried("disk", left_out="strace is not installed")]
    path = tmp_path / "report.json"
    assert kept(path, "release") == []
    path.write_text(as_json(Report("release", parts)), encoding="utf-8")
    assert kept(path, "release") == [well]
    assert kept(path, "quick") == []
    path.write_text(path.read_text(encoding="utf-8").replace(state(), "other"), encoding="utf-8")
    assert kept(path, "release") == []


def test_what_went_well_with_other_programs_is_kept_when_asked_for_and_stays_theirs(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    theirs, lost = tried("crowd", state="other"), tried("power", state="other", wrong=["lost"])
    path.write_text(as_json(Report("release", [theirs, lost, tried("disk")])), encoding="utf-8")
    assert kept(path, "release") == [tried("disk")]
    assert kept(path, "release", of_any_state=True) == [theirs, tried("disk")]
    asked = arguments(["--tier", "release", "--out", str(path.with_suffix(".md")), "--keep"])
    assert list(before(asked)) == ["crowd", "disk"]


def test_parts_of_an_older_report_take_the_programs_its_head_names(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    told = json.loads(as_json(Report("release", [tried("crowd")])))
    for name in ("commit", "state", "date"):
        del told["parts"][0][name]
    told["versions"]["FieldRep"], told["state"] = "0.1.0, commit 3c2eb5c with changes", "other"
    path.write_text(json.dumps(told), encoding="utf-8")
    (part,) = kept(path, "release", of_any_state=True)
    assert (part.commit, part.state, part.date) == ("3c2eb5c with changes", "other", "")


def test_the_report_says_with_which_programs_each_part_was_tried() -> None:
    crowd, disk = tried("crowd", date="2026-11-22"), tried("disk", commit="bbbbbbb", date="2026-11-23")
    one = as_markdown(Report("release", [crowd, disk]))
    assert "All parts were tried with one state of the programs, commit aaaaaaa.\n" in one
    crowd.state = "0123456789abcdef"
    several = as_markdown(Report("release", [crowd, disk]))
    assert "2 states of the programs: commit aaaaaaa (01234567) with Crowd; commit bbbbbbb (" in several
    assert "| Crowd | much | aaaaaaa | 2026-11-22 | 9 | 0 | 0 |" in several
    assert "| Disk | much | bbbbbbb | 2026-11-23 | 9 | 0 | 0 |" in several


def test_a_part_that_went_well_is_not_run_again(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    words = [sys.executable, "-m", "tests.torture", "--out", str(out), "again"]
    out.with_suffix(".json").write_text(as_json(Report("quick", [tried("again")])), encoding="utf-8")
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.stdout == "Again: 9 tries, 0 wrong, 0 s, kept from before\n", done.stderr
    theirs = tried("again", state="other", commit="3c2eb5c")
    out.with_suffix(".json").write_text(as_json(Report("quick", [theirs])), encoding="utf-8")
    done = subprocess.run([*words, "--keep"], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.stdout == "Again: 9 tries, 0 wrong, 0 s, kept from commit 3c2eb5c\n", done.stderr


def test_what_is_asked_for_anew_is_run_again_and_the_rest_stays(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    parts = [tried("crowd"), tried("disk")]
    out.with_suffix(".json").write_text(as_json(Report("quick", parts)), encoding="utf-8")
    assert list(before(arguments(["--out", str(out), "disk"]))) == ["crowd", "disk"]
    assert list(before(arguments(["--out", str(out), "--anew", "disk"]))) == ["crowd"]
    assert before(arguments(["--out", str(out), "--anew"])) == {}


def test_seeds_go_on_after_those_that_were_played(tmp_path: Path) -> None:
    report = tmp_path / "seeds.json"
    told = {"seeds": 20, "asked": 21, "first": 1, "steps": 1, "database": "sqlite", "seconds": 9.0}
    known = {"state": state("tests/sim"), "failures": ["seed 3: Wrong"], "counts": {"office": {"move": 5}}}
    report.write_text(json.dumps({**told, **known, "played": [1]}), encoding="utf-8")
    words = [sys.executable, "-m", "tests.sim", "--seeds", "21", "--steps", "1", "--report", str(report)]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.stdout == "21 seeds, 1 failures\n", done.stderr
    came = json.loads(report.read_text(encoding="utf-8"))
    assert (came["seeds"], came["played"], came["failures"]) == (21, [1, 21], ["seed 3: Wrong"])
    assert came["seconds"] > 9
    report.write_text(json.dumps({**came, "failures": []}), encoding="utf-8")
    again = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True)
    assert (again.stdout, again.returncode) == ("", 0), "all of them were played"
