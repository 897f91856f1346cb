"""The client's command line as a person calls it: a process of its own, with its own profile and passphrase."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.helpers.programs import finish

PROGRAM = "fieldrep.start"
START = f"from {PROGRAM} import main; main()"


class DeviceCommand:
    """`fieldrep` with a profile of its own."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home / "profile"
        passphrase = home / "passphrase"
        passphrase.write_text("correct horse battery staple\n", encoding="utf-8")
        passphrase.chmod(0o600)
        self.environment = {
            **os.environ,
            "FIELDREP_HOME": str(self.home),
            "FIELDREP_PASSPHRASE_FILE": str(passphrase),
            "PYTHONUTF8": "1",
        }

    def __call__(self, *words: str | Path, code: int = 0) -> str:
        """The standard output of a command that must end with that code."""
        done = self.finish(*words)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def refused(self, *words: str | Path, code: int = 1) -> str:
        """The sentence of a command that must be refused: on standard error, and never a traceback."""
        done = self.finish(*words)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr.strip()

    def do(self, command: str, **values: object) -> dict[str, Any]:
        """A business command; gives its outcome."""
        found: dict[str, Any] = json.loads(self("do", command, json.dumps(values)))
        return found

    def json(self, *words: str | Path, code: int = 0) -> dict[str, Any]:
        """The parsed output of a command."""
        found: dict[str, Any] = json.loads(self(*words, "--json", code=code))
        return found

    def show(self, entity: str, *where: str) -> list[dict[str, Any]]:
        """Rows of an entity."""
        options = [word for test in where for word in ("--where", test)]
        return [json.loads(line) for line in self("show", entity, *options).splitlines()]

    def exported(self, file: Path) -> bytes:
        """The replica as canonical lines."""
        self("export", file)
        return file.read_bytes()

    def finish(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """A command that may end in any way."""
        return finish(PROGRAM, words, self.environment)
