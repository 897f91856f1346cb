"""The real program under measurement, offscreen, in a process of its own: `python -m tests.bench.window STEP …`.

`prepare` makes a profile with a first replica; `start` runs the program's own `main` on it until the accounts stand in
the list, then types into the search and scrolls. Owns the watching from outside; the program is not told.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

TYPED = ("kor", "bra", "stin", "mee")
SCROLLS = 60
PATIENCE = 60.0


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
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    app = QApplication(["fieldrep"])
    seen: dict[str, Any] = {}
    timer = QTimer()
    timer.setInterval(2)

    def look() -> None:
        found = _filled_list(app)
        if found is None and time.time() - begun < PATIENCE:
            return
        timer.stop()
        try:
            if found is not None:
                found.view.viewport().repaint()
                seen.update(wall=time.time() - begun, cpu=time.process_time())
                seen.update(keys=_type(app, found), frames=_scroll(found))
        finally:
            app.quit()

    timer.timeout.connect(look)
    timer.start()
    from fieldrep.app import main

    main()
    if "frames" not in seen:
        raise RuntimeError(
            f"the window was not usable within {PATIENCE:.0f} seconds, or broke while it was used"
        )
    return seen


def _filled_list(app: Any) -> Any:
    from fieldrep.ui.widgets.recordlist import RecordList

    lists = (widget for widget in app.allWidgets() if isinstance(widget, RecordList))
    return next((found for found in lists if found.view.isVisible() and found.model.rowCount()), None)


def _type(app: Any, found: Any) -> list[float]:
    """Seconds from each key to the repainted answer."""
    from PySide6.QtTest import QTest

    answered: list[str] = []
    set_rows = found.set_rows

    def noted(*words: Any, **named: Any) -> None:
        set_rows(*words, **named)
        answered.append(found.search.text())

    found.set_rows = noted
    found.focus_search()
    times = []
    for text in TYPED:
        for letter in text:
            answered.clear()
            begun = time.perf_counter()
            QTest.keyClicks(found.search, letter)
            while not answered and time.perf_counter() - begun < 10:
                app.processEvents()
            found.view.viewport().repaint()
            times.append(time.perf_counter() - begun)
        answered.clear()
        found.search.clear()
        found.search.textEdited.emit("")
        begun = time.perf_counter()
        while not answered and time.perf_counter() - begun < 10:
            app.processEvents()
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
