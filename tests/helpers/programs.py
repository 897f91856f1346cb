"""Both programs as a person starts them, each in a process of its own that need not load their modules anew.

Owns the process they are forked from, one for each process of a test run; on Windows, where nothing forks, each loads
for itself. That they also begin from nothing is shown by the tests of the demo, of interrupts and of kills.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess

AGED = "tests.helpers.aged"
"""A program of another age: it cuts the catalogue before anything else is loaded, so it is never forked."""

_LOADED = (
    *("alembic", "argon2", "pytest", "requests", "sync_server.app", "sync_server.http.serve"),
    *("fieldrep.cli", "fieldrep.commands.registry", "fieldrep.store.export", "fieldrep.sync.enrolment"),
)
_ANEW = multiprocessing.get_context("spawn")
_FORKED = _ANEW if os.name == "nt" else multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload([*_LOADED])


class Running:
    """A program under way, and what it printed."""

    def __init__(self, process: BaseProcess, folder: Path) -> None:
        self.process, self._folder = process, folder

    def said(self, place: str = "out") -> str:
        """All of its standard output by now, or of its standard error, `err`."""
        file = self._folder / place
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def first_line(self) -> str:
        """What it says first; "" when it ends without a word."""
        while "\n" not in self.said() and self.process.is_alive():
            self.process.join(0.01)
        return self.said().partition("\n")[0]


@contextmanager
def running(module: str, words: Sequence[str | Path], environment: Mapping[str, str]) -> Iterator[Running]:
    """The program whose `main` is in that module; one that still runs at the end of the block is killed."""
    context = _ANEW if module == AGED else _FORKED
    with tempfile.TemporaryDirectory(prefix="fieldrep-said-") as folder:
        given = (module, [*map(str, words)], dict(environment), folder)
        process = context.Process(target=_run, args=given)
        process.start()
        try:
            yield Running(process, Path(folder))
        finally:
            process.kill()
            process.join()
            process.close()


def finish(module: str, words: Sequence[str | Path], environment: Mapping[str, str]) -> CompletedProcess[str]:
    """A command that may end in any way."""
    with running(module, words, environment) as program:
        program.process.join()
        code = program.process.exitcode
        assert code is not None
        return CompletedProcess([module, *map(str, words)], code, program.said(), program.said("err"))


def _run(module: str, words: list[str], environment: dict[str, str], folder: str) -> None:
    """In the process made for it."""
    os.environ.clear()
    os.environ.update(environment)
    for number, place in ((0, os.devnull), (1, f"{folder}/out"), (2, f"{folder}/err")):
        file = os.open(place, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - until the program ends
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as above
    sys.argv = [module, *words]
    import_module(module).main()
