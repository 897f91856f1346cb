"""Timeline: what happened with a record, newest first under day headings, painted by a delegate.

Owns grouping by the heading each entry brings and the filter by type. Words, order and day names come from the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from fieldrep.ui.style.fonts import metrics, scaled
from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import Tokens, Tone
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Heading
from fieldrep.ui.widgets.emptystate import EmptyState
from fieldrep.ui.widgets.grouped import GroupedModel
from fieldrep.ui.widgets.listview import RowsView
from fieldrep.ui.widgets.paint import draw_icon, draw_text, fill_round, mirrored, ring
from fieldrep.ui.widgets.rows import ROW_ROLE

_ENTRY, _GROUP = 58, 32
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Entry:
    """`group` is the day heading ("Today"), `type` the filter key, `when` the words at the right."""

    key: object
    group: str
    type: str
    icon: str
    tone: Tone
    title: str
    body: str = ""
    when: str = ""
    waiting: bool = False

    def spoken(self) -> str:
        waiting = "waiting to sync" if self.waiting else ""
        return ", ".join(
            part for part in (self.title, self.body, f"{self.group} {self.when}".strip(), waiting) if part
        )


class _EntryDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, scaled(_GROUP if isinstance(index.data(ROW_ROLE), str) else _ENTRY))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        item = index.data(ROW_ROLE)
        tokens = current()
        painter.save()
        flip = option.widget is not None and option.widget.isRightToLeft()
        if isinstance(item, str):
            draw_text(painter, option.rect.adjusted(2, 6, -2, 0), item, "caption", tokens.text2, right=flip)
        else:
            self._entry(painter, option, item, tokens, flip)
        painter.restore()

    def _entry(
        self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry, tokens: Tokens, flip: bool
    ) -> None:
        area = option.rect.adjusted(0, 2, -1, -2)
        if option.state & QStyle.StateFlag.State_Selected:
            focused = option.widget is not None and option.widget.hasFocus()
            fill_round(painter, area, tokens.selected if focused else tokens.hover)
            if focused:
                ring(painter, area, tokens.focus, 7)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            fill_round(painter, area, tokens.hover)
        self._mark(painter, option.rect, entry, tokens, flip)
        tall, low = metrics("row").height(), metrics("small").height()
        inner = area.adjusted(44, 0, -10, 0) if not flip else area.adjusted(10, 0, -44, 0)
        top = area.top() + (area.height() - tall - low - 2) // 2
        room = self._right(painter, QRect(inner.left(), top, inner.width(), tall), entry, tokens, flip)
        upper = QRect(inner.left(), top, room, tall)
        lower = QRect(inner.left(), top + tall + 2, inner.width(), low)
        if flip:
            upper = mirrored(upper, inner)
        draw_text(painter, upper, entry.title, "row", tokens.text, right=flip)
        draw_text(painter, lower, entry.body, "small", tokens.text2, right=flip)

    def _mark(self, painter: QPainter, area: QRect, entry: Entry, tokens: Tokens, flip: bool) -> None:
        box = QRect(area.left() + 6, area.center().y() - 12, 26, 26)
        if flip:
            box = mirrored(box, area)
        painter.setPen(QPen(QColor(tokens.border), 1))
        across = box.center().x()
        painter.drawLine(across, area.top(), across, box.top() - 4)
        painter.drawLine(across, box.bottom() + 4, across, area.bottom())
        fill_round(painter, box, tokens.soft(entry.tone), 13)
        draw_icon(painter, entry.icon, tokens.ink(entry.tone), box.left() + 6, box.top() + 6, 14)

    def _right(self, painter: QPainter, line: QRect, entry: Entry, tokens: Tokens, flip: bool) -> int:
        """Draws time and badge; returns the width left for the title."""
        when = metrics("caption").horizontalAdvance(entry.when)
        place = QRect(line.right() - when, line.top(), when + 1, line.height())
        used = when + (12 if when else 0)
        words = "Waiting to sync"
        if entry.waiting:
            wide = metrics("badge").horizontalAdvance(words) + 18
            badge = QRect(line.right() - used - wide, line.top() - 1, wide, line.height() + 3)
            used += wide + 10
            badge = mirrored(badge, line) if flip else badge
            fill_round(painter, badge, tokens.warning_soft, badge.height() / 2)
            draw_text(painter, badge.adjusted(9, 0, 0, 0), words, "badge", tokens.warning)
        place = mirrored(place, line) if flip else place
        draw_text(painter, place, entry.when, "caption", tokens.text2)
        return max(0, line.width() - used)


class Timeline(QWidget):
    """Heading, type filter, one action, and the list; `opened` says the key of an entry."""

    opened = Signal(object)
    added = Signal()

    def __init__(self, heading: str, action: str, types: Sequence[tuple[str, str]], *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._types = dict(types)
        self._type = ""
        self._entries: tuple[Entry, ...] = ()
        self._model = GroupedModel()
        self._model.setParent(self)
        self.view = RowsView(
            self._model, _ENTRY, name=f"{name}_entries", label=heading, heading_height=_GROUP
        )
        self.view.setItemDelegate(_EntryDelegate(self.view))
        self.empty = EmptyState(name=f"{name}_empty")
        self.filter_button = Button("All types", icon="chevron-down", variant="ghost", name=f"{name}_filter")
        self.add_button = Button(action, icon="plus", variant="ghost", name=f"{name}_add")
        self._menu = QMenu(self)
        for key, words in (("", "All types"), *types):
            self._menu.addAction(words).setData(key)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(Heading(heading, actions=(self.filter_button, self.add_button)))
        column.addWidget(self.view, 1)
        column.addWidget(self.empty, 1)
        self.filter_button.clicked.connect(self._open_menu)
        self._menu.triggered.connect(lambda entry: self.choose_type(entry.data()))
        self.add_button.clicked.connect(self.added)
        self.empty.acted.connect(self.added)
        self.view.opened.connect(self._open)
        self._action = action
        self.set_entries(())

    def set_entries(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        self._show()

    def choose_type(self, key: str) -> None:
        """ "" shows all."""
        self._type = key
        self.filter_button.set_text(self._types.get(key, "All types"))
        self._show()

    def titles(self) -> list[str]:
        """What is shown now, headings left out."""
        return [item.title for item in self._model.items if not isinstance(item, str)]

    def _show(self) -> None:
        shown = [entry for entry in self._entries if not self._type or entry.type == self._type]
        self._model.set(shown)
        self.view.setVisible(bool(shown))
        self.empty.setVisible(not shown)
        if self._type:
            self.empty.say("Nothing of this type", "Choose all types to see the rest.", action=self._action)
        else:
            self.empty.say("Nothing logged yet", "Calls, visits and notes appear here.", action=self._action)

    def _open_menu(self) -> None:
        self._menu.popup(self.filter_button.mapToGlobal(self.filter_button.rect().bottomLeft()))

    def _open(self, row: int) -> None:
        item = self._model.items[row]
        if isinstance(item, Entry):
            self.opened.emit(item.key)
