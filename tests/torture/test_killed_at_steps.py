"""Killed at every named step of save, push, pull, start over, repair, migration and files, and again in recovery."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fieldrep.contract.steps import Step
from tests.torture.killed_at_steps import SERVER_STEPS

CHECKOUT = Path(__file__).resolve().parents[2]
CALL = re.compile(r"\breached\(Step\.(\w+)\)")


@pytest.mark.skipif(os.name != "posix", reason="kills by signal and forks are of POSIX systems")
def test_a_kill_at_any_named_step_and_again_in_recovery_loses_and_doubles_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture.killed_at_steps", str(tmp_path)],
        cwd=CHECKOUT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    quiet, *kills = [json.loads(line) for line in done.stdout.splitlines()]
    assert quiet["wrong"] == []
    assert set(quiet["counts"]) == {step.name for step in Step}, "a step that no day reaches proves nothing"
    assert {kill["step"] for kill in kills} == {step.name for step in Step}
    assert [kill for kill in kills if kill["wrong"]] == [], done.stderr
    assert all(kill["kills"][0] == -9 and kill["kills"][-1] == 0 for kill in kills), kills


def steps_reached_in(*folders: str) -> set[str]:
    files = [file for folder in folders for file in (CHECKOUT / folder).rglob("*.py")]
    return {name for file in files for name in CALL.findall(file.read_text(encoding="utf-8"))}


def test_every_named_step_has_its_places_in_the_code() -> None:
    assert steps_reached_in("fieldrep", "sync_server") == {step.name for step in Step}
    assert steps_reached_in("sync_server") == {step.name for step in SERVER_STEPS}
