"""RecordList: search, filter chips, sort, count and a virtual list of two-line rows, with empty, loading and error.

Owns the list pane's behaviour. Searching, filtering and sorting happen in the query that the page starts when a
signal says what is wanted; the answer comes back through `set_rows`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from fieldrep.ui.style.tokens import LIST_ROW
from fieldrep.ui.widgets.button import Button, Chip
from fieldrep.ui.widgets.emptystate import EmptyState
from fieldrep.ui.widgets.listview import FOLLOWS_AFTER_MS, FOLLOWS_TYPING_AFTER_MS, RowsView
from fieldrep.ui.widgets.rows import RowModel, RowView
from fieldrep.ui.widgets.search import SearchField
from fieldrep.ui.widgets.skeleton import Skeleton
from fieldrep.ui.widgets.text import Text
from fieldrep.ui.widgets.twoline import TwoLineDelegate


@dataclass(frozen=True)
class Wanted:
    """What the list should show: the text typed, the chip and the sort, by key."""

    text: str
    chip: str
    sort: str


@dataclass(frozen=True)
class ListWords:
    """The list's own words: `one`/`many` count it, `search` names the box; `ranked` finds in order of the match."""

    one: str
    many: str
    search: str
    ranked: bool = False


class RecordList(QWidget):
    """Emits `wanted` when typing, chip or sort change; `current` once the row settles; `opened` on Enter."""

    wanted = Signal(object)
    more_wanted = Signal(int)
    current = Signal(object)
    opened = Signal(object)
    retried = Signal()

    def __init__(
        self,
        words: ListWords,
        chips: Sequence[tuple[str, str]],
        sorts: Sequence[tuple[str, str]],
        *,
        name: str,
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._words, self._sorts = words, tuple(sorts)
        self._chip = chips[0][0] if chips else ""
        self._sort = sorts[0][0] if sorts else ""
        self._error = self.sought = self.unanswered = self._opens_first = self._widened = False
        self._unlisted: object | None = None
        self.model = RowModel()
        self.model.setParent(self)
        self.search = SearchField(name=f"{name}_search", label=words.search)
        self.view = RowsView(self.model, LIST_ROW, name=f"{name}_rows", label=words.many.capitalize())
        self.view.setItemDelegate(TwoLineDelegate(self.view))
        self.empty = EmptyState(name=f"{name}_empty")
        self._skeleton = Skeleton()
        self._stack = QStackedWidget()
        for widget in (self.view, self.empty, self._skeleton):
            self._stack.addWidget(widget)
        self._count = Text("", "caption", "text2")
        self._lay_out(chips)
        self._connect()
        self.loading()

    def _lay_out(self, chips: Sequence[tuple[str, str]]) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(14, 14, 14, 4)
        top.setSpacing(10)
        top.addWidget(self.search)
        top.addLayout(self._chip_row(chips))
        counted = QHBoxLayout()
        counted.setContentsMargins(2, 0, 0, 0)
        counted.addWidget(self._count)
        counted.addStretch(1)
        self._sort_button = Button("", icon="chevron-down", variant="quiet", name=f"{self.objectName()}_sort")
        self._sort_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        if self._sorts:
            counted.addWidget(self._sort_button)
            self._sort_button.setMenu(self._sort_menu())
            self._name_sort()
        top.addLayout(counted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._stack, 1)

    def _chip_row(self, chips: Sequence[tuple[str, str]]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self._chips = QButtonGroup(self)
        self._chips.setExclusive(True)
        self._chip_keys: dict[str, Chip] = {}
        for key, words in chips:
            chip = Chip(words, name=f"{self.objectName()}_chip_{key}")
            chip.setChecked(key == self._chip)
            self._chips.addButton(chip)
            self._chip_keys[key] = chip
            row.addWidget(chip)
        row.addStretch(1)
        return row

    def _sort_menu(self) -> QMenu:
        menu = QMenu(self)
        for key, words in self._sorts:
            action = menu.addAction(words)
            action.setData(key)
        menu.triggered.connect(lambda action: self.choose_sort(action.data()))
        return menu

    def _connect(self) -> None:
        self.search.textEdited.connect(self._ask)
        self.search.stepped.connect(self.view.step)
        self.search.entered.connect(self._open_current)
        self._chips.buttonClicked.connect(self._on_chip)
        self.view.settled.connect(self._on_settled)
        self.view.opened.connect(self._open)
        self.view.left_upwards.connect(self.focus_search)
        self.model.more_wanted.connect(self.more_wanted)
        self.empty.acted.connect(self._on_empty)

    def state(self) -> Wanted:
        return Wanted(self.search.text().strip(), self._chip, self._sort)

    def set_rows(
        self,
        rows: Sequence[RowView],
        total: int,
        *,
        more: bool = False,
        keep: bool = False,
        follow: bool = True,
    ) -> None:
        """Show these rows of a list of `total`, which leaves out `more`. `keep` holds the current record and the scroll
        (a refresh), also over a time in which the list does not show it; otherwise row 0 is current, and `follow` tells
        the page so. A search that was cleared holds the current record as well: whoever works on it goes on with it.
        """
        key, scroll = self.current_key(), self.view.verticalScrollBar().value()
        key = key if key is not None else self._unlisted
        widened, self._widened = self._widened, False
        keep = (keep or widened) and key is not None
        self._skeleton.stop()
        opens, self._opens_first = self._opens_first, False
        self._error = self.unanswered = False
        self.model.set_rows(rows, total)
        self._unlisted = key if keep and self.model.place_of(key) < 0 else None
        noun = self._words.one if total == 1 else self._words.many
        self._count.setText(f"The first {total:,} {noun}" if more else f"{total:,} {noun}")
        if not rows:
            self._show_empty()
            return
        self._stack.setCurrentWidget(self.view)
        place = self.model.place_of(key) if keep else 0
        if place >= 0:
            after = FOLLOWS_TYPING_AFTER_MS if self.search.hasFocus() else FOLLOWS_AFTER_MS
            self.view.go(place, follow=follow and not keep, after=after)
        if keep and not widened:
            self.view.verticalScrollBar().setValue(scroll)
        if opens and self.window().focusWidget() is self.search:
            self._open_current()

    def settle(self) -> None:
        """`current` now, if the list came to a record and did not say so yet: somebody is about to act on it."""
        self.view.settle()

    def append_rows(self, rows: Sequence[RowView]) -> None:
        self.model.append(rows)

    def loading(self, *, keep: bool = False) -> bool:
        """Grey rows after 200 ms, and only where nothing was shown before.

        The answer to `keep`, the wish to refresh: whether current row and scroll stay. Not when this takes over what
        was asked anew and has no answer yet.
        """
        if self.model.rowCount() == 0:
            self._stack.setCurrentWidget(self._skeleton)
            self._skeleton.start()
        return keep and not self.unanswered

    def failed(self, sentence: str) -> None:
        self._skeleton.stop()
        self._error = True
        self.unanswered = self._opens_first = False
        self._count.setText("")
        self.empty.say("This list could not be read", sentence, action="Try again", icon="circle-alert")
        self._stack.setCurrentWidget(self.empty)

    def current_key(self) -> object | None:
        row = self.model.row_at(self.view.current_row())
        return row.key if row else None

    def select(self, key: object) -> bool:
        """Make a record current without telling the page; False when the list does not show it."""
        place = self.model.place_of(key)
        if place >= 0:
            self.view.go(place, follow=False)
        return place >= 0

    def focus_search(self) -> None:
        """Somebody wants to search; from now on `sought` says so."""
        self.sought = True
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def clear_search(self) -> bool:
        """Esc: True when there was something to clear."""
        if not self.search.text():
            return False
        self.search.clear()
        self._ask()
        self._widened = True
        return True

    def choose_chip(self, key: str) -> None:
        self._chip_keys[key].setChecked(True)
        self._chip = key
        self._ask()

    def choose_sort(self, key: str) -> None:
        self._sort = key
        self._name_sort()
        self._ask()

    def _name_sort(self) -> None:
        """What the rows are in order of: a search that nobody sorted is in that of the best match."""
        words = dict(self._sorts)[self._sort]
        if self._words.ranked and self.search.text().strip() and self._sort == self._sorts[0][0]:
            words = "Best match"
        self._sort_button.set_text(words, f"Sort: {words}")

    def _show_empty(self) -> None:
        many = self._words.many
        if self.search.text().strip():
            text = self.search.text().strip()
            self.empty.say(
                f"No {many} match “{text[:40]}”", "Try fewer letters.", action="Clear search", icon="search"
            )
        elif self._chip and self._chip != next(iter(self._chip_keys)):
            self.empty.say(
                f"No {many} here", "The filter leaves nothing.", action="Show all", icon="sliders-horizontal"
            )
        else:
            self.empty.say(f"No {many} yet", "What you may see arrives with the next sync.")
        self._stack.setCurrentWidget(self.empty)

    def _on_empty(self) -> None:
        if self._error:
            self.retried.emit()
        elif not self.clear_search():
            self.choose_chip(next(iter(self._chip_keys)))

    def _on_chip(self, chip: Chip) -> None:
        self.choose_chip(next(key for key, known in self._chip_keys.items() if known is chip))

    def _ask(self) -> None:
        """From now until `set_rows` or `failed` the rows shown are not those asked for: `unanswered`."""
        self.unanswered, self._opens_first, self._widened = True, False, False
        if self._sorts:
            self._name_sort()
        self.wanted.emit(self.state())

    def _on_settled(self, row: int) -> None:
        view = self.model.row_at(row)
        if view is not None:
            self.current.emit(view.key)

    def _open(self, row: int) -> None:
        view = self.model.row_at(row)
        if view is not None:
            self.opened.emit(view.key)

    def _open_current(self) -> None:
        """Enter in the search; pressed before the rows for its text are here, it waits for them."""
        self._opens_first = self.unanswered
        if not self.unanswered:
            self._open(self.view.current_row())
