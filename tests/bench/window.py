"""The real program under measurement, offscreen, in a process of its own: `python -m tests.bench.window STEP …`.

`prepare` makes a profile with a first replica; `start` runs the program's own `main` on it until the accounts stand in
the list, then types into the search and scrolls. Owns the watching from outside; the program is not told.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TYPED = ("kor", "bra", "stin", "mee")
SCROLLS = 60
PATIENCE = 240.0
BETWEEN_KEYS = 0.1
"""Seconds: somebody who types fast, and whom the record beside the list must not slow down."""

BEAT_MS = 2


def prepare(folder: Path, link: str) -> dict[str, Any]:
    """A profile as the program makes it, its key in the keyring, with everything synced."""
    from fieldrep.paths import Profile
    from fieldrep.secrets import KeyVault
    from fieldrep.store.replica import Replica
    from fieldrep.sync.enrolment import enrol
    from fieldrep.sync.session import sync_now
    from tests.bench.device import now

    profile = Profile(folder)
    with Replica.open(profile, KeyVault(profile).create(), now, os.urandom, create=True) as replica:
        enrol(replica, link, os.urandom, "bench")
        receipt = sync_now(replica)
        return {"whole": receipt.whole, "pulled": receipt.pulled}


def start(begun: float) -> dict[str, Any]:
    """Runs the program until it is usable and has been used; `begun` is when its process was asked for."""
    from fieldrep.app import main
    from fieldrep.ui.widgets.recordlist import RecordList

    seen: dict[str, Any] = {}
    set_rows = RecordList.set_rows

    def watched(found: Any, rows: Any, *words: Any, **named: Any) -> None:
        set_rows(found, rows, *words, **named)
        if rows and found.view.isVisible():
            RecordList.set_rows = set_rows  # type: ignore[method-assign]
            _soon(lambda: _use(found, begun, seen))

    RecordList.set_rows = watched  # type: ignore[method-assign]
    late = threading.Timer(PATIENCE, _give_up)
    late.daemon = True
    late.start()
    main()
    if "frames" not in seen:
        raise RuntimeError("the window broke while it was used")
    return seen


def _soon(then: Callable[[], None]) -> None:
    from PySide6.QtCore import QTimer

    QTimer.singleShot(0, then)


def _give_up() -> None:
    print(f"the window was not usable within {PATIENCE:.0f} seconds", file=sys.stderr, flush=True)
    os._exit(1)


def _use(found: Any, begun: float, seen: dict[str, Any]) -> None:
    """The first rows are here: they are painted, and from then on somebody works with them."""
    from PySide6.QtWidgets import QApplication

    try:
        found.window().repaint()
        seen.update(wall=time.time() - begun, cpu=time.process_time())
        pulse = Pulse()
        keys = _type(pulse, found)
        seen.update(keys=keys, stall=pulse.longest, frames=_scroll(found))
    finally:
        QApplication.quit()


class Pulse:
    """Beats in the window's thread; the longest time between two beats is how long the window stood still."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now

    def until(self, true: Callable[[], object]) -> None:
        """The window works on until something is so."""
        from PySide6.QtCore import QCoreApplication, QEventLoop

        flags = QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        while not true():
            QCoreApplication.processEvents(flags)


def _type(pulse: Pulse, found: Any) -> list[float]:
    """Seconds from when each key was due to the repainted answer, so that a window that stands still is late."""
    from PySide6.QtTest import QTest

    answered: list[str] = []
    set_rows = found.set_rows

    def noted(*words: Any, **named: Any) -> None:
        set_rows(*words, **named)
        answered.append(found.search.text())

    found.set_rows = noted
    found.focus_search()
    due = time.perf_counter()
    times = []
    for text in TYPED:
        for letter in text:
            due += BETWEEN_KEYS
            pulse.until(lambda due=due: time.perf_counter() >= due)
            answered.clear()
            QTest.keyClicks(found.search, letter)
            pulse.until(lambda: answered)
            found.view.viewport().repaint()
            times.append(time.perf_counter() - due)
            due = max(due, time.perf_counter() - BETWEEN_KEYS)
        answered.clear()
        found.search.clear()
        found.search.textEdited.emit("")
        pulse.until(lambda: answered)
        due = time.perf_counter()
    return times


def _scroll(found: Any) -> list[float]:
    """Seconds of each repaint while the list moves by a row."""
    bar = found.view.verticalScrollBar()
    times = []
    for step in range(SCROLLS):
        bar.setValue(min(bar.maximum(), bar.minimum() + step * max(1, bar.singleStep())))
        begun = time.perf_counter()
        found.view.viewport().repaint()
        times.append(time.perf_counter() - begun)
    return times


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        print(json.dumps(prepare(Path(sys.argv[2]), sys.argv[3])))
    else:
        print(json.dumps(start(float(os.environ["FIELDREP_BENCH_BEGUN"]))))
