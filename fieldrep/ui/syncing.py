"""Syncing: the window's side of sync: when one runs, what the pill and the status bar say, what the Sync page shows.

Owns the timers and the words. A sync runs on the control thread and never holds anybody up; between syncs the server is
listened to on a thread beside it, and nothing else happens. What both do is handed in by the composition root.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import BARRED, Code, KnownError
from fieldrep.domain.queue_age import MINUTE, clock_words, queue_warning, waited
from fieldrep.queries.shell import ShellState, shell_state
from fieldrep.sync.schedule import Schedule
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.runner import Notice, Progress
from fieldrep.ui.troubles import ANSWERED, LINE, TROUBLES
from fieldrep.ui.widgets.syncpill import SyncMode, SyncView
from fieldrep.ui.words import clock_time, day_and_time

SyncRun = Callable[[Callable[[int, int], None]], Any]
"""Runs one sync on the calling thread; is told (rows received, rows still to come) and gives the receipt."""

FIRST_AFTER_MS = 1_200
"""What sync loads must not compete with the first look at the window."""

PULSE_MS = 10_000
ASLEEP_MS = 30_000
"""So much more time than a pulse takes has passed: the laptop slept, or its clock was set."""


class LivePort(Protocol):
    """The line held open for news."""

    def listen(self, held: Callable[[], None], given_up: Callable[[], bool]) -> Any:
        """Waits on the calling thread; calls `held` once the server holds the line; gives `changed` and `moved`."""

    def hang_up(self) -> None:
        """Ends a wait, from any thread."""


EVERYTHING = frozenset(CATALOGUE)


@dataclass(frozen=True)
class Line:
    """How sync stands: the mode, the sentence of the last failure, and when the next try is due (0: running).

    `live`: news of others comes by itself. `paused`: only a person starts a sync, because the line is metered.
    `failures`: tries in a row that did not reach the server. `contact_at`: when it last answered, 0 for not yet.
    """

    mode: SyncMode
    problem: str
    next_at: int
    done: int = 0
    total: int = 0
    live: bool = False
    paused: bool = False
    failures: int = 0
    contact_at: int = 0


class Syncing(QObject):
    """`stood` after every change of how sync stands, `counted` after the numbers of the frame were read again."""

    stood = Signal(object)
    counted = Signal(object)
    finished = Signal(object)
    wished = Signal(bool)
    barred = Signal(object)

    def __init__(
        self,
        desk: Desk,
        run: SyncRun,
        schedule: Schedule,
        parent: QObject | None = None,
        live: LivePort | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._run, self.schedule, self._live = desk, run, schedule, live
        self._running: Progress | None = None
        self._listening: Progress | None = None
        self._listened_from = 0.0
        self._waits = 0
        self.wish = self.metered = self._paused = self._stopped = self._lost = False
        self._again = self._heard = False
        self._trouble = self._problem = ""
        self._clock_off_by = self._contact_at = 0
        self._received = (0, 0)
        self.state: ShellState | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._start)
        self._listen_timer = QTimer(self)
        self._listen_timer.setSingleShot(True)
        self._listen_timer.timeout.connect(lambda: self._listen(waited=True))
        self._pulse = QTimer(self)
        self._pulse.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._pulse.timeout.connect(self._feel_time)
        self._felt = (0, 0.0)
        desk.runner.noticed.connect(self._on_notice)

    def begin(self) -> None:
        """The replica is open, or open again: show its numbers, and sync first once the window stands."""
        if self._stopped:
            self._stopped = self._heard = False
            self._problem = self._trouble = ""
            self.schedule.wanted(self._desk.now())
        self.count()
        self._felt = (self._desk.now(), time.monotonic())
        self._pulse.start(PULSE_MS)
        self._arm(at_least=FIRST_AFTER_MS)

    def try_now(self) -> None:
        """F9, the pill, the Sync page."""
        if self._running is not None:
            self._again = True
            return
        self.schedule.wanted(self._desk.now())
        self._arm(asked=True)

    def wish_pause(self, wish: bool) -> None:
        """Whether the person wants nothing to go out by itself on a metered line."""
        self.wish = wish
        self.wished.emit(wish)
        self._pause(wish and self.metered)

    def meter(self, metered: bool) -> None:
        """Whether the line is one that costs by the byte."""
        self.metered = metered
        self._pause(self.wish and metered)

    def _pause(self, paused: bool) -> None:
        if paused == self._paused:
            return
        self._paused = paused
        if paused:
            self._timer.stop()
            self._hang_up()
        else:
            self.schedule.woke(self._desk.now())
        self._arm()
        self._listen()

    def line_came(self) -> None:
        """A network is there, perhaps another one: worth a try."""
        if not self._stopped:
            self.schedule.woke(self._desk.now())
            self._arm()

    @property
    def unreached(self) -> bool:
        """Whether the last try did not reach the server, nothing is under way, and one would start by itself."""
        return self._lost and self._running is None and not self._paused and not self._stopped

    def count(self) -> None:
        self._desk.runner.query(shell_state, asker=self, done=self._on_state)

    def line(self) -> Line:
        live, paused = self.schedule.live, self._paused
        if self._running is not None:
            return Line(SyncMode.SYNCING, self._problem, 0, *self._received, live=live, paused=paused)
        mode = SyncMode.ONLINE if self._heard and self.schedule.online else SyncMode.OFFLINE
        told, contact_at = (mode, self._problem, self.schedule.due_at), self._contact_at
        return Line(*told, live=live, paused=paused, failures=self.schedule.failures, contact_at=contact_at)

    def view(self) -> SyncView:
        """What the pill shows."""
        line, state = self.line(), self.state
        waiting, mode = state.waiting if state else 0, line.mode
        needs = state.conflicts + state.refused if state else 0
        if mode is SyncMode.SYNCING and not line.total:
            quiet = self._heard and self.schedule.online
            first = not self._heard and self.schedule.online
            mode = SyncMode.ONLINE if quiet else SyncMode.SYNCING if first else SyncMode.OFFLINE
        return SyncView(mode, waiting, needs, line.done, line.total, line.live, line.paused, self._trouble)

    def age_words(self) -> str:
        if self.state is None:
            return ""
        if self.schedule.live:
            return f"Data on this laptop is live{self._beside()}"
        if self.state.last_sync_at is None:
            return "Nothing has been received yet" if self.state.enrolled else ""
        told = day_and_time(self.state.last_sync_at, self._desk.today(), self._desk.zone)
        return f"Data on this laptop as of {told}{self._beside()}"

    def age_tip(self) -> str:
        """The zone of all times in the window, named once; and what to do when the outbox does not drain."""
        oldest = self.state.oldest_waiting_at if self.state else None
        warning = queue_warning(oldest, self._desk.now(), self.schedule.failures)
        zone = f"All times are those of {self._desk.zone_name()}."
        return f"{zone}\n{warning}" if warning else zone

    def _beside(self) -> str:
        """How long the oldest change waits, once that is longer than a sync takes; a wrong clock; whose time it is."""
        oldest, now = self.state.oldest_waiting_at if self.state else None, self._desk.now()
        late = oldest is not None and now - oldest >= MINUTE
        waits = f"oldest change waits {waited(oldest, now)}" if oldest is not None and late else ""
        parts = waits, clock_words(self._clock_off_by), self._desk.zone_beside()
        return "".join(f"  ·  {part}" for part in parts if part)

    def stop(self) -> None:
        """The window closes, or the replica does until the next `begin`."""
        self._stopped = True
        for timer in (self._timer, self._listen_timer, self._pulse):
            timer.stop()
        self._hang_up()
        self.cancel()

    def cancel(self) -> None:
        """Stops the sync under way after its present step; the next one goes on from there."""
        if self._running is not None:
            self._running.cancel()

    def _arm(self, *, at_least: int = 0, asked: bool = False) -> None:
        if self._running is None and not self._stopped and (asked or not self._paused):
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
            gently=not self._heard and self._timer.interval() > 0,
        )
        self.stood.emit(self.line())

    def _on_progress(self, words: str, done: int, total: int) -> None:
        self._received = (done, total) if total > done or self._received[1] else (0, 0)
        self.stood.emit(self.line())

    def _on_done(self, receipt: Any) -> None:
        self._running, self._problem, self._trouble, self._heard = None, "", "", True
        self._lost, self._clock_off_by, self._contact_at = False, receipt.clock_off_by, receipt.at
        self.schedule.succeeded(self._desk.now())
        moved = receipt.pulled or receipt.left or receipt.accepted or receipt.merged or receipt.refused
        if moved or receipt.held or receipt.started_over:
            self._desk.runner.tell(EVERYTHING, self)
        self.count()
        self.finished.emit(receipt)
        self._next()

    def _on_failed(self, error: Exception) -> None:
        self._running, self._problem = None, sentence_of(error)
        known = error if isinstance(error, KnownError) else None
        self._trouble = TROUBLES.get(known.code, "") if known else ""
        self._lost = known is not None and known.code in LINE - ANSWERED
        self.schedule.failed(self._desk.now(), known.retry_after if known else 0)
        self._hang_up()
        if known is not None and known.code is Code.WIPED:
            return  # whoever ends it all was told
        if known is None or known.code not in LINE:  # what was received before it stopped must be seen
            self._desk.runner.tell(EVERYTHING, self)
        self.count()
        self._next()
        if not isinstance(error, KnownError):
            self._desk.runner.problem.emit(error)
        elif error.code in BARRED:
            self.barred.emit(error)

    def _next(self) -> None:
        again, self._again = self._again, False
        if again:
            self.schedule.wanted(self._desk.now())
        self._arm(asked=again)
        self._listen()

    # Listening

    def _listen(self, *, waited: bool = False) -> None:
        """Holds the line for news, when there is a line and nothing else to do with it; `waited` long enough or not."""
        idle = self._listening is None and self._running is None
        if self._live is None or not idle or self._paused or self._stopped:
            return
        if not self._heard or not self.schedule.online:
            return
        live, wait = self._live, self.schedule.listen_in(self._desk.now())
        if wait and not waited:
            self._listen_timer.start(wait)
            return
        self._listened_from = time.monotonic()
        self._waits += 1
        number = self._waits
        self._listening = self._desk.runner.control(
            lambda progress: live.listen(lambda: progress.report("", 0, 0), lambda: progress.cancelled),
            done=lambda heard: self._on_heard(heard) if self._is_this(number) else None,
            failed=lambda error: self._on_lost(error) if self._is_this(number) else None,
            progress=lambda *_: self._on_held() if self._is_this(number) else None,
            asker=self,
            beside=True,
        )

    def _hang_up(self) -> None:
        self._listen_timer.stop()
        self.schedule.live = False
        if self._live is not None and self._listening is not None:
            self._listening.cancel()
            self._listening = None
            self._live.hang_up()

    def _is_this(self, number: int) -> bool:
        """Whether a wait is the one under way, and not one that was given up."""
        return self._listening is not None and number == self._waits

    def _on_held(self) -> None:
        self.schedule.held()
        self.stood.emit(self.line())

    def _on_heard(self, heard: Any) -> None:
        self._listening = None
        self.schedule.heard(self._desk.now(), self._listened_for(), changed=heard.changed)
        if not heard.changed or heard.moved:
            self._listen()
        elif self._running is not None:
            self._again = True
        else:
            self.schedule.wanted(self._desk.now())
            self._arm()

    def _on_lost(self, error: Exception) -> None:
        self._listening = None
        asked = error.retry_after if isinstance(error, KnownError) else 0
        self.schedule.lost(self._desk.now(), self._listened_for(), asked)
        self._arm()
        self._listen()
        if not isinstance(error, KnownError):
            self._desk.runner.problem.emit(error)

    def _listened_for(self) -> int:
        return int((time.monotonic() - self._listened_from) * 1000)

    def _feel_time(self) -> None:
        """A laptop that slept finds its lines dead and its timers late."""
        wall, running = self._felt
        self._felt = (self._desk.now(), time.monotonic())
        passed = max(self._felt[0] - wall, int((self._felt[1] - running) * 1000))
        if passed > PULSE_MS + ASLEEP_MS:
            self._hang_up()
            self.line_came()

    # What is shown

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
        if self._paused:
            return "Metered line: F9 syncs, nothing by itself"
        if self.schedule.live:
            return "Changes of others arrive by themselves"
        wait = self.schedule.wait(self._desk.now())
        if wait < 60_000:
            return "Next try in less than a minute"
        return f"Next try at {clock_time(self.schedule.due_at, self._desk.zone)}, by itself"


def _report(progress: Progress, done: int, more: int) -> None:
    """Called between two steps of a sync, when everything received is stored: the place to stop."""
    progress.report("", done, done + more)
    if progress.cancelled:
        raise KnownError(Code.OFFLINE, "You stopped this sync. The next one goes on from here.")
