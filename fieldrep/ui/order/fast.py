"""FastField: the box in which lines are typed, scanned or pasted, and the products it offers below.

Owns its keys and the list of offers. What is found and what is added is the editor's.
"""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from fieldrep.queries.product_hits import ProductHit
from fieldrep.ui.order.sheet import hit_row, pasted_rows
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.tokens import LIST_ROW
from fieldrep.ui.widgets.listview import RowsView
from fieldrep.ui.widgets.rows import RowModel
from fieldrep.ui.widgets.search import SearchField
from fieldrep.ui.widgets.twoline import TwoLineDelegate

OFFER_AFTER_MS = 120
MOST_OFFERS = 6
_WIDEST, _PAD = 640, 4


class Offers(QFrame):
    """Products that fit what is typed, over the lines; it never takes the focus from the box."""

    taken = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setObjectName("order_offers")
        self.setProperty("role", "menu")
        self.typed = ""
        self.hits: Sequence[ProductHit] = ()
        self.model = RowModel()
        self.model.setParent(self)
        self.view = RowsView(self.model, LIST_ROW, name="order_offer_rows", label="Products that fit")
        self.view.setItemDelegate(TwoLineDelegate(self.view, inset=2))
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.clicked.connect(self._on_click)
        column = QVBoxLayout(self)
        column.setContentsMargins(_PAD, _PAD, _PAD, _PAD)
        column.addWidget(self.view)
        self.hide()

    def offer(self, typed: str, hits: Sequence[ProductHit], below: QWidget) -> None:
        """Shows what fits `typed` under the box; nothing when nothing fits."""
        self.typed, self.hits = typed, hits[:MOST_OFFERS]
        self.model.set_rows([hit_row(hit) for hit in self.hits], len(self.hits))
        if not self.hits:
            self.hide()
            return
        corner = below.mapTo(self._over, QPoint(0, below.height() + 4))
        tall = len(self.hits) * scaled(LIST_ROW) + 2 * (_PAD + 1)
        self.setGeometry(corner.x(), corner.y(), min(below.width(), scaled(_WIDEST)), tall)
        self.show()
        self.raise_()

    def chosen(self) -> ProductHit | None:
        """The product that is current, None while none is."""
        at = self.view.current_row()
        return self.hits[at] if self.isVisible() and 0 <= at < len(self.hits) else None

    def _on_click(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self.hits):
            self.taken.emit(self.hits[index.row()])


class FastField(SearchField):
    """Down and Up choose an offer, Enter takes it; text that is no offer's is announced as it stands.

    A SKU is added at once. Where the text only begins a name or a SKU, the first Enter chooses the first offer, so that
    nothing is added that nobody looked at.
    """

    sought = Signal(str)
    typed = Signal(str)
    taken = Signal(object)
    rows_pasted = Signal(list)
    left_downwards = Signal()

    def __init__(self, parent: QWidget) -> None:
        words = "Scan a barcode or type SKU × quantity, for example 401120 × 24"
        super().__init__(name="order_fast", label=words, icon="scan-line", parent=parent)
        self.offers = Offers(parent)
        self.offers.taken.connect(self.taken)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(OFFER_AFTER_MS)
        self._soon.timeout.connect(lambda: self.sought.emit(self.text().strip()))
        self.textEdited.connect(self._on_edit)
        self.entered.connect(self._on_enter)
        self.stepped.connect(self._step)

    def offer(self, typed: str, hits: Sequence[ProductHit]) -> None:
        """The answer to `sought`; a late one for other text is dropped."""
        if typed and typed == self.text().strip() and self.hasFocus():
            self.offers.offer(typed, hits, self)

    def empty_out(self) -> None:
        """Ready for the next line; what was typed is no longer this box's to undo."""
        self.put_away()
        self.setText("")

    def put_away(self) -> bool:
        """Closes the offers; False when none were open."""
        self._soon.stop()
        shown = self.offers.isVisible()
        self.offers.hide()
        return shown

    def _on_edit(self, text: str) -> None:
        self.offers.hide()
        self._soon.start() if text.strip() else self._soon.stop()

    def _step(self, by: int) -> None:
        if self.offers.isVisible():
            self.offers.view.step(by)
        elif by > 0:
            self.left_downwards.emit()

    def _on_enter(self) -> None:
        text = self.text().strip()
        fits = self.offers.isVisible() and self.offers.typed == text
        chosen = self.offers.chosen() if fits else None
        if chosen is not None:
            self.taken.emit(chosen)
        elif fits and not any(hit.exact for hit in self.offers.hits):
            self.offers.view.step(1)
        elif text:
            self.put_away()
            self.typed.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            rows = pasted_rows(QGuiApplication.clipboard().text())
            if len(rows) > 1 or any(len(cells) > 1 for cells in rows):
                self.rows_pasted.emit(rows)
                return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.put_away()
