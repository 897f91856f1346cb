"""The console script `fieldrep-server`. Must not import the commands before it can be stopped."""

from __future__ import annotations

from collections.abc import Callable

from fieldrep.contract.stopping import run_stoppable


def main() -> None:
    """Loads and runs the commands, and exits with their code."""
    run_stoppable(_commands)


def _commands() -> Callable[[], object]:
    from sync_server.app import main

    return main
