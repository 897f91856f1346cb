"""A list and a record side by side, as the Accounts page lays them out, with sample rows."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from fieldrep.ui.page import Action, Page
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.card import Heading, line
from fieldrep.ui.widgets.icon import Icon
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.meter import Meter, Spark
from fieldrep.ui.widgets.recordheader import HeaderAction, HeaderView, RecordHeader
from fieldrep.ui.widgets.recordlist import ListWords, RecordList, Wanted
from fieldrep.ui.widgets.rows import RowView
from fieldrep.ui.widgets.tabs import Tab, Tabs
from fieldrep.ui.widgets.text import ElidedText
from fieldrep.ui.widgets.tile import Tile, TileView
from fieldrep.ui.widgets.timeline import Entry, Timeline
from tests.ui.gallery.forms import EditForm

_CITIES = ("Rotterdam", "Groningen", "Leeds", "Göteborg", "Bremen", "Köln", "Malmö", "Zwolle")
_FORMS = ("& Co", "AB", "B.V.", "GmbH", "Ltd", "Farms", "Kitchens", "Catering International Wholesale")
_FIRST = (
    "Aurora Dairy",
    "Blue Harbor",
    "Cedar Foods",
    "Delta Bakery",
    "Elm Street Deli",
    "Fjord Fish",
    "Grove",
)
_KINDS = ("Key account", "Growth", "Standard", "Prospect")


def sample_rows(count: int) -> list[RowView]:
    rows = []
    for n in range(count):
        name = f"{_FIRST[n % 7]} {_FORMS[n // 7 % 8]}"
        late = n % 5
        flag = ("1 overdue", "56 d ago", "117 d ago", "33 d ago", "2 overdue")[late]
        tone = (Tone.DANGER, "text2", Tone.WARNING, "text2", Tone.DANGER)[late]
        meta = f"{_CITIES[n * 3 % 8]}  ·  {_KINDS[n % 4]}"
        rows.append(RowView(n, name, meta, f"€ {(n * 37) % 290}k", flag, str(tone), waiting=n % 6 == 4))
    return rows


def sample_entries() -> list[Entry]:
    order = Entry(1, "Today", "order", "shopping-cart", Tone.ACCENT, "Order O-2291 draft",
                  "12 lines · € 3,482.60 · price list NL-2026-10", "08:52", waiting=True)  # fmt: skip
    visit = Entry(2, "Today", "visit", "map-pin", Tone.SUCCESS, "Visit completed",
                  "Met Anke Visser. Wants a trial of the oat range in two stores before December.",
                  "08:05 – 08:48")  # fmt: skip
    work = Entry(3, "Last week", "work", "wrench", Tone.WARNING, "Work order W-1180 · Display cooler 2 °C too warm",
                 "Compressor cleaned, thermostat replaced. Signed by J. Bakker.", "Thu 12 Nov")  # fmt: skip
    call = Entry(4, "Last week", "call", "phone", Tone.INFO, "Call with Purchasing",
                 "Asked about delivery times in week 49; promised a written answer.", "Wed 11 Nov")  # fmt: skip
    bill = Entry(5, "Last week", "invoice", "receipt", Tone.DANGER, "Invoice 88213 is 14 days overdue",
                 "€ 1,940.00 of € 6,310.00 open in total", "Tue 10 Nov")  # fmt: skip
    deal = Entry(6, "October", "deal", "kanban", Tone.VIOLET, "Opportunity moved to Proposal",
                 "Oat range roll-out, € 42,000, close date 18 Dec", "28 Oct")  # fmt: skip
    return [order, visit, work, call, bill, deal]


class AccountsGallery(Page):
    """List and record side by side, as the Accounts page lays them out."""

    def __init__(self, count: int = 10_000) -> None:
        super().__init__()
        self.all = sample_rows(count)
        self.log: list[object] = []
        self.list = RecordList(
            ListWords("account", "accounts", "Search name, number, city"),
            [("all", "All"), ("due", "Due a visit"), ("overdue", "Overdue"), ("key", "Key")],
            [("name", "Name  A–Z"), ("sales", "Sales")],
            name="accounts",
        )
        self.list.wanted.connect(self.answer)
        self.list.current.connect(self.show_record)
        self.list.opened.connect(self.log.append)
        self.header = RecordHeader(
            name="account_header",
            primary=HeaderAction("check_in", "Check in", "map-pin", "Ctrl I"),
            secondary=HeaderAction("new_order", "New order", "plus", "Ctrl N"),
            more=(HeaderAction("edit", "Edit account", keys="E"), HeaderAction("archive", "Archive")),
        )
        self.header.acted.connect(self.log.append)
        self.tabs = self._tabs()
        self._lay_out()
        self.answer(self.list.state())
        self.show_record(0)

    def _tabs(self) -> Tabs:
        tabs = Tabs(
            (
                Tab("overview", "Overview", self._overview),
                Tab("contacts", "Contacts", EditForm),
                Tab("orders", "Orders", QWidget),
                Tab("notes", "Notes", QWidget),
            ),
            name="account_tabs",
        )
        tabs.set_bar_margins(20, 20)
        tabs.set_count("contacts", 6)
        tabs.set_count("orders", 128)
        return tabs

    def _lay_out(self) -> None:
        record = QWidget()
        right = QVBoxLayout(record)
        right.setContentsMargins(0, 16, 0, 0)
        right.setSpacing(8)
        head = QHBoxLayout()
        head.setContentsMargins(20, 0, 20, 0)
        head.addWidget(self.header)
        right.addLayout(head)
        right.addWidget(self.tabs, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self.list)
        split.addWidget(record)
        split.setSizes([350, 940])
        split.setStretchFactor(1, 1)
        self.list.setMinimumWidth(280)
        self.list.setMaximumWidth(460)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(split)

    def _overview(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(20, 14, 20, 0)
        column.setSpacing(14)
        tiles = QHBoxLayout()
        tiles.setSpacing(12)
        meter = Meter(620, "62 % of the credit limit used")
        spark = Spark(
            (3, 2, 4, 3, 5, 4, 6, 8),
            "Sales by month, rising",
            (3, 3, 4, 4, 4, 5, 5, 5),
            name="gallery_sales_line",
        )
        views = (
            TileView("Credit available", "€ 18,690", "62 % of € 50,000 used"),
            TileView("Open invoices", "€ 6,310", "€ 1,940 overdue 14 days", str(Tone.DANGER)),
            TileView("Last visit", "12 days ago", "Every 4 weeks · next Tue 24 Nov"),
            TileView("Sales this year", "€ 286k", "+ 9 % vs last year", str(Tone.SUCCESS)),
        )
        for view, mark in zip(views, (meter, None, None, spark), strict=True):
            tiles.addWidget(Tile(view, mark))
        column.addLayout(tiles)
        types = [("visit", "Visits"), ("call", "Calls"), ("order", "Orders")]
        self.timeline = Timeline("Activity", "Log activity", types, name="activity")
        self.timeline.set_entries(sample_entries())
        lower = QHBoxLayout()
        lower.setSpacing(24)
        lower.addWidget(self.timeline, 1)
        lower.addWidget(self._side())
        column.addLayout(lower, 1)
        return body

    def _side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(232)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(8)
        sections = (
            ("Next", (("calendar-check", Tone.ACCENT, "Visit with Anke Visser", "Tue 24 Nov, 09:30"),
                      ("list-checks", Tone.WARNING, "Send oat range samples", "Due tomorrow"))),
            ("Contacts", (("user", Tone.INFO, "Anke Visser", "Purchasing · +31 10 411 2200"),
                          ("user", Tone.INFO, "Joris Bakker", "Store manager Rotterdam"))),
        )  # fmt: skip
        for number, (title, rows) in enumerate(sections):
            if number:
                column.addWidget(line())
            column.addWidget(Heading(title))
            for icon, tone, first, second in rows:
                grid = QGridLayout()
                grid.setVerticalSpacing(0)
                grid.setHorizontalSpacing(10)
                grid.addWidget(Icon(icon, tone, 16), 0, 0, 2, 1)
                grid.addWidget(ElidedText(first, "ui"), 0, 1)
                grid.addWidget(ElidedText(second, "caption", "text2"), 1, 1)
                grid.setColumnStretch(1, 1)
                column.addLayout(grid)
        column.addStretch(1)
        return side

    def answer(self, wanted: Wanted) -> None:
        rows = [row for row in self.all if wanted.text.casefold() in row.title.casefold()]
        if wanted.chip == "overdue":
            rows = [row for row in rows if "overdue" in row.flag]
        elif wanted.chip == "key":
            rows = [row for row in rows if "Key" in row.meta]
        self.list.set_rows(rows[:2000], len(rows))

    def show_record(self, key: object) -> None:
        row = self.all[int(str(key))]
        badges = (("Key account", Tone.ACCENT), ("1 overdue", Tone.DANGER))
        facts = ("100 294", "Wijnhaven 62, Rotterdam", "Anke Visser, Purchasing")
        self.header.set(HeaderView(row.title, facts, badges, waiting=row.waiting))

    def show_target(self, target: object) -> None:
        if target is not None:
            self.list.select(target)
            self.show_record(target)

    def hints(self) -> list[KeyHint]:
        return [KeyHint("/", "Search"), KeyHint("Enter", "Open"), KeyHint("Ctrl N", "New order")]

    def things_to_do(self) -> list[Action]:
        on = f"Actions on {self.header.name()}"
        return [
            Action("new_order", "New order", "shopping-cart", lambda: self.log.append("order"), group=on),
            Action("log_activity", "Log a call", "phone", lambda: self.log.append("call"), group=on),
            Action(
                "edit_record", "Edit", "pencil", lambda: None, group=on, why_not="Choose an account first."
            ),
        ]

    def panes(self) -> list[QWidget]:
        return [self.list.view, self.tabs]

    def focus_search(self) -> None:
        self.list.focus_search()

    def step_back(self) -> bool:
        return self.list.clear_search()
