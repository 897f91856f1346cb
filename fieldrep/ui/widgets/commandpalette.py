"""CommandPalette: Ctrl+K. Records, actions on the current record and commands in one ranked, grouped list.

Owns ranking of the commands it was opened with and the keys. Records are searched by whoever hears `queried`
and handed back with `set_records`; answers to an older text are dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fieldrep.ui.style.fonts import metrics, scaled
from fieldrep.ui.style.theme import current
from fieldrep.ui.widgets.card import line
from fieldrep.ui.widgets.emptystate import EmptyState
from fieldrep.ui.widgets.grouped import Grouped, GroupedModel
from fieldrep.ui.widgets.keycap import KeyCap, cap_size, paint_cap
from fieldrep.ui.widgets.layer import Layer
from fieldrep.ui.widgets.listview import RowsView
from fieldrep.ui.widgets.paint import draw_icon, draw_text, fill_round, mirrored
from fieldrep.ui.widgets.rows import ROW_ROLE
from fieldrep.ui.widgets.search import SearchField

_ROW, _GROUP, _WIDTH, _TOP, _LIST_MAX = 37, 34, 640, 90, 424
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class PaletteItem:
    """`key` is handed back when chosen; `keys` teaches the key combination; `action` ranks it as a command."""

    key: object
    title: str
    group: str
    icon: str
    subtitle: str = ""
    keys: str = ""
    action: bool = False

    def sought(self) -> str:
        """What is searched: an action is found by its record's name too."""
        return f"{self.title} {self.group}" if self.action else self.title

    def spoken(self) -> str:
        return ", ".join(part for part in (self.title, self.subtitle, self.group, self.keys) if part)


def rank(query: str, title: str) -> int | None:
    """Smaller is better; None when some word of the query starts no word of the title."""
    words = title.casefold().split()
    asked = query.casefold().split()
    if not all(any(word.startswith(part) for word in words) for part in asked):
        return None
    return 0 if title.casefold().startswith(query.casefold()) else 1


class _ItemDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, scaled(_GROUP if isinstance(index.data(ROW_ROLE), str) else _ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        item = index.data(ROW_ROLE)
        tokens = current()
        painter.save()
        flip = option.widget is not None and option.widget.isRightToLeft()
        area = option.rect.adjusted(8, 0, -8, 0)
        if isinstance(item, str):
            draw_text(painter, area.adjusted(12, 6, -12, 0), item, "caption", tokens.text2, right=flip)
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            fill_round(painter, area, tokens.selected)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            fill_round(painter, area, tokens.hover)
        self._item(painter, area.adjusted(12, 0, -12, 0), item, chosen, flip)
        painter.restore()

    def _item(self, painter: QPainter, inner: QRect, item: PaletteItem, chosen: bool, flip: bool) -> None:
        tokens = current()
        keys = item.keys or ("Enter" if chosen else "")
        cap = cap_size(keys) if keys else QSize(0, 0)
        box = QRect(inner.left(), inner.center().y() - 8, 18, 18)
        place = QRect(
            inner.right() - cap.width() + 1, inner.center().y() - cap.height() // 2, cap.width(), cap.height()
        )
        words = inner.adjusted(28, 0, -cap.width() - 12, 0)
        title = QRect(words)
        title.setWidth(min(words.width(), metrics("row").horizontalAdvance(item.title) + 1))
        rest = words.adjusted(title.width() + 10, 0, 0, 0)
        if flip:
            box, place, title, rest = (mirrored(part, inner) for part in (box, place, title, rest))
        draw_icon(
            painter, item.icon, tokens.accent_text if chosen else tokens.text2, box.left(), box.top(), 18
        )
        draw_text(painter, title, item.title, "row", tokens.text, right=flip)
        if rest.width() > 24:
            draw_text(painter, rest, item.subtitle, "caption", tokens.text2, right=flip)
        if keys:
            paint_cap(painter, place, keys)


class CommandPalette(Layer):
    """`>` at the start shows commands only.

    Enter pressed before the records of the text are here waits for them; who has stepped to an item keeps it.
    """

    queried = Signal(str)
    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, name="command_palette", width=_WIDTH, top=_TOP)
        self._commands: tuple[PaletteItem, ...] = ()
        self._recent: tuple[PaletteItem, ...] = ()
        self._records: tuple[PaletteItem, ...] = ()
        self._unanswered = self._stepped = self._enters = False
        self.input = SearchField(name="palette_input", label="Search or run a command")
        self.input.setProperty("role", "palette")
        self.input.setTextMargins(32, 0, 0, 0)
        self.model = GroupedModel()
        self.model.setParent(self)
        self.view = RowsView(self.model, _ROW, name="palette_results", label="Results", heading_height=_GROUP)
        self.view.setItemDelegate(_ItemDelegate(self.view))
        self.view.setFocusProxy(self.input)
        self.empty = EmptyState(name="palette_empty")
        top = QHBoxLayout()
        top.setContentsMargins(4, 10, 14, 10)
        top.addWidget(self.input, 1)
        top.addWidget(KeyCap("Esc"))
        self.body.addLayout(top)
        self.body.addWidget(line())
        self.body.addWidget(self.view, 1)
        self.body.addWidget(self.empty, 1)
        self.input.textChanged.connect(self._on_text)
        self.input.stepped.connect(self._step)
        self.input.entered.connect(self._enter)
        self.view.opened.connect(self._choose)
        self.view.clicked.connect(lambda index: self._choose(index.row()))

    def open_with(self, commands: Sequence[PaletteItem], recent: Sequence[PaletteItem] = ()) -> None:
        self._commands, self._recent, self._records = tuple(commands), tuple(recent), ()
        self.input.clear()
        self._unanswered = self._stepped = self._enters = False
        self._show()
        self.open()

    def set_records(self, query: str, items: Sequence[PaletteItem]) -> None:
        if query == self.query() and self.isVisible():
            chosen = self._current() if self._stepped else None
            self._records, self._unanswered = tuple(items), False
            self._show()
            if chosen in self.model.items:
                self.view.go(self.model.items.index(chosen))
            if self._enters:
                self._choose(self.view.current_row())

    def query(self) -> str:
        return self.input.text().strip()

    def titles(self) -> list[str]:
        return [item.title for item in self.model.items if not isinstance(item, str)]

    def first_focus(self) -> QWidget:
        return self.input

    def box_height(self) -> int:
        rows = [scaled(_GROUP) if isinstance(item, str) else scaled(_ROW) for item in self.model.items]
        return scaled(54) + (min(sum(rows) + 12, _LIST_MAX) if rows else scaled(220))

    def _on_text(self) -> None:
        query = self.query()
        self._stepped = self._enters = False
        self._unanswered = bool(query) and not query.startswith(">")
        if self._unanswered:
            self.queried.emit(query)
        else:
            self._records = ()
        self._show()

    def _matches(self) -> list[PaletteItem]:
        query = self.query()
        asked = query.removeprefix(">").strip()
        ranked = [(rank(asked, item.sought()), item) for item in self._commands]
        found = [
            item
            for place, item in sorted(((p, i) for p, i in ranked if p is not None), key=lambda pair: pair[0])
        ]
        actions = [item for item in found if item.action]
        others = [item for item in found if not item.action]
        if query.startswith(">"):
            return actions + others
        if not query:
            return [*self._recent, *actions, *others]
        first = self._records[0].group if self._records else ""
        leading = [item for item in self._records if item.group == first]
        trailing = [item for item in self._records if item.group != first]
        return [*leading, *actions, *trailing, *others]

    def _show(self) -> None:
        items = self._matches()
        groups = list(dict.fromkeys(item.group for item in items))
        self.model.set(sorted(items, key=lambda item: groups.index(item.group)))
        self.view.go(0)
        self.view.scrollToTop()
        self.view.setVisible(bool(items))
        self.empty.setVisible(not items)
        if not items:
            self.empty.say("Nothing found", "Try fewer letters, or > for commands.", icon="search")
        self.place()

    def _step(self, by: int) -> None:
        row, items = self.view.current_row() + (1 if by > 0 else -1), self.model.items
        if 0 <= row < len(items) and isinstance(items[row], str):
            row += 1 if by > 0 else -1
        self.view.go(row)
        self._stepped = True

    def _current(self) -> Grouped | str | None:
        row, items = self.view.current_row(), self.model.items
        return items[row] if 0 <= row < len(items) else None

    def _enter(self) -> None:
        if self._unanswered and not self._stepped:
            self._enters = True
        else:
            self._choose(self.view.current_row())

    def _choose(self, row: int) -> None:
        items = self.model.items
        if 0 <= row < len(items) and not isinstance(items[row], str):
            item = items[row]
            self.close_layer()
            self.chosen.emit(item)
