"""Laptops at work while the server, PostgreSQL and their own programs are killed: each change comes through once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


# a PostgreSQL of its own: the one of the test run must not die under the other tests
ALONE = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_TESTRUNUID"}


def test_whatever_dies_every_change_of_every_laptop_is_there_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture.morning", str(tmp_path), "postgresql", "4", "4"],
        cwd=CHECKOUT, env=ALONE, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["edits"], told["wrong"]) == (16, [])
    assert all(told["killed"].values()), "what was never killed proves nothing"
