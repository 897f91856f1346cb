"""OrderEditor: one order on the screen: fast field, lines, side column. Each step is a command, saved as it is made.

Owns which order is shown and what is typed. A refused step says why and keeps what was typed.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from PySide6.QtCore import QStringListModel, Qt, QTimer, Signal
from PySide6.QtWidgets import QCompleter, QGridLayout, QHBoxLayout, QWidget

from fieldrep.commands.done import Done
from fieldrep.commands.lines import add_order_line, edit_order_line, remove_order_line
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import cancel_order, copy_order, create_order, edit_order, submit_order
from fieldrep.contract.ids import RowId
from fieldrep.domain.fast_entry import parse_fast_entry
from fieldrep.domain.money import format_amount, parse_amount
from fieldrep.queries.order_entry import OrderEntry, OrderLine, ProductHit, find_for_order, order_entry
from fieldrep.queries.orders import OrderChip, OrderRow, orders_of_account
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.order import sheet
from fieldrep.ui.order.side import OrderSide
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.card import Card
from fieldrep.ui.widgets.editgrid import EditGrid
from fieldrep.ui.widgets.keycap import KeyCap
from fieldrep.ui.widgets.recordheader import HeaderAction, RecordHeader
from fieldrep.ui.widgets.search import SearchField
from fieldrep.ui.words import day_and_time

_OFFER_AFTER_MS = 120
_CAPS = (
    ("Enter", "next cell"),
    ("Ctrl D", "discount on all"),
    ("Del", "remove line"),
    ("Ctrl Enter", "submit"),
)


class OrderEditor(QWidget):
    """`closed` leaves for the list; `opened` says the order that is now shown."""

    said = Signal(str, object)
    wanted = Signal(object)
    closed = Signal()
    opened = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("order_editor")
        self._desk = desk
        self.order_id: RowId | None = None
        self.entry: OrderEntry | None = None
        self._hits: dict[str, ProductHit] = {}
        self._build()
        self._offer_soon = QTimer(self)
        self._offer_soon.setSingleShot(True)
        self._offer_soon.setInterval(_OFFER_AFTER_MS)
        self._offer_soon.timeout.connect(self._offer)
        self.fast.textEdited.connect(lambda _: self._offer_soon.start())
        self.fast.entered.connect(self._enter_fast)

    def _build(self) -> None:
        self.header = RecordHeader(
            name="order_header",
            secondary=HeaderAction("copy", "Copy as new order", "copy"),
            more=(HeaderAction("account", "Open customer"), HeaderAction("cancel", "Cancel order")),
            avatar=False,
        )
        self.header.acted.connect(self._act)
        words = "Scan a barcode or type SKU × quantity, for example 401120 × 24"
        self.fast = SearchField(name="order_fast", label=words, icon="scan-line")
        self._completer = QCompleter(QStringListModel(self), self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.popup().setObjectName("order_offers")
        self._completer.setWidget(self.fast)
        self._completer.activated[str].connect(self._take_offer)
        self.problem = Banner(name="order_problem")
        self.grid = EditGrid(sheet.COLUMNS, name="order_lines", label="Order lines")
        self.grid.cell_edited.connect(self._edit_cell)
        self.grid.lines_pasted.connect(self._paste)
        self.grid.removed.connect(self._remove)
        self.grid.same_wanted.connect(self._same)
        self.grid.current_changed.connect(lambda _: self._explain())
        self.side = OrderSide()
        self.side.head_edited.connect(self._edit_head)
        self.side.submit_wanted.connect(self._submit)
        self.side.draft_left.connect(self.closed)
        card = Card(padding=2)
        card.body.addWidget(self.grid)
        caps = QHBoxLayout()
        caps.setSpacing(14)
        for keys, word in _CAPS:
            caps.addWidget(KeyCap(keys, word))
        caps.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(24, 16, 24, 14)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(10)
        grid.addWidget(self.header, 0, 0, 1, 2)
        grid.addWidget(self.fast, 1, 0)
        grid.addWidget(self.problem, 2, 0)
        grid.addWidget(card, 3, 0)
        grid.addLayout(caps, 4, 0)
        grid.addWidget(self.side, 1, 1, 4, 1)
        grid.setRowStretch(3, 1)
        grid.setColumnStretch(0, 1)

    # Which order

    def new_for(self, account_id: RowId) -> None:
        """A draft for the account: an empty one that is there already, else a fresh one."""
        self._desk.runner.query(
            orders_of_account,
            asker=self,
            lane="empty draft",
            done=lambda rows: self._start(account_id, rows),
            failed=self._fail,
            account_id=account_id,
            chip=OrderChip.DRAFTS,
        )

    def _start(self, account_id: RowId, drafts: Sequence[OrderRow]) -> None:
        empty = next((row.id for row in drafts if row.editable and not row.line_count), None)
        if empty is not None:
            self.show_order(empty)
        else:
            self._run(
                create_order, lambda done: self.show_order(done.ids["sales_order"]), account_id=account_id
            )

    def show_order(self, order_id: RowId) -> None:
        """Shows an order and puts the cursor where the next line is typed."""
        if order_id != self.order_id:
            self.entry = None
            self.fast.clear()
            self.problem.clear()
        self.order_id = order_id
        self.opened.emit(order_id)
        self.reload()

    def reload(self) -> None:
        """Reads the order again."""
        if self.order_id is None:
            return
        self._desk.runner.query(
            order_entry,
            asker=self,
            done=self._show,
            failed=self._fail,
            order_id=self.order_id,
            now=self._desk.now(),
            zone=self._desk.zone,
        )

    def _show(self, entry: OrderEntry | None) -> None:
        if entry is None:
            self.problem.say("This order is not on this laptop any more", "It may belong to a colleague now.")
            return
        first = self.entry is None
        grown = self.entry is not None and len(entry.lines) > len(self.entry.lines)
        self.entry = entry
        head = entry.head
        today, zone = self._desk.today(), self._desk.zone
        self.header.set(sheet.header_view(head, today, zone))
        self.fast.setEnabled(head.editable)
        as_of = day_and_time(entry.stock_as_of, today, zone) if entry.stock_as_of else "an unknown time"
        self.grid.set_rows(
            [sheet.grid_row(line, at, head.currency, as_of) for at, line in enumerate(entry.lines, start=1)]
        )
        if entry.lines and (grown or not self.grid.currentIndex().isValid()):
            self.grid.go(len(entry.lines) - 1, "qty")
        freight = format_amount(entry.totals.freight_amount, head.currency)
        wanted = head.wanted_on.isoformat() if head.wanted_on else ""
        self.side.set(entry, {"wanted_on": wanted, "po_ref": head.po_ref, "freight_amount": freight})
        self._explain()
        if first and self.isVisible():
            target = self.fast if head.editable else self.grid
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _explain(self) -> None:
        if self.entry is not None:
            at = self.grid.currentIndex().row()
            line = self.entry.lines[at] if 0 <= at < len(self.entry.lines) else None
            self.side.set_line(line, at + 1, self.entry.head.currency)

    # The fast field

    def _offer(self) -> None:
        typed = self.fast.text().strip()
        if not typed or self.entry is None:
            return
        self._desk.runner.query(
            find_for_order,
            asker=self,
            lane="offer",
            done=lambda hits: self._show_offers(typed, hits),
            typed=typed,
            account_id=self.entry.head.account_id,
            today=self._desk.today(),
            limit=8,
        )

    def _show_offers(self, typed: str, hits: Sequence[ProductHit]) -> None:
        if self.fast.text().strip() != typed or not self.fast.hasFocus():
            return
        self._hits = {sheet.hit_words(hit): hit for hit in hits}
        cast("QStringListModel", self._completer.model()).setStringList(list(self._hits))
        if self._hits:
            self._completer.complete()
        else:
            self._completer.popup().hide()

    def _take_offer(self, words: str) -> None:
        hit = self._hits.get(words)
        if hit is not None:
            self._add(NewLine(product_id=hit.id, qty=hit.qty, uom=hit.uom), self.fast.text())

    def _enter_fast(self) -> None:
        typed = self.fast.text().strip()
        self._offer_soon.stop()
        self._completer.popup().hide()
        if typed:
            entry = parse_fast_entry(typed)
            self._add(NewLine(sku=entry.what, qty=entry.qty), typed)

    def _add(self, line: NewLine, typed: str) -> None:
        self._offer_soon.stop()
        self.fast.clear()

        def failed(error: Exception) -> None:
            if not self.fast.text():
                self.fast.setText(typed)
                self.fast.selectAll()
            self._fail(error)

        self._run(add_order_line, self._added, failed, order_id=self.order_id, line=line)

    def _added(self, _: Done) -> None:
        self.fast.setFocus(Qt.FocusReason.OtherFocusReason)
        QTimer.singleShot(0, self.fast, self.fast.clear)  # a completer writes its own words after it was used

    def _paste(self, rows: list[list[str]]) -> None:
        for cells in rows:
            self._add(_pasted(cells), " × ".join(cells[:2]))

    # The lines

    def _edit_cell(self, key: object, column: str, text: str) -> None:
        try:
            value = sheet.parse_quantity(text) if column == "qty" else sheet.parse_percent(text)
        except Exception as error:  # noqa: BLE001 - a sentence beside the grid; the cell keeps what was typed
            self._fail(error)
            return
        name = "qty" if column == "qty" else "discount_rate"
        self._run(edit_order_line, None, row_id=key, **{name: value})

    def _same(self, column: str, keys: list[object]) -> None:
        """Ctrl+D: the current line's discount on all selected lines."""
        current = self._line(self.grid.grid.key_at(self.grid.currentIndex().row()))
        if current is None:
            return
        for key in keys:
            if key != current.id:
                self._run(edit_order_line, None, row_id=key, discount_rate=current.discount_rate)

    def _remove(self, keys: list[object]) -> None:
        if self.entry is not None and self.entry.head.editable:
            for key in keys:
                self._run(remove_order_line, self._say_done, row_id=key)

    def _line(self, key: object) -> OrderLine | None:
        lines = self.entry.lines if self.entry else ()
        return next((line for line in lines if line.id == key), None)

    # The head, and what ends an order

    def _edit_head(self, key: str, text: str) -> None:
        if self.entry is None or not self.entry.head.editable:
            return
        field = self.side.fields[key]
        try:
            value: object = text or None
            if key == "freight_amount":
                value = parse_amount(text.replace(",", ".") or "0", self.entry.head.currency, "Freight")
        except Exception as error:  # noqa: BLE001 - shown under its field, which keeps what was typed
            field.set_error(sentence_of(error))
            return

        def failed(error: Exception) -> None:
            field.set_error(sentence_of(error))

        field.set_error("")
        self._run(edit_order, None, failed, row_id=self.order_id, **{key: value})

    def submit(self) -> None:
        """Ctrl+Enter: asks first, then submits."""
        if self.entry is not None and self.entry.head.editable:
            focused = self.focusWidget()
            if focused is not None:
                focused.clearFocus()
            self.side.ask_submit()

    def _submit(self) -> None:
        self._run(submit_order, self._submitted, row_id=self.order_id)

    def _submitted(self, done: Done) -> None:
        self.said.emit(f"{done.label}: safe on this laptop, sent with the next sync", None)

    def _act(self, key: str) -> None:
        if self.entry is None:
            return
        if key == "copy":
            self._run(copy_order, lambda done: self.show_order(done.ids["sales_order"]), row_id=self.order_id)
        elif key == "cancel":
            self._run(cancel_order, self._say_done, row_id=self.order_id)
        else:
            self.wanted.emit(self.entry.head.account_id)

    # Saving

    def _run(
        self,
        command: Callable[..., Any],
        done: Callable[[Done], None] | None,
        failed: Callable[[Exception], None] | None = None,
        **kw: Any,
    ) -> None:
        def finished(outcome: Done) -> None:
            self.problem.clear()
            if done is not None:
                done(outcome)

        self._desk.runner.command(command, initiator=None, done=finished, failed=failed or self._fail, **kw)

    def _say_done(self, done: Done) -> None:
        if done.changed:
            self.said.emit(done.label, done.change_n)

    def _fail(self, error: Exception) -> None:
        self.problem.say("Not done", sentence_of(error), Tone.DANGER)


def _pasted(cells: list[str]) -> NewLine:
    """A row of a spreadsheet: SKU, then a quantity; anything else reads as the fast field reads it."""
    typed = f"{cells[0]} × {cells[1]}" if len(cells) > 1 and cells[1] else cells[0]
    entry = parse_fast_entry(typed)
    return NewLine(sku=entry.what, qty=entry.qty)
