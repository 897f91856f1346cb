"""The Orders page: the list of orders, and one order in its place.

Targets: ("new", account id) begins an order for that customer, ("order", id) or an id alone opens one, None is the
list.
"""

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from fieldrep.contract.ids import RowId
from fieldrep.queries.orders import OrderChip, OrderRow, OrdersFound, OrdersQuestion, find_orders, order_rows
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.order.editor import OrderEditor
from fieldrep.ui.order.sheet import CHIPS, SORTS, WORDS, row_view
from fieldrep.ui.page import Action, Page, Place
from fieldrep.ui.runner import Notice
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.recordlist import RecordList

WINDOW = 200
_MATTER = frozenset({"sales_order", "document_line", "account", "stock_level", "price_list_item"})


class OrdersPage(Page):
    """The list and the editor lie on one stack; history goes between them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("orders_page")
        self._desk = desk
        self._found: OrdersFound | None = None
        self.list = RecordList(WORDS, CHIPS, SORTS, name="orders")
        self.list.wanted.connect(lambda _: self._ask())
        self.list.more_wanted.connect(self._more)
        self.list.opened.connect(self._open)
        self.list.retried.connect(self._ask)
        self.editor = OrderEditor(desk)
        self.editor.said.connect(self.said)
        self.editor.closed.connect(self._to_list)
        self.editor.opened.connect(lambda order_id: self.visited.emit(("order", order_id)))
        self.editor.wanted.connect(
            lambda account_id: self.wanted.emit(Place("accounts", ("account", account_id)))
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self.list)
        self.stack.addWidget(self.editor)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self._ask()

    # The list

    def _ask(self, *, keep: bool = False) -> None:
        state = self.list.state()
        self.list.loading()
        self._desk.runner.query(
            find_orders,
            asker=self,
            lane="list",
            done=lambda found: self._on_found(found, keep=keep),
            failed=lambda error: self.list.failed(sentence_of(error)),
            question=OrdersQuestion(state.text, OrderChip(state.chip)),
        )

    def _on_found(self, found: OrdersFound, *, keep: bool) -> None:
        self._found = found
        shown = max(WINDOW, len(self.list.model.rows()) if keep else 0)
        self._read(found, found.keys[:shown], lambda rows: self.list.set_rows(rows, found.count, keep=keep))

    def _more(self, have: int) -> None:
        if self._found is not None:
            self._read(self._found, self._found.keys[have : have + WINDOW], self.list.append_rows)

    def _read(self, found: OrdersFound, keys: Sequence[int], then: object) -> None:
        def show(rows: Sequence[OrderRow]) -> None:
            if self._found is found:
                then([row_view(row, self._desk.today()) for row in rows])  # type: ignore[operator]

        self._desk.runner.query(order_rows, asker=self, lane="rows", done=show, keys=keys)

    def _open(self, key: object) -> None:
        self.stack.setCurrentWidget(self.editor)
        self.editor.show_order(cast("RowId", key))
        self.hints_changed.emit()

    def _to_list(self) -> None:
        self.stack.setCurrentWidget(self.list)
        self.list.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.visited.emit(None)
        self.hints_changed.emit()

    @property
    def editing(self) -> bool:
        """Whether an order is open."""
        return self.stack.currentWidget() is self.editor

    # What the shell asks

    def show_target(self, target: object) -> None:
        if target is None:
            return
        kind, key = target if isinstance(target, tuple) else ("order", target)
        if kind == "new":
            self.stack.setCurrentWidget(self.editor)
            self.editor.new_for(cast("RowId", key))
        elif not self.editing or key != self.editor.order_id:
            self._open(key)
        self.hints_changed.emit()

    def on_notice(self, notice: Notice) -> None:
        if notice.entities & _MATTER:
            self._ask(keep=True)
            if self.editing:
                self.editor.reload()

    def hints(self) -> Sequence[KeyHint]:
        if self.editing:
            return (KeyHint("/", "Add product"), KeyHint("Ctrl Enter", "Submit"), KeyHint("Esc", "Orders"))
        return (KeyHint("/", "Search"), KeyHint("Enter", "Open"))

    def actions(self) -> Sequence[Action]:
        entry = self.editor.entry
        if not self.editing or entry is None:
            return ()
        group = f"Actions on {self.editor.header.name()}"
        why = entry.head.read_only_reason
        return (
            Action("submit", "Submit order", "send", self.editor.submit, group=group, why_not=why),
            Action("record_menu", "Order actions", "ellipsis", self.editor.header.open_menu, group=group),
        )

    def panes(self) -> Sequence[QWidget]:
        if self.editing:
            return (self.editor.fast, self.editor.grid, self.editor.side.submit_button)
        return (self.list.view,)

    def focus_search(self) -> None:
        if self.editing:
            self.editor.fast.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.list.focus_search()

    def step_back(self) -> bool:
        if self.editing:
            if not self.editor.side.take_back():
                self._to_list()
            return True
        return self.list.clear_search()
