"""The process that decodes: it reads tasks from its input and answers on its output until the input ends.

Owns what the process may still do once its decoders are loaded: where the system has resource limits, it can write to
no file, leave no memory dump behind, and take so much memory and time and no more. A watchdog ends it everywhere, also
when the program that started it is gone. It must not know any replica.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from pathlib import Path
from typing import BinaryIO

from fieldrep.pictures.decoding import answer, warm_up
from fieldrep.pictures.frames import Answer, BrokenFrame, read_task, write_frame

MOST_MEMORY = 1_500_000_000
"""Bytes it may write to: the largest photo takes half of it, and each thread of the decoder's some."""

MOST_FILES = 64
"""Open at once; threads of the decoder take one each."""

MOST_SECONDS = 60
"""Of one task; who asked has given up long before."""


def main() -> None:
    """Serves the program that started this process."""
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    warm_up()
    with Path(os.devnull).open("wb") as nothing:
        _bind()
        write_frame(answers, Answer())
        _serve(tasks, answers, nothing)


def _serve(tasks: BinaryIO, answers: BinaryIO, nothing: BinaryIO) -> None:
    while True:
        try:
            task = read_task(tasks)
        except BrokenFrame:
            return
        if task is None:
            return
        faulthandler.dump_traceback_later(MOST_SECONDS, exit=True, file=nothing)
        _bind_time()
        made = answer(task)
        faulthandler.cancel_dump_traceback_later()
        write_frame(answers, made)


if sys.platform == "win32":

    def _bind() -> None:
        """A crash shows no box and is reported nowhere."""
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(0x0001 | 0x0002)

    def _bind_time() -> None:
        """The watchdog does it alone."""

else:
    import resource

    def _bind() -> None:
        """From here on this process has what it needs, and gets no more."""
        _lower(resource.RLIMIT_DATA, MOST_MEMORY)
        _lower(resource.RLIMIT_FSIZE, 0)
        _lower(resource.RLIMIT_NOFILE, MOST_FILES)
        # one byte, not none: a system that hands dumps to a program of its own looks at the limit for this one value
        _lower(resource.RLIMIT_CORE, 1)

    def _lower(what: int, limit: int) -> None:
        try:
            resource.setrlimit(what, (limit, limit))
        except (ValueError, OSError):
            # this system does not know or not lower this one; the others and the watchdog hold
            return

    def _bind_time() -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + MOST_SECONDS
        _, hardest = resource.getrlimit(resource.RLIMIT_CPU)
        if hardest == resource.RLIM_INFINITY or seconds <= hardest:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, hardest))


if __name__ == "__main__":
    main()
