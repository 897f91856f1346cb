"""The Overview tab: key figures, the timeline, and beside it what is next, who to ask and what is not known.

Owns the layout and its folding in narrow windows. It says what was pressed and must not start anything.
"""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QVBoxLayout, QWidget

from fieldrep.queries.account import AccountOverview
from fieldrep.queries.whole_account import RecordAnswer
from fieldrep.ui.account import sayings
from fieldrep.ui.account.merged import merged_line
from fieldrep.ui.account.months import MonthsTable, sales_words
from fieldrep.ui.desk import Desk
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.tokens import FOLD_COLUMN_BELOW, LIST_PANE, RAIL
from fieldrep.ui.widgets.card import Heading, Scroll, line
from fieldrep.ui.widgets.linerow import LineRow, LineView
from fieldrep.ui.widgets.meter import Meter, Spark
from fieldrep.ui.widgets.tile import Tile, TileView
from fieldrep.ui.widgets.timeline import Timeline

_FOLD_BELOW = FOLD_COLUMN_BELOW - RAIL - LIST_PANE
_SIDE = 236
_CONTACTS_SHOWN = 3


class Overview(QWidget):
    """`task_done` and `contact_opened` carry ids, `missing_wanted` a MissingFact, `entry_opened` (entity, id),
    `merged_opened` a MergedRecord."""

    task_done = Signal(object)
    contact_opened = Signal(object)
    missing_wanted = Signal(object)
    entry_opened = Signal(object)
    merged_opened = Signal(object)
    log_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("account_overview")
        self._desk = desk
        self.tiles = [Tile(TileView("", "")) for _ in range(4)]
        for number, tile in enumerate(self.tiles):
            tile.setObjectName(f"account_tile_{number}")
        self.months = MonthsTable()
        self.timeline = Timeline("Activity", "Log activity", sayings.TIMELINE_TYPES, name="account_timeline")
        self.timeline.setMinimumHeight(240)
        self._side = QWidget()
        self._side_column = QVBoxLayout(self._side)
        self._side_column.setContentsMargins(0, 6, 0, 12)
        self._side_column.setSpacing(4)
        self._shown: tuple[object, ...] = ()
        self._narrow: bool | None = None
        self._live = False
        self._said: RecordAnswer | None = None
        self._lay_out()
        self.timeline.opened.connect(self.entry_opened)
        self.timeline.added.connect(self.log_wanted)

    def _lay_out(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(20, 14, 20, 0)
        column.setSpacing(14)
        self._figures = QGridLayout()
        self._figures.setSpacing(12)
        column.addLayout(self._figures)
        column.addWidget(self.months)
        self._lower = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lower.setSpacing(24)
        self._lower.addWidget(self.timeline, 1)
        self._lower.addWidget(self._side)
        column.addLayout(self._lower, 1)
        self._scroll = Scroll(body, name="account_overview_scroll")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)
        self._fold()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        """In a narrow window the side column goes below the timeline, and the tiles stand two by two."""
        narrow = self.width() < scaled(_FOLD_BELOW)
        if narrow is self._narrow:
            return
        self._narrow = narrow
        for place, tile in enumerate(self.tiles):
            self._figures.addWidget(tile, *(divmod(place, 2) if narrow else (0, place)))
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._lower.setDirection(way)
        self._side.setMinimumWidth(0 if narrow else _SIDE)
        self._side.setMaximumWidth(16_777_215 if narrow else _SIDE)

    def follow_sync(self, line: Any) -> None:
        self.set_live(live=line.live)

    def set_live(self, *, live: bool) -> None:
        """Whether what others do arrives by itself: then nothing here is old."""
        if live is not self._live:
            self._live = live
            if self._said is not None:
                self._fill_side(self._said)

    def set(self, answer: RecordAnswer) -> None:
        view, today, zone = answer.overview, self._desk.today(), self._desk.zone
        self._said = answer
        self.months.set(view.sales, view.header.currency, today)
        for tile, words in zip(self.tiles, sayings.tiles(view, today, zone), strict=True):
            mark: QWidget | None = None
            if words.caption == "Sales this year":
                mark = self._spark(view, today.month)
            elif words.caption == "Open invoices" and view.invoices.overdue_amount:
                owed = view.invoices
                told = f"{words.note}, of {words.figure} open"
                mark = Meter(owed.overdue_amount * 1000 // max(owed.open_amount, 1), told)
            tile.set(words, mark)
        self.timeline.set_entries(sayings.entries(answer.timeline, today, zone))
        self._fill_side(answer)

    def _spark(self, view: AccountOverview, months: int) -> Spark | None:
        sales = view.sales
        if not any((*sales.months, *sales.months_before)) or months < 2:
            self.months.hide()
            return None
        spark = Spark(
            sales.months[:months],
            sales_words(sales, view.header.currency, months),
            sales.months_before[:months],
            press="Show or hide the months as a table",
            name="account_sales_line",
        )
        spark.clicked.connect(lambda: self.months.setVisible(self.months.isHidden()))
        return spark

    def _fill_side(self, answer: RecordAnswer) -> None:
        view, today, zone, beside = (
            answer.overview,
            self._desk.today(),
            self._desk.zone,
            self._desk.zone_beside(),
        )
        tasks = [
            (sayings.task_line(task, today, zone), lambda *_, task=task: self.task_done.emit(task.id))
            for task in view.tasks
        ]
        people = [
            (sayings.contact_line(person), lambda *_, person=person: self.contact_opened.emit(person.id))
            for person in answer.contacts[:_CONTACTS_SHOWN]
        ]
        missing = [
            (words, lambda *_, fact=fact: self.missing_wanted.emit(fact))
            for fact, words in sayings.missing_lines(view.missing)
        ]
        merged = [
            (
                merged_line(one, self._desk.person, today, zone),
                (lambda *_, one=one: self.merged_opened.emit(one)) if one.undoable else None,
            )
            for one in answer.merged
        ]
        age = [(words, None) for words in sayings.age_lines(view, today, zone, live=self._live)]
        old = f"How old this is, {beside}" if beside else "How old this is"
        sections = (
            ("Next", tasks),
            ("People", people),
            ("Not known yet", missing),
            ("Merged into this one", merged),
            (old, age),
        )
        shown = tuple((title, tuple(words for words, _ in rows)) for title, rows in sections)
        if shown == self._shown:
            return
        self._shown = shown
        self._rebuild([(title, rows) for title, rows in sections if rows])

    def _rebuild(self, sections: Sequence[tuple[str, Sequence[tuple[LineView, object]]]]) -> None:
        while self._side_column.count():
            item = self._side_column.takeAt(0)
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for number, (title, rows) in enumerate(sections):
            if number:
                self._side_column.addSpacing(6)
                self._side_column.addWidget(line())
                self._side_column.addSpacing(4)
            self._side_column.addWidget(Heading(title))
            for at, (words, press) in enumerate(rows):
                row = LineRow(words, name=f"side_{title.split()[0].lower()}_{at}")
                if callable(press):
                    row.clicked.connect(press)
                row.resize(self._side.width(), row.height())
                self._side_column.addWidget(row)
        self._side_column.addStretch(1)
