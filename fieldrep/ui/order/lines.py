"""OrderLines: the lines of an order in their grid, or what to do first while there are none.

Owns which line is current and what was refused in a cell. Commands are the editor's.
"""

from dataclasses import replace
from datetime import date, tzinfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget

from fieldrep.queries.order_entry import OrderEntry
from fieldrep.queries.orders import OrderRow
from fieldrep.ui.order import sheet
from fieldrep.ui.widgets.editgrid import EditGrid
from fieldrep.ui.widgets.emptystate import EmptyState
from fieldrep.ui.widgets.gridmodel import GridRow


class OrderLines(QStackedWidget):
    """`last_wanted` is the one action of an empty order: the lines of the customer's last one."""

    last_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.grid = EditGrid(sheet.COLUMNS, name="order_lines", label="Order lines")
        self.empty = EmptyState(name="order_empty")
        self.empty.acted.connect(self.last_wanted)
        self._refused: dict[tuple[object, str], tuple[str, str]] = {}
        self.addWidget(self.grid)
        self.addWidget(self.empty)

    def set(self, entry: OrderEntry, today: date, zone: tzinfo, *, grown: bool) -> None:
        """Shows the lines; after one was added it is current."""
        rows = [
            sheet.grid_row(
                line,
                at,
                entry.head.currency,
                sheet.as_of_words(line.stock_as_of, today, zone),
                limit=entry.authority.limits.get(line.id),
            )
            for at, line in enumerate(entry.lines, start=1)
        ]
        self.grid.grid.set_editable(entry.head.editable)
        if not entry.head.editable:
            self._refused.clear()
        self.grid.set_rows([self._marked(row) for row in rows])
        self.setCurrentWidget(self.grid if rows else self.empty)
        if rows and (grown or not self.grid.currentIndex().isValid()):
            self.grid.go(len(rows) - 1 if grown else 0, "qty")
            self.grid.scrollTo(self.grid.currentIndex())

    def say_empty(self, last: OrderRow | None, today: date, *, editable: bool) -> None:
        """Why there are no lines, and the way to many of them at once."""
        why = "Type a SKU and a quantity above, or paste rows from a spreadsheet." if editable else ""
        action = sheet.copy_words(last, today) if last is not None and editable else ""
        self.empty.say("No lines yet", why, action=action, icon="shopping-cart")

    def row(self) -> int:
        """The place of the current line, -1 for none."""
        return self.grid.currentIndex().row() if self.currentWidget() is self.grid else -1

    def enter(self) -> None:
        """The cursor into the lines, where there are any."""
        if self.currentWidget() is self.grid:
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def refuse(self, key: object, column: str, text: str, sentence: str) -> None:
        """A refused entry stands in its cell as it was typed, with the reason, until another one is made."""
        self._refused[(key, column)] = (text, sentence)
        self.grid.set_rows([self._marked(row) for row in self.grid.grid.rows])

    def untaken(self) -> list[tuple[str, str]]:
        """Where refused entries stand, and what they say."""
        shown = {row.key: number for number, row in enumerate(self.grid.grid.rows, start=1)}
        titles = {one.key: one.title for one in self.grid.grid.columns}
        return [
            (f"{titles[column]} of line {shown[key]}", text)
            for (key, column), (text, _) in self._refused.items()
            if key in shown
        ]

    def go_to_untaken(self) -> str:
        """To the first refused entry; why it was not taken."""
        for at, row in enumerate(self.grid.grid.rows):
            for (key, column), (_, sentence) in self._refused.items():
                if key == row.key:
                    self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
                    self.grid.go(at, column)
                    return sentence
        return ""

    def accept(self, key: object, column: str) -> None:
        """Another entry is made in a cell."""
        self._refused.pop((key, column), None)

    def forget(self) -> None:
        """Another order comes."""
        self._refused.clear()
        self.grid.set_rows([])

    def _marked(self, row: GridRow) -> GridRow:
        cells = list(row.cells)
        for (key, column), (text, sentence) in self._refused.items():
            if key == row.key:
                at = self.grid.grid.column_at(column)
                cells[at] = replace(cells[at], text=text, edit=text, problem=sentence)
        return GridRow(row.key, tuple(cells))
