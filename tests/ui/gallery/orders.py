"""Order lines in the grid, with the price card, the limit banner and the totals."""

from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from fieldrep.ui.page import Page
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Card, Heading, line
from fieldrep.ui.widgets.editgrid import EditGrid
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.keycap import KeyCap
from fieldrep.ui.widgets.recordheader import HeaderAction, HeaderView, RecordHeader
from fieldrep.ui.widgets.search import SearchField
from fieldrep.ui.widgets.text import ElidedText, Text

ORDER_COLUMNS = (
    Column("seq", "#", 40),
    Column("sku", "SKU", 92, editable=True),
    Column("product", "Product"),
    Column("qty", "Qty", 58, numeric=True, editable=True),
    Column("unit", "Unit", 62),
    Column("list", "List", 86, numeric=True, hide_below=860),
    Column("discount", "Discount", 88, numeric=True, editable=True),
    Column("net", "Net", 86, numeric=True),
    Column("stock", "Stock", 82, numeric=True),
    Column("total", "Line total", 100, numeric=True),
)
_LINES = (
    ("40 1120", "Oat drink barista 1 l, 1×8", "24", "case", "€ 15.92", "8.0 %", "€ 14.65", "312", "€ 351.60"),
    (
        "40 1125",
        "Oat drink unsweetened 1 l, 1×8",
        "12",
        "case",
        "€ 14.40",
        "8.0 %",
        "€ 13.25",
        "88",
        "€ 159.00",
    ),
    (
        "21 0034",
        "Butter salted 250 g, 1×20",
        "30",
        "case",
        "€ 52.00",
        "14.0 %",
        "€ 44.72",
        "41",
        "€ 1,341.60",
    ),
    (
        "21 0081",
        "Yoghurt Greek 1 kg, 1×6",
        "18",
        "case",
        "€ 19.80",
        "6.0 %",
        "€ 18.61",
        "12 of 18",
        "€ 334.98",
    ),
    (
        "33 2207",
        "Gouda aged 36 weeks, wheel 12 kg",
        "4",
        "pc",
        "€ 148.00",
        "5.0 %",
        "€ 140.60",
        "9",
        "€ 562.40",
    ),
)


def sample_lines() -> list[GridRow]:
    rows = []
    for number, texts in enumerate(_LINES, start=1):
        cells = [Cell(str(number)), *(Cell(text) for text in texts)]
        cells[8] = Cell(texts[7], Tone.DANGER if "of" in texts[7] else Tone.SUCCESS)
        cells[3] = Cell(texts[2], edit=texts[2])
        if number == 3:
            cells[6] = Cell(texts[5], Tone.WARNING, "Past your limit of 12 %")
        rows.append(GridRow(number, tuple(cells)))
    return rows


class OrderGallery(Page):
    def __init__(self) -> None:
        super().__init__()
        self.log: list[object] = []
        self.header = RecordHeader(
            name="order_header",
            primary=HeaderAction("add", "Add product", "plus"),
            secondary=HeaderAction("copy", "Copy last order", "copy"),
            avatar=False,
        )
        facts = ("Aurora Dairy B.V.", "Deliver Thu 26 Nov", "Wijnhaven 62, Rotterdam", "PO 77-1204")
        badges = (("Draft", Tone.NEUTRAL), ("Saved 08:51", Tone.SUCCESS))
        self.header.set(HeaderView("New order", facts, badges))
        words = "Scan a barcode or type SKU × quantity, for example 401120 × 24"
        self.fast = SearchField(name="fast_entry", label=words, icon="scan-line")
        self.grid = EditGrid(ORDER_COLUMNS, name="lines", label="Order lines", entry_column="sku")
        self.grid.set_rows(sample_lines())
        self.grid.cell_edited.connect(lambda *edit: self.log.append(edit))
        self.grid.line_entered.connect(self.log.append)
        self.grid.lines_pasted.connect(self.log.append)
        self.grid.removed.connect(lambda keys: self.log.append(("removed", keys)))
        self.grid.same_wanted.connect(lambda column, keys: self.log.append((column, keys)))
        card = Card(padding=2)
        card.body.addWidget(self.grid)
        caps = QHBoxLayout()
        caps.setSpacing(14)
        for keys, word in (("Enter", "next cell"), ("Ctrl D", "discount on all"), ("Del", "remove line")):
            caps.addWidget(KeyCap(keys, word))
        caps.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(24, 16, 24, 14)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(12)
        grid.addWidget(self.header, 0, 0, 1, 2)
        grid.addWidget(self.fast, 1, 0)
        grid.addWidget(card, 2, 0)
        grid.addLayout(caps, 3, 0)
        grid.addWidget(self._side(), 1, 1, 3, 1)
        grid.setRowStretch(2, 1)
        grid.setColumnStretch(0, 1)

    def _side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(scaled(300))
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        why = Card()
        why.body.addWidget(
            Heading("Why € 44.72?", actions=(ElidedText("Line 3 · Butter salted", "caption", "text2"),))
        )
        for left, right in (("List price NL-2026-10", "€ 52.00"), ("Customer group Key retail", "– 6.0 %")):
            why.body.addLayout(pair(left, right))
        self.banner = Banner(name="limit_banner")
        self.banner.say(
            "Line 3 goes past your 12 % limit",
            "Sign now; the order waits as “Needs approval” until your manager answers.",
            Tone.WARNING,
            icon="shield-check",
        )
        totals = Card("well")
        for left, right in (("6 lines, 98 units", "€ 3,110.58"), ("VAT 9 %", "€ 279.95")):
            totals.body.addLayout(pair(left, right))
        totals.body.addWidget(line())
        totals.body.addLayout(pair("Total", "€ 3,390.53", "heading", "title"))
        column.addWidget(why)
        column.addWidget(self.banner)
        column.addStretch(1)
        column.addWidget(totals)
        buttons = QHBoxLayout()
        for button in (
            Button("Save draft", name="save_draft", wide=True),
            Button("Sign and submit", icon="pen-line", variant="primary", name="submit", wide=True),
        ):
            buttons.addWidget(button)
        column.addLayout(buttons)
        return side


def pair(left: str, right: str, kind: str = "small", figure: str = "ui") -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(ElidedText(left, kind, "text2" if kind == "small" else "text"), 1)
    row.addWidget(Text(right, figure, figures=True))
    return row
