"""Cards for data that cannot be opened: MendCard, MendedCard, LostKeyCard, AnewCard: what is safe, and one next step.

Own the words. What a repair does is the store's.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from fieldrep.ui.start.gate import StartCard
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.button import Button


class MendCard(StartCard):
    """`wanted` once, when the person lets it be repaired."""

    wanted = Signal()
    again = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__(
            "mend",
            "circle-alert",
            "The data on this laptop is damaged",
            "A part of its file cannot be read any more. A repair keeps the damaged file, saves everything you have "
            "not sent yet out of it, and fetches the rest from your server again.",
            Tone.WARNING,
        )
        self.close_button = Button("Close", name="mend_close")
        self.close_button.clicked.connect(self.left)
        self.first = Button("Repair", icon="wrench", variant="primary", name="mend_repair")
        self.first.clicked.connect(self._begin)
        self.body.addLayout(_row(self.close_button, self.first))

    def _begin(self) -> None:
        if self.first.isEnabled():
            self.busy = True
            self.close_button.setEnabled(False)
            self.first.setEnabled(False)
            self.first.set_text("Repairing")
            self.wanted.emit()


class MendedCard(StartCard):
    """What the repair saved, and what it could not read."""

    went_on = Signal()

    def __init__(self, sentence: str, *, whole: bool) -> None:
        title = "Repaired: nothing of yours is lost" if whole else "Repaired as far as it could be read"
        tone = Tone.SUCCESS if whole else Tone.WARNING
        super().__init__("mended", "check" if whole else "circle-alert", title, sentence, tone)
        self.first = Button("Go on", icon="arrow-right", variant="primary", name="mended_go_on")
        self.first.clicked.connect(self.went_on)
        self.body.addLayout(_row(self.first))
        self.setFocusProxy(self.first)


class LostKeyCard(StartCard):
    """The data is there and cannot be opened: try again, or begin anew beside it."""

    again = Signal()
    anew = Signal()
    left = Signal()

    def __init__(self, sentence: str, title: str = "The key of your data is not here") -> None:
        super().__init__("lost_key", "key-round", title, sentence, Tone.WARNING)
        close = Button("Close", name="lost_key_close")
        close.clicked.connect(self.left)
        anew = Button("Begin anew", name="lost_key_anew")
        anew.clicked.connect(self.anew)
        self.first = Button("Try again", icon="refresh-cw", variant="primary", name="lost_key_again")
        self.first.clicked.connect(self.again)
        self.body.addLayout(_row(close, anew, self.first))


class AnewCard(StartCard):
    """Asked once more: beginning anew gives up what nobody can read any more."""

    back = Signal()
    agreed = Signal()

    def __init__(self) -> None:
        super().__init__(
            "anew",
            "laptop",
            "Begin anew on this laptop?",
            "You need a new link of your admin. Everything that was sent comes back with it. What was never sent stays "
            "in the old file, which is kept, and can be read only with its key.",
            Tone.WARNING,
        )
        agree = Button("Keep the old file and begin anew", name="anew_agree")
        agree.clicked.connect(self.agreed)
        self.first = Button("Back", variant="primary", name="anew_back")
        self.first.clicked.connect(self.back)
        self.body.addLayout(_row(agree, self.first))
        self.setFocusProxy(self.first)


def _row(*buttons: Button) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addStretch(1)
    for button in buttons:
        row.addWidget(button)
    return row
