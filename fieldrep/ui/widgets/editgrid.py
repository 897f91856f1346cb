"""EditGrid: order lines as a grid made for the keyboard: type, Enter to the next cell, paste from a spreadsheet.

Owns keys, editors and per-cell tone. Prices, limits and totals are the page's; the grid only announces edits.
"""

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QCompleter,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from fieldrep.ui.style.fonts import font, scaled
from fieldrep.ui.style.theme import current, look_changed
from fieldrep.ui.style.tokens import TABLE_ROW
from fieldrep.ui.widgets.gridmodel import CELL_ROLE, Cell, Column, GridModel, GridRow, read_as_written
from fieldrep.ui.widgets.paint import ring

_Index = QModelIndex | QPersistentModelIndex
_AIR = 8
_WORDS = 190
"""So much of a name is read beside its figures."""

_FEWEST_WORDS, _LAST_TO_GO = 96, 600
"""So much is left before figures go that are hidden only in a grid narrower than that."""

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _CellDelegate(QStyledItemDelegate):
    """Keeps a cell's tone while its row is selected, rings the current cell and the ones with a problem."""

    typed = Signal(object, str)

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        read_as_written(option)
        colour = index.data(Qt.ItemDataRole.ForegroundRole)
        if colour is not None:
            option.palette.setColor(QPalette.ColorRole.HighlightedText, colour)
            option.palette.setColor(QPalette.ColorRole.Text, colour)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        super().paint(painter, option, index)
        tokens = current()
        cell = index.data(CELL_ROLE)
        view = option.widget
        if isinstance(cell, Cell) and cell.problem:
            edge = tokens.ink(cell.tone) if cell.tone is not None else tokens.danger
            ring(painter, option.rect.adjusted(1, 2, -1, -2), edge, 3, 1.5)
        if isinstance(view, QTableView) and view.hasFocus() and view.currentIndex() == index:
            ring(painter, option.rect.adjusted(1, 1, -1, -1), tokens.focus, 3)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QLineEdit:
        editor = QLineEdit(parent)
        editor.setProperty("role", "cell")
        editor.setObjectName("cell_editor")
        place = QPersistentModelIndex(index)
        editor.textEdited.connect(lambda text: self.typed.emit(place, text))
        editor.setAccessibleName(str(index.data(Qt.ItemDataRole.AccessibleTextRole)))
        editor.setAlignment(Qt.AlignmentFlag(index.data(Qt.ItemDataRole.TextAlignmentRole)))
        cell = index.data(CELL_ROLE)
        if isinstance(cell, Cell) and cell.choices:
            choices = QCompleter(cell.choices, editor)
            choices.setCompletionMode(QCompleter.CompletionMode.InlineCompletion)
            choices.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            editor.setCompleter(choices)
        return editor

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        """What is being typed stays when the rows are shown anew."""
        if not (isinstance(editor, QLineEdit) and editor.isModified()):
            super().setEditorData(editor, index)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index) -> None:
        editor.setGeometry(QRect(option.rect))

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _ENTER:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                return False
            self.commitData.emit(editor)
            self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.EditNextItem)
            return True
        return super().eventFilter(editor, event)


class EditGrid(QTableView):
    """Enter goes right to the next cell that can be edited, then to the next line; F2 edits, Del removes.

    `cell_typed` says what stands in a cell that is being edited, and None once it is left as it was.
    """

    cell_edited = Signal(object, str, str)
    cell_typed = Signal(object, str, object)
    line_entered = Signal(str)
    lines_pasted = Signal(list)
    removed = Signal(list)
    same_wanted = Signal(str, list)
    current_changed = Signal(object)

    def __init__(self, columns: Sequence[Column], *, name: str, label: str, entry_column: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setProperty("role", "grid")
        self.grid = GridModel(columns, entry_column)
        self.grid.setParent(self)
        self.setModel(self.grid)
        delegate = _CellDelegate(self)
        delegate.typed.connect(self._on_typed)
        self.setItemDelegate(delegate)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.AnyKeyPressed | trigger.DoubleClicked | trigger.EditKeyPressed)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.viewport().setAutoFillBackground(False)
        self._size_header()
        self.grid.cell_edited.connect(self.cell_edited)
        self.grid.line_entered.connect(self.line_entered)
        self.grid.modelAboutToBeReset.connect(self._remember)
        self.grid.modelReset.connect(self._restore)
        self.selectionModel().currentRowChanged.connect(self._on_row)
        self._place = (0, 0)
        self._typed: tuple[object, str] = (None, "")

    def _size_header(self) -> None:
        header = self.horizontalHeader()
        self.setFont(font("small", figures=True))
        header.setHighlightSections(False)
        header.setFixedHeight(scaled(34))
        header.setMinimumSectionSize(28)
        header.setSectionsClickable(False)
        self.verticalHeader().setDefaultSectionSize(scaled(TABLE_ROW))
        for at, column in enumerate(self.grid.columns):
            mode = QHeaderView.ResizeMode
            header.setSectionResizeMode(at, mode.Fixed if column.width else mode.Stretch)
        self._fit()

    def set_rows(self, rows: Sequence[GridRow]) -> None:
        self.grid.set_rows(rows)
        self._fit()

    def _fit(self) -> None:
        """A figure is never cut: its column grows with it; where words get too little room, figures that may go do."""
        header, columns = self.horizontalHeader(), self.grid.columns
        hidden = {at for at, one in enumerate(columns) if self.width() < scaled(one.hide_below)}
        hidden |= {at for at, one in enumerate(columns) if one.filled_only and not self._says(at)}
        widths = {at: self._needed(at) for at, one in enumerate(columns) if one.width}
        may_go = sorted(
            (-one.hide_below, at) for at, one in enumerate(columns) if one.hide_below and one.numeric
        )
        for _, at in may_go:
            taken = sum(width for place, width in widths.items() if place not in hidden)
            words = _FEWEST_WORDS if columns[at].hide_below < _LAST_TO_GO else _WORDS
            if self.viewport().width() - taken >= scaled(words):
                break
            hidden.add(at)
        for at, width in widths.items():
            header.resizeSection(at, width)
        for at in range(len(columns)):
            self.setColumnHidden(at, at in hidden)

    def _says(self, at: int) -> bool:
        return any(row.cells[at].text for row in self.grid.rows)

    def _needed(self, at: int) -> int:
        column = self.grid.columns[at]
        width = scaled(column.width)
        if not (column.numeric or column.snug) or not self.grid.rows:
            return width
        cells = [row.cells[at].text for row in self.grid.rows]
        longest = max(range(len(cells)), key=lambda row: len(cells[row]))
        filled = self.sizeHintForIndex(self.grid.index(longest, at)).width() + _AIR
        if not column.snug:
            return max(width, filled)
        return min(2 * width, max(filled, self.horizontalHeader().sectionSizeHint(at)))

    def finish(self) -> None:
        """What is being typed in a cell is entered, as by Enter."""
        if (editor := self._editor()) is not None:
            self.commitData(editor)
            self.closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)

    def _editor(self) -> QLineEdit | None:
        """The open one."""
        found = self.viewport().findChildren(QLineEdit, "cell_editor")
        return next((editor for editor in found if editor.isVisible()), None)

    def selected_keys(self) -> list[object]:
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.grid.rows[row].key for row in rows if row < len(self.grid.rows)]

    def go(self, row: int, column_key: str) -> None:
        index = self.grid.index(row, self.grid.column_at(column_key))
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(index, flags)

    def next_editable(self, index: _Index) -> QModelIndex:
        """The next cell that can be edited after this one, in reading order; invalid after the last."""
        columns = self.grid.columnCount()
        for place in range(index.row() * columns + index.column() + 1, self.grid.rowCount() * columns):
            candidate = self.grid.index(place // columns, place % columns)
            hidden = self.isColumnHidden(candidate.column())
            if not hidden and self.grid.flags(candidate) & Qt.ItemFlag.ItemIsEditable:
                return candidate
        return QModelIndex()

    def _on_typed(self, index: _Index, text: str | None) -> None:
        if index.isValid():
            self.cell_typed.emit(self.grid.key_at(index.row()), self.grid.columns[index.column()].key, text)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        if hint is QAbstractItemDelegate.EndEditHint.RevertModelCache:
            self._on_typed(self.currentIndex(), None)
        if hint is not QAbstractItemDelegate.EndEditHint.EditNextItem:
            super().closeEditor(editor, hint)
            return
        super().closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)
        self._advance()

    def _advance(self) -> None:
        following = self.next_editable(self.currentIndex())
        if following.isValid():
            self.setCurrentIndex(following)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
            # also where the cell itself cannot be edited: a letter typed into a table is never an action
            if plain and self.grid.editable and event.text().isprintable() and event.text():
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in _ENTER and plain:
            self._advance()
        elif event.key() == Qt.Key.Key_Delete and plain:
            if keys := self.selected_keys():
                self.removed.emit(keys)
        elif event.matches(QKeySequence.StandardKey.Paste):
            self._paste(QGuiApplication.clipboard().text())
        elif event.key() == Qt.Key.Key_D and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            column = self.grid.columns[max(0, self.currentIndex().column())]
            self.same_wanted.emit(column.key, self.selected_keys())
        else:
            super().keyPressEvent(event)

    def _paste(self, text: str) -> None:
        """Rows and cells as a spreadsheet copies them."""
        lines = [line.split("\t") for line in text.replace("\r\n", "\n").split("\n")]
        filled = [[cell.strip() for cell in line] for line in lines if any(cell.strip() for cell in line)]
        if filled:
            self.lines_pasted.emit(filled)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self._size_header()

    def _remember(self) -> None:
        self._place = (self.currentIndex().row(), self.currentIndex().column())
        editor = self._editor()
        typed = editor.text() if editor is not None and editor.isModified() else ""
        self._typed = (self.grid.key_at(self._place[0]), typed)

    def _restore(self) -> None:
        """The same row is current, wherever it stands now; where it is gone, the one in its place."""
        row, column = self._place
        row = next((at for at, one in enumerate(self.grid.rows) if one.key == self._typed[0]), row)
        if row >= 0 and self.grid.rowCount():
            index = self.grid.index(min(row, self.grid.rowCount() - 1), max(0, column))
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.selectionModel().setCurrentIndex(index, flags)
        self._type_on()

    def _type_on(self) -> None:
        """Other rows came while somebody typed in a cell: its row is current again, and open, where it is left."""
        key, typed = self._typed
        at = next((at for at, row in enumerate(self.grid.rows) if typed and row.key == key), -1)
        if at < 0:
            return
        index = self.grid.index(at, self._place[1])
        self.setCurrentIndex(index)
        self.edit(index)
        if (editor := self._editor()) is not None:
            editor.setText(typed)
            editor.setModified(True)

    def _on_row(self, now: QModelIndex, before: QModelIndex) -> None:
        self.current_changed.emit(self.grid.key_at(now.row()))
