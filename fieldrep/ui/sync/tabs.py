"""Overview, Waiting and Conflicts of the Sync page. Each is given its rows and says what a person wants."""

from collections.abc import Sequence
from datetime import date, tzinfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.domain.queue_age import queue_warning
from fieldrep.queries.conflicts import ConflictGroup
from fieldrep.queries.sync_page import SyncPage
from fieldrep.ui.conflicts import ConflictPanel
from fieldrep.ui.desk import Desk
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.sync import sayings
from fieldrep.ui.sync.carrying import CarryCard
from fieldrep.ui.sync.metered import MeteredChoice
from fieldrep.ui.syncing import Line
from fieldrep.ui.widgets.badge import Badge
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Card, Heading, Scroll
from fieldrep.ui.widgets.gridmodel import Column
from fieldrep.ui.widgets.linerow import LineRow
from fieldrep.ui.widgets.table import Table, TableOrEmpty
from fieldrep.ui.widgets.text import Text
from fieldrep.ui.widgets.tile import Tile, TileView

_SHOWN = 4
_MARGINS = (24, 14, 24, 16)


class OverviewTab(QWidget):
    """Tiles, the first conflict, and the oldest of what waits."""

    more_wanted = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("sync_overview")
        self._desk = desk
        self.tiles = [Tile(TileView("", "")) for _ in range(4)]
        self.problem = Banner(name="sync_problem")
        self.late = Banner(name="sync_late")
        self.conflict = ConflictPanel(desk, name="sync_conflict")
        self.carry = CarryCard(desk)
        self._waiting = Card(padding=16)
        self._badge = Badge("0", Tone.WARNING)
        self._more = Button("Show all", variant="ghost", name="sync_more_waiting")
        self._more.clicked.connect(lambda: self.more_wanted.emit("waiting"))
        self._waiting.body.addWidget(Heading("Waiting to be sent", self._badge, actions=(self._more,)))
        self._lines = QVBoxLayout()
        self._lines.setSpacing(4)
        self._waiting.body.addLayout(self._lines)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(14)
        row = QHBoxLayout()
        row.setSpacing(12)
        for number, tile in enumerate(self.tiles):
            tile.setObjectName(f"sync_tile_{number}")
            row.addWidget(tile, 1)
        column.addLayout(row)
        self.metered = MeteredChoice(desk)
        for widget in (self.late, self.problem, self.conflict, self._waiting, self.carry, self.metered):
            column.addWidget(widget)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scroll(body, name="sync_overview_scroll"))

    def set_line(self, page: SyncPage, line: Line, next_words: str, today: date, zone: tzinfo) -> None:
        now = self._desk.now()
        beside = self._desk.zone_beside()
        views = sayings.tiles(page.overview, line, next_words, today, zone, now, beside)
        for tile, view in zip(self.tiles, views, strict=True):
            tile.set(view)
        warning = queue_warning(page.overview.oldest_waiting_at, now, line.failures)
        if warning:
            self.late.say("What you did has not reached the office", warning, Tone.DANGER)
        else:
            self.late.clear()
        if line.problem:
            self.problem.say("The last try did not reach its end", line.problem, Tone.WARNING)
        else:
            self.problem.clear()

    def set(self, page: SyncPage, today: date, zone: tzinfo) -> None:
        self.conflict.offer(page.conflicts)
        while self._lines.count():
            if (widget := self._lines.takeAt(0).widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for at, change in enumerate(page.waiting[:_SHOWN]):
            self._lines.addWidget(
                LineRow(sayings.waiting_line(change, today, zone), name=f"sync_waiting_{at}")
            )
        rest = page.queued - _SHOWN
        if rest > 0:
            self._lines.addWidget(Text(f"{rest:,} more", "caption", "text2"))
        if not page.waiting:
            self._lines.addWidget(
                Text(
                    "Nothing waits. What you do now goes out within seconds when there is a line.",
                    "small",
                    "text2",
                )
            )
        self._badge.set(f"{page.overview.waiting:,}", Tone.WARNING if page.overview.waiting else Tone.NEUTRAL)
        self._more.setVisible(bool(page.waiting))


class WaitingTab(QWidget):
    """The outbox, oldest first. `opened` a change's number, `undo_wanted` the same for taking it back."""

    opened = Signal(object)
    undo_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sync_waiting")
        columns = (
            Column("label", "Change"),
            Column("record", "Record", 280, hide_below=700),
            Column("made", "Made", 150),
            Column("size", "Size", 80, numeric=True),
            Column("state", "State", 190),
        )
        self.undo = Button("Take back", icon="undo-2", variant="ghost", name="sync_take_back")
        self.undo.setToolTip("Del")
        self.table = Table(columns, name="sync_waiting_table", label="Waiting to be sent")
        self.rows = TableOrEmpty(self.table, "Nothing waits", "")
        column = QVBoxLayout(self)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(8)
        self._heading = Heading("Oldest first", actions=(self.undo,))
        column.addWidget(self._heading)
        column.addWidget(self.rows, 1)
        self.table.opened.connect(self.opened)
        self.table.removed.connect(lambda keys: self.undo_wanted.emit(keys[0]))
        self.undo.clicked.connect(self._undo_current)

    def set(self, page: SyncPage, today: date, zone: tzinfo) -> None:
        listed, queued = len(page.waiting), page.queued
        self._heading.words.setText(
            "Oldest first" if listed == queued else f"The oldest {listed:,} of {queued:,}"
        )
        self.rows.empty.say("Nothing waits", sayings.nothing_waits(page.overview))
        self.rows.set_rows([sayings.waiting_row(change, today, zone) for change in page.waiting])
        self.undo.setEnabled(bool(page.waiting))

    def _undo_current(self) -> None:
        if (key := self.table.current_key()) is not None:
            self.undo_wanted.emit(key)


class ConflictsTab(QWidget):
    """All records with conflicts, and the panel for the one chosen; `shown` says that it may be another one.

    `undo_wanted` carries the number of the change that decided those of a record, None where it is on its way.
    """

    shown = Signal()
    undo_wanted = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("sync_conflicts")
        self._desk = desk
        self._groups: dict[object, ConflictGroup] = {}
        columns = (
            Column("record", "Record"),
            Column("fields", "Fields", 220),
            Column("who", "Between", 220, hide_below=700),
            Column("when", "When", 150),
            Column("state", "State", 190),
        )
        self.table = Table(columns, name="sync_conflicts_table", label="Conflicts", leads=True)
        self.rows = TableOrEmpty(self.table, "No conflicts", "Nobody changed the same field as you.")
        self.panel = ConflictPanel(desk, name="sync_conflicts_panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(12)
        column.addWidget(self.rows, 1)
        column.addWidget(self.panel)
        self.table.current_changed.connect(self._show)
        self.table.opened.connect(lambda _: self.panel.focus())
        self.table.removed.connect(lambda _: self._take_back())

    def decided(self) -> bool:
        """Whether something of the current record was decided and waits to be sent."""
        group = self._groups.get(self.table.current_key())
        return any(row.chosen for row in (group.conflicts if group else ()))

    def _take_back(self) -> None:
        if self.decided():
            rows = self._groups[self.table.current_key()].conflicts
            self.undo_wanted.emit(max((row.decided_n for row in rows if row.decided_n), default=None))

    def set(self, groups: Sequence[ConflictGroup], today: date, zone: tzinfo) -> None:
        self._groups = {group.record.id: group for group in groups}
        me = self._desk.person
        self.rows.set_rows([sayings.conflict_row(group, me, today, zone) for group in groups])
        self._show(self.table.current_key())

    def _show(self, key: object) -> None:
        total = sum(not row.chosen for group in self._groups.values() for row in group.conflicts)
        worked_on = self.panel.isAncestorOf(QApplication.focusWidget() or self)
        self.panel.set(self._groups.get(key), total)
        if worked_on and self.panel.isHidden() and self._groups:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self.shown.emit()
