"""SearchField: a search box with its icon, and keys that reach into the list below it."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from fieldrep.ui.style.theme import current
from fieldrep.ui.widgets.paint import draw_icon

_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


class SearchField(QLineEdit):
    """Up and Down move the list without leaving the text; Enter opens; Esc clears, then lets Esc go on."""

    stepped = Signal(int)
    entered = Signal()

    def __init__(self, *, name: str, label: str, icon: str = "search", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setObjectName(name)
        self.setPlaceholderText(label)
        self.setAccessibleName(label)
        self.setTextMargins(26, 0, 0, 0)
        self.setMaxLength(200)

    def event(self, event: QEvent) -> bool:
        """With nothing of its own to undo, the box leaves Ctrl+Z to the window."""
        asks = (
            event if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) else None
        )
        if asks and asks.matches(QKeySequence.StandardKey.Undo) and not self.isUndoAvailable():
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _STEPS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.stepped.emit(_STEPS[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self.textEdited.emit("")
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        indent = self.textMargins().left() - 15
        left = self.width() - 16 - indent if self.isRightToLeft() else indent
        painter = QPainter(self)
        draw_icon(painter, self._icon, current().text2, left, (self.height() - 16) // 2)
