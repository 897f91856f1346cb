"""Field: a labelled control with help and error; Form: fields that validate together.

Owns when a check runs (on leaving, again on submit) and where its sentence shows. What is valid comes from the
page as a function; nothing here knows a rule of the business.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.choice import Select
from fieldrep.ui.widgets.icon import Icon
from fieldrep.ui.widgets.text import Text, restyle

Check = Callable[[str], str]


def somebody_types() -> bool:
    """Whether the keyboard is in a text that has been begun, so that nothing may come in between unasked."""
    control = QApplication.focusWidget()
    if isinstance(control, QLineEdit):
        return bool(control.text()) and not control.isReadOnly()
    return isinstance(control, QPlainTextEdit) and not control.isReadOnly()


class Field(QWidget):
    """Label above, control, then help or error. `check` gets the text and returns a sentence, or "" when right."""

    left = Signal()
    edited = Signal(str)

    def __init__(
        self,
        label: str,
        control: QWidget,
        *,
        name: str,
        required: bool = False,
        help_text: str = "",
        check: Check | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.control = control
        self._label_text, self._required, self._help, self._check = label, required, help_text, check
        self._error = ""
        control.setObjectName(name)
        self.setObjectName(f"{name}_field")
        self._label = Text(f"{label} *" if required else label, "ui", "text2")
        self._label.setBuddy(control)
        self._note_icon = Icon("circle-alert", Tone.DANGER, 14)
        self._note = Text("", "caption", "text3")
        self._note.setWordWrap(True)
        self._lay_out()
        self._connect()
        self._show_note()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self._label)
        top.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(6)
        below.addWidget(self._note_icon, 0, Qt.AlignmentFlag.AlignTop)
        below.addWidget(self._note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.control)
        column.addLayout(below)

    def _connect(self) -> None:
        self.control.installEventFilter(self)
        if isinstance(self.control, QLineEdit):
            self.control.textEdited.connect(self._on_edit)
        elif isinstance(self.control, QPlainTextEdit):
            self.control.setTabChangesFocus(True)
            self.control.textChanged.connect(self._on_edit)
        elif isinstance(self.control, QComboBox):
            self.control.currentIndexChanged.connect(self._on_edit)
        elif isinstance(self.control, QCheckBox):
            self.control.toggled.connect(self._on_edit)

    def text(self) -> str:
        """What is entered: the words, the key of a Select, "1" or "" of a CheckBox."""
        if isinstance(self.control, Select):
            return self.control.key()
        if isinstance(self.control, QPlainTextEdit):
            return self.control.toPlainText()
        if isinstance(self.control, QCheckBox):
            return "1" if self.control.isChecked() else ""
        return self.control.text() if isinstance(self.control, QLineEdit) else ""

    def set_text(self, text: str) -> None:
        """Fill in without counting as an edit."""
        blocked = self.control.blockSignals(True)
        if isinstance(self.control, Select):
            self.control.choose(text)
        elif isinstance(self.control, QPlainTextEdit):
            self.control.setPlainText(text)
        elif isinstance(self.control, QCheckBox):
            self.control.setChecked(bool(text))
        elif isinstance(self.control, QLineEdit):
            self.control.setText(text)
        self.control.blockSignals(blocked)
        self.control.update()

    def error(self) -> str:
        return self._error

    def set_error(self, sentence: str) -> None:
        """A sentence that says what to do; "" clears it."""
        changed = sentence != self._error
        self._error = sentence
        self.control.setProperty("invalid", "true" if sentence else "false")
        if changed:
            restyle(self.control)
            if sentence:
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.control, sentence))
        self._show_note()

    def validate(self) -> bool:
        text = self.text()
        if self._required and not text.strip():
            word = self._label_text
            self.set_error(f"Enter {word if word[1:2].isupper() else word[:1].lower() + word[1:]}.")
        else:
            self.set_error(self._check(text) if self._check is not None else "")
        return not self._error

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and watched is self.control:
            self.validate()
            self.left.emit()
        return super().eventFilter(watched, event)

    def _on_edit(self) -> None:
        if self._error:
            self.validate()
        self.edited.emit(self.text())

    def _show_note(self) -> None:
        note = self._error or self._help
        self._note.setText(note)
        self._note.set_tone(Tone.DANGER if self._error else "text3")
        self._note.setVisible(bool(note))
        self._note_icon.setVisible(bool(self._error))
        required = ", required" if self._required else ""
        self.control.setAccessibleName(f"{self._label_text}{required}")
        self.control.setAccessibleDescription(f"Invalid: {self._error}" if self._error else self._help)


class Form(QWidget):
    """Fields in the order of their tabs; `submit` validates all, counts the errors and goes to the first."""

    submitted = Signal(dict)

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.summary = Banner(name=f"{name}_summary")
        self.fields: dict[str, Field] = {}
        self._start: dict[str, str] = {}
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(14)
        self.body.addWidget(self.summary)

    def add(self, key: str, field: Field) -> Field:
        """Into the form's column; a field laid out elsewhere is made known with `know`."""
        self.body.addWidget(field)
        return self.know(key, field)

    def know(self, key: str, field: Field) -> Field:
        self.fields[key] = field
        self._start[key] = field.text()
        return field

    def fill(self, values: Mapping[str, str]) -> None:
        for key, field in self.fields.items():
            field.set_text(values.get(key, ""))
            field.set_error("")
            self._start[key] = field.text()
        self.summary.clear()

    def values(self) -> dict[str, str]:
        return {key: field.text() for key, field in self.fields.items()}

    def started(self) -> dict[str, str]:
        """The texts as they were filled in."""
        return dict(self._start)

    def changed(self) -> dict[str, str]:
        """Only what differs from what was filled in."""
        return {key: field.text() for key, field in self.fields.items() if field.text() != self._start[key]}

    def submit(self) -> None:
        wrong = [field for field in self.fields.values() if not field.validate()]
        self.show_errors(wrong)
        if not wrong:
            self.submitted.emit(self.values())

    def refuse(self, errors: Mapping[str, str]) -> None:
        """Sentences from a command, by field key; keys this form does not know are told in the summary."""
        wrong = []
        for key, sentence in errors.items():
            if key in self.fields:
                self.fields[key].set_error(sentence)
                wrong.append(self.fields[key])
        other = " ".join(sentence for key, sentence in errors.items() if key not in self.fields)
        self.show_errors(wrong, other)

    def show_errors(self, wrong: list[Field], other: str = "") -> None:
        if not wrong and not other:
            self.summary.clear()
            return
        count = "One entry needs a look" if len(wrong) == 1 else f"{len(wrong)} entries need a look"
        self.summary.say(count if wrong else other, other if wrong else "", Tone.DANGER)
        if wrong:
            wrong[0].control.setFocus(Qt.FocusReason.OtherFocusReason)
