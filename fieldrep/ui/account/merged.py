"""What became part of the open account: its lines beside the record, and the question before two are made of it again.

Owns the words and the one command. The server carries it out; nothing is taken apart here.
"""

from datetime import date, tzinfo

from PySide6.QtCore import Signal

from fieldrep.commands.done import Done
from fieldrep.commands.pairs import undo_merge
from fieldrep.queries.merged import MergedRecord
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.linerow import LineView
from fieldrep.ui.words import day_and_time


def merged_line(record: MergedRecord, me: str, today: date, zone: tzinfo) -> LineView:
    """One record that was merged in; pressing it asks whether two are to be made of them again."""
    who = "you" if record.by == me else record.by
    when = day_and_time(record.at, today, zone) if record.at is not None else ""
    told = " ".join(part for part in (f"by {who}" if who else "", when) if part)
    if record.undoing:
        told, press = "Two again with the next sync", ""
    elif record.undoable:
        press = "Undo merge"
    else:
        told, press = f"Merged {told or 'by the office'}; your admin can undo it", ""
    title = " · ".join(part for part in (record.label, record.detail) if part)
    return LineView(
        "git-merge", title, f"Undo merge  ·  {told}" if press else told, tone=Tone.INFO, press=press
    )


class MergedQuestion(Banner):
    """Asked in place, because what the server has taken apart comes together only by another merge."""

    said = Signal(str, object)

    def __init__(self, desk: Desk, *, name: str) -> None:
        super().__init__(name=name)
        self._desk = desk
        self._asked: MergedRecord | None = None
        self.acted.connect(self._go)

    def ask(self, record: MergedRecord) -> None:
        """Says what would become of it; the action does it."""
        self._asked = record
        self.say(
            f"Make {record.label} a record of its own again?",
            "What belonged to it goes back to it; what was entered since the merge stays here.",
            Tone.WARNING,
            action="Undo merge",
            icon="git-merge",
        )
        self._action.setFocus()

    def _go(self) -> None:
        record, self._asked = self._asked, None
        self.clear()
        if record is not None and record.pair_id is not None:
            self._desk.runner.command(
                undo_merge, initiator=self, done=self._on_done, failed=self._on_failed, row_id=record.pair_id
            )

    def _on_done(self, done: Done) -> None:
        self.said.emit(f"{done.label}, with the next sync", None)

    def _on_failed(self, error: Exception) -> None:
        self.say("This merge was not undone", sentence_of(error), Tone.DANGER)
