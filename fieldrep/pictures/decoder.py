"""The program's end of decoding: it starts the process that decodes, asks it, and stops it when it takes too long.

One process serves a whole batch and is ended when nobody asked for a while. What it answers is judged like all
that comes from outside: pixels that fit, or bytes. A picture that took the process down is not tried again. What the
process is given are pipes and a few harmless variables, never a file, a key or a name.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock, RLock, Timer
from typing import BinaryIO

from fieldrep.contract.files import MAX_THUMB, hash_of
from fieldrep.domain.files import PICTURES, media_type_of
from fieldrep.pictures.frames import (
    MOST_SHOWN,
    Answer,
    BrokenFrame,
    Task,
    Wish,
    read_answer,
    write_frame,
)

log = logging.getLogger(__name__)

START_SECONDS = 30.0
"""Until the process is ready; a first start may read much from a slow disk."""

TASK_SECONDS = 15.0
ADDED_SECONDS = 6.0
"""Of a picture that is being added: what people save meanwhile waits behind it."""

SMALL_SECONDS = 5.0
IDLE_SECONDS = 30.0
_ENDING_SECONDS = 5.0
HIDDEN_COMMAND = "decode-pictures"
_THUMB_BOX = (160, 120)
_MOST_THUMB_PIXELS = 4 * _THUMB_BOX[0] * _THUMB_BOX[1]
_MOST_LOST = 2
"""Small pictures in one batch that may take the process down before the rest is left alone."""

_MOST_KEPT = 128
_MOST_BARRED = 1_000
_NO_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Only Windows knows it, and only there a console would flash."""

_START = "import sys; sys.path.insert(0, sys.argv[1]); from fieldrep.pictures.worker import main; main()"
_HANDED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "WINDIR")


class Why(StrEnum):
    """Why there is no picture."""

    NONE = "none"
    SLOW = "slow"
    ENDED = "ended"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Pixels:
    """A decoded picture: four bytes a pixel, row by row, as blue, green, red and a multiplied alpha."""

    wide: int
    tall: int
    rows: bytes


def start_command() -> list[str]:
    """How the process is started: the program itself where it is one file, its interpreter elsewhere."""
    if getattr(sys, "frozen", False):
        return [sys.executable, HIDDEN_COMMAND]
    return [sys.executable, "-I", "-c", _START, str(Path(__file__).resolve().parents[2])]


class Decoder:
    """For any thread; one picture is decoded at a time."""

    def __init__(
        self, command: Sequence[str] | None = None, seconds: float = TASK_SECONDS, idle: float = IDLE_SECONDS
    ) -> None:
        self._command = list(command) if command is not None else start_command()
        self._seconds, self._idle = seconds, idle
        self._turn = RLock()
        self._process: _Process | None = None
        self._uses = 0
        self._looked_at = True
        self._showing = self._closed = False
        self._barred: OrderedDict[str, Why] = OrderedDict()
        self._small: OrderedDict[str, Pixels] = OrderedDict()

    def shown(self, body: bytes, wide: int, tall: int) -> Pixels | Why:
        """The picture, no larger than the box; else why there is none."""
        return self._pixels(Task(wish=Wish.SHOW, body=body, wide=wide, tall=tall), self._seconds)

    def small_ones(self, thumbs: Sequence[bytes]) -> list[Pixels | None]:
        """The small pictures of records, wherever they are from; None for each that is none of ours."""
        lost, found = 0, []
        for thumb in thumbs:
            made = self._small_one(thumb, stopping=lost >= _MOST_LOST)
            lost += made in (Why.SLOW, Why.ENDED)
            found.append(made if isinstance(made, Pixels) else None)
        return found

    def thumb(self, body: bytes) -> bytes:
        """The small picture that travels with a record, b"" for what is no picture or cannot be decoded."""
        made = self._asked(Task(wish=Wish.THUMB, body=body), min(self._seconds, ADDED_SECONDS))
        return made.made if isinstance(made, Answer) and _is_thumb(made.made) else b""

    def upright(self, body: bytes, orientation: int) -> bytes:
        """The picture turned as that orientation asks for, b"" where it cannot be."""
        task = Task(wish=Wish.TURN, body=body, orientation=orientation)
        made = self._asked(task, min(self._seconds, ADDED_SECONDS))
        return made.made if isinstance(made, Answer) else b""

    def stop_showing(self) -> None:
        """Nobody looks any more: what would be shown is dropped at once, what is being added goes on."""
        self._looked_at = False
        process = self._process
        if process is not None and self._showing:
            process.kill()

    def close(self) -> None:
        """Ends the process; pictures that are asked for afterwards are none."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._turn:
            self._end()

    def _small_one(self, thumb: bytes, *, stopping: bool) -> Pixels | Why:
        if not 0 < len(thumb) <= MAX_THUMB:
            return Why.NONE
        name = hash_of(thumb)
        with self._turn:
            if name in self._small:
                self._small.move_to_end(name)
                return self._small[name]
        if stopping:
            return Why.NONE
        wide, tall = _THUMB_BOX
        task = Task(wish=Wish.SHOW, body=thumb, wide=wide, tall=tall, most_pixels=_MOST_THUMB_PIXELS)
        made = self._pixels(task, min(self._seconds, SMALL_SECONDS))
        if isinstance(made, Pixels):
            with self._turn:
                self._small[name] = made
                _shorten(self._small, _MOST_KEPT)
        return made

    def _pixels(self, task: Task, seconds: float) -> Pixels | Why:
        made = self._asked(task, seconds)
        if isinstance(made, Why):
            return made
        fits = 0 < made.wide <= min(task.wide, MOST_SHOWN) and 0 < made.tall <= min(task.tall, MOST_SHOWN)
        if not fits or len(made.made) != 4 * made.wide * made.tall:
            return Why.NONE
        return Pixels(made.wide, made.tall, made.made)

    def _asked(self, task: Task, seconds: float) -> Answer | Why:
        if media_type_of(task.body) not in PICTURES:
            return Why.NONE
        name = f"{task.wish} {hash_of(task.body)}"
        with self._turn:
            if name in self._barred:
                return self._barred[name]
            self._showing = task.wish is Wish.SHOW
            if self._is_given_up(task) or not self._ready() or self._is_given_up(task):
                return Why.ABSENT
            assert self._process is not None  # noqa: S101 - it was just made ready
            self._uses += 1
            made = self._process.ask(task, seconds)
            self._showing = False
            if isinstance(made, Answer):
                return made
            self._end()
            if self._is_given_up(task):
                return Why.ABSENT
            log.warning("a picture of %d bytes took its decoder down: %s", len(task.body), made.value)
            self._barred[name] = made
            _shorten(self._barred, _MOST_BARRED)
            return made

    def _is_given_up(self, task: Task) -> bool:
        return self._closed or (task.wish is Wish.SHOW and not self._looked_at)

    def _ready(self) -> bool:
        """Whether a process waits for tasks, started if need be."""
        if self._process is not None and not self._process.alive:
            self._end()
        if self._process is None:
            try:
                self._process = _Process(self._command)
            except OSError as error:
                log.warning("the decoder of pictures does not start: %s", error.strerror)
                return False
            if isinstance(self._process.ask(None, START_SECONDS), Why):
                log.warning("the decoder of pictures ended before it was ready")
                self._end()
                return False
            self._look_again(self._process, self._uses)
        return True

    def _look_again(self, process: _Process, uses: int) -> None:
        timer = Timer(self._idle, self._end_if_idle, (process, uses))
        timer.daemon = True
        process.idle = timer
        timer.start()

    def _end_if_idle(self, process: _Process, uses: int) -> None:
        with self._turn:
            if self._process is not process:
                return
            if self._uses == uses:
                self._end()
            else:
                self._look_again(process, self._uses)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()


class _Process:
    """One process that decodes, and the watch over it."""

    def __init__(self, command: Sequence[str]) -> None:
        self.idle: Timer | None = None
        self._popen = subprocess.Popen(  # noqa: S603 - our own command
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _HANDED_ON if name in os.environ},
            start_new_session=True,
            creationflags=_NO_CONSOLE,
        )
        assert self._popen.stdin is not None  # noqa: S101 - both were asked for
        assert self._popen.stdout is not None  # noqa: S101
        self._tasks: BinaryIO = self._popen.stdin  # type: ignore[assignment]
        self._answers: BinaryIO = self._popen.stdout  # type: ignore[assignment]

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def ask(self, task: Task | None, seconds: float) -> Answer | Why:
        """The answer to a task, to None the sign that it is ready; after a `Why` the process is good for nothing."""
        watch = _Watch(self._popen, seconds)
        try:
            if task is not None:
                write_frame(self._tasks, task)
            answer = read_answer(self._answers)
        except (OSError, ValueError, BrokenFrame):
            answer = None
        finally:
            stopped = watch.over()
        if stopped:
            return Why.SLOW
        return Why.ENDED if answer is None else answer

    def kill(self) -> None:
        """Stops it in whatever it does; from any thread."""
        self._popen.kill()

    def end(self) -> None:
        if self.idle is not None:
            self.idle.cancel()
        self._popen.kill()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(_ENDING_SECONDS)
        for pipe in (self._tasks, self._answers):
            with suppress(OSError):  # what was to be written has no reader any more
                pipe.close()


class _Watch:
    """Stops a process when its time is over. Whatever it hangs in, the pipes end with it."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process, self._guard = process, Lock()
        self._over = self._stopped = False
        self._timer = Timer(seconds, self._stop)
        self._timer.daemon = True
        self._timer.start()

    def over(self) -> bool:
        """The answer is there, or will never be: whether it was stopped before."""
        self._timer.cancel()
        with self._guard:
            self._over = True
            return self._stopped

    def _stop(self) -> None:
        with self._guard:
            if not self._over:
                self._stopped = True
                self._process.kill()


def _is_thumb(body: bytes) -> bool:
    return 0 < len(body) <= MAX_THUMB and media_type_of(body) == "image/jpeg"


def _shorten(kept: OrderedDict[str, Pixels] | OrderedDict[str, Why], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
