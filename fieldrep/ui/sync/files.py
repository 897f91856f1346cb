"""The Files tab of the Sync page: photos and documents on their way, and how much of them may travel by itself.

Owns the words of the choices. What is on its way is a query; the choices are the desk's.
"""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from fieldrep.queries.attachments import AttachmentRow
from fieldrep.ui.account.files import state_of
from fieldrep.ui.desk import Desk
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.badge import Badge
from fieldrep.ui.widgets.card import Heading
from fieldrep.ui.widgets.choice import Select
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.table import Table, TableOrEmpty
from fieldrep.ui.widgets.text import Text
from fieldrep.ui.words import size

_CHOICE = 260
_METERED = ((0, "Small pictures alone"), (10, "10 MB a day"), (50, "50 MB a day"), (-1, "All of it"))
_BROUGHT = ((0, "Only what is opened"), (50, "50 MB a day"), (200, "200 MB a day"), (1_000, "1 GB a day"))


class TravellingTab(QWidget):
    """`opened` says the id of a file's account."""

    opened = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("sync_files")
        self._desk = desk
        self._accounts: dict[object, object] = {}
        columns = (
            Column("name", "File"),
            Column("way", "Way", 110),
            Column("size", "Size", 90, numeric=True),
            Column("moved", "So far", 90, numeric=True),
            Column("state", "State", 200),
            Column("why", "Why", 260, hide_below=900),
        )
        self.table = Table(columns, name="sync_files_table", label="Photos and documents on their way")
        self.rows = TableOrEmpty(
            self.table, "Nothing is on its way", "Photos travel after all records and hold none of them back."
        )
        self.total = Badge("0", Tone.NEUTRAL)
        self.metered = _choice("sync_files_metered", "On metered lines", _METERED, desk.files.on_metered)
        self.brought = _choice("sync_files_brought", "Brought by themselves", _BROUGHT, desk.files.brought)
        for select in (self.metered, self.brought):
            select.setMaximumWidth(scaled(_CHOICE))
            select.currentIndexChanged.connect(lambda _: self._choose())
        choices = QFormLayout()
        choices.setSpacing(8)
        choices.addRow(Text("On lines that cost by the byte, both ways", "small", "text2"), self.metered)
        choices.addRow(Text("On other lines, brought without being opened", "small", "text2"), self.brought)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 14, 24, 16)
        column.setSpacing(10)
        column.addWidget(Heading("Photos and documents on their way", self.total))
        column.addWidget(self.rows, 1)
        column.addLayout(choices)
        self.table.opened.connect(self._open)

    def set(self, files: Sequence[AttachmentRow]) -> None:
        self._accounts = {row.id: row.account_id for row in files}
        self.rows.set_rows([_row(row) for row in files])
        left = sum(row.size - row.so_far for row in files)
        self.total.set(size(left), Tone.WARNING if files else Tone.NEUTRAL)

    def _open(self, key: object) -> None:
        """A file of an activity without an account has no page to go to."""
        if (account := self._accounts.get(key)) is not None:
            self.opened.emit(account)

    def _choose(self) -> None:
        self._desk.files.choose(int(self.metered.key()), int(self.brought.key()))


def _choice(name: str, label: str, choices: Sequence[tuple[int, str]], chosen: int) -> Select:
    select = Select(name=name, label=label)
    select.set_choices([(str(key), words) for key, words in choices], str(chosen))
    return select


def _row(row: AttachmentRow) -> GridRow:
    way = "To the office" if row.state == "waiting" else "To this laptop"
    cells = (Cell(row.name), Cell(way), Cell(size(row.size)), Cell(size(row.so_far)))
    return GridRow(row.id, (*cells, state_of(row), Cell(row.refused, tip=row.refused)))
