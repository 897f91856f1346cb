"""AppShell: the window: rail, top bar, the stack of pages built on first visit, status bar, history and shortcuts.

Owns where the person is and which key does what. It must not know what any page shows.
"""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from fieldrep.ui.keys import DEFAULTS, IN_PLACE, Keymap, readable
from fieldrep.ui.page import Action, Page, PageSpec, Place
from fieldrep.ui.panes import next_pane
from fieldrep.ui.runner import Notice
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.style.tokens import WIDE_RAIL_FROM, WINDOW_FIRST, WINDOW_MIN, Tone
from fieldrep.ui.widgets.bars import StatusBar, TopBar
from fieldrep.ui.widgets.commandpalette import CommandPalette, PaletteItem
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.keymaplayer import KeymapLayer
from fieldrep.ui.widgets.navrail import NavRail, RailItem
from fieldrep.ui.widgets.syncpill import SyncView
from fieldrep.ui.widgets.toast import Toast

SYNC_PAGE = "sync"


class AppShell(QWidget):
    """`undone` hands back a toast's token; `sync_wanted` is F9; `record_sought` asks for records by text."""

    undone = Signal(object)
    sync_wanted = Signal()
    record_sought = Signal(str)
    closing = Signal()

    def __init__(self, specs: Sequence[PageSpec], theme: Theme, keymap: Keymap, person: str = "") -> None:
        super().__init__()
        self.setObjectName("shell")
        self.setProperty("role", "canvas")
        self.setWindowTitle("FieldRep")
        self.setMinimumSize(*WINDOW_MIN)
        self._specs = {spec.key: spec for spec in specs}
        self._theme, self._keymap = theme, keymap
        self._pages: dict[str, Page] = {}
        self._missed: dict[str, frozenset[str]] = {}
        self._places: list[Place] = []
        self._at = -1
        self._shown: Page | None = None
        self._recent: list[PaletteItem] = []
        self.top_bar = TopBar(person)
        self.rail = NavRail(tuple(RailItem(s.key, s.title, s.icon, s.at_bottom) for s in specs))
        self.stack = QStackedWidget()
        self.status_bar = StatusBar()
        self._lay_out()
        self.palette_layer = CommandPalette(self)
        self.keymap_layer = KeymapLayer(self)
        self.toast = Toast(self, bar=self.status_bar)
        self._connect()
        self._bind_keys()

    def sizeHint(self) -> QSize:
        return QSize(*WINDOW_FIRST)

    def _lay_out(self) -> None:
        sheet = QFrame()
        sheet.setProperty("role", "sheet")
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(1, 1, 0, 0)
        inside.addWidget(self.stack)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.top_bar, 0, 0, 1, 2)
        grid.addWidget(self.rail, 1, 0)
        grid.addWidget(sheet, 1, 1)
        grid.addWidget(self.status_bar, 2, 0, 1, 2)
        grid.setColumnStretch(1, 1)

    def _connect(self) -> None:
        self.rail.chosen.connect(self.go)
        self.top_bar.command_field.clicked.connect(self.open_palette)
        self.top_bar.help.clicked.connect(self.open_keymap)
        self.top_bar.pill.clicked.connect(self._open_sync)
        self.top_bar.menu.aboutToShow.connect(self._fill_menu)
        self.palette_layer.queried.connect(self.record_sought)
        self.palette_layer.chosen.connect(self._on_chosen)
        self.toast.undone.connect(self.undone)
        self.top_bar.command_field.keys = self._keymap.text("palette")

    def _bind_keys(self) -> None:
        for name in self._keymap.names():
            for keys in self._keymap.sequences(name):
                shortcut = QShortcut(QKeySequence(keys), self)
                shortcut.activated.connect(lambda name=name: self.press(name))
        for number, key in enumerate(self._specs, start=1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            shortcut.activated.connect(lambda key=key: self.go(key))

    # Where we are

    def go(self, key: str, target: object = None) -> None:
        """Show a page and remember the place; one that history does not keep gives way to what it opens."""
        self._layers_away()
        place, page = Place(key, target), self._pages.get(key) or self._build(key)
        if target is None and page is self._shown:
            page.show_list()
            return
        if not page.keeps(target):
            self._remember(place)
        self._show(place)
        if page.keeps(target):
            self._remember(place)

    def page(self) -> Page | None:
        return self._pages.get(self._places[self._at].page) if self._at >= 0 else None

    def place(self) -> Place | None:
        return self._places[self._at] if self._at >= 0 else None

    def back(self) -> None:
        self._travel(-1)

    def forward(self) -> None:
        self._travel(1)

    def _travel(self, by: int) -> None:
        to = self._at + by
        if not 0 <= to < len(self._places):
            return
        if not self._keeps(self._places[self._at]):
            del self._places[self._at]
            to -= by > 0
        self._at = to
        self._show(self._places[to])

    def _remember(self, place: Place) -> None:
        if self._at >= 0 and self._places[self._at] == place:
            return
        kept = self._at + (1 if self._at >= 0 and self._keeps(self._places[self._at]) else 0)
        self._places = [*self._places[: max(kept, 0)], place][-100:]
        self._at = len(self._places) - 1

    def _keeps(self, place: Place) -> bool:
        return self._pages[place.page].keeps(place.target)

    def _show(self, place: Place) -> None:
        page = self._pages.get(place.page) or self._build(place.page)
        before, self._shown = self._shown, page  # the stack shows its first page before anybody goes there
        if before is not None and before is not page:
            before.leave()
        self.stack.setCurrentWidget(page)
        self.rail.set_current(place.page)
        if missed := self._missed.pop(place.page, None):
            page.on_notice(Notice(missed))
        page.show_target(place.target)
        if before is not page:
            next_pane(page.panes() or [page], None, 1)
        self._show_hints()

    def _build(self, key: str) -> Page:
        page = self._specs[key].build()
        page.visited.connect(lambda target: self._remember(Place(key, target)))
        page.wanted.connect(lambda place: self.go(place.page, place.target))
        page.said.connect(self.toast.say)
        page.hints_changed.connect(self._show_hints)
        self.stack.addWidget(page)
        self._pages[key] = page
        return page

    def _show_hints(self) -> None:
        page = self.stack.currentWidget()
        hints = list(page.hints()) if isinstance(page, Page) else []
        self.status_bar.set_hints([*hints, KeyHint(self._keymap.text("key_map"), "All keys")])

    # What happens around

    def notify(self, notice: Notice) -> None:
        """The shown page hears at once; the others hear all they missed when they are shown."""
        shown = self.stack.currentWidget()
        for key, page in self._pages.items():
            if page is shown:
                page.on_notice(notice)
            else:
                self._missed[key] = self._missed.get(key, frozenset()) | notice.entities

    def set_sync(self, view: SyncView) -> None:
        self.top_bar.pill.set(view)
        if SYNC_PAGE in self._specs:
            tone = Tone.DANGER if view.needs_you else Tone.WARNING
            self.rail.set_count(SYNC_PAGE, view.needs_you + view.waiting, tone)

    def set_person(self, name: str) -> None:
        self.top_bar.person.set_name(name)

    def set_age(self, words: str, tip: str = "") -> None:
        self.status_bar.set_age(words, tip)

    def say(self, words: str, undo: object = None) -> None:
        self.toast.say(words, undo)

    def offer_records(self, query: str, items: Sequence[PaletteItem]) -> None:
        """The answer to `record_sought`; the key of each item is the Place it opens."""
        self.palette_layer.set_records(query, items)

    def offer_recent(self, items: Sequence[PaletteItem]) -> None:
        """What an empty palette offers until the person has opened something herself."""
        self._recent = self._recent or list(items)

    # Keys and actions

    def press(self, name: str) -> None:
        """Do what a key means here; an open layer leaves only Esc and its own key."""
        layers = (self.palette_layer, self.keymap_layer)
        if name == "escape":
            self._escape()
        elif not any(layer.isVisible() for layer in layers):
            action = next((action for action in self.things_to_do() if action.key == name), None)
            if action is not None:
                self.run(action)

    def run(self, action: Action) -> None:
        if action.why_not:
            self.say(action.why_not)
        else:
            action.run()

    def things_to_do(self) -> list[Action]:
        """What can be done now: the page's own first, then the window's."""
        page = self.stack.currentWidget()
        return [*(page.things_to_do() if isinstance(page, Page) else ()), *self._own_actions()]

    def _own_actions(self) -> list[Action]:
        titles = {entry.name: entry.title for entry in DEFAULTS}
        page = self.stack.currentWidget()
        runs = {
            "palette": ("search", self.open_palette),
            "search": ("search", page.focus_search if isinstance(page, Page) else self.open_palette),
            "back": ("arrow-left", self.back),
            "forward": ("arrow-right", self.forward),
            "next_pane": ("panel-left", lambda: self._step_pane(1)),
            "previous_pane": ("panel-right", lambda: self._step_pane(-1)),
            "undo": ("undo-2", self.toast.undo),
            "sync_now": ("refresh-cw", self.sync_wanted.emit),
            "bigger_text": ("a-large-small", lambda: self._theme.step_scale(1)),
            "smaller_text": ("a-large-small", lambda: self._theme.step_scale(-1)),
            "normal_text": ("a-large-small", lambda: self._theme.choose_scale(100)),
            "toggle_theme": ("sun-moon", self._theme.toggle),
            "key_map": ("keyboard", self.open_keymap),
        }
        own = [Action(key, titles[key], icon, run, group="Commands") for key, (icon, run) in runs.items()]
        pages = [
            Action(
                f"go_{key}", f"Go to {spec.title}", spec.icon, lambda key=key: self.go(key), group="Commands"
            )
            for key, spec in self._specs.items()
        ]
        return self._new_records() + pages + own

    def _new_records(self) -> list[Action]:
        """What can be begun from any page; on the page that does it, it is among the page's own."""
        return [
            Action(
                new.key, new.title, new.icon,
                lambda key=key, new=new: self.go(key, new.target), group=spec.title,
            )
            for key, spec in self._specs.items()
            if self._pages.get(key) is None or self._pages[key] is not self.stack.currentWidget()
            for new in spec.begins
        ]  # fmt: skip

    def open_palette(self) -> None:
        hidden = ("palette",)
        items = [
            PaletteItem(action, action.title, action.group or "Actions", action.icon, action.subtitle,
                        self._keys_of(action.key), action=action.group != "Commands")
            for action in self.things_to_do()
            if action.key not in hidden and not action.why_not
        ]  # fmt: skip
        self.palette_layer.open_with(items, self._recent)

    def open_keymap(self) -> None:
        lines = [
            (e.group, e.title, (self._keymap.text(e.name),)) for e in DEFAULTS if self._keymap.text(e.name)
        ]
        lines[0:0] = [
            ("Anywhere", f"Go to {spec.title}", (f"Ctrl {n}",))
            for n, spec in enumerate(self._specs.values(), 1)
        ]
        lines += [(e.group, e.title, tuple(readable(part) for part in e.keys.split(" "))) for e in IN_PLACE]
        self.keymap_layer.open_with(lines)

    def _keys_of(self, key: str) -> str:
        if key.startswith("go_"):
            return f"Ctrl {list(self._specs).index(key[3:]) + 1}"
        return self._keymap.text(key)

    def _on_chosen(self, item: PaletteItem) -> None:
        if isinstance(item.key, Action):
            self.run(item.key)
        elif isinstance(item.key, Place):
            seen = [known for known in self._recent if known.key != item.key]
            recent = PaletteItem(item.key, item.title, "Recent", item.icon, item.subtitle)
            self._recent = [recent, *seen][:5]
            self.go(item.key.page, item.key.target)

    def _fill_menu(self) -> None:
        menu = self.top_bar.menu
        menu.clear()
        for action in self.things_to_do():
            keys = self._keys_of(action.key)
            entry = menu.addAction(f"{action.title}\t{keys}" if keys else action.title)
            entry.setEnabled(not action.why_not)
            entry.triggered.connect(lambda *_, action=action: self.run(action))

    def _open_sync(self) -> None:
        if SYNC_PAGE in self._specs:
            self.go(SYNC_PAGE)

    def _layers_away(self) -> bool:
        return self.palette_layer.close_layer() or self.keymap_layer.close_layer()

    def _escape(self) -> None:
        page = self.stack.currentWidget()
        stepped = self._layers_away() or (isinstance(page, Page) and page.step_back())
        if not stepped and not self.toast.dismiss():
            self.back()

    def _step_pane(self, by: int) -> None:
        page = self.stack.currentWidget()
        panes = [*(page.panes() if isinstance(page, Page) else ()), self.rail, self.top_bar]
        next_pane(panes, QApplication.focusWidget(), by)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.rail.set_wide(self.width() >= WIDE_RAIL_FROM)

    def closeEvent(self, event: QCloseEvent) -> None:
        unsaved = next((key for key, page in self._pages.items() if not page.may_close()), None)
        if unsaved is not None:
            self.go(unsaved)
            event.ignore()
            return
        page = self.stack.currentWidget()
        if isinstance(page, Page):
            page.leave()
        self.closing.emit()
        super().closeEvent(event)
