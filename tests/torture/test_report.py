"""The report of a torture run says first what was lost, and never passes over what could not be tried."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.torture.report import Part, Report, as_json, as_markdown, cited

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
    assert "Not everything could be tried here" in as_markdown(report)
    assert "left out: strace is not installed" in as_markdown(report)


def test_every_promise_is_named_by_a_test() -> None:
    assert {promise for promise, modules in cited().items() if not modules} <= {ATTACHMENTS}


def test_a_run_writes_its_report_as_markdown_and_as_json(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    words = [sys.executable, "-m", "tests.torture", "--out", str(out), "again"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing was lost." in out.read_text(encoding="utf-8")
    told = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert [(part["name"], part["tries"], part["wrong"]) for part in told["parts"]] == [
        ("The same seed again", 6, [])
    ]
