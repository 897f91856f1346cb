"""The History tab of the Sync page: the last syncs with their receipts, and what was sent from this laptop.

Owns which receipt is open. What a receipt says is the store's; the words around it are `receipts.py`'s.
"""

from collections.abc import Sequence
from datetime import date, tzinfo

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from fieldrep.queries.sync_history import KeptReceipt, SentChange, SyncHistory, changes_of
from fieldrep.ui.desk import Desk
from fieldrep.ui.sync import receipts, sayings
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Card, Heading
from fieldrep.ui.widgets.gridmodel import Column
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.table import Table, TableOrEmpty
from fieldrep.ui.widgets.text import Text

_MARGINS = (24, 14, 24, 16)
_IN_A_ROW = 8
_LISTED = 200
_CHANGES = (
    Column("label", "Change"),
    Column("made", "Made", 150),
    Column("outcome", "Outcome", 170),
    Column("note", "", 220),
)


class HistoryTab(QStackedWidget):
    """The syncs and the sent changes, or in their place one whole receipt; `shown` says that it changed."""

    shown = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("sync_history")
        self._desk = desk
        self._kept: dict[object, KeptReceipt] = {}
        self._contact_at = 0
        self.receipts = Table(receipts.COLUMNS, name="sync_receipts_table", label="Syncs")
        self.rows = TableOrEmpty(
            self.receipts,
            "No sync yet had anything to do",
            "Each that sends or receives leaves its receipt here.",
        )
        self.contact = Text("", "caption", "text2")
        self.table = Table(_CHANGES, name="sync_sent_table", label="Sent changes")
        self._sent = TableOrEmpty(
            self.table, "Nothing was sent yet", "What you do is listed here once it was taken."
        )
        self.one = ReceiptView(desk)
        self._list = QWidget()
        column = QVBoxLayout(self._list)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(10)
        column.addWidget(Heading("Syncs, newest first", self.contact))
        column.addWidget(self.rows, 3)
        column.addWidget(Heading("Sent from this laptop, newest first"))
        column.addWidget(self._sent, 2)
        self.addWidget(self._list)
        self.addWidget(self.one)
        self.receipts.opened.connect(self.open)
        self.receipts.clicked.connect(lambda index: self.open(self.receipts.grid.key_at(index.row())))
        self.one.back.clicked.connect(self.step_back)

    def set(self, history: SyncHistory, today: date, zone: tzinfo) -> None:
        self._kept = {kept.no: kept for kept in history.receipts}
        self.rows.set_rows([receipts.row(kept, today, zone) for kept in history.receipts])
        self._sent.set_rows([sayings.sent_row(sent, today, zone) for sent in history.sent])
        self.note_contact(history.contact_at or 0)
        newest = history.receipts[0].at if history.receipts else 0
        self.contact.setText(receipts.contact_words(self._contact_at, newest, today, zone))
        if self.is_open() and (kept := self._kept.get(self.one.no)) is not None:
            self.one.set(kept, today, zone)

    def note_contact(self, at: int) -> None:
        """When the office last answered, told with the next `set`; where nothing was new that is not stored at once."""
        self._contact_at = max(self._contact_at, at)

    def is_open(self) -> bool:
        """Whether one receipt is shown."""
        return self.currentWidget() is self.one

    def open(self, no: object) -> None:
        """Shows the whole receipt of a sync."""
        if (kept := self._kept.get(no)) is not None:
            self.one.set(kept, self._desk.today(), self._desk.zone)
            self.setCurrentWidget(self.one)
            self.one.back.setFocus()
            self.shown.emit()

    def step_back(self) -> bool:
        """Esc: back to the list; False when it is shown."""
        if not self.is_open():
            return False
        self.setCurrentWidget(self._list)
        self.receipts.setFocus()
        self.shown.emit()
        return True

    def hints(self) -> Sequence[KeyHint]:
        if self.is_open():
            return (KeyHint("Esc", "All syncs"),)
        return (KeyHint("Enter", "Open"),) if self._kept else ()


class ReceiptView(QWidget):
    """One receipt whole: its sentence, every figure, and the changes that were answered."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("sync_receipt_view")
        self._desk = desk
        self.no: int | None = None
        self.back = Button("All syncs", icon="arrow-left", variant="ghost", name="sync_receipt_back")
        self.back.setToolTip("Esc")
        self._heading = Heading("", actions=(self.back,))
        self.sentence = Text("", "body")
        self.sentence.setObjectName("sync_receipt")
        self.sentence.setWordWrap(True)
        card = Card()
        card.body.addWidget(self.sentence)
        self._places = QGridLayout()
        self._places.setHorizontalSpacing(24)
        self._places.setVerticalSpacing(2)
        self._values: list[Text] = []
        card.body.addLayout(self._places)
        self.table = Table(_CHANGES, name="sync_receipt_table", label="Changes of this sync")
        self._rows = TableOrEmpty(
            self.table,
            "No change of yours was in it",
            "It brought what others did, or what it was about is kept no longer.",
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(10)
        self._answered = Heading("")
        for widget in (self._heading, card, self._answered):
            column.addWidget(widget)
        column.addWidget(self._rows, 1)

    def set(self, kept: KeptReceipt, today: date, zone: tzinfo) -> None:
        if kept.no != self.no:
            self._rows.set_rows([])
        self.no = kept.no
        self._heading.words.setText(receipts.title(kept, today, zone))
        self.sentence.setText(kept.receipt.sentence)
        self._say_figures(receipts.figures(kept.receipt))
        self._desk.runner.query(
            changes_of, asker=self, done=self._on_changes, spans=kept.changes, limit=_LISTED + 1
        )

    def _on_changes(self, changes: Sequence[SentChange]) -> None:
        today, zone = self._desk.today(), self._desk.zone
        newest = f", the newest {_LISTED}" if len(changes) > _LISTED else ""
        self._answered.words.setText(f"Changes that were answered{newest}")
        self._rows.set_rows([sayings.sent_row(change, today, zone) for change in changes[:_LISTED]])

    def _say_figures(self, figures: Sequence[tuple[str, str]]) -> None:
        """The same boxes say those of every receipt: none of the one before stays beside a new sentence."""
        if not self._values:
            self._values = [Text("", "strong", figures=True) for _ in figures]
            for at, (name, _) in enumerate(figures):
                row, place = divmod(at, _IN_A_ROW)
                self._places.addWidget(Text(name, "caption", "text2"), 3 * row, place)
                self._places.addWidget(self._values[at], 3 * row + 1, place)
                self._places.setRowMinimumHeight(3 * row + 2, 6)
            self._places.setColumnStretch(_IN_A_ROW, 1)
        for value, (_, figure) in zip(self._values, figures, strict=True):
            value.setText(figure)
