"""Table: rows to read and to open, with a header, and what to say when there are none.

A grid without editors: Enter or a double click opens a row. Texts, tones and what opening means come from the page.
"""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QSizePolicy,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from fieldrep.ui.style.theme import current
from fieldrep.ui.widgets.editgrid import EditGrid
from fieldrep.ui.widgets.emptystate import EmptyState
from fieldrep.ui.widgets.gridmodel import Column, GridRow, read_as_written
from fieldrep.ui.widgets.paint import ring
from fieldrep.ui.widgets.text import restyle


class Table(EditGrid):
    """`opened` says the key of a row; the whole row is current, and shown as such while the table has the focus.

    One that `leads` is about what stands beside it, so its current row is shown always.
    """

    opened = Signal(object)

    def __init__(self, columns: Sequence[Column], *, name: str, label: str, leads: bool = False) -> None:
        super().__init__(columns, name=name, label=label)
        self._leads = leads
        self.setItemDelegate(_RowDelegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setProperty("quiet", "false" if leads else "true")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.doubleClicked.connect(lambda index: self._open(index.row()))

    def minimumSizeHint(self) -> QSize:
        """A row is never cut."""
        header, rows = self.horizontalHeader().height(), self.verticalHeader().defaultSectionSize()
        return QSize(super().minimumSizeHint().width(), header + rows + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self._open(self.currentIndex().row())
        elif event.text().isprintable() and event.text().strip() and plain:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        index = self.currentIndex()
        if self.hasFocus() and index.isValid():
            area = self.visualRect(index)
            area.setLeft(0)
            area.setRight(self.viewport().width() - 1)
            ring(QPainter(self.viewport()), area.adjusted(1, 1, -1, -1), current().focus, 5)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._set_quiet(quiet=False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._set_quiet(quiet=True)

    def _set_quiet(self, *, quiet: bool) -> None:
        self.setProperty("quiet", "true" if quiet and not self._leads else "false")
        restyle(self)

    def current_key(self) -> object | None:
        return self.grid.key_at(self.currentIndex().row())

    def _open(self, row: int) -> None:
        key = self.grid.key_at(row)
        if key is not None:
            self.opened.emit(key)


class _RowDelegate(QStyledItemDelegate):
    """Keeps a cell's tone while its row is selected."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        read_as_written(option)
        colour = index.data(Qt.ItemDataRole.ForegroundRole)
        if colour is not None:
            option.palette.setColor(option.palette.ColorRole.HighlightedText, colour)
            option.palette.setColor(option.palette.ColorRole.Text, colour)


class TableOrEmpty(QStackedWidget):
    """A table, or in its place the words for an empty one; `acted` is the one action that helps."""

    acted = Signal()

    def __init__(self, table: Table, empty_title: str, empty_why: str, *, action: str = "") -> None:
        super().__init__()
        self.table = table
        self.empty = EmptyState(name=f"{table.objectName()}_empty")
        self.empty.say(empty_title, empty_why, action=action)
        self.empty.acted.connect(self.acted)
        self.addWidget(table)
        self.addWidget(self.empty)

    def set_rows(self, rows: Sequence[GridRow]) -> None:
        self.table.set_rows(rows)
        if rows and not self.table.currentIndex().isValid():
            self.table.go(0, self.table.grid.columns[0].key)
        way = QSizePolicy.Policy.Ignored if rows else QSizePolicy.Policy.Preferred
        self.empty.setSizePolicy(way, way)  # what is not shown needs no room
        self.setCurrentWidget(self.table if rows else self.empty)
        self.updateGeometry()
