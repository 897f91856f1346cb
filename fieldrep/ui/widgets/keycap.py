"""KeyCap: one key or key combination drawn as caps, and `KeyHint`, a cap with the word for what it does."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldrep.ui.style.fonts import font, metrics, scaled
from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import RADIUS_KEY


@dataclass(frozen=True)
class KeyHint:
    """`keys` as a person reads them ("Ctrl K"), `word` what they do."""

    keys: str
    word: str


def cap_size(keys: str) -> QSize:
    return QSize(metrics("overline").horizontalAdvance(keys) + 16, scaled(18))


def paint_cap(painter: QPainter, area: QRect, keys: str) -> None:
    tokens = current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.border), 1))
    painter.setBrush(QColor(tokens.canvas))
    painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_KEY, RADIUS_KEY)
    painter.setPen(QColor(tokens.text2))
    painter.setFont(font("overline"))
    painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, keys)


class KeyCap(QWidget):
    """The cap alone, or with a word to its right."""

    def __init__(self, keys: str, word: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys = keys
        self._word = word
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{keys}: {word}" if word else keys)

    def sizeHint(self) -> QSize:
        cap = cap_size(self._keys)
        word = metrics("caption").horizontalAdvance(self._word) + 6 if self._word else 0
        return QSize(cap.width() + word, cap.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        cap = cap_size(self._keys)
        rtl = self.isRightToLeft()
        left = self.width() - cap.width() if rtl else 0
        paint_cap(
            painter, QRect(left, (self.height() - cap.height()) // 2, cap.width(), cap.height()), self._keys
        )
        if self._word:
            painter.setPen(QColor(current().text2))
            painter.setFont(font("caption"))
            start = 0 if rtl else cap.width() + 6
            area = QRect(start, 0, self.width() - cap.width() - 6, self.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute, self._word)
