"""The Duplicates tab of the Sync page: all pairs of records that look alike and that this person may decide on."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import joined
from fieldrep.queries.pairs import PairRow
from fieldrep.ui.desk import Desk
from fieldrep.ui.pairs import PairPanel
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.table import Table, TableOrEmpty

_KINDS = {"account": "Account", "contact": "Contact"}


class PairsTab(QWidget):
    """`opened` an account's id, `shown` that another pair may stand in the panel."""

    opened = Signal(object)
    shown = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("sync_pairs")
        self._pairs: dict[RowId, PairRow] = {}
        columns = (
            Column("one", "One record"),
            Column("other", "The other"),
            Column("why", "Why", 230, hide_below=800),
            Column("score", "Alike", 70, numeric=True),
            Column("state", "State", 130),
        )
        self.table = Table(columns, name="sync_pairs_table", label="Possible duplicates", leads=True)
        self.rows = TableOrEmpty(
            self.table, "No duplicates", "Records that look alike are listed here when you hold both."
        )
        self.panel = PairPanel(desk, name="sync_pair")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 14, 24, 16)
        column.setSpacing(12)
        column.addWidget(self.rows, 1)
        column.addWidget(self.panel)
        self.table.current_changed.connect(self._show)
        self.table.opened.connect(self._open)
        self.panel.decided.connect(lambda *_: self.table.setFocus())

    def set(self, pairs: Sequence[PairRow]) -> None:
        self._pairs = {pair.id: pair for pair in pairs}
        self.rows.set_rows([_row(pair) for pair in pairs])
        self._show(self.table.current_key())

    def _show(self, key: object) -> None:
        pair = self._pairs.get(key)  # type: ignore[call-overload]
        if pair is None:
            self.panel.hide()
        else:
            self.panel.set((pair,), pair.one.id)
        self.shown.emit()

    def _open(self, key: object) -> None:
        if key in self._pairs:
            self.opened.emit(self._pairs[key].one.account_id)  # type: ignore[index]


def _row(pair: PairRow) -> GridRow:
    state = Cell("Merge asked for", tone=Tone.WARNING) if pair.asked else Cell("Open")
    return GridRow(
        pair.id,
        (
            Cell(f"{_KINDS[pair.entity]} {joined(pair.one.label, pair.one.detail, by=' · ')}"),
            Cell(joined(pair.other.label, pair.other.detail, by=" · ")),
            Cell(" · ".join(pair.reasons)),
            Cell(f"{pair.score} %"),
            state,
        ),
    )
