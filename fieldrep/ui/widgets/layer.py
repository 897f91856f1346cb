"""Layer: a dimmed sheet over the whole window with one box on it; it keeps the focus and gives it back."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget


class Layer(QWidget):
    """Fill `body`. Subclasses say where the focus goes in `first_focus`."""

    closed = Signal()

    def __init__(self, parent: QWidget, *, name: str, width: int, top: int) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._width, self._top = width, top
        self._before: QWidget | None = None
        self.box = QFrame(self)
        self.box.setProperty("role", "menu")
        self.body = QVBoxLayout(self.box)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        parent.installEventFilter(self)
        self.hide()

    def first_focus(self) -> QWidget:
        return self.box

    def box_height(self) -> int:
        return self.box.sizeHint().height()

    def open(self) -> None:
        if not self.isVisible():
            self._before = QApplication.focusWidget()
        self.setGeometry(self.parentWidget().rect())
        self.show()
        self.raise_()
        self.place()
        self.first_focus().setFocus(Qt.FocusReason.PopupFocusReason)

    def close_layer(self) -> bool:
        """True when it was open."""
        if not self.isVisible():
            return False
        self.hide()
        if self._before is not None:
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
            self._before = None
        self.closed.emit()
        return True

    def place(self) -> None:
        wide = min(self._width, self.width() - 48)
        tall = min(self.box_height(), self.height() - self._top - 40)
        self.box.setGeometry((self.width() - wide) // 2, self._top, wide, tall)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab stays inside the layer."""
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.box.geometry().contains(event.position().toPoint()):
            self.close_layer()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parent() and event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self.parentWidget().rect())
            self.place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(8, 10, 16, 96))
