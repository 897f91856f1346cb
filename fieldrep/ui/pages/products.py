"""The Products page: the list with search and chips, and the product that is current, at the present customer's prices.

A target is ("product", id) or an id alone.
"""

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from fieldrep.contract.ids import RowId
from fieldrep.queries.products import (
    ProductChip,
    ProductRow,
    ProductsFound,
    ProductsQuestion,
    find_products,
    product_rows,
)
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.page import Page, Place
from fieldrep.ui.product.record import ProductRecord
from fieldrep.ui.product.sayings import CHIPS, SORTS, WORDS, row_view
from fieldrep.ui.runner import Notice
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import look_changed
from fieldrep.ui.style.tokens import LIST_PANE_MAX, LIST_PANE_MIN
from fieldrep.ui.widgets.button import Chip
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.recordlist import RecordList

WINDOW = 200
_LIST = 366
_MATTER = frozenset(
    {"product", "stock_level", "price_list", "price_list_item", "product_uom", "document_line"}
)


class ProductsPage(Page):
    """List at the left, product at the right, as with accounts."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("products_page")
        self._desk = desk
        self._found: ProductsFound | None = None
        self._target: RowId | None = None
        self.list = RecordList(WORDS, CHIPS, SORTS, name="products")
        self._size_list()
        self.list.wanted.connect(lambda _: self._ask())
        self.list.more_wanted.connect(self._more)
        self.list.current.connect(self._follow)
        self.list.opened.connect(self._follow)
        self.list.retried.connect(self._ask)
        self.list.search.textEdited.connect(self._on_typed)
        self.record = ProductRecord(desk)
        self.record.order_opened.connect(lambda key: self.wanted.emit(Place("orders", ("order", key))))
        self.record.customer_switched.connect(lambda: self._ask(keep=True))
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("products_split")
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self.list)
        split.addWidget(self.record)
        split.setSizes([scaled(_LIST), 1000])
        split.setStretchFactor(1, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(split)
        self.record.set_customer(desk.customer)
        self._show_chips()
        self._ask()

    def _size_list(self) -> None:
        self.list.setMinimumWidth(scaled(LIST_PANE_MIN))
        self.list.setMaximumWidth(scaled(LIST_PANE_MAX))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self._size_list()

    def _show_chips(self) -> None:
        """What a customer bought can only be asked when there is one."""
        chip = self.list.findChild(Chip, f"products_chip_{ProductChip.BOUGHT_BEFORE.value}")
        if chip is not None:
            chip.setVisible(self.record.customer is not None)
            if chip.isChecked() and self.record.customer is None:
                self.list.choose_chip(ProductChip.ALL.value)

    def _ask(self, *, keep: bool = False) -> None:
        """`keep` is a refresh; rows of an earlier question come no more."""
        keep, self._found = self.list.loading(keep=keep), None
        state = self.list.state()
        self._desk.runner.query(
            find_products,
            asker=self,
            lane="list",
            done=lambda found: self._on_found(found, keep=keep),
            failed=lambda error: self.list.failed(sentence_of(error)),
            question=ProductsQuestion(
                state.text,
                ProductChip(state.chip),
                account_id=self._desk.customer[0] if self._desk.customer else None,
            ),
        )

    def _on_found(self, found: ProductsFound, *, keep: bool) -> None:
        self._found = found
        shown = max(WINDOW, len(self.list.model.rows()) if keep else 0)

        def show(rows: Sequence[ProductRow]) -> None:
            target, self._target = self._target, None
            views = [row_view(row) for row in rows]
            self.list.set_rows(views, found.count, more=found.more, keep=keep, follow=target is None)
            if target is not None:
                self.list.select(target)  # it stays open, whether the list shows it or not
            elif not rows:
                self.record.show_product(None)

        self._read(found, found.keys[:shown], show)

    def _more(self, have: int) -> None:
        if self._found is not None:
            keys = self._found.keys[have : have + WINDOW]
            self._read(self._found, keys, lambda rows: self.list.append_rows([row_view(row) for row in rows]))

    def _read(self, found: ProductsFound, keys: Sequence[int], show: object) -> None:
        self._desk.runner.query(
            product_rows,
            asker=self,
            lane="rows",
            done=lambda rows: show(rows) if self._found is found else None,  # type: ignore[operator]
            keys=keys,
            account_id=self.record.account_id,
            today=self._desk.today(),
        )

    def _on_typed(self) -> None:
        """Somebody looks for another product than the one just opened."""
        self._target = None

    def _follow(self, key: object) -> None:
        if key != self.record.product_id:
            self.record.show_product(cast("RowId", key))
            if self.isVisibleTo(self.window()):
                self.visited.emit(("product", key))

    def show_target(self, target: object) -> None:
        if self._desk.customer != self.record.customer:
            self.record.set_customer(self._desk.customer)
            self._show_chips()
            self._ask(keep=True)
        key = target[1] if isinstance(target, tuple) else target
        if key is not None and key != self.record.product_id:
            self._target = cast("RowId", key)
            self._follow(key)
            if self.list.select(self._target):
                self._target = None
            elif not self.list.clear_search():
                self._ask()

    def on_notice(self, notice: Notice) -> None:
        if notice.entities & _MATTER:
            self._ask(keep=True)
            self.record.reload()

    def hints(self) -> Sequence[KeyHint]:
        return (KeyHint("/", "Search"), KeyHint("↑ ↓", "Move, the product follows"))

    def panes(self) -> Sequence[QWidget]:
        first = self.list.view if self.list.model.rowCount() else self.list.search
        return (first, *self.record.tables())

    def focus_search(self) -> None:
        self.list.focus_search()

    def step_back(self) -> bool:
        return self.list.clear_search()
