"""The console script `fieldrep`. Must not import the command line before it can be stopped."""

from __future__ import annotations

from collections.abc import Callable

from fieldrep.contract.stopping import run_stoppable
from fieldrep.garbage import look_seldom


def main() -> None:
    """Loads and runs the command line, and exits with its code."""
    run_stoppable(_command_line)


def _command_line() -> Callable[[], object]:
    from fieldrep.cli import main

    look_seldom()
    return main
