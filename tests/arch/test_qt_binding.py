"""A guard on the Qt binding: PySide6 6.12.0 loses a reference to None on every Qt call that returns nothing.

While this holds on a newer version, the pin in `pyproject.toml` can be lifted. From Python 3.12 on None is
immortal and the count stands still, so the guard tells on 3.11.
"""

from __future__ import annotations

import subprocess
import sys

CALLS = 2000
PROBE = f"""
import sys
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
label = QLabel()
before = sys.getrefcount(None)
for _ in range({CALLS}):
    label.setText("x")
print(sys.getrefcount(None) - before)
"""


def test_a_qt_call_that_returns_nothing_keeps_the_count_of_none() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert abs(int(done.stdout)) < CALLS // 10
