"""CheckBox, RadioButton and Select: Qt's controls with indicators drawn by us, sharp in both themes.

Behaviour and accessibility stay Qt's; only the painting is ours.
"""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QRadioButton, QSizePolicy, QWidget

from fieldrep.ui.style.fonts import metrics, scaled
from fieldrep.ui.style.theme import current
from fieldrep.ui.widgets.paint import draw_icon, draw_text, mirrored, ring

_BOX = 18
_GAP = 8
_SHORTEST = 150
_NOTE = 34
"""Characters of a value behind its choice."""


def _shortened(note: str) -> str:
    """Two values often differ at their end, so a long one ends in its middle."""
    line = " ".join(note.split())
    return line if len(line) <= _NOTE else f"{line[: _NOTE // 2]}…{line[1 - _NOTE // 2 :]}"


def _size(button: QAbstractButton, note: str = "") -> QSize:
    words = metrics("body").horizontalAdvance(button.text())
    extra = metrics("caption").horizontalAdvance(note) + _GAP if note else 0
    return QSize(_BOX + _GAP + words + extra + 8, scaled(28))


def _paint_words(button: QAbstractButton, painter: QPainter, note: str = "") -> QRect:
    """Draws label, note and focus ring; returns where the indicator goes."""
    tokens = current()
    box = QRect(4, (button.height() - _BOX) // 2, _BOX, _BOX)
    left = box.right() + 1 + _GAP
    advance = min(metrics("body").horizontalAdvance(button.text()) + 1, button.width() - left)
    words = QRect(left, 0, advance, button.height())
    behind = QRect(words.right() + _GAP, 0, max(0, button.width() - words.right() - _GAP), button.height())
    if button.isRightToLeft():
        box, words, behind = (mirrored(part, button.rect()) for part in (box, words, behind))
    draw_text(painter, words, button.text(), "body", tokens.text if button.isEnabled() else tokens.disabled)
    if note:
        note = metrics("caption").elidedText(note, Qt.TextElideMode.ElideMiddle, behind.width())
        draw_text(painter, behind, note, "caption", tokens.text3)
    if button.hasFocus():
        ring(painter, button.rect(), tokens.focus, 5)
    return box


def _outline(button: QAbstractButton, painter: QPainter) -> None:
    tokens = current()
    edge = tokens.border_strong if button.isEnabled() else tokens.border
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.accent if button.isChecked() else edge), 1.25))
    painter.setBrush(QColor(tokens.surface))


class CheckBox(QCheckBox):
    def __init__(self, text: str, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setObjectName(name)
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        return _size(self)

    def hitButton(self, place: object) -> bool:
        return self.rect().contains(place)  # type: ignore[call-overload]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = _paint_words(self, painter)
        _outline(self, painter)
        if self.isChecked():
            painter.setBrush(QColor(current().accent))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if self.isChecked():
            draw_icon(painter, "check", current().on_accent, box.left() + 2, box.top() + 2, 14)


class RadioButton(QRadioButton):
    """A radio button that may show its value as a quiet note behind its words; its tooltip tells the whole value."""

    def __init__(self, text: str, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._note = ""
        self.setObjectName(name)
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def note(self) -> str:
        return self._note

    def set_note(self, note: str, *, shown: bool = True) -> None:
        """A note that is not shown, for want of room, is still said."""
        self._note = _shortened(note) if shown else ""
        self.setAccessibleName(f"{self.text()} {note}".strip())
        self.setToolTip(note)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return _size(self, self._note)

    def minimumSizeHint(self) -> QSize:
        """The note gives way first, then the end of long words."""
        whole = _size(self)
        return QSize(min(whole.width(), scaled(_SHORTEST)), whole.height())

    def hitButton(self, place: object) -> bool:
        return self.rect().contains(place)  # type: ignore[call-overload]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = _paint_words(self, painter, self._note)
        _outline(self, painter)
        painter.drawEllipse(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5))
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(current().accent))
            painter.drawEllipse(QPointF(QRectF(box).center()), 5, 5)


class Select(QComboBox):
    """One of a few values; each item carries its key."""

    def __init__(self, *, name: str, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label)

    def set_choices(self, choices: list[tuple[str, str]], chosen: str = "") -> None:
        """`choices` are (key, words)."""
        self.clear()
        for key, words in choices:
            self.addItem(words, key)
        self.choose(chosen)

    def choose(self, key: str) -> None:
        self.setCurrentIndex(max(0, self.findData(key)))

    def key(self) -> str:
        return str(self.currentData() or "")

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        tokens = current()
        left = 10 if self.isRightToLeft() else self.width() - 26
        colour = tokens.text2 if self.isEnabled() else tokens.disabled
        draw_icon(painter, "chevron-down", colour, left, (self.height() - 16) // 2)
