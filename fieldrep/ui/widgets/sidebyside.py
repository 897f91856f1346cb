"""SideBySide: long texts next to each other, to be read whole and scrolled by keys.

Hidden while every text is short enough to stand in a table; it knows nothing of what the texts are.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import look_changed
from fieldrep.ui.widgets.text import Text

_SHORT = 24
"""Characters that a column of a table shows even in a narrow window."""

_LOWEST, _HEIGHT = 60, 112
"""Two lines can be read where there is little room."""


class SideBySide(QWidget):
    """`set` takes (title, text) for each column; there is room for as many columns as the first call gives."""

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._columns: list[tuple[Text, QPlainTextEdit]] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 8, 16, 8)
        self._row.setSpacing(12)
        self.hide()

    def set(self, texts: Sequence[tuple[str, str]]) -> None:
        while len(self._columns) < len(texts):
            self._add()
        for (title, box), (words, text) in zip(self._columns, texts, strict=True):
            title.setText(words)
            box.setAccessibleName(words)
            if box.toPlainText() != text:
                box.setPlainText(text)
        self.setVisible(any(len(text) > _SHORT or "\n" in text for _, text in texts))

    def _add(self) -> None:
        title, box = Text("", "caption", "text2"), QPlainTextEdit()
        box.setObjectName(f"{self.objectName()}_{len(self._columns)}")
        box.setReadOnly(True)
        box.setTabChangesFocus(True)
        _fit(box)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(title)
        column.addWidget(box)
        self._row.addLayout(column, 1)
        self._columns.append((title, box))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            for _, box in self._columns:
                _fit(box)


def _fit(box: QPlainTextEdit) -> None:
    box.setMinimumHeight(scaled(_LOWEST))
    box.setMaximumHeight(scaled(_HEIGHT))
