"""A small disk by the operating system itself, and the filling of it to the last byte.

Must not know what is kept on it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(beside: Path) -> Iterator[Path]:
    """A disk of 3 MB; the test is skipped where none can be had."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("Only root on Linux can mount a small disk.")
    folder = beside / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"No small disk can be mounted here: {mounted.stderr.decode()}")
    try:
        yield folder
    finally:
        # lazily: whatever still holds a file of it must not keep the mount, which would outlive the run
        subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path) -> Path:
    """Takes what is left of a disk; the file that has it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4_096)
    assert not shutil.disk_usage(disk).free
    return filler
