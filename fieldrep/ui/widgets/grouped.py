"""GroupedModel: items with their group headings between them, for the timeline and the command palette."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from fieldrep.ui.widgets.rows import ROW_ROLE

_Index = QModelIndex | QPersistentModelIndex


class Grouped(Protocol):
    """What an item must say; items of one group stand together."""

    @property
    def key(self) -> object: ...
    @property
    def group(self) -> str: ...
    @property
    def title(self) -> str: ...
    def spoken(self) -> str: ...


class GroupedModel(QAbstractTableModel):
    """A heading is a plain string and can be neither selected nor reached by keys."""

    def __init__(self) -> None:
        super().__init__()
        self.items: Sequence[Grouped | str] = []

    def set(self, entries: Iterable[Grouped]) -> None:
        self.beginResetModel()
        items: list[Grouped | str] = []
        group = None
        for entry in entries:
            if entry.group != group:
                group = entry.group
                items.append(group)
            items.append(entry)
        self.items = items
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.items)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if isinstance(self.items[index.row()], str):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self.items[index.row()]
        if role == ROW_ROLE:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return item if isinstance(item, str) else item.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return item if isinstance(item, str) else item.spoken()
        return None
