"""Gate: the window that stands before the work: the product's name and one card in the middle. Plus `StoppedCard`.

Owns the frame and its close. What a card asks and what follows is the composition root's.
"""

from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.ui.style.tokens import WINDOW_FIRST, WINDOW_MIN, Tone
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Card, Scroll
from fieldrep.ui.widgets.icon import Icon
from fieldrep.ui.widgets.text import Text

CARD_WIDTH = 520
HANDOVER_MS = 500
"""The work's window has the keys by then, or the person has gone elsewhere."""


class Gate(QWidget):
    """`closing` when the person leaves without going in."""

    closing = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gate")
        self.setProperty("role", "canvas")
        self.setWindowTitle("FieldRep")
        self.setMinimumSize(*WINDOW_MIN)
        self.resize(*WINDOW_FIRST)
        self._through = False
        self._heir: QWidget | None = None
        self._seek: Callable[[], None] = lambda: None
        self._card: QWidget | None = None
        self._middle = QVBoxLayout()
        body = QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(24, 24, 24, 24)
        across.addStretch(1)
        across.addLayout(self._middle)
        across.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 14, 0, 0)
        name = Text("FieldRep", "heading")
        name.setContentsMargins(16, 0, 0, 0)
        column.addWidget(name)
        column.addWidget(Scroll(body, name="gate_scroll"), 1)

    def show_card(self, card: QWidget) -> None:
        """Put a card in the middle, in place of the one before."""
        while self._middle.count():
            if (widget := self._middle.takeAt(0).widget()) is not None:
                widget.hide()
                widget.deleteLater()
        card.setFixedWidth(CARD_WIDTH)
        self._card = card
        self._middle.addStretch(2)
        self._middle.addWidget(card)
        self._middle.addStretch(3)
        self.show()

    def card(self) -> QWidget | None:
        return self._card

    def go_through(self, heir: QWidget | None, seek: Callable[[], None] = lambda: None) -> None:
        """The work begins: close without ending the program, once the work's window has the keys.

        What is typed here until then goes there; `seek` makes it look for what is typed where nothing else takes it.
        """
        self._through, self._heir, self._seek = True, heir, seek
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if heir is None or heir.isActiveWindow():
            self.close()
            return
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocus()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusWindowChanged.connect(self._on_window)
        QTimer.singleShot(HANDOVER_MS, self, self.close)

    def _on_window(self) -> None:
        if shiboken6.isValid(self._heir) and self._heir is not None and self._heir.isActiveWindow():
            self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        heir = self._heir if shiboken6.isValid(self._heir) else None
        if heir is None:
            super().keyPressEvent(event)
            return
        if event.text().strip() and event.text().isprintable() and not _takes_text(heir.focusWidget()):
            self._seek()
        if (target := heir.focusWidget()) is not None:
            QCoreApplication.sendEvent(target, event.clone())

    def closeEvent(self, event: QCloseEvent) -> None:
        if isinstance(self._card, StartCard) and self._card.busy:
            event.ignore()
            return
        if not self._through:
            self.closing.emit()
        super().closeEvent(event)


def _takes_text(widget: QWidget | None) -> bool:
    return widget is not None and widget.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


class StartCard(Card):
    """An icon, a title and a sentence, over what the card asks. While it is `busy` the window stays open."""

    busy = False

    def __init__(self, name: str, icon: str, title: str, sentence: str, tone: Tone = Tone.ACCENT) -> None:
        super().__init__(padding=28)
        self.setObjectName(name)
        self.body.setSpacing(14)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(Icon(icon, tone, 24), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        self.title = Text(title, "title")
        self.sentence = Text(sentence, "small", "text2")
        for text in (self.title, self.sentence):
            text.setWordWrap(True)
            words.addWidget(text)
        top.addLayout(words, 1)
        self.body.addLayout(top)


class StoppedCard(StartCard):
    """Why the profile cannot be opened, and what can be done: try again, or leave."""

    again = Signal()
    left = Signal()

    def __init__(self, title: str, sentence: str) -> None:
        super().__init__("stopped", "circle-alert", title, sentence, Tone.WARNING)
        row = QHBoxLayout()
        row.addStretch(1)
        close = Button("Close", name="stopped_close")
        close.clicked.connect(self.left)
        self.first = Button("Try again", icon="refresh-cw", variant="primary", name="stopped_again")
        self.first.clicked.connect(self.again)
        row.addWidget(close)
        row.addWidget(self.first)
        self.body.addLayout(row)
