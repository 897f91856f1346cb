"""RowsView: the table that shows RowViews as a list. QTableView, because it resets ten times faster than QListView.

Owns keys, selection and the pause before the detail follows. It must not know what a row stands for.
"""

from PySide6.QtCore import QAbstractItemModel, QEvent, QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPalette
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import look_changed

FOLLOWS_AFTER_MS = 80
FOLLOWS_TYPING_AFTER_MS = 240
"""Longer than between two letters: what follows takes longer than to show the list, and the next key waits for it."""


class RowsView(QTableView):
    """One stretched column of fixed height; headings, which cannot be chosen, have one of their own."""

    settled = Signal(int)
    opened = Signal(int)
    left_upwards = Signal()

    def __init__(
        self, model: QAbstractItemModel, row_height: int, *, name: str, label: str, heading_height: int = 0
    ) -> None:
        super().__init__()
        self._row_height, self._heading_height = row_height, heading_height
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setModel(model)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(scaled(row_height))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        palette = self.palette()
        palette.setColor(
            QPalette.ColorRole.Highlight, Qt.GlobalColor.transparent
        )  # the delegate draws the selection
        self.setPalette(palette)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FOLLOWS_AFTER_MS)
        self._timer.timeout.connect(self._settle)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        if heading_height:
            model.modelReset.connect(self._size_headings)

    def current_row(self) -> int:
        return self.currentIndex().row()

    def go(self, row: int, *, follow: bool = True, after: int = FOLLOWS_AFTER_MS) -> None:
        """Make a row current (the next one when it is a heading); `follow` tells the page `after` milliseconds."""
        self._timer.setInterval(after)
        last = self.model().rowCount() - 1
        while (
            0 <= row < last and not self.model().flags(self.model().index(row, 0)) & Qt.ItemFlag.ItemIsEnabled
        ):
            row += 1
        if not 0 <= row <= last:
            return
        blocked = self.selectionModel().blockSignals(not follow)
        index = self.model().index(row, 0)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.selectionModel().blockSignals(blocked)
        self.scrollTo(index)
        self.viewport().update()

    def step(self, by: int) -> None:
        last = self.model().rowCount() - 1
        self.go(max(0, min(last, self.current_row() + by)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._timer.stop()
            self._settle()
            if self.current_row() >= 0:
                self.opened.emit(self.current_row())
        elif key == Qt.Key.Key_Up and self.current_row() <= 0:
            self.left_upwards.emit()
        elif key == Qt.Key.Key_Home:
            self.go(0)
        elif key == Qt.Key.Key_End:
            self.go(self.model().rowCount() - 1)
        elif event.text().isprintable() and event.text().strip() and not event.modifiers():
            event.ignore()  # a table would search by it; the page may know better
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.opened.emit(index.row())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self.verticalHeader().setDefaultSectionSize(scaled(self._row_height))
            if self._heading_height:
                self._size_headings()

    def _size_headings(self) -> None:
        """Every row anew: a place keeps its height when other items come to stand in it."""
        model = self.model()
        for row in range(model.rowCount()):
            entry = model.flags(model.index(row, 0)) & Qt.ItemFlag.ItemIsEnabled
            self.setRowHeight(row, scaled(self._row_height if entry else self._heading_height))

    def settle(self) -> None:
        """Tell the page now which row is current, if it was not told yet."""
        if self._timer.isActive():
            self._timer.stop()
            self._settle()

    def _on_current(self, now: QModelIndex, before: QModelIndex) -> None:
        if now.isValid():
            self._timer.start()

    def _settle(self) -> None:
        if self.current_row() >= 0:
            self.settled.emit(self.current_row())
