"""The console script `fieldrep`: who stops it with Ctrl+C while it still loads reads a sentence, no traceback.

Owns the first moment, in which nothing is imported yet, and the last, in which all is said. Must not import anything
that takes time before it is ready for that; what the program does is the command line's.
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from fieldrep.contract.errors import STOPPED


def main() -> NoReturn:
    """Loads and runs the command line, and exits with its code."""
    try:
        from fieldrep.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write(f"{STOPPED}\n")
        sys.exit(1)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is said: another Ctrl+C ends it without a word
