"""Garbage: rings of objects that nobody uses are taken away on the GUI thread alone.

Python looks for them on whichever thread happens to make an object, and destroys there what it finds. Where that is a
thread that syncs or reads, and a widget is in the ring, Qt ends the program. Must not know what is in the rings.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

from fieldrep.garbage import look_seldom

LOOK_EVERY_MS = 500


class Garbage(QObject):
    """From its making Python looks no more by itself; this one does, as often as Python's own thresholds say."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        look_seldom()
        timer = QTimer(self)
        timer.setInterval(LOOK_EVERY_MS)
        timer.timeout.connect(self.look)
        timer.start()

    def settle(self) -> None:
        """What stands now stays: each look at it would take 30 ms, in which nothing else happens."""
        gc.freeze()

    def look(self) -> None:
        """Takes away what a look is due for: the young ones often, the old ones seldom."""
        over = [made > most for made, most in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if over[0]:
            gc.collect(2 if over[2] else 1 if over[1] else 0)
