"""Avatar: two letters on a soft fill, square for records, round for people."""

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldrep.ui.style.fonts import font
from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.paint import avatar_tone, draw_avatar, fill_round, initials


class Avatar(QWidget):
    def __init__(
        self, name: str = "", size: int = 48, *, person: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._size, self._person = name, size, person
        self._tone: Tone | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set(self, name: str, tone: Tone | None = None) -> None:
        self._name, self._tone = name, tone
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._size, self._size)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        tone = self._tone or avatar_tone(self._name)
        kind = "title" if self._size >= 40 else "overline"
        if not self._person:
            draw_avatar(painter, self.rect(), initials(self._name), tone, kind)
            return
        fill_round(painter, QRect(0, 0, self._size, self._size), current().soft(tone), self._size / 2)
        painter.setFont(font(kind))
        painter.setPen(current().ink(tone))
        painter.drawText(self.rect(), 0x84, initials(self._name))
