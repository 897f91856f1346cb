"""Badge: a short word in a soft pill that says a state, such as "Key account" or "1 overdue"."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import look_changed
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.text import Text


class Badge(Text):
    def __init__(self, text: str, tone: Tone = Tone.NEUTRAL, parent: QWidget | None = None) -> None:
        super().__init__(text, "badge", tone, parent)
        self.setProperty("role", "badge")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(scaled(20))

    def set(self, text: str, tone: Tone) -> None:
        self.setText(text)
        self.set_tone(tone)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self.setFixedHeight(scaled(20))
