"""OrderEditor: one order on the screen: fast field, lines, side column. Each step is a command, saved as it is made.

Owns which order is shown and what is typed. A refused step says why and keeps what was typed.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.commands.done import Done
from fieldrep.commands.lines import add_order_line, discount_order_lines, edit_order_line, remove_order_lines
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import cancel_order, copy_lines, copy_order, edit_order, submit_order
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from fieldrep.domain.fast_entry import parse_fast_entry
from fieldrep.queries.new_order import entry_of
from fieldrep.queries.order_entry import OrderEntry, OrderLine
from fieldrep.queries.orders import OrderChip, OrderRow, orders_of_account
from fieldrep.queries.product_hits import ProductHit, find_for_order
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.order import sheet
from fieldrep.ui.order.above import AboveLines
from fieldrep.ui.order.beginning import Beginning
from fieldrep.ui.order.below import BelowLines
from fieldrep.ui.order.fast import FastField
from fieldrep.ui.order.lines import OrderLines
from fieldrep.ui.order.paste import add_rows
from fieldrep.ui.order.side import OrderSide
from fieldrep.ui.order.steps import Steps
from fieldrep.ui.order.untaken import Untaken
from fieldrep.ui.page import Place
from fieldrep.ui.widgets.card import Card
from fieldrep.ui.widgets.recordheader import HeaderAction, RecordHeader

_RECENT = 10


class OrderEditor(QWidget):
    """`closed` leaves for the list; `opened` says the order that is now shown; `wanted` is another place."""

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
        self._last: OrderRow | None = None
        self.beginning = Beginning(desk, self._begun)
        self._build()
        self._connect()
        self._lay_out()

    def _build(self) -> None:
        self.header = RecordHeader(
            name="order_header",
            secondary=HeaderAction("copy", "Copy as new order", "copy"),
            more=(
                HeaderAction("account", "Open customer"),
                HeaderAction("product", "Open product of the line"),
                HeaderAction("cancel", "Cancel order"),
            ),
            avatar=False,
        )
        self.fast = FastField(self)
        self.steps = Steps(self._desk.runner)
        self.problem = self.steps.problem
        self.above = AboveLines(self._desk)
        self.lines = OrderLines()
        self.grid = self.lines.grid
        self.side = OrderSide()
        self.untaken = Untaken(self.lines, self.side, self.fast, self.steps)
        self.below = BelowLines()

    def _connect(self) -> None:
        self.header.acted.connect(self._act)
        self.fast.sought.connect(self._offer)
        self.fast.typed.connect(self._enter_typed)
        self.fast.textEdited.connect(self._on_typed)
        self.fast.taken.connect(self._take)
        self.fast.rows_pasted.connect(self._paste)
        self.fast.left_downwards.connect(self.lines.enter)
        self.grid.cell_edited.connect(self._edit_cell)
        self.grid.cell_typed.connect(self.side.weigh)
        self.grid.lines_pasted.connect(self._paste)
        self.grid.removed.connect(self._remove)
        self.grid.same_wanted.connect(self._same)
        self.grid.current_changed.connect(lambda _: self._explain())
        self.lines.last_wanted.connect(self._copy_last)
        self.above.said.connect(self.said)
        self.above.send_wanted.connect(self.send_again)
        self.above.wanted.connect(self.wanted)
        self.side.head.entered.connect(self._save_head)
        self.side.submit_pressed.connect(self.submit)
        self.side.submit_wanted.connect(self._submit)
        self.side.draft_left.connect(self.closed)

    def _lay_out(self) -> None:
        card = Card(padding=2)
        card.body.addWidget(self.lines)
        left = QVBoxLayout()
        left.setSpacing(10)
        for part in (self.above.refused, self.above.conflicts, self.fast, self.problem):
            left.addWidget(part)
        left.addWidget(card, 1)
        left.addWidget(self.below)
        beside = QHBoxLayout()
        beside.setSpacing(18)
        beside.addLayout(left, 1)
        beside.addWidget(self.side)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 14)
        column.setSpacing(10)
        column.addWidget(self.header)
        column.addLayout(beside, 1)
        for stop, following in pairwise((self.fast, self.grid, *self.side.stops())):
            self.setTabOrder(stop, following)

    # Which order

    def new_for(self, account_id: RowId) -> None:
        """An order for the account: an empty draft that is there already, else one that its first entry begins."""
        self._put_away()
        self.beginning.about(account_id)
        self._ask_orders(account_id, lambda rows: self._start(account_id, rows), OrderChip.DRAFTS)

    def _start(self, account_id: RowId, drafts: Sequence[OrderRow]) -> None:
        if self.beginning.account_id == account_id:
            empty = next((row.id for row in drafts if row.editable and not row.line_count), None)
            self.reload() if empty is None else self.show_order(empty)

    def _begun(self, order_id: RowId) -> None:
        """There is an order now: what was entered first is on its way into it."""
        self.order_id = order_id
        self.opened.emit(order_id)

    def show_order(self, order_id: RowId) -> None:
        """Shows an order and puts the cursor where the next line is typed."""
        if order_id != self.order_id:
            self._put_away()
        self.order_id = order_id
        self.opened.emit(order_id)
        self.reload()

    def _put_away(self) -> None:
        """Another order comes: nothing of this one stays on the screen."""
        self.leave()
        self.beginning.about(None)
        self.order_id = self.entry = self._last = None
        self.fast.empty_out()
        self.steps.forget()
        self.lines.forget()
        self.side.forget()
        self.above.forget()

    def leave(self) -> bool:
        """Saves what is typed; an order nobody wrote anything in leaves nothing behind, which the answer tells."""
        self.fast.put_away()
        self.side.head.save(final=True)
        entry = self.entry
        untouched = (
            entry is not None and entry.head.editable and not entry.lines and not self.fast.text().strip()
        )
        if not untouched or self.side.head.is_filled():
            return False
        self.beginning.drop(self.order_id)
        self.order_id = self.entry = None
        return True

    def step_back(self) -> bool:
        """Esc: the offers, then the question before submitting, then what is typed; False when nothing was open."""
        if self.above.conflicts.table.step_back() or self.fast.put_away() or self.side.take_back():
            return True
        typed = bool(self.fast.text()) or self.problem.isVisible()
        self.fast.empty_out()
        self.steps.put_away()
        return typed

    def save_now(self) -> None:
        """Ctrl+S: everything is saved as it is typed; a field that is half typed is told now."""
        self.side.head.save(final=True)

    def reload(self) -> None:
        """Reads the order again, or what one that is about to begin would begin with."""
        account_id = self.beginning.account_id
        if self.order_id is not None or account_id is not None:
            runner, now, zone = self._desk.runner, self._desk.now(), self._desk.zone
            about = {"order_id": self.order_id, "account_id": account_id, "now": now, "zone": zone}
            runner.query(entry_of, asker=self, done=self._show, failed=self.steps.fail, **about)

    def _show(self, entry: OrderEntry | None) -> None:
        if entry is None:
            self.problem.say("This order is not on this laptop any more", "It may belong to a colleague now.")
            return
        if entry.head.id != self.order_id:
            return
        first, before = self.entry is None, len(self.entry.lines) if self.entry else 0
        self.entry, head = entry, entry.head
        if not head.editable:
            self.untaken.leave_behind()
        today, zone = self._desk.today(), self._desk.zone
        self._desk.customer = (head.account_id, head.account)
        self.header.set(sheet.header_view(head, today, zone))
        self.header.buttons["copy"].setVisible(bool(entry.lines))
        self.fast.setVisible(head.editable)
        self.below.set(editable=head.editable, as_of=sheet.stock_words(entry, today, zone))
        self.lines.set(entry, today, zone, grown=not first and len(entry.lines) > before)
        if not entry.lines:
            self.lines.say_empty(self._last, today, editable=head.editable)
            if self._last is None:
                self._ask_orders(head.account_id, self._on_orders)
        self.side.set(entry, self.untaken.words())
        self.above.set(head)
        self._explain()
        if first and self.isVisible():
            target = self.fast if head.editable else self.grid
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask_orders(
        self, account_id: RowId, done: Callable[[Sequence[OrderRow]], None], chip: OrderChip = OrderChip.ALL
    ) -> None:
        self._desk.runner.query(
            orders_of_account, asker=self, lane=chip, done=done, failed=self.steps.fail,
            account_id=account_id, chip=chip, limit=_RECENT,
        )  # fmt: skip

    def _on_orders(self, rows: Sequence[OrderRow]) -> None:
        if self.entry is not None:
            self._last = sheet.last_order(rows, self.entry.head)
            self.lines.say_empty(self._last, self._desk.today(), editable=self.entry.head.editable)

    def _explain(self) -> None:
        if self.entry is not None:
            self.side.set_line(self.entry, self.current_line(), self.lines.row() + 1)

    # The fast field

    def _offer(self, typed: str) -> None:
        if self.entry is not None:
            self._desk.runner.query(
                find_for_order,
                asker=self,
                lane="offer",
                done=lambda hits: self.fast.offer(typed, hits),
                typed=typed,
                account_id=self.entry.head.account_id,
                today=self._desk.today(),
                limit=8,
            )

    def _on_typed(self, text: str) -> None:
        if not text.strip():
            self.steps.clear()

    def _take(self, hit: ProductHit) -> None:
        self._add(NewLine(product_id=hit.id, qty=hit.qty, uom=hit.uom), self.fast.text())

    def _enter_typed(self, typed: str) -> None:
        entry = parse_fast_entry(typed)
        self._add(NewLine(sku=entry.what, qty=entry.qty), typed)

    def _add(self, line: NewLine, typed: str) -> None:
        if problem := parse_fast_entry(typed).problem:
            self.fast.put_away()
            self.steps.fail(KnownError(Code.INVALID_VALUE, problem))
            return
        self.fast.empty_out()
        self.fast.setFocus(Qt.FocusReason.OtherFocusReason)

        def failed(error: Exception) -> None:
            if not self.fast.text():
                self.fast.setText(typed)
                self.fast.selectAll()
            self.steps.fail(error)

        self._into(
            lambda order_id: self.steps.run(add_order_line, None, failed, order_id=order_id, line=line),
            failed,
        )

    def _paste(self, rows: list[list[str]]) -> None:
        def add(order_id: RowId) -> None:
            add_rows(self.steps, order_id, rows, lambda: self.order_id == order_id)

        if self.entry is not None and self.entry.head.editable:
            self.steps.put_away()
            self._into(add)

    # The lines

    def _edit_cell(self, key: object, column: str, text: str) -> None:
        def failed(error: Exception) -> None:
            self.lines.refuse(key, column, text, sentence_of(error))
            self.steps.fail(error)

        self.lines.accept(key, column)
        try:
            values = sheet.line_values(column, text)
        except KnownError as error:
            failed(error)
        else:
            self.steps.run(edit_order_line, lambda _: self.reload(), failed, row_id=key, **values)

    def _same(self, _: str, keys: list[object]) -> None:
        """Ctrl+D: the current line's discount on all selected lines, as one change."""
        current = self.current_line()
        if current is None or self.entry is None or not self.entry.head.editable:
            return
        if len(keys) < 2:
            self.problem.say("Choose the lines first", "Shift with the arrow keys adds lines to the choice.")
        else:
            self.steps.run(
                discount_order_lines, self._say_done, row_ids=tuple(keys), discount_rate=current.discount_rate
            )

    def _remove(self, keys: list[object]) -> None:
        if self.entry is not None and self.entry.head.editable:
            self.steps.run(remove_order_lines, self._say_done, row_ids=tuple(keys))

    def current_line(self) -> OrderLine | None:
        """The line that is current in the grid."""
        at = self.lines.row()
        lines = self.entry.lines if self.entry else ()
        return lines[at] if 0 <= at < len(lines) else None

    # The head, and what ends an order

    def _save_head(self, key: str, value: object) -> None:
        def failed(error: Exception) -> None:
            self.side.head.refuse(key, sentence_of(error))

        def saved(_: object) -> None:
            self.reload()  # what was read before this is not shown any more
            self.side.head.saved(key)

        if self.entry is None or not self.entry.head.editable:
            self.side.head.saved(key)
            return
        self._into(
            lambda order: self.steps.run(edit_order, saved, failed, row_id=order, **{key: value}), failed
        )

    def submit(self) -> None:
        """Ctrl+Enter: asks first, then submits."""
        if self.entry is not None and self.entry.head.editable:
            self.untaken.before(self.side.ask_submit)

    def send_again(self) -> None:
        """A refused order, corrected here, goes with the next sync."""
        self.untaken.before(self.above.send_again)

    def _submit(self) -> None:
        self.steps.run(submit_order, self.above.submitted, row_id=self.order_id)

    def _copy_last(self) -> None:
        if (last := self._last) is not None:
            self._into(
                lambda order_id: self.steps.run(copy_lines, self._say_done, row_id=order_id, from_id=last.id)
            )

    def _act(self, key: str) -> None:
        if self.entry is None:
            return
        if key == "copy":
            self.steps.run(copy_order, self._on_copied, row_id=self.order_id)
        elif key == "cancel" and self.order_id is None:
            self.closed.emit()
        elif key == "cancel":
            self.steps.run(cancel_order, lambda done: self.said.emit(done.label, None), row_id=self.order_id)
        elif key == "account":
            self.wanted.emit(Place("accounts", ("account", self.entry.head.account_id)))
        elif (line := self.current_line()) is not None and line.product_id is not None:
            self.wanted.emit(Place("products", ("product", line.product_id)))

    def _on_copied(self, done: Done) -> None:
        self.show_order(done.ids["sales_order"])
        self.said.emit(done.told, done.change_n or None)

    # Saving

    def _into(self, go: Callable[[RowId], None], failed: Callable[[Exception], None] | None = None) -> None:
        """Does something with the order, which is begun by it where nothing was entered before."""
        if self.order_id is not None:
            go(self.order_id)
        else:
            self.beginning.then(go, failed or self.steps.fail)

    def _say_done(self, done: Done) -> None:
        if done.changed:
            self.said.emit(done.told, done.change_n or None)
