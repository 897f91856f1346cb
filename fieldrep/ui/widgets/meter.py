"""Meter and Spark: a share as a bar and a series as a line, each told in words to screen readers.

They paint what they are given; the numbers and their wording come from the page.
"""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from fieldrep.ui.style.theme import current
from fieldrep.ui.widgets.paint import ring


class Meter(QWidget):
    """`share` of 1000 filled; over 1000 stays full. The words beside it carry the meaning."""

    def __init__(self, share: int, description: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = share
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(description)
        self.setAccessibleDescription(description)

    def sizeHint(self) -> QSize:
        return QSize(56, 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(0, (self.height() - 6) / 2, self.width(), 6)
        painter.setBrush(QColor(tokens.neutral_soft))
        painter.drawRoundedRect(whole, 3, 3)
        filled = max(0, min(1000, self._share)) * whole.width() / 1000
        if filled > 0:
            part = QRectF(whole.left(), whole.top(), max(6.0, filled), 6)
            if self.isRightToLeft():
                part.moveRight(whole.right())
            painter.setBrush(QColor(tokens.chart1))
            painter.drawRoundedRect(part, 3, 3)


class Spark(QAbstractButton):
    """A line of values with its last point marked, and an earlier series behind it in a muted tone.

    `press` says what pressing it does, such as showing its values as a table; "" for nothing.
    """

    def __init__(
        self,
        values: Sequence[int],
        description: str,
        before: Sequence[int] = (),
        *,
        press: str = "",
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._values = tuple(values)
        self._before = tuple(before)
        self.setToolTip(press)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if press else Qt.FocusPolicy.NoFocus)
        if press:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setEnabled(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(description)
        self.setAccessibleDescription(description)

    def sizeHint(self) -> QSize:
        return QSize(84, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        if len(self._values) < 2:
            return
        tokens = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._line(painter, self._before, tokens.chart_muted, 1.5)
        last = self._line(painter, self._values, tokens.chart1, 1.75)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.chart1))
        painter.drawEllipse(last, 3, 3)
        if self.hasFocus():
            ring(painter, self.rect(), tokens.focus, 4)

    def _line(self, painter: QPainter, values: tuple[int, ...], colour: str, width: float) -> QPointF:
        if len(values) < 2:
            return QPointF()
        every = (*self._values, *self._before)
        low, span = min(every), max(1, max(every) - min(every))
        step = (self.width() - 8) / (len(values) - 1)
        tall = self.height() - 8
        points = [QPointF(4 + i * step, 4 + tall - (v - low) * tall / span) for i, v in enumerate(values)]
        painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        return points[-1]
