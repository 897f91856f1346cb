"""Toast: one line at the bottom that says what was done, with Undo while it can be undone.

Owns how long it stays: 8 s, longer while the pointer or the focus is on it. What undo means is the caller's.
"""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from fieldrep.ui.style.fonts import font, scaled
from fieldrep.ui.style.theme import current, look_changed
from fieldrep.ui.style.tokens import STATUS_BAR
from fieldrep.ui.widgets.bars import StatusBar
from fieldrep.ui.widgets.paint import fill_round
from fieldrep.ui.widgets.text import Text

STAYS_MS = 8000
_TALL = STATUS_BAR + 2
"""It lies over the status bar alone: whatever a person fills in or presses stays free, and its keys make room."""


_NO_MORE = "Nothing to undo by key any more. What is not sent is taken back under Sync, Waiting; else edit the record."


class Toast(QWidget):
    """Lies over its parent; a new line replaces the one shown, and the replaced one can no longer be undone here.

    `bar` is the status bar it lies over, which makes room for it.
    """

    undone = Signal(object)
    gone = Signal()

    def __init__(self, parent: QWidget, stays_ms: int = STAYS_MS, bar: StatusBar | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self._token: object = None
        self._bar = bar
        self._words = Text("", "ui", "toast_text")
        self._words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._undo = QPushButton("Undo   Ctrl Z")
        self._undo.setObjectName("toast_undo")
        self._undo.setAccessibleName("Undo")
        self._undo.setProperty("variant", "toast")
        self._undo.setFont(font("control"))
        self._undo.clicked.connect(self.undo)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(18)
        row.addWidget(self._words)
        row.addWidget(self._undo)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(stays_ms)
        self._timer.timeout.connect(self._leave)
        self._undo.installEventFilter(self)
        parent.installEventFilter(self)
        if bar is not None:
            bar.refitted.connect(self._follow)
        self.hide()

    def say(self, words: str, undo: object = None) -> None:
        """`undo` is handed back by `undone`; None shows no Undo."""
        self._token = undo
        self._words.setText(words)
        self._undo.setVisible(undo is not None)
        self.setAccessibleName(words)
        self.show()
        self._place()
        self.raise_()
        self._timer.start()
        announcement = QAccessibleAnnouncementEvent(self, words)
        announcement.setPoliteness(QAccessible.AnnouncementPoliteness.Polite)
        QAccessible.updateAccessibility(announcement)

    def words(self) -> str:
        return self._words.text()

    def can_undo(self) -> bool:
        return self.isVisible() and self._token is not None

    def undo(self) -> None:
        """Takes back what the toast offers; with nothing on offer it says where else a thing is taken back."""
        if self.can_undo():
            token, self._token = self._token, None
            self._leave()
            self.undone.emit(token)
        else:
            self.say(_NO_MORE)

    def dismiss(self) -> bool:
        """Esc: True when there was a toast to put away."""
        shown = self.isVisible()
        self._leave()
        return shown

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        if self.isVisible() and not self._undo.hasFocus():
            self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self._undo and kind == QEvent.Type.FocusIn:
            self._timer.stop()
        elif (
            watched is self._undo
            and kind == QEvent.Type.FocusOut
            and self.isVisible()
            and not self.underMouse()
        ):
            self._timer.start()
        elif watched is self.parent() and kind == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self._undo.setFont(font("control"))

    def paintEvent(self, event: QPaintEvent) -> None:
        fill_round(QPainter(self), self.rect(), current().toast, 8)

    def _follow(self) -> None:
        if self.isVisible():
            self._place()

    def _place(self) -> None:
        parent = self.parentWidget()
        self.layout().activate()
        size = self.sizeHint()
        size.setWidth(min(size.width(), parent.width() - 48))
        size.setHeight(max(size.height(), scaled(_TALL)))
        centred = (parent.width() - size.width()) // 2
        left = centred if self._bar is None else self._bar.make_room(size.width())
        if self._bar is not None and self.isRightToLeft():
            left = parent.width() - size.width() - left
        self.setGeometry(left, parent.height() - size.height(), size.width(), size.height())

    def _leave(self) -> None:
        self._timer.stop()
        if self.isVisible():
            if self._undo.hasFocus():
                self.parentWidget().setFocus(Qt.FocusReason.OtherFocusReason)
            self.hide()
            if self._bar is not None:
                self._bar.make_room(0)
            self.gone.emit()
