"""The server's command line as an operator calls it: its words, its output and its exit code.

In a process of its own, or, where only what it does is asked, in this one, which spares a second each time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sync_server.app import commands

START = "from sync_server.start import main; main()"


class ServerCommand:
    """`fieldrep-server` with a data folder of its own."""

    def __init__(self, home: Path, *, own_process: bool = True) -> None:
        self.home = home
        self.start: tuple[str, ...] = ("-c", START)
        self._own_process = own_process
        self._environment = {**os.environ, "FIELDREP_SERVER_HOME": str(home), "PYTHONUTF8": "1"}

    def __call__(self, *words: str | Path, code: int = 0) -> str:
        """The standard output of a command that must end with that code."""
        done = self.finish(*words)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

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
        if not self._own_process:
            return self._finish_here([str(word) for word in words])
        return subprocess.run(
            [sys.executable, *self.start, *map(str, words)],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    def _finish_here(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        done = CliRunner().invoke(commands, words, env=self._environment, prog_name="fieldrep-server")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)
