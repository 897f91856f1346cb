"""The Orders page: the list of orders, and one order in its place.

Targets: ("new", account id) begins an order for that customer, ("order", id) or an id alone opens one, "list" is the
list, None the page as it stands.
"""

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from fieldrep.contract.ids import RowId
from fieldrep.queries.orders import (
    OrderChip,
    OrderRow,
    OrdersFound,
    OrderSort,
    OrdersQuestion,
    find_orders,
    order_rows,
)
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.order.editor import OrderEditor
from fieldrep.ui.order.sheet import CHIPS, SORTS, WORDS, row_view
from fieldrep.ui.page import Action, Page, Place
from fieldrep.ui.runner import Notice
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.recordlist import RecordList

WINDOW = 200
_LIST = "list"
_MATTER = frozenset(
    {
        "sales_order",
        "document_line",
        "conflict",
        "account",
        "stock_level",
        "price_list_item",
        "discount_policy",
    }
)


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
        self.list.opened.connect(self._open_from_list)
        self.list.retried.connect(self._ask)
        self.editor = OrderEditor(desk)
        self.editor.said.connect(self.said)
        self.editor.closed.connect(self._to_list)
        self.editor.opened.connect(self._on_opened)
        self.editor.wanted.connect(self.wanted)
        self.editor.side.state_changed.connect(self.hints_changed)
        around = QWidget()
        inside = QVBoxLayout(around)
        inside.setContentsMargins(10, 4, 10, 0)
        inside.addWidget(self.list)
        self.stack = QStackedWidget()
        self.stack.addWidget(around)
        self.stack.addWidget(self.editor)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self._ask()

    # The list

    def _ask(self, *, keep: bool = False) -> None:
        """`keep` is a refresh; rows of an earlier question come no more."""
        keep, self._found = self.list.loading(keep=keep), None
        state = self.list.state()
        self._desk.runner.query(
            find_orders,
            asker=self,
            lane="list",
            done=lambda found: self._on_found(found, keep=keep),
            failed=lambda error: self.list.failed(sentence_of(error)),
            question=OrdersQuestion(state.text, OrderChip(state.chip), OrderSort(state.sort)),
        )

    def _on_found(self, found: OrdersFound, *, keep: bool) -> None:
        self._found = found
        shown = max(WINDOW, len(self.list.model.rows()) if keep else 0)
        self._read(
            found,
            found.keys[:shown],
            lambda rows: self.list.set_rows(rows, found.count, more=found.more, keep=keep),
        )

    def _more(self, have: int) -> None:
        if self._found is not None:
            self._read(self._found, self._found.keys[have : have + WINDOW], self.list.append_rows)

    def _read(self, found: OrdersFound, keys: Sequence[int], then: object) -> None:
        def show(rows: Sequence[OrderRow]) -> None:
            if self._found is found:
                then([row_view(row, self._desk.today()) for row in rows])  # type: ignore[operator]

        self._desk.runner.query(order_rows, asker=self, lane="rows", done=show, keys=keys)

    def _open_from_list(self, key: object) -> None:
        self.visited.emit(_LIST)
        self._open(key)

    def _open(self, key: object) -> None:
        self.stack.setCurrentWidget(self.editor)
        self.editor.show_order(cast("RowId", key))
        self.hints_changed.emit()

    def _on_opened(self, order_id: object) -> None:
        """An order begun by what was typed last, on the way to another page, is no place that somebody is at."""
        if self.isVisibleTo(self.window()):
            self.visited.emit(("order", order_id))

    def _to_list(self) -> None:
        self._show_list()
        self.visited.emit(_LIST)

    def _show_list(self) -> None:
        key = self.editor.order_id
        self.editor.leave()
        self.stack.setCurrentIndex(0)
        if not self.list.select(key) and self.list.view.current_row() < 0:
            self.list.view.go(0, follow=False)
        target = self.list.view if self.list.model.rowCount() else self.list.search
        target.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hints_changed.emit()

    @property
    def editing(self) -> bool:
        """Whether an order is open."""
        return self.stack.currentWidget() is self.editor

    # What the shell asks

    def show_target(self, target: object) -> None:
        if target is None:
            if self.editing and self.editor.entry is None:
                self._show_list()
            return
        if target == _LIST:
            self._show_list()
            return
        kind, key = target if isinstance(target, tuple) else ("order", target)
        if kind == "new":
            self.stack.setCurrentWidget(self.editor)
            self.editor.new_for(cast("RowId", key))
        elif not self.editing or key != self.editor.order_id:
            self._open(key)
        self.hints_changed.emit()

    def show_list(self) -> None:
        if self.editing:
            self._to_list()

    def keeps(self, target: object) -> bool:
        return not (isinstance(target, tuple) and target[0] == "new")

    def leave(self) -> None:
        if self.editing:
            self.editor.leave()

    def may_close(self) -> bool:
        return not self.editing or self.editor.above.conflicts.may_close()

    def on_notice(self, notice: Notice) -> None:
        if notice.entities & _MATTER:
            self._ask(keep=True)
            if self.editing:
                self.editor.reload()

    def hints(self) -> Sequence[KeyHint]:
        if self.editing:
            entry = self.editor.entry
            if entry is None or not entry.head.editable:
                return (KeyHint("F4", "Why this price"), KeyHint("Esc", "Back"))
            return (KeyHint("Ctrl F", "Add product"), KeyHint("Ctrl Enter", "Submit"), KeyHint("Esc", "Back"))
        return (KeyHint("/", "Search"), KeyHint("Enter", "Open"))

    def things_to_do(self) -> Sequence[Action]:
        entry = self.editor.entry
        if not self.editing or entry is None:
            return ()
        group = f"Actions on {self.editor.header.name()}"
        why = entry.head.read_only_reason
        return (
            *self._to_decide(group),
            Action("submit", "Submit order", "send", self.editor.submit, group=group, why_not=why),
            Action("explain", "Why this price", "tag", self.editor.side.explain, group=group),
            Action("save", "Save now", "save", self.editor.save_now, group=group, why_not=why),
            Action("record_menu", "Order actions", "ellipsis", self.editor.header.open_menu, group=group),
            *self._at_customer(),
        )

    def _at_customer(self) -> Sequence[Action]:
        """What can be done for the order's customer, as on the customer's own page."""
        entry = self.editor.entry
        if entry is None:
            return ()
        account_id, group = entry.head.account_id, f"Actions on {entry.head.account}"

        def go(kind: str) -> None:
            self.wanted.emit(Place("accounts", (kind, account_id)))

        return (
            Action("open_customer", "Open customer", "building-2", lambda: go("account"), group=group),
            Action("log_activity", "Log activity", "phone", lambda: go("log"), group=group),
            Action("add_contact", "Add contact", "user-plus", lambda: go("contact"), group=group),
            Action("add_site", "Add address", "map-pin-plus", lambda: go("site"), group=group),
            Action(
                "new_order",
                "New order",
                "shopping-cart",
                lambda: self.editor.new_for(account_id),
                group=group,
            ),
        )

    def _to_decide(self, group: str) -> Sequence[Action]:
        """While a conflict of the order is shown and worked on, Ctrl+Enter applies it."""
        above = self.editor.above
        found = []
        if above.correcting:
            found.append(
                Action("send_corrected", "Send corrected order", "send", self.editor.send_again, group=group)
            )
        panel = above.conflicts
        if panel.isVisible():
            worked_on = panel.isAncestorOf(QApplication.focusWidget() or self)
            key = "submit" if worked_on else "apply_merge"
            if not worked_on:
                found.append(Action("decide", "Go to the conflict", "git-merge", panel.focus, group=group))
            found.append(Action(key, "Apply merge", "git-merge", panel.apply, group=group))
        return found

    def panes(self) -> Sequence[QWidget]:
        if self.editing:
            panel = self.editor.above.conflicts
            above = () if panel.isHidden() else (panel,)
            return (*above, self.editor.fast, self.editor.grid, self.editor.side)
        return (self.list.view if self.list.model.rowCount() else self.list.search,)

    def focus_search(self) -> None:
        if self.editing and self.editor.fast.isVisible():
            self.editor.fast.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.editor.fast.selectAll()
            return
        if self.editing:  # nothing is added to this one, so another one is looked for
            self._to_list()
        self.list.focus_search()

    def step_back(self) -> bool:
        if self.editing:
            return self.editor.step_back()
        return self.list.clear_search()
