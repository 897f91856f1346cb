"""The card "Carry by file" of the Sync page: write what waits to a file, read the office's answer.

Owns the two file dialogs and the words for what came of it. The files themselves are made and read behind the desk.
"""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.counts import counted
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.runner import Progress
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Card, Heading
from fieldrep.ui.widgets.text import Text

ENDING = "frb"
_KINDS = f"FieldRep files (*.{ENDING});;All files (*)"
_WHAT_FOR = (
    "Where no network reaches: write a file to a stick, have it answered in the office, and read the answer here. "
    "Only the server can read the file, and only this laptop the answer."
)


class CarryCard(Card):
    """`said` after a file was written or read; what went wrong stays on the card until the next try."""

    said = Signal(str, object)

    def __init__(self, desk: Desk) -> None:
        super().__init__(padding=16)
        self.setObjectName("sync_carry")
        self._desk = desk
        self.write = Button("Write a file", icon="upload", name="sync_carry_out")
        self.read = Button("Read an answer", icon="download", name="sync_carry_in")
        self.outcome = Banner(name="sync_carry_outcome")
        text = Text(_WHAT_FOR, "small", "text2")
        text.setWordWrap(True)
        self.body.addWidget(Heading("Carry by file", actions=(self.write, self.read)))
        self.body.addWidget(text)
        self.body.addWidget(self.outcome)
        self.write.clicked.connect(self.ask_where)
        self.read.clicked.connect(self.ask_which)

    def ask_where(self) -> None:
        """Asks for a place and writes the file there."""
        name, _ = QFileDialog.getSaveFileName(self, "Write a file to carry", f"fieldrep.{ENDING}", _KINDS)
        if name:
            self.write_to(Path(name))

    def ask_which(self) -> None:
        """Asks for the answer and reads it."""
        name, _ = QFileDialog.getOpenFileName(self, "Read the office's answer", "", _KINDS)
        if name:
            self.read_from(Path(name))

    def write_to(self, path: Path) -> None:
        """Writes what waits to a file."""
        self._busy(True)
        self._desk.runner.control(
            lambda _: self._desk.carrier.carry_out(path),
            done=lambda written: self._on_written(path, written),
            failed=lambda error: self._on_failed("The file was not written", error),
            asker=self,
        )

    def read_from(self, path: Path) -> None:
        """Reads an answer; what it brought is shown at once."""

        def work(progress: Progress) -> Any:
            return self._desk.carrier.carry_in(
                path, lambda done, more: progress.report("", done, done + more)
            )

        self._busy(True)
        self._desk.runner.control(
            work,
            done=self._on_read,
            failed=lambda error: self._on_failed("The answer was not read", error),
            asker=self,
        )

    def _on_written(self, path: Path, written: Any) -> None:
        self._busy(False)
        count = counted(written.changes, "change")
        if written.files:
            count += f" and {counted(written.files, 'file')}"
        self.outcome.say(
            f"{path.name} holds {count}",
            "Take it to the office. What it holds waits here until its answer is read, or a line comes first.",
            Tone.SUCCESS,
        )
        self.said.emit(f"Written to {path.name}", None)

    def _on_read(self, receipt: Any) -> None:
        self._busy(False)
        self._desk.runner.tell(frozenset(CATALOGUE), self)
        tone = Tone.SUCCESS if receipt.digests_equal or receipt.overtaken else Tone.WARNING
        self.outcome.say("The answer was read", receipt.sentence, tone)
        self.said.emit("The answer was read", None)

    def _on_failed(self, what: str, error: Exception) -> None:
        self._busy(False)
        # a part of an answer may have been taken before it broke
        self._desk.runner.tell(frozenset(CATALOGUE), self)
        self.outcome.say(what, sentence_of(error), Tone.DANGER)
        self.said.emit(f"{what}. Why stands under “Carry by file”.", None)

    def _busy(self, busy: bool) -> None:
        for button in (self.write, self.read):
            button.setEnabled(not busy)
