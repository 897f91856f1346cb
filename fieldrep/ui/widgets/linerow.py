"""LineRow: one fact in a side column: icon, two lines, a word at the right. A button where pressing it does something.

It paints and is pressed; what the fact is and what a press means comes from the page.
"""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from fieldrep.ui.style.fonts import metrics
from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.paint import draw_icon, draw_text, fill_round, mirrored, ring


@dataclass(frozen=True)
class LineView:
    """`tone` colours the icon, `note_tone` the second line; `press` says what pressing does, "" for nothing."""

    icon: str
    title: str
    note: str = ""
    right: str = ""
    tone: Tone = Tone.NEUTRAL
    note_tone: str = "text2"
    waiting: bool = False
    press: str = ""

    def spoken(self) -> str:
        waiting = "waiting to sync" if self.waiting else ""
        return ", ".join(part for part in (self.title, self.note, self.right, waiting, self.press) if part)


class LineRow(QAbstractButton):
    """Reached by Tab only when pressing it does something."""

    def __init__(self, view: LineView, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self.setObjectName(name)
        self.setAccessibleName(view.spoken())
        self.setToolTip(view.press)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if view.press:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setAttribute(Qt.WidgetAttribute.WA_Hover)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.setEnabled(False)

    def view(self) -> LineView:
        return self._view

    def sizeHint(self) -> QSize:
        tall = metrics("ui").height() + (metrics("caption").height() + 1 if self._view.note else 0)
        return QSize(160, tall + 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, view = current(), self._view
        painter = QPainter(self)
        area = self.rect()
        if view.press and self.underMouse():
            fill_round(painter, area, tokens.hover, 6)
        if self.hasFocus():
            ring(painter, area, tokens.focus, 6)
        flip = self.isRightToLeft()
        high, low = metrics("ui").height(), metrics("caption").height()
        inner = area.adjusted(32, 4, -4, -4)
        right = metrics("caption").horizontalAdvance(view.right) + (10 if view.right else 0)
        mark = 20 if view.waiting else 0
        title = QRect(inner.left(), inner.top(), max(0, inner.width() - right - mark), high)
        note = QRect(inner.left(), inner.top() + high + 1, inner.width(), low)
        far = QRect(inner.right() - right, inner.top(), right + 1, high)
        icon = QRect(6, area.center().y() - 8, 16, 16)
        if flip:
            title, note, far, icon = (mirrored(part, area) for part in (title, note, far, icon))
        draw_icon(painter, view.icon, tokens.ink(view.tone), icon.left(), icon.top())
        used = draw_text(painter, title, view.title, "ui", tokens.text, right=flip)
        draw_text(painter, note, view.note, "caption", tokens.named(view.note_tone), right=flip)
        draw_text(painter, far, view.right, "caption", tokens.text2, right=not flip, figures=True)
        if view.waiting:
            across = title.right() - used - 20 if flip else title.left() + used + 6
            draw_icon(painter, "upload", tokens.warning, across, title.center().y() - 6, 14)
