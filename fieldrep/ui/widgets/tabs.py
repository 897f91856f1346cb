"""Tabs: a row of words with counts, underlined when chosen, over a stack of bodies built on first visit."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from fieldrep.ui.style.fonts import font
from fieldrep.ui.style.theme import current, look_changed
from fieldrep.ui.widgets.card import line
from fieldrep.ui.widgets.paint import ring

_PAD, _BETWEEN = 6, 12
"""As the stylesheet has them: beside the words of a tab, and from one tab to the next."""


@dataclass(frozen=True)
class Tab:
    """`build` makes the body when the tab is first opened."""

    key: str
    title: str
    build: Callable[[], QWidget]


class _Bar(QTabBar):
    """Qt's bar with our focus ring, which stands off the letters."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus() and self.currentIndex() >= 0:
            area = self.tabRect(self.currentIndex()).adjusted(0, 3, -_BETWEEN, -3)
            if self.isRightToLeft():
                area.translate(_BETWEEN, 0)
            ring(QPainter(self), area, current().focus, 4)


class Tabs(QWidget):
    """Ctrl+Tab cycles; each body keeps its own scroll position because it stays built."""

    opened = Signal(str)

    def __init__(self, tabs: tuple[Tab, ...], *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._tabs = tabs
        self._bodies: dict[str, QWidget] = {}
        self.bar = _Bar()
        self.bar.setObjectName(f"{name}_bar")
        self.bar.setAccessibleName("Tabs")
        self.bar.setFont(font("control"))
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        self.bar.setUsesScrollButtons(False)
        self.bar.setElideMode(Qt.TextElideMode.ElideNone)
        self.stack = QStackedWidget()
        for tab in tabs:
            self.bar.addTab(tab.title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._bar_box = QVBoxLayout()
        self._bar_box.addWidget(self.bar)
        column.addLayout(self._bar_box)
        column.addWidget(line())
        column.addWidget(self.stack, 1)
        self.bar.currentChanged.connect(self._open_at)
        for keys, step in (("Ctrl+Tab", 1), ("Ctrl+Shift+Tab", -1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self._next if step > 0 else self._previous)
        self._open_at(0)

    def set_bar_margins(self, left: int, right: int) -> None:
        """Where the words of the bar begin and end."""
        self._bar_box.setContentsMargins(left - _PAD, 0, right - _PAD, 0)

    def set_count(self, key: str, count: int | None) -> None:
        at = self._place(key)
        title = self._tabs[at].title
        self.bar.setTabText(at, title if count is None else f"{title}  {count:,}")

    def open(self, key: str) -> None:
        self.bar.setCurrentIndex(self._place(key))

    def key(self) -> str:
        return self._tabs[self.bar.currentIndex()].key

    def body(self, key: str) -> QWidget | None:
        """The body of a tab, or None while nobody has opened it."""
        return self._bodies.get(key)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self.bar.setFont(font("control"))

    def _place(self, key: str) -> int:
        return next(at for at, tab in enumerate(self._tabs) if tab.key == key)

    def _open_at(self, at: int) -> None:
        if not 0 <= at < len(self._tabs):
            return
        tab = self._tabs[at]
        if tab.key not in self._bodies:
            self._bodies[tab.key] = tab.build()
            self.stack.addWidget(self._bodies[tab.key])
        self.stack.setCurrentWidget(self._bodies[tab.key])
        self.opened.emit(tab.key)

    def _next(self) -> None:
        self.bar.setCurrentIndex((self.bar.currentIndex() + 1) % self.bar.count())

    def _previous(self) -> None:
        self.bar.setCurrentIndex((self.bar.currentIndex() - 1) % self.bar.count())
