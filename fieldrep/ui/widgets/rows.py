"""RowView and RowModel: what one row of a record list says, and the list model that hands rows to the delegate.

Rows come ready made from a query, a page at a time; nothing here sorts, filters or counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from fieldrep.ui.style.tokens import Tone

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class RowView:
    """Two lines: title and value above, meta and flag below. `key` names the record to the page."""

    key: object
    title: str
    meta: str = ""
    value: str = ""
    flag: str = ""
    flag_tone: str = "text3"
    waiting: bool = False
    avatar: str = ""
    avatar_tone: Tone | None = None
    icon: str = ""

    def spoken(self) -> str:
        """What a screen reader says."""
        waiting = "waiting to sync" if self.waiting else ""
        return ", ".join(part for part in (self.title, self.meta, self.value, self.flag, waiting) if part)


class RowModel(QAbstractTableModel):
    """One column of RowViews; asks for more when the view nears the end of what was given."""

    more_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[RowView] = []
        self._places: dict[object, int] | None = None
        self._total = 0
        self._asked = False

    def rows(self) -> Sequence[RowView]:
        return self._rows

    def total(self) -> int:
        return self._total

    def set_rows(self, rows: Sequence[RowView], total: int) -> None:
        self.beginResetModel()
        self._rows, self._total, self._places, self._asked = list(rows), max(total, len(rows)), None, False
        self.endResetModel()

    def append(self, rows: Sequence[RowView]) -> None:
        self._asked = False
        if not rows:
            self._total = len(self._rows)
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
        self._rows.extend(rows)
        self._places = None
        self.endInsertRows()

    def place_of(self, key: object) -> int:
        """The row number of a record, or -1."""
        if self._places is None:
            self._places = {row.key: at for at, row in enumerate(self._rows)}
        return self._places.get(key, -1)

    def row_at(self, at: int) -> RowView | None:
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken()
        return None

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and not self._asked and len(self._rows) < self._total

    def fetchMore(self, parent: _Index) -> None:
        self._asked = True
        self.more_wanted.emit(len(self._rows))
