"""ProductRecord: one product beside the list: price, stock by warehouse with its age, prices by quantity.

It only reads: products belong to the office.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from fieldrep.contract.ids import RowId
from fieldrep.queries.products import ProductDetail, product_detail
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.product import sayings
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import look_changed
from fieldrep.ui.style.tokens import TABLE_ROW, Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Card, Heading, Scroll
from fieldrep.ui.widgets.emptystate import EmptyState
from fieldrep.ui.widgets.gridmodel import Column, GridRow
from fieldrep.ui.widgets.recordheader import RecordHeader
from fieldrep.ui.widgets.table import Table
from fieldrep.ui.widgets.text import ElidedText, Text
from fieldrep.ui.widgets.tile import Tile, TileView

_HEADER_ROW = 38


class Section(QWidget):
    """A heading over a table that is as tall as its rows, or over the words for none."""

    def __init__(self, heading: str, columns: Sequence[Column], nothing: str, *, name: str) -> None:
        super().__init__()
        self.table = Table(columns, name=name, label=heading)
        self.heading = Heading(heading)
        self._nothing = Text(nothing, "small", "text2")
        self._card = Card(padding=2)
        self._card.body.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.heading, self._nothing, self._card):
            column.addWidget(part)

    def set_rows(self, rows: Sequence[GridRow]) -> None:
        self.table.set_rows(rows)
        if rows and not self.table.currentIndex().isValid():
            self.table.go(0, self.table.grid.columns[0].key)
        self._card.setVisible(bool(rows))
        self._nothing.setVisible(not rows)
        self.measure()

    def measure(self) -> None:
        """The page scrolls as a whole, never the table."""
        self.table.setFixedHeight(scaled(_HEADER_ROW + TABLE_ROW * len(self.table.grid.rows)))


class ProductRecord(QWidget):
    """`order_opened` carries the id of an earlier order; `customer_switched` comes when other prices are shown."""

    order_opened = Signal(object)
    customer_switched = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("product_record")
        self._desk = desk
        self.product_id: RowId | None = None
        self.customer: tuple[RowId, str] | None = None
        self._list_prices = False
        self.header = RecordHeader(name="product_header")
        self.problem = Banner(name="product_problem")
        self.whose = ElidedText("", "small", "text2")
        self.switch = Button("", variant="link", name="product_prices_switch")
        self.switch.clicked.connect(self._switch)
        self.tiles = [Tile(TileView("", "")) for _ in range(3)]
        for number, tile in enumerate(self.tiles):
            tile.setObjectName(f"product_tile_{number}")
        self.stock = Section("Stock", sayings.STOCK_COLUMNS, "No stock is known.", name="product_stock")
        self.prices = Section("Prices", sayings.PRICE_COLUMNS, "On no price list.", name="product_prices")
        self.units = Section("Other units", sayings.UNIT_COLUMNS, "", name="product_units")
        self.bought = Section(
            "Ordered before", sayings.BOUGHT_COLUMNS, "Never ordered by this customer.", name="product_bought"
        )
        self.bought.table.opened.connect(self.order_opened)
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
        column.setSpacing(14)
        tiles = QHBoxLayout()
        tiles.setSpacing(12)
        for tile in self.tiles:
            tiles.addWidget(tile, 1)
        whose = QHBoxLayout()
        whose.setSpacing(8)
        whose.addWidget(self.whose)
        whose.addWidget(self.switch)
        whose.addStretch(1)
        for part in (self.header, self.problem):
            column.addWidget(part)
        column.addLayout(whose)
        column.addLayout(tiles)
        for section in (self.prices, self.stock, self.units, self.bought):
            column.addWidget(section)
        column.addStretch(1)
        return Scroll(body, name="product_scroll")

    @property
    def account_id(self) -> RowId | None:
        """Whose prices are shown, None for those of the list."""
        return self.customer[0] if self.customer is not None and not self._list_prices else None

    def tables(self) -> tuple[QWidget, ...]:
        """The tables a person can step through now."""
        every = (self.prices.table, self.stock.table, self.bought.table)
        return tuple(table for table in every if table.isVisible())

    def set_customer(self, customer: tuple[RowId, str] | None) -> None:
        """Another customer is the one at hand: from now on his prices."""
        self.customer, self._list_prices = customer, False
        self._tell_whose()
        self.reload()

    def _switch(self) -> None:
        self._list_prices = not self._list_prices
        self._tell_whose()
        self.reload()
        self.customer_switched.emit()

    def _tell_whose(self) -> None:
        name = self.customer[1] if self.customer is not None else ""
        self.whose.setText(f"Prices for {name}" if self.account_id is not None else "List prices")
        self.switch.set_text(f"Show those of {name}" if self._list_prices else "Show list prices")
        for part in (self.whose, self.switch):
            part.setVisible(self.customer is not None)

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
        if self.product_id is None:
            return  # none is chosen since
        if detail is None:
            self.show_product(None)
            return
        today, zone, row = self._desk.today(), self._desk.zone, detail.row
        self.problem.clear()
        self.header.set(sayings.header_view(detail))
        for tile, view in zip(self.tiles, sayings.tiles(detail, today, zone), strict=True):
            tile.set(view)
        self.stock.set_rows([sayings.stock_row(level, today, zone) for level in detail.stock])
        self.prices.set_rows(
            [sayings.price_row(at, one, row.currency, today) for at, one in enumerate(detail.breaks)]
        )
        self.units.set_rows([sayings.unit_row(unit, row.uom) for unit in detail.units])
        self.units.setVisible(bool(detail.units))
        self.bought.set_rows([sayings.bought_row(one, row.currency, today) for one in detail.last_bought])
        self.bought.setVisible(self.account_id is not None)
        self._stack.setCurrentIndex(1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            for section in (self.stock, self.prices, self.units, self.bought):
                section.measure()
