"""A piece of work in a process of its own that strace looks at from its first moment on, and not before.

The process is forked from this one, so strace sees, counts and fails no call of an interpreter that begins. Must not
know what the work is.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.torture.killed_at_steps import begun, ended

PID = "{pid}"
"""Stands in an option for the number of the process that is looked at."""

ALLOW_TRACER, ANY = 0x59616D61, ctypes.c_ulong(-1)
MOMENT = 0.02


def traced(work: Callable[[], None], *options: str) -> int:
    """Does the work under strace with these options; its exit code."""
    program = shutil.which("strace")
    if program is None:
        raise SystemExit("This needs strace: install it, then run this again.")
    child = begun(lambda: _when_looked_at(work))
    words = [option.replace(PID, str(child)) for option in options]
    told = subprocess.run([program, "-f", "-qq", *words, "-p", str(child)], capture_output=True, text=True)
    if told.stderr:
        os.kill(child, signal.SIGKILL)
        ended(child)
        raise SystemExit(told.stderr)
    return ended(child)


def _when_looked_at(work: Callable[[], None]) -> None:
    """Waits until strace is there; systems that let only a parent look on allow it when asked."""
    ctypes.CDLL(None).prctl(ALLOW_TRACER, ANY, 0, 0, 0)
    while "\nTracerPid:\t0\n" in Path("/proc/self/status").read_text(encoding="ascii"):
        time.sleep(MOMENT)
    time.sleep(MOMENT)  # it has come; now it stops this process, and from then on misses nothing
    work()
