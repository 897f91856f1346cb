"""Icon: one Lucide icon in a token's colour, made again when the theme changes. Decoration, so it has no name."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.paint import draw_icon


class Icon(QWidget):
    """`colour` is a Tone or the name of a token."""

    def __init__(
        self, name: str, colour: Tone | str = "text2", size: int = 16, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._colour, self._size = name, colour, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(self._size, self._size)

    def set(self, name: str, colour: Tone | str) -> None:
        self._name, self._colour = name, colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colour = current().named(self._colour)
        painter = QPainter(self)
        left, top = (self.width() - self._size) // 2, (self.height() - self._size) // 2
        draw_icon(painter, self._name, colour, left, top, self._size)
