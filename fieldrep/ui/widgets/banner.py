"""Banner: a toned box with an icon, a heading, a sentence and at most one action; it stays until the cause is gone."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.icon import Icon
from fieldrep.ui.widgets.text import Text, restyle

TONE_ICONS = {
    Tone.NEUTRAL: "info",
    Tone.ACCENT: "info",
    Tone.INFO: "info",
    Tone.SUCCESS: "circle-check",
    Tone.WARNING: "triangle-alert",
    Tone.DANGER: "circle-alert",
    Tone.VIOLET: "info",
}


class Banner(QFrame):
    """Hidden while it has nothing to say."""

    acted = Signal()

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("role", "banner")
        self._speaks = False
        self._icon = Icon("info", Tone.INFO)
        self._heading = Text("", "ui")
        self._heading.setWordWrap(True)
        self._sentence = Text("", "caption", "text2")
        self._sentence.setWordWrap(True)
        self._action = Button("", variant="link", name=f"{name}_action")
        self._action.clicked.connect(self.acted)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._heading)
        words.addWidget(self._sentence)
        row = QHBoxLayout(self)
        row.setContentsMargins(13, 9, 10, 9)
        row.setSpacing(12)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(words, 1)
        row.addWidget(self._action, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    def say(
        self, heading: str, sentence: str = "", tone: Tone = Tone.INFO, *, action: str = "", icon: str = ""
    ) -> None:
        self._icon.set(icon or TONE_ICONS[tone], tone)
        self._heading.setText(heading)
        self._heading.set_tone(tone)
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        self._action.set_text(action)
        self._action.setVisible(bool(action))
        self.setAccessibleName(f"{heading} {sentence}".strip())
        self.setProperty("tone", str(tone))
        restyle(self)
        self._speaks = True
        self._appear()

    def clear(self) -> None:
        self._speaks = False
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange:
            self._appear()

    def _appear(self) -> None:
        """A banner that spoke before it had a place waits for it: shown alone it would be a window."""
        if self._speaks and self.parentWidget() is not None:
            self.show()

    def heading(self) -> str:
        return self._heading.text()
