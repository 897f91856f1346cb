"""ProductRecord: one product beside the list: price, stock by warehouse with its age, prices by quantity.

It only reads: products belong to the office.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from fieldrep.contract.ids import RowId
from fieldrep.queries.products import ProductDetail, product_detail
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.product import sayings
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.tokens import TABLE_ROW, Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.card import Card, Heading, Scroll
from fieldrep.ui.widgets.emptystate import EmptyState
from fieldrep.ui.widgets.gridmodel import GridRow
from fieldrep.ui.widgets.recordheader import RecordHeader
from fieldrep.ui.widgets.table import Table, TableOrEmpty
from fieldrep.ui.widgets.tile import Tile, TileView

_HEADER_ROW = 38


class ProductRecord(QWidget):
    """`order_opened` carries the id of an earlier order."""

    order_opened = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("product_record")
        self._desk = desk
        self.product_id: RowId | None = None
        self.account_id: RowId | None = None
        self.header = RecordHeader(name="product_header")
        self.problem = Banner(name="product_problem")
        self.tiles = [Tile(TileView("", "")) for _ in range(3)]
        for number, tile in enumerate(self.tiles):
            tile.setObjectName(f"product_tile_{number}")
        self.stock = _table(sayings.STOCK_COLUMNS, "product_stock", "Stock by warehouse", "No stock is known")
        self.prices = _table(sayings.PRICE_COLUMNS, "product_prices", "Prices", "On no price list")
        self.bought = _table(sayings.BOUGHT_COLUMNS, "product_bought", "Ordered before", "Never ordered yet")
        self.bought.table.opened.connect(self.order_opened)
        self._bought_heading = Heading("Ordered by this customer")
        self.empty = EmptyState(name="product_none")
        self.empty.say("No product chosen", "Choose one in the list.", icon="package")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._body())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def _body(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(12)
        for tile in self.tiles:
            row.addWidget(tile)
        for part in (self.header, self.problem):
            column.addWidget(part)
        column.addLayout(row)
        sections = ((Heading("Stock"), self.stock), (Heading("Prices"), self.prices))
        for heading, table in (*sections, (self._bought_heading, self.bought)):
            card = Card(padding=2)
            card.body.addWidget(table)
            column.addWidget(heading)
            column.addWidget(card)
            if table is self.bought:
                self._bought_card = card
        column.addStretch(1)
        return Scroll(body, name="product_scroll")

    def show_product(self, product_id: RowId | None) -> None:
        """Shows a product, or none."""
        self.product_id = product_id
        if product_id is None:
            self._stack.setCurrentWidget(self.empty)
        else:
            self.reload()

    def reload(self) -> None:
        """Reads the product again."""
        if self.product_id is None:
            return
        self._desk.runner.query(
            product_detail,
            asker=self,
            done=self._show,
            failed=lambda error: self.problem.say("Not read", sentence_of(error), Tone.DANGER),
            product_id=self.product_id,
            account_id=self.account_id,
            today=self._desk.today(),
        )

    def _show(self, detail: ProductDetail | None) -> None:
        if detail is None:
            self.show_product(None)
            return
        today, zone, currency = self._desk.today(), self._desk.zone, detail.row.currency
        self.problem.clear()
        self.header.set(sayings.header_view(detail))
        for tile, view in zip(self.tiles, sayings.tiles(detail, today, zone), strict=True):
            tile.set(view)
        _fill(self.stock, [sayings.stock_row(level, today, zone) for level in detail.stock])
        _fill(
            self.prices, [sayings.price_row(at, one, currency, today) for at, one in enumerate(detail.breaks)]
        )
        _fill(self.bought, [sayings.bought_row(one, currency, today) for one in detail.last_bought])
        for part in (self._bought_heading, self._bought_card):
            part.setVisible(self.account_id is not None)
        self._stack.setCurrentIndex(1)


def _table(columns: tuple, name: str, label: str, nothing: str) -> TableOrEmpty:
    return TableOrEmpty(Table(columns, name=name, label=label), nothing, "")


def _fill(table: TableOrEmpty, rows: list[GridRow]) -> None:
    """The page scrolls as a whole, so each table is as tall as its rows."""
    table.set_rows(rows)
    table.setFixedHeight(scaled(_HEADER_ROW + TABLE_ROW * len(rows)) if rows else scaled(96))
