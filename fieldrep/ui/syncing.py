"""Syncing: the window's side of sync: when one runs, what the pill and the status bar say, what the Sync page shows.

Owns the timer and the words. A sync runs on the control thread and never holds anybody up; what it does is a function
the composition root hands in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.queries.shell import ShellState, shell_state
from fieldrep.sync.schedule import Schedule
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.runner import Notice, Progress
from fieldrep.ui.widgets.syncpill import SyncMode, SyncView
from fieldrep.ui.words import clock_time, day_and_time

SyncRun = Callable[[Callable[[int, int], None]], Any]
"""Runs one sync on the calling thread; is told (rows received, rows still to come) and gives the receipt."""

_LINE = frozenset({Code.OFFLINE, Code.SERVER_BUSY, Code.NOT_A_SERVER, Code.CERTIFICATE, Code.SERVER_ERROR,
                   Code.DAMAGED_MESSAGE})  # fmt: skip
FIRST_AFTER_MS = 400
"""What sync loads must not compete with the first look at the window."""

EVERYTHING = frozenset(CATALOGUE)


@dataclass(frozen=True)
class Line:
    """How sync stands: the mode, the sentence of the last failure, and when the next try is due (0: running)."""

    mode: SyncMode
    problem: str
    next_at: int
    done: int = 0
    total: int = 0


class Syncing(QObject):
    """`stood` after every change of how sync stands, `counted` after the numbers of the frame were read again."""

    stood = Signal(object)
    counted = Signal(object)
    finished = Signal(object)

    def __init__(self, desk: Desk, run: SyncRun, schedule: Schedule, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._run, self.schedule = desk, run, schedule
        self._running: Progress | None = None
        self._again = False
        self._problem = ""
        self._received = (0, 0)
        self._heard = False
        self.state: ShellState | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._start)
        desk.runner.noticed.connect(self._on_notice)

    def begin(self) -> None:
        """The replica is open: show its numbers, and sync for the first time once the window stands."""
        self.count()
        self._arm(at_least=FIRST_AFTER_MS)

    def try_now(self) -> None:
        """F9, the pill, the Sync page."""
        if self._running is not None:
            self._again = True
            return
        self.schedule.wanted(self._desk.now())
        self._arm()

    def count(self) -> None:
        self._desk.runner.query(shell_state, asker=self, done=self._on_state)

    def line(self) -> Line:
        if self._running is not None:
            return Line(SyncMode.SYNCING, self._problem, 0, *self._received)
        online = self._heard and self.schedule.online
        return Line(SyncMode.ONLINE if online else SyncMode.OFFLINE, self._problem, self.schedule.due_at)

    def view(self) -> SyncView:
        """What the pill shows."""
        line, state = self.line(), self.state
        waiting = state.waiting if state else 0
        needs = state.conflicts + state.refused if state else 0
        mode = line.mode
        if mode is SyncMode.SYNCING and not line.total:
            quiet = self._heard and self.schedule.online
            mode = SyncMode.ONLINE if quiet else SyncMode.SYNCING if not self._heard else SyncMode.OFFLINE
        return SyncView(mode, waiting, needs, line.done, line.total)

    def age_words(self) -> str:
        if self.state is None:
            return ""
        if self.state.last_sync_at is None:
            return "Nothing has been received yet" if self.state.enrolled else ""
        told = day_and_time(self.state.last_sync_at, self._desk.today(), self._desk.zone)
        return f"Data on this laptop as of {told}"

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()
        self.cancel()

    def cancel(self) -> None:
        """Stops the sync under way after its present step; the next one goes on from there."""
        if self._running is not None:
            self._running.cancel()

    def _arm(self, *, at_least: int = 0) -> None:
        if self._running is None:
            self._timer.start(max(at_least, min(self.schedule.wait(self._desk.now()), 2_000_000_000)))
        self.stood.emit(self.line())

    def _start(self) -> None:
        if self._running is not None:
            return
        self._received = (0, 0)
        self._running = self._desk.runner.control(
            lambda progress: self._run(lambda done, more: _report(progress, done, more)),
            done=self._on_done,
            failed=self._on_failed,
            progress=self._on_progress,
            asker=self,
        )
        self.stood.emit(self.line())

    def _on_progress(self, words: str, done: int, total: int) -> None:
        self._received = (done, total) if total > done or self._received[1] else (0, 0)
        self.stood.emit(self.line())

    def _on_done(self, receipt: Any) -> None:
        self._running, self._problem, self._heard = None, "", True
        self.schedule.succeeded(self._desk.now())
        moved = receipt.pulled or receipt.left or receipt.accepted or receipt.merged or receipt.refused
        if moved or receipt.held or receipt.started_over:
            self._desk.runner.tell(EVERYTHING, self)
        self.count()
        self.finished.emit(receipt)
        self._next()

    def _on_failed(self, error: Exception) -> None:
        self._running, self._problem = None, sentence_of(error)
        self.schedule.failed(self._desk.now())
        if not isinstance(error, KnownError) or error.code not in _LINE:
            # what was received before it stopped is here to stay, and must be seen
            self._desk.runner.tell(EVERYTHING, self)
        self.count()
        self._next()
        if not isinstance(error, KnownError):
            self._desk.runner.problem.emit(error)

    def _next(self) -> None:
        if self._again:
            self._again = False
            self.schedule.wanted(self._desk.now())
        self._arm()

    def _on_notice(self, notice: Notice) -> None:
        if notice.initiator is not self:
            self.schedule.changed(self._desk.now())
            self.count()
            self._arm()

    def _on_state(self, state: ShellState) -> None:
        self.state = state
        self.counted.emit(state)
        self.stood.emit(self.line())

    def next_words(self) -> str:
        """When the next try is, for the Sync page."""
        if self._running is not None:
            return "Under way"
        wait = self.schedule.wait(self._desk.now())
        if wait < 60_000:
            return "Next try in less than a minute"
        return f"Next try at {clock_time(self.schedule.due_at, self._desk.zone)}, by itself"


def _report(progress: Progress, done: int, more: int) -> None:
    """Called between two steps of a sync, when everything received is stored: the place to stop."""
    progress.report("", done, done + more)
    if progress.cancelled:
        raise KnownError(Code.OFFLINE, "You stopped this sync. The next one goes on from here.")
