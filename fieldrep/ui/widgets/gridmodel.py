"""GridModel: the lines of an EditGrid as plain texts with tone and problem per cell, and one blank line to type in.

The page computes every text; an edit is only announced, and shows as typed until the page answers with new rows.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from fieldrep.ui.style.fonts import font
from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import Tone

_STRONG = ("L", "R", "AL")
"""Letters that say which way words run; digits and signs do not."""

CELL_ROLE = Qt.ItemDataRole.UserRole + 2
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """`width` 0 stretches; a column with `hide_below` disappears when the grid is narrower than that, a `filled_only`
    one while none of its cells says anything. A `snug` one is as wide as what stands in it, up to twice its width.
    """

    key: str
    title: str
    width: int = 0
    numeric: bool = False
    editable: bool = False
    hide_below: int = 0
    filled_only: bool = False
    snug: bool = False


@dataclass(frozen=True)
class Cell:
    """`edit` is the text the editor starts with; a `problem` is a sentence and draws a border, red without a tone.

    `choices` are all that can be entered; where that is one or none, the cell of an editable column cannot be edited.
    """

    text: str
    tone: Tone | None = None
    problem: str = ""
    edit: str | None = None
    tip: str = ""
    choices: tuple[str, ...] | None = None


@dataclass(frozen=True)
class GridRow:
    key: object
    cells: tuple[Cell, ...]


def read_as_written(option: QStyleOptionViewItem) -> None:
    """In a mirrored window a cell's own words decide which way they run: a number or an amount reads the same."""
    if option.direction is Qt.LayoutDirection.RightToLeft:
        first = next((way for way in map(unicodedata.bidirectional, option.text) if way in _STRONG), "L")
        option.displayAlignment = QStyle.visualAlignment(option.direction, option.displayAlignment)
        if first == "L":
            option.direction = Qt.LayoutDirection.LeftToRight
        else:
            option.displayAlignment |= Qt.AlignmentFlag.AlignAbsolute


class GridModel(QAbstractTableModel):
    """The last row is blank when `entry_column` names where new lines are typed."""

    cell_edited = Signal(object, str, str)
    line_entered = Signal(str)

    def __init__(self, columns: Sequence[Column], entry_column: str) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.entry_column = entry_column
        self.rows: list[GridRow] = []
        self._editable = True

    def set_rows(self, rows: Sequence[GridRow]) -> None:
        """Same keys in the same order change in place, so that selection and an open editor stay."""
        if [row.key for row in rows] == [row.key for row in self.rows]:
            self.rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self.columns) - 1))
            return
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def set_editable(self, editable: bool) -> None:
        """Whether cells of editable columns may be edited at all."""
        self._editable = editable

    def set_titles(self, titles: Mapping[str, str]) -> None:
        """Other words above some columns."""
        self.columns = tuple(replace(one, title=titles.get(one.key, one.title)) for one in self.columns)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def column_at(self, key: str) -> int:
        return next(at for at, column in enumerate(self.columns) if column.key == key)

    def key_at(self, row: int) -> object | None:
        return self.rows[row].key if 0 <= row < len(self.rows) else None

    def is_blank(self, row: int) -> bool:
        return bool(self.entry_column) and row == len(self.rows)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows) + bool(self.entry_column)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, at: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if way is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[at].title
        if role == Qt.ItemDataRole.FontRole:
            return font("badge")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._align(at)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._align(index.column())
        if self.is_blank(index.row()):
            return self._blank(column, index, role)
        cell = self.rows[index.row()].cells[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Qt.ItemDataRole.EditRole:
            return cell.text if cell.edit is None else cell.edit
        if role == CELL_ROLE:
            return cell
        if role == Qt.ItemDataRole.ForegroundRole and cell.tone is not None:
            return QColor(current().ink(cell.tone))
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.problem or cell.tip or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            problem = f", {cell.problem}" if cell.problem else ""
            return f"{column.title}: {cell.text}{problem}"
        return None

    def _blank(self, column: Column, index: _Index, role: int) -> object:
        if role == Qt.ItemDataRole.AccessibleTextRole and column.key == self.entry_column:
            return f"New line, {column.title}"
        if role == Qt.ItemDataRole.DisplayRole and index.column() == 0 and column.key != self.entry_column:
            return str(index.row() + 1)
        return "" if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole) else None

    def _align(self, at: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if self.columns[at].numeric else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        column = self.columns[index.column()]
        editable = (
            column.key == self.entry_column
            if self.is_blank(index.row())
            else column.editable and self._editable and self._has_choice(index)
        )
        return flags | Qt.ItemFlag.ItemIsEditable if editable else flags

    def _has_choice(self, index: _Index) -> bool:
        choices = self.rows[index.row()].cells[index.column()].choices
        return choices is None or len(choices) > 1

    @property
    def editable(self) -> bool:
        """Whether anything may be edited in it."""
        return self._editable and any(column.editable for column in self.columns)

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        text = str(value).strip()
        if role != Qt.ItemDataRole.EditRole:
            return False
        if self.is_blank(index.row()):
            if text:
                self.line_entered.emit(text)
            return bool(text)
        row, column = self.rows[index.row()], self.columns[index.column()]
        if text == index.data(Qt.ItemDataRole.EditRole):
            return False
        cells = list(row.cells)
        cells[index.column()] = replace(cells[index.column()], text=text, edit=text)
        self.rows[index.row()] = GridRow(row.key, tuple(cells))
        self.dataChanged.emit(index, index)
        self.cell_edited.emit(row.key, column.key, text)
        return True
