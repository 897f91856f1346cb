"""UnlockCard: asks for the passphrase of this profile and says when it is not right."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from fieldrep.ui.start.gate import StartCard
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.field import Field

LONGEST = 1024


def passphrase_field(label: str, name: str) -> Field:
    line = QLineEdit()
    line.setEchoMode(QLineEdit.EchoMode.Password)
    line.setMaxLength(LONGEST)
    return Field(label, line, name=name, required=True)


class UnlockCard(StartCard):
    """`entered` with the passphrase; `forgotten` when nobody knows it any more."""

    entered = Signal(str)
    forgotten = Signal()

    def __init__(self) -> None:
        super().__init__(
            "unlock",
            "lock",
            "Unlock FieldRep",
            "Your customers' data on this laptop is encrypted. The passphrase opens it; nobody can restore it for you.",
        )
        self.field = passphrase_field("Passphrase", "passphrase")
        self.button = Button("Unlock", icon="key-round", variant="primary", name="unlock_button")
        self.body.addWidget(self.field)
        row = QHBoxLayout()
        forgotten = Button("Forgotten", variant="ghost", name="unlock_forgotten")
        forgotten.clicked.connect(self.forgotten)
        row.addWidget(forgotten)
        row.addStretch(1)
        row.addWidget(self.button)
        self.body.addLayout(row)
        self.button.clicked.connect(self._enter)
        line = self.field.control
        if isinstance(line, QLineEdit):
            line.returnPressed.connect(self._enter)
        self.setFocusProxy(line)

    def refuse(self, sentence: str) -> None:
        self.button.setEnabled(True)
        self.field.control.setEnabled(True)
        self.field.set_text("")
        self.field.control.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.set_error(sentence)

    def _enter(self) -> None:
        if self.field.validate() and self.button.isEnabled():
            self.button.setEnabled(False)
            self.field.control.setEnabled(False)
            self.entered.emit(self.field.text())
