"""PhotoStrip: small pictures in a row, each with its name; Enter or a double click opens one.

Painted by itself; decoding is done before. It must not know what a picture belongs to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import current
from fieldrep.ui.widgets.paint import draw_text, fill_round, mirrored, ring

_WIDE, _TALL, _GAP, _NAME, _EDGE = 120, 90, 10, 20, 4


@dataclass(frozen=True)
class Photo:
    key: object
    name: str
    image: QImage


class PhotoStrip(QWidget):
    """`opened` says the key of a picture. Hidden while there is none."""

    opened = Signal(object)

    def __init__(self, *, name: str, label: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._label = label
        self.photos: list[Photo] = []
        self._at = self._first = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def set(self, photos: Sequence[Photo]) -> None:
        self.photos = list(photos)
        self._go(min(self._at, max(0, len(self.photos) - 1)))
        self.setVisible(bool(self.photos))

    def sizeHint(self) -> QSize:
        return QSize(3 * (_WIDE + _GAP), _TALL + scaled(_NAME) + 2 * _EDGE)

    def _go(self, at: int) -> None:
        """Makes one current, and moves the row so that it is seen."""
        self._at = at
        fits = max(1, (self.width() - 2 * _EDGE + _GAP) // (_WIDE + _GAP))
        self._first = max(0, min(self._first, at), at - fits + 1)
        name = self.photos[at].name if self.photos else ""
        self.setAccessibleName(
            f"{self._label}: {name}, {at + 1} of {len(self.photos)}" if name else self._label
        )
        self.setToolTip(name)
        self.update()

    def _place(self, at: int) -> QRect:
        area = QRect(_EDGE + (at - self._first) * (_WIDE + _GAP), _EDGE, _WIDE, _TALL)
        return mirrored(area, self.rect()) if self.isRightToLeft() else area

    def _under(self, place: QPoint) -> int | None:
        tall = _TALL + scaled(_NAME)
        found = (
            at
            for at in range(len(self.photos))
            if QRect(self._place(at).topLeft(), QSize(_WIDE, tall)).contains(place)
        )
        return next(found, None)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), current()
        for at, photo in enumerate(self.photos):
            area = self._place(at)
            if at < self._first or not self.rect().intersects(area):
                continue
            fill_round(painter, area, tokens.sunken, 6)
            shown = photo.image.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(QPoint(0, 0), shown)
            target.moveCenter(area.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, photo.image)
            below = QRect(area.left(), area.bottom() + 2, _WIDE, scaled(_NAME))
            draw_text(painter, below, photo.name, "caption", tokens.text2)
            if at == self._at and self.hasFocus():
                ring(painter, area.adjusted(-2, -2, 2, 2), tokens.focus, 6)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        step = -step if self.isRightToLeft() else step
        if step and 0 <= self._at + step < len(self.photos):
            self._go(self._at + step)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.photos:
            self.opened.emit(self.photos[self._at].key)
        elif not step:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._under(event.position().toPoint())
        if at is not None:
            self._go(at)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = self._under(event.position().toPoint())
        if at is not None:
            self.opened.emit(self.photos[at].key)

    def wheelEvent(self, event: QWheelEvent) -> None:
        down = event.angleDelta().y() < 0
        at = self._at + (1 if down else -1)
        if 0 <= at < len(self.photos):
            self._go(at)
