"""Eight writers and fifty readers at one PostgreSQL store, each in programs of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_no_reader_misses_a_row_of_many_writers_and_a_naive_cursor_does(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture.crowd", str(tmp_path), "400"],
        cwd=CHECKOUT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    store, naive = (json.loads(line) for line in done.stdout.splitlines())
    assert (store["rows"], store["wrong"], store["missed"]) == (400, 0, 0)
    assert naive["wrong"] > 0
