"""The first and the last moment of a program: who stops it with Ctrl+C there reads a sentence, no traceback.

Both programs begin through it. Must not import anything that takes time: it has to be ready before anything else loads.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from fieldrep.contract.errors import STOPPED


def run_stoppable(load: Callable[[], Callable[[], object]]) -> None:
    """Runs the command line that `load` imports, which exits with its own code; stopped while it loads, with 1."""
    try:
        load()()
    except KeyboardInterrupt:
        sys.stderr.write(f"{STOPPED}\n")
        sys.exit(1)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is said: another Ctrl+C ends it without a word
