"""The server's command line as an operator calls it, in a process of its own: its words, its output, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from tests.helpers.programs import finish

PROGRAM = "sync_server.start"
START = f"from {PROGRAM} import main; main()"


class ServerCommand:
    """`fieldrep-server` with a data folder of its own.

    Attributes:
        elsewhere: the address of an empty database for a store, where the run asks for another kind than SQLite.
        url: the address of its store, once it is set up.
    """

    elsewhere: ClassVar[Callable[[], str]] = staticmethod(lambda: "")

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = f"sqlite:///{home / 'central.db'}"
        self.environment = {**os.environ, "FIELDREP_SERVER_HOME": str(home), "PYTHONUTF8": "1"}

    def __call__(self, *words: str | Path, code: int = 0) -> str:
        """The standard output of a command that must end with that code."""
        done = self.finish(*words)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def set_up(self) -> str:
        """`init`, with a store of the kind the run asks for."""
        if url := self.elsewhere():
            self.url = url
        return self("init", *(("--database", url) if url else ()))

    def refused(self, *words: str | Path, code: int = 1) -> str:
        """The sentence of a command that must be refused: on standard error, and never a traceback."""
        done = self.finish(*words)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stderr.strip()

    def json(self, *words: str | Path) -> Any:
        """The parsed output of a command."""
        return json.loads(self(*words, "--json"))

    def rows(self, file: Path, *options: str) -> dict[str, list[dict[str, Any]]]:
        """The rows of an export, per entity."""
        self("export", file, *options)
        found: dict[str, list[dict[str, Any]]] = {}
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found.setdefault(row["entity"], []).append(row["row"])
        return found

    def finish(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """A command that may end in any way."""
        return finish(PROGRAM, words, self.environment)
