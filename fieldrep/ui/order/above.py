"""AboveLines: what must be seen of an order first: why it was refused, what is to be decided in it, that it was sent.

Owns the question for the order's conflicts. Deciding and sending are commands; the editor says what was done.
"""

from PySide6.QtCore import QObject, Signal

from fieldrep.commands.done import Done
from fieldrep.commands.refused import send_corrected
from fieldrep.contract.counts import counted
from fieldrep.contract.ids import RowId
from fieldrep.queries.conflicts import open_conflicts
from fieldrep.queries.order_entry import OrderHead
from fieldrep.ui.conflicts import ConflictPanel
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.page import Place
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner


class AboveLines(QObject):
    """Two widgets for the editor's column. `said` words and, where it can be taken back, the number of the change."""

    said = Signal(str, object)
    send_wanted = Signal()
    wanted = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._order_id: RowId | None = None
        self._submitted: RowId | None = None
        self.refused = Banner(name="order_refused")
        self.refused.acted.connect(self._act)
        self.correcting = False
        self.conflicts = ConflictPanel(desk, name="order_conflict")
        self.conflicts.decided.connect(self.said)

    def set(self, head: OrderHead) -> None:
        """Another order, or the same again."""
        self._order_id = head.id
        if head.id is None:
            self.forget()
            return
        if head.id == self._submitted and head.status not in ("draft", "submitted"):
            self._submitted = None
            if not head.refused_changes:
                waits = "waits for approval" if head.status == "held" else "is with the office"
                self.said.emit(f"Order {head.number} {waits}", None)
        self._say_refused(head)
        self._desk.runner.query(
            open_conflicts,
            asker=self.conflicts,
            done=self.conflicts.offer,
            zone=self._desk.zone,
            order_id=head.id,
        )

    def _say_refused(self, head: OrderHead) -> None:
        self.correcting = bool(head.refused)
        if head.refused:
            on = "Correct it here; nothing of it is sent before you say so."
            sentence = f"{head.refused} {on if head.editable else head.read_only_reason}"
            self.refused.say("The office did not take this order", sentence, Tone.DANGER, action="Send again")
        elif head.refused_changes:
            count = counted(head.refused_changes, "change")
            sentence = "What you entered is kept with the reason; what you see here is what the office has."
            self.refused.say(
                f"The office did not take {count} of yours", sentence, Tone.DANGER, action="Show"
            )
        else:
            self.refused.clear()

    def _act(self) -> None:
        if self.correcting:
            self.send_wanted.emit()
        else:
            self.wanted.emit(Place("sync", "refused"))

    def submitted(self, done: Done) -> None:
        """What is told of it is true as long as the order waits."""
        self._submitted = done.id
        self.said.emit(f"{done.label}: safe on this laptop, sent with the next sync", None)

    def forget(self) -> None:
        """No order is shown, or another one comes."""
        self.refused.clear()
        self.conflicts.offer(())

    def send_again(self) -> None:
        """The corrected order goes with the next sync."""
        if self._order_id is not None:
            self._desk.runner.command(
                send_corrected,
                done=lambda done: self.said.emit(f"{done.label} with the next sync. {done.note}", None),
                failed=lambda error: self.said.emit(sentence_of(error), None),
                row_id=self._order_id,
            )
