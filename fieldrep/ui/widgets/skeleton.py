"""Skeleton: quiet grey rows in the shape of what is coming, shown when loading takes longer than 200 ms."""

from PySide6.QtCore import QRect, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import LIST_ROW
from fieldrep.ui.widgets.paint import fill_round

APPEARS_AFTER_MS = 200


class Skeleton(QWidget):
    """Invisible ink until the wait is long enough to notice; nothing moves."""

    def __init__(self, row_height: int = LIST_ROW, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row_height = row_height
        self._inked = False
        self.setAccessibleName("Loading")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(APPEARS_AFTER_MS)
        self._timer.timeout.connect(self._ink)

    def start(self) -> None:
        self._inked = False
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _ink(self) -> None:
        self._inked = True
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._inked:
            return
        painter = QPainter(self)
        fill = current().neutral_soft
        for number in range(self.height() // self._row_height):
            top = number * self._row_height + 11
            fill_round(painter, QRect(10, top, 36, 36), fill)
            long = 120 + (number * 47) % 80
            fill_round(painter, QRect(58, top + 4, min(long, max(0, self.width() - 70)), 10), fill, 4)
            fill_round(painter, QRect(58, top + 22, min(long - 40, max(0, self.width() - 70)), 9), fill, 4)
