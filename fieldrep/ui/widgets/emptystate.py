"""EmptyState: what is empty, why, and the one action that helps. Also shows errors that can be tried again."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.icon import Icon
from fieldrep.ui.widgets.text import Text


class EmptyState(QWidget):
    acted = Signal()

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._icon = Icon("inbox", "text3", 28)
        self._title = Text("", "strong")
        self._why = Text("", "small", "text3")
        self._action = Button("", name=f"{name}_action")
        self._action.clicked.connect(self.acted)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 32, 24, 32)
        column.setSpacing(6)
        column.addStretch(2)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(4)
        for label in (self._title, self._why):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
            column.addWidget(label)
        column.addSpacing(8)
        column.addWidget(self._action, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def say(self, title: str, why: str = "", *, action: str = "", icon: str = "inbox") -> None:
        self._icon.set(icon, "text3")
        self._title.setText(title)
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self._action.set_text(action)
        self._action.setVisible(bool(action))
        self.setAccessibleName(f"{title}. {why}".rstrip(". "))

    def title(self) -> str:
        return self._title.text()
