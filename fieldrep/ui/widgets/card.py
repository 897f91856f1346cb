"""Card and Section: a bordered box, and a heading with a body under it. Plus `line()` and `Scroll`.

Layout only; they know nothing of what they hold.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from fieldrep.ui.style.tokens import CARD_PADDING
from fieldrep.ui.widgets.text import ElidedText


def line(*, vertical: bool = False) -> QFrame:
    rule = QFrame()
    rule.setProperty("role", "vline" if vertical else "line")
    return rule


class Card(QFrame):
    """A column in a bordered box: `body` is the layout to fill. `role` is card or well."""

    def __init__(
        self, role: str = "card", padding: int = CARD_PADDING, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", role)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(padding, padding - 2, padding, padding - 2)
        self.body.setSpacing(8)


class Heading(QWidget):
    """A section's heading with room for badges beside it and actions at the far end."""

    def __init__(self, text: str, *beside: QWidget, actions: tuple[QWidget, ...] = ()) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.words = ElidedText(text, "heading")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.words)
        for widget in beside:
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        for widget in actions:
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)


class Scroll(QScrollArea):
    """A vertical scroll area for a page or a column; what it holds keeps its own width."""

    def __init__(self, content: QWidget, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
