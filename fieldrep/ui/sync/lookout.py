"""Lookout: while the server was not reached and somebody is at the laptop, looks every few seconds whether it is back.

Owns when to look: at a key or click, when the window comes to the front, and for a few minutes after. A look asks the
server nothing but whether it is there, and starts a sync when it is; the schedule's own tries go on beside it, and
while nobody is there only they do. Must not know what a sync is.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from fieldrep.contract.ids import Randomness
from fieldrep.ui.runner import Progress, Runner
from fieldrep.ui.syncing import Syncing

PACE_MS = 8_000
"""Two looks in a row are half of it to the whole of it apart, so that many laptops do not look at the same moment."""

LOOKS = 20
"""So many without a key or click between them, then it rests until the next: some two minutes."""

_MOST_DOUBLINGS = 6
_SIGNS = frozenset({QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel})


class Lookout(QObject):
    """Follows `syncing` by itself; `answers` runs on a thread beside and may take seconds.

    Attributes:
        pace: milliseconds between two looks, at most.
        left: looks until it rests.
    """

    def __init__(
        self, syncing: Syncing, runner: Runner, answers: Callable[[], bool], randomness: Randomness
    ) -> None:
        super().__init__(syncing)
        self._syncing, self._runner, self._answers, self._randomness = syncing, runner, answers, randomness
        self.pace = PACE_MS
        self.left = 0
        self._vain = 0
        self._believed = False
        self._looking: Progress | None = None
        self._out = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        syncing.stood.connect(self._follow)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.applicationStateChanged.connect(self._on_front)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _SIGNS:
            self._listen(on=False)  # one sign is enough until the next look
            self._someone()
        return False

    def line_changed(self) -> None:
        """Another network: what was seen over the one before says nothing any more."""
        self._vain, self._believed = 0, False

    def _follow(self) -> None:
        out, schedule = self._syncing.unreached, self._syncing.schedule
        if not out and schedule.online:
            self.line_changed()
        if out is self._out:
            return
        self._out = out
        if not out:
            self._timer.stop()
            self._listen(on=False)
            return
        if self._believed:  # it answered, and still no sync came through
            self._believed, self._vain = False, self._vain + 1
        if schedule.failures == 1:
            self.left = LOOKS
        self._arm()

    def _on_front(self, state: Qt.ApplicationState) -> None:
        if state is not Qt.ApplicationState.ApplicationActive:
            self._timer.stop()
        elif self._out:
            self._someone(at_once=True)

    def _someone(self, *, at_once: bool = False) -> None:
        """Somebody is there; who came back is not kept waiting, unless the server answers and takes no sync."""
        rested, self.left = self.left == 0, LOOKS
        if self._looking is not None:
            return
        if (at_once or rested) and not self._vain:
            self._timer.start(0)
        elif not self._timer.isActive():
            self._arm()

    def _arm(self) -> None:
        self._listen(on=True)
        if self.left and QApplication.applicationState() is Qt.ApplicationState.ApplicationActive:
            pace = self.pace << min(self._vain, _MOST_DOUBLINGS)
            drawn = int.from_bytes(self._randomness(2), "big")
            self._timer.start(pace // 2 + pace * drawn // 131_070)

    def _look(self) -> None:
        if self._looking is None:
            self.left -= 1
            self._looking = self._runner.control(
                lambda _: self._answers(),
                done=self._on_seen,
                failed=lambda _: self._on_seen(there=False),
                asker=self,
                beside=True,
            )

    def _on_seen(self, there: bool) -> None:
        self._looking = None
        if self._out:
            if there:  # the sync that comes now goes on from here
                self._believed = True
                self._syncing.line_came()
            else:
                self._arm()

    def _listen(self, *, on: bool) -> None:
        """A filter of all events costs each of them a little: it stands only while a sign is waited for."""
        app = QCoreApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
            if on:
                app.installEventFilter(self)
