"""EnrolCard and DownloadCard: the first start: paste the link, name the laptop, protect it, and watch the data arrive.

Owns what is asked and where each sentence shows. The link is judged by sync, the passphrase by the key vault.
"""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from fieldrep.contract.counts import counted
from fieldrep.ui.start.gate import StartCard
from fieldrep.ui.start.unlock import passphrase_field
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.field import Field
from fieldrep.ui.widgets.text import Text

SHORTEST = 8
_FIRST = "Your admin made a link for you. It works once, for a short time."


@dataclass(frozen=True)
class Enrolment:
    """What was entered; `passphrase` "" where the keyring keeps the key."""

    link: str
    name: str
    passphrase: str


class EnrolCard(StartCard):
    """`entered` carries an Enrolment; `refuse` and `ask_passphrase` answer it; what is typed until then stays."""

    entered = Signal(object)

    def __init__(self, device_name: str, title: str = "Set up this laptop", sentence: str = _FIRST) -> None:
        super().__init__("enrol", "laptop", title, sentence)
        self.link = Field("Enrolment link", QLineEdit(), name="enrol_link", required=True,
                          help_text="It begins with fieldrep://enroll")  # fmt: skip
        self.name = Field("Name of this laptop", QLineEdit(), name="enrol_name",
                          help_text="So that you and your admin can tell your devices apart")  # fmt: skip
        self.name.set_text(device_name)
        self.problem = Banner(name="enrol_problem")
        self._secret = QWidget()
        self.passphrase = passphrase_field("Passphrase", "enrol_passphrase")
        self.again = passphrase_field("The same passphrase again", "enrol_again")
        self.button = Button("Set up", icon="arrow-right", variant="primary", name="enrol_button")
        self._lay_out()
        self.button.clicked.connect(self._enter)
        for field in (self.link, self.name, self.passphrase, self.again):
            if isinstance(field.control, QLineEdit):
                field.control.returnPressed.connect(self._enter)
        self.setFocusProxy(self.link.control)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self._secret)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        why = Text(
            "This computer has no keyring that could keep the key of your data. A passphrase protects it instead; "
            "you enter it whenever FieldRep starts. A few words are best.",
            "small",
            "text2",
        )
        why.setWordWrap(True)
        for widget in (why, self.passphrase, self.again):
            column.addWidget(widget)
        self._secret.hide()
        for part in (self.problem, self.link, self.name, self._secret):
            self.body.addWidget(part)
        self._row = QHBoxLayout()
        self._row.addStretch(1)
        self._row.addWidget(self.button)
        self.body.addLayout(self._row)

    def ask_passphrase(self) -> None:
        """There is no keyring: the same entries, and a passphrase with them."""
        self._free()
        self._secret.show()
        self.passphrase.control.setFocus(Qt.FocusReason.OtherFocusReason)

    def refuse(self, sentence: str, *, about_link: bool) -> None:
        """What was entered stays."""
        self._free()
        if about_link:
            self.link.set_error(sentence)
            self.link.control.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.problem.say("This did not work yet", sentence, Tone.WARNING)

    def _free(self) -> None:
        self.button.setEnabled(True)
        self.button.set_text("Set up")

    def _enter(self) -> None:
        if not self.button.isEnabled():
            return
        self.problem.clear()
        fields = [self.link, self.name]
        if not self._secret.isHidden():
            fields += [self.passphrase, self.again]
        wrong = [field for field in fields if not field.validate()]
        if not wrong and not self._secret.isHidden():
            wrong = self._passphrase_problems()
        if wrong:
            wrong[0].control.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if self.button.hasFocus():
            self.link.control.setFocus(Qt.FocusReason.OtherFocusReason)
        self.button.setEnabled(False)
        self.button.set_text("Asking the server")
        secret = "" if self._secret.isHidden() else self.passphrase.text()
        self.entered.emit(Enrolment(self.link.text(), self.name.text().strip(), secret))

    def _passphrase_problems(self) -> list[Field]:
        if len(self.passphrase.text()) < SHORTEST:
            self.passphrase.set_error(f"Use at least {SHORTEST} characters; a few words are best.")
            return [self.passphrase]
        if self.passphrase.text() != self.again.text():
            self.again.set_error("The two are not the same. Enter the passphrase again.")
            return [self.again]
        return []


class EnrolAgainCard(EnrolCard):
    """The server admits this laptop no longer; the work on it may go on, and a new link lets it out."""

    later = Signal()

    def __init__(self, sentence: str, waiting: int) -> None:
        kept = counted(waiting, "change") if waiting else "Everything"
        goes = "waits here and goes" if waiting == 1 or not waiting else "wait here and go"
        super().__init__(
            "",
            "Set up this laptop again",
            f"{sentence} {kept} {goes} out after it was set up with a new link.",
        )
        if isinstance(self.name.control, QLineEdit):
            self.name.control.setPlaceholderText("As before")
        put_off = Button("Work on without the server", name="enrol_later")
        put_off.clicked.connect(self.later)
        self._row.insertWidget(1, put_off)


class DownloadCard(StartCard):
    """How much of the data is here; one may start as soon as the first of it is."""

    started = Signal()
    again = Signal()

    def __init__(self, person: str) -> None:
        super().__init__(
            "download",
            "download",
            f"Welcome, {person}" if person else "Welcome",
            "Your customers, prices and orders come to this laptop, so that all of it works without a network.",
        )
        self.bar = QProgressBar()
        self.bar.setObjectName("download_bar")
        self.bar.setAccessibleName("Download")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        self.words = Text("Asking the server what is yours", "small", "text2", figures=True)
        self.words.setObjectName("download_words")
        self.problem = Banner(name="download_problem")
        self.problem.acted.connect(self.again)
        self.button = Button("Start", icon="arrow-right", variant="primary", name="download_start")
        self.button.setEnabled(False)
        self.button.clicked.connect(self.started)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.button)
        for widget in (self.bar, self.words, self.problem):
            self.body.addWidget(widget)
        self.body.addLayout(row)

    def advance(self, done: int, total: int) -> None:
        """Records that are here, of all that will come (0: nobody knows yet)."""
        self.problem.clear()
        if not total:
            return
        self.bar.setRange(0, 1000)
        self.bar.setValue(done * 1000 // max(total, 1))
        self.words.setText(
            f"{done:,} of {counted(total, 'record')}. You can start now; the rest arrives while you work."
        )
        self._let_start()

    def finish(self) -> None:
        self.bar.setRange(0, 1)
        self.bar.setValue(1)
        self.problem.clear()
        self.words.setText("Everything is here. You can start now.")
        self._let_start()

    def stumble(self, sentence: str) -> None:
        """The line broke: what arrived is kept, and the next try goes on from there."""
        self.problem.say("The download paused", f"{sentence} It goes on where it stopped.", Tone.WARNING,
                         action="Try now")  # fmt: skip
        self._let_start()

    def _let_start(self) -> None:
        if not self.button.isEnabled():
            self.button.setEnabled(True)
            self.button.setFocus(Qt.FocusReason.OtherFocusReason)
