"""Where files of a simulation lie: in memory where the system has such a folder."""

from __future__ import annotations

import os
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - only a place for throwaway files


def memory() -> str | None:
    """The folder in memory, None for the system's usual temporary folder."""
    return str(SHARED_MEMORY) if SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK) else None
