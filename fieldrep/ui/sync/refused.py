"""The Refused tab: what the server did not take, why, what was entered, and the ways on: fix, send again, let go, keep.

Owns which refused change is current and its form. Nothing typed is lost: the change stays until one of these is done.
"""

from collections.abc import Sequence
from datetime import date, tzinfo
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.commands.refused import discard_refused, hand_over, send_again
from fieldrep.domain.files import safe_name
from fieldrep.queries.refused_files import bodies_of_refused
from fieldrep.queries.sync_page import RefusedRow
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.sync import sayings
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Heading
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.table import Table, TableOrEmpty
from fieldrep.ui.widgets.text import Text


class RefusedTab(QWidget):
    """`fix_wanted` says which refused change is to be corrected where it was entered, `shown` that keys mean others."""

    fix_wanted = Signal(int)
    shown = Signal()
    said = Signal(str, object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("sync_refused")
        self._desk = desk
        self._changes: dict[object, RefusedRow] = {}
        self._asked: object = None
        self.table = Table(
            (Column("label", "Change"), Column("why", "Why"), Column("when", "Refused", 150),
             Column("state", "State", 130)),
            name="sync_refused_table",
            label="Refused changes",
            leads=True,
        )  # fmt: skip
        self.rows = TableOrEmpty(self.table, "Nothing was refused", "")
        self.why = Banner(name="sync_refused_why")
        self.entered = Table(
            (Column("record", "Record"), Column("field", "Field", 160), Column("before", "Before", 200),
             Column("after", "You entered")),
            name="sync_refused_entered",
            label="What you entered",
        )  # fmt: skip
        self._detail = QWidget()
        self.fix_button = Button("Fix", icon="pencil", variant="primary", name="refused_fix")
        self.again_button = Button("Send again", icon="send-horizontal", name="refused_again")
        self.hand_button = Button(
            "Hand to the admin", icon="handshake", variant="ghost", name="refused_hand_over"
        )
        self.export_button = Button("Export", icon="download", variant="ghost", name="refused_export")
        self.discard_button = Button("Let it go", icon="x", variant="ghost", name="refused_discard")
        self._question = Text("", "small")
        self._question.setWordWrap(True)
        self.keep_button = Button("Keep it", name="refused_keep")
        self.forget_button = Button("Forget it", icon="x", variant="danger", name="refused_forget")
        self._lay_out()
        self._connect()

    def _connect(self) -> None:
        self.table.current_changed.connect(self._show)
        self.table.opened.connect(lambda _: self.go_on())
        self.fix_button.clicked.connect(self.fix)
        self.again_button.clicked.connect(self.send_again)
        self.hand_button.clicked.connect(self.hand_over)
        self.export_button.clicked.connect(self._export)
        self.discard_button.clicked.connect(self.ask_to_forget)
        self.keep_button.clicked.connect(self.step_back)
        self.forget_button.clicked.connect(self.forget)

    def _lay_out(self) -> None:
        self._ways, self._asking = QWidget(), QWidget()
        buttons, question = QHBoxLayout(self._ways), QHBoxLayout(self._asking)
        for row in (buttons, question):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
        question.addWidget(self._question, 1)
        question.addWidget(self.keep_button)
        question.addWidget(self.forget_button)
        self._asking.hide()
        for button in (self.fix_button, self.again_button, self.hand_button, self.export_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.discard_button)
        detail = QVBoxLayout(self._detail)
        detail.setContentsMargins(0, 0, 0, 0)
        detail.setSpacing(10)
        detail.addWidget(self.why)
        detail.addWidget(Heading("What you entered"))
        detail.addWidget(self.entered, 1)
        detail.addWidget(self._ways)
        detail.addWidget(self._asking)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 14, 24, 16)
        column.setSpacing(12)
        column.addWidget(self.rows, 2)
        column.addWidget(self._detail, 3)
        self._detail.hide()

    def set(self, refused: Sequence[RefusedRow], correcting: int, today: date, zone: tzinfo) -> None:
        """What was refused, beside so many that are being corrected."""
        self.rows.empty.say(
            "Nothing more was refused" if correcting else "Nothing was refused",
            "What you are correcting stands under Waiting."
            if correcting
            else "The office took everything you sent.",
        )
        self._changes = {row.key: row for row in refused}
        self.rows.set_rows([sayings.refused_row(row, today, zone) for row in refused])
        self._show(self.table.current_key())

    def _current(self) -> RefusedRow | None:
        return self._changes.get(self.table.current_key())

    def _show(self, key: object) -> None:
        row = self._changes.get(key)
        if key != self._asked:
            self._ask(None)
        self._detail.setVisible(row is not None)
        if row is None:
            return
        about = f"{row.field_title}: " if row.field_title and row.field_title not in row.sentence else ""
        tone = Tone.INFO if row.handed else Tone.DANGER
        self.why.say(f"{row.label} was not taken", f"{about}{row.sentence}{sayings.handed_words(row)}", tone)
        self.hand_button.setEnabled(row.handed != "open")
        self.entered.set_rows(
            [
                GridRow(at, (Cell(about, tip=about), Cell(value.field_title),
                             Cell(value.before, tip=value.before), Cell(value.after, tip=value.after)))
                for at, value in enumerate(row.entered)
                for about in (f"{value.record.title} {value.record.label}",)
            ]
        )  # fmt: skip
        self.fix_button.setVisible(row.fixable)
        self.hand_button.set_variant("ghost" if row.fixable or row.handed else "primary")
        self.again_button.setEnabled(row.can_send_again)
        self.again_button.setToolTip(
            "" if row.can_send_again else "Its record is not on this laptop any more."
        )

    def hints(self) -> Sequence[KeyHint]:
        """What Enter does with the current change, or Esc with the question."""
        if not self._asking.isHidden():
            return (KeyHint("Esc", "Keep it"),)
        row = self._current()
        return () if row is None else (KeyHint("Enter", "Fix" if row.fixable else "To the buttons"),)

    def go_on(self) -> None:
        """Corrects the current change; where nothing can be corrected, the first of the other ways gets the focus."""
        row = self._current()
        if row is not None and row.fixable:
            self.fix()
        elif row is not None:
            (self.export_button if row.handed else self.hand_button).setFocus()

    def fix(self) -> None:
        """The form again with what was entered, to be corrected and sent."""
        if (row := self._current()) is not None and row.fixable:
            self.fix_wanted.emit(row.key)

    def send_again(self) -> None:
        if (row := self._current()) is not None and row.can_send_again:
            self._run(send_again, row, f"{row.label} is sent again with the next sync.")

    def hand_over(self) -> None:
        """The admin gets it with the next sync; it stays here until it is answered."""
        if (row := self._current()) is not None and row.handed != "open":
            self._run(hand_over, row, f"The admin gets {row.label} with the next sync.")

    def ask_to_forget(self) -> None:
        """What is forgotten cannot be brought back, so who keeps pressing one key keeps it."""
        if (row := self._current()) is not None:
            self._ask(row)
            self.keep_button.setFocus()

    def forget(self) -> None:
        """What was entered is gone from this laptop after that."""
        if (row := self._current()) is not None:
            self.step_back()
            self._run(discard_refused, row, f"Let go: {row.label}")

    def step_back(self) -> bool:
        """Esc: kept after all; False when nothing was asked."""
        if self._asking.isHidden():
            return False
        self.table.setFocus()
        self._ask(None)
        return True

    def _ask(self, row: RefusedRow | None) -> None:
        """The question in place of the buttons; None takes it back."""
        self._asked = row.key if row is not None else None
        if row is not None:
            kept = (
                "The admin has it." if row.handed else "It is kept nowhere else; Export writes it to a file."
            )
            self._question.setText(f"Forget what you entered in {row.label}? {kept}")
        self._asking.setVisible(row is not None)
        self._ways.setVisible(row is None)
        self.shown.emit()

    def _run(self, command: Any, row: RefusedRow, words: str) -> None:
        self._desk.runner.command(
            command,
            done=lambda _: self.said.emit(words, None),
            failed=lambda error: self.said.emit(sentence_of(error), None),
            key=row.key,
        )

    def _export(self) -> None:
        row = self._current()
        if row is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self, "Export what you entered", "refused change.txt", "Text (*.txt)"
        )
        if name:
            self.export_to(Path(name))

    def export_to(self, path: Path) -> None:
        """Writes the current refused change as text, beside the window, and its files next to it."""
        row = self._current()
        if row is None:
            return
        text = sayings.refused_text(row, self._desk.today(), self._desk.zone)

        def write(bodies: Sequence[tuple[str, bytes]]) -> None:
            self._desk.runner.control(
                lambda _: _write(path, text, bodies),
                done=lambda names: self.said.emit(f"Written to {' and '.join(names)}", None),
                failed=lambda error: self.said.emit(_unwritten(path, error), None),
                asker=self,
            )

        self._desk.runner.query(
            bodies_of_refused,
            asker=self,
            done=write,
            failed=lambda error: self.said.emit(sentence_of(error), None),
            refused_no=row.key,
        )


def _write(path: Path, text: str, bodies: Sequence[tuple[str, bytes]]) -> list[str]:
    """The names of what was written; a file that is there already is not written over."""
    path.write_text(text, encoding="utf-8")
    names = [path.name]
    for name, body in bodies:
        place = path.with_name(safe_name(name))
        with place.open("xb") as file:
            file.write(body)
        names.append(place.name)
    return names


def _unwritten(path: Path, error: Exception) -> str:
    if isinstance(error, FileExistsError):
        return f"{Path(error.filename).name} is there already. Choose another folder."
    return f"{path.name} could not be written. Choose another place."
