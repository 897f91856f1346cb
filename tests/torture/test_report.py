"""The report of a torture run says first what was lost, and never passes over what could not be tried."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.killed_at_steps import SERVER_STEPS
from tests.torture.report import Part, Report, as_json, as_markdown, cited, kept, state

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


def test_what_was_not_run_is_named() -> None:
    report = Report("release", [Part("A crowd", "many", 9, asked="crowd")], ("crowd", "power"))
    assert not report.complete
    assert "Not everything was tried" in as_markdown(report)
    assert "| power | not run |" in as_markdown(report)
    assert json.loads(as_json(report))["not run"] == ["power"]


def test_a_later_run_keeps_what_went_well_with_the_same_programs(tmp_path: Path) -> None:
    well = Part("A crowd", "many", 9, asked="crowd", seconds=2.5, lines=["store: 9 rows"])
    wrong = Part("Power cuts", "the power goes", 30, ["lost"], asked="power")
    left = Part("A disk", "it fails", left_out="strace is not installed", asked="disk")
    path = tmp_path / "report.json"
    assert kept(path, "release") == []
    path.write_text(as_json(Report("release", [well, wrong, left])), encoding="utf-8")
    assert kept(path, "release") == [well]
    assert kept(path, "quick") == []
    path.write_text(path.read_text(encoding="utf-8").replace(state(), "other"), encoding="utf-8")
    assert kept(path, "release") == []


def test_a_part_that_went_well_is_not_run_again(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    well = Part("The same seed again", "twice", 77, asked="again")
    out.with_suffix(".json").write_text(as_json(Report("quick", [well])), encoding="utf-8")
    words = [sys.executable, "-m", "tests.torture", "--out", str(out), "again"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.stdout == "The same seed again: 77 tries, 0 wrong, 0 s, kept from before\n", done.stderr


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
