"""The further tabs of an account, each read when it is opened: people, orders, invoices, notes, addresses.

Owns columns and their wording. Opening and adding is announced; the record decides what happens.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.contract.counts import counted
from fieldrep.contract.ids import RowId
from fieldrep.queries.contacts import ContactRow, contacts_of_account
from fieldrep.queries.invoices import InvoiceRow, Invoices, open_invoices, paid_invoices
from fieldrep.queries.notes import Notes, notes_of_account
from fieldrep.queries.orders import OrderRow, orders_of_account
from fieldrep.queries.sites import SiteRow, sites_of_account
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button, Chip
from fieldrep.ui.widgets.card import Card, Heading, Scroll
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.table import Table, TableOrEmpty
from fieldrep.ui.widgets.text import Text
from fieldrep.ui.words import day_and_time, money, sentence_case, short_day

_ORDER_TONES = {
    "draft": Tone.NEUTRAL,
    "held": Tone.WARNING,
    "cancelled": Tone.NEUTRAL,
    "rejected": Tone.DANGER,
    "completed": Tone.SUCCESS,
}
_SITE_KINDS = {"bill": "Invoices", "ship": "Deliveries", "service": "Service"}


class RecordTab(QWidget):
    """A tab of one account. `load` asks again; `opened` says the id of a row, `added` that a new one is wanted."""

    opened = Signal(object)
    added = Signal()
    counted = Signal(int)

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._desk = desk
        self.account_id: RowId | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 14, 20, 12)
        self._column.setSpacing(10)
        self.problem = Banner(name=f"{name}_problem")
        self._column.addWidget(self.problem)

    def load(self, account_id: RowId) -> None:
        self.account_id = account_id
        fn, more = self.question()
        self._desk.runner.query(
            fn,
            asker=self,
            done=self._on_answer,
            failed=self._on_failure,
            lane="tab",
            account_id=account_id,
            **more,
        )

    def question(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        """The query and what it wants beside the account."""
        raise NotImplementedError

    def show_answer(self, answer: Any) -> None:
        raise NotImplementedError

    def _on_answer(self, answer: Any) -> None:
        self.problem.clear()
        self.show_answer(answer)

    def _on_failure(self, error: Exception) -> None:
        self.problem.say("This could not be read", sentence_of(error), Tone.DANGER)


class TableTab(RecordTab):
    """A heading with one action over a table, or the words for an empty one."""

    def __init__(
        self,
        desk: Desk,
        name: str,
        title: str,
        columns: Sequence[Column],
        empty: tuple[str, str],
        action: str = "",
    ) -> None:
        super().__init__(desk, name)
        actions: tuple[Button, ...] = ()
        if action:
            add = Button(action, icon="plus", variant="ghost", name=f"{name}_add")
            add.clicked.connect(self.added)
            actions = (add,)
        self.heading = Heading(title, actions=actions)
        self.note = Text("", "caption", "text2")
        self.note.hide()
        self.table = Table(columns, name=f"{name}_table", label=title)
        self.rows = TableOrEmpty(self.table, *empty, action=action)
        self._column.addWidget(self.heading)
        self._column.addWidget(self.note)
        self._column.addWidget(self.rows, 1)
        self.table.opened.connect(self.opened)
        self.rows.acted.connect(self.added)

    def say_note(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))


class ContactsTab(TableTab):
    def __init__(self, desk: Desk) -> None:
        columns = (
            Column("name", "Name", 190),
            Column("title", "Job title"),
            Column("phone", "Phone", 150),
            Column("email", "Email", 210, hide_below=720),
            Column("state", "", 130),
        )
        empty = ("Nobody is known here yet", "Add the person you speak with.")
        super().__init__(desk, "contacts", "People at this account", columns, empty, "Add contact")

    def question(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        return contacts_of_account, {}

    def show_answer(self, answer: tuple[ContactRow, ...]) -> None:
        self.rows.set_rows([self._row(person) for person in answer])

    def _row(self, person: ContactRow) -> GridRow:
        role = person.job_title or ", ".join(person.roles)
        main = "Main contact" if person.is_main else "" if person.home else "From another account"
        return GridRow(
            person.id,
            (Cell(person.name), Cell(role), Cell(person.mobile or person.phone), Cell(person.email),
             _state(person.waiting, person.conflicts, main)),
        )  # fmt: skip


class OrdersTab(TableTab):
    def __init__(self, desk: Desk) -> None:
        columns = (
            Column("number", "Order", 140),
            Column("day", "Ordered", 130),
            Column("status", "State", 130),
            Column("by", "Taken by", hide_below=620),
            Column("lines", "Lines", 70, numeric=True),
            Column("total", "Total", 130, numeric=True),
        )
        empty = ("No orders yet", "The first order starts here.")
        super().__init__(desk, "orders", "Orders", columns, empty, "New order")

    def question(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        return orders_of_account, {}

    def show_answer(self, answer: tuple[OrderRow, ...]) -> None:
        today = self._desk.today()
        self.rows.set_rows([self._row(order, today) for order in answer])

    def _row(self, order: OrderRow, today: date) -> GridRow:
        words = sentence_case(order.status)
        state = (
            Cell(f"{words}, waiting", Tone.WARNING)
            if order.waiting
            else Cell(words, _ORDER_TONES.get(order.status))
        )
        when = short_day(order.ordered_on, today) if order.ordered_on else "–"
        total = money(order.total_amount, order.currency)
        return GridRow(
            order.id,
            (
                Cell(order.number),
                Cell(when),
                state,
                Cell(order.taken_by),
                Cell(f"{order.line_count}"),
                Cell(total),
            ),
        )


class InvoicesTab(TableTab):
    def __init__(self, desk: Desk) -> None:
        columns = (
            Column("number", "Document", 150),
            Column("issued", "Issued", 120),
            Column("due", "Due", 120),
            Column("state", "State"),
            Column("amount", "Amount", 120, numeric=True),
            Column("open", "Open", 120, numeric=True),
        )
        empty = ("Nothing here", "The office has told of no such document of this account.")
        super().__init__(desk, "invoices", "Invoices", columns, empty)
        self._open = Chip("Open", name="invoices_open")
        self._paid = Chip("Paid", name="invoices_paid")
        group = QButtonGroup(self)
        chips = QHBoxLayout()
        chips.setSpacing(6)
        for chip in (self._open, self._paid):
            group.addButton(chip)
            chips.addWidget(chip)
        chips.addStretch(1)
        self._open.setChecked(True)
        self._column.insertLayout(2, chips)
        group.buttonClicked.connect(lambda _: self.load(self.account_id) if self.account_id else None)

    def question(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        return (paid_invoices if self._paid.isChecked() else open_invoices), {"today": self._desk.today()}

    def show_answer(self, answer: Invoices | tuple[InvoiceRow, ...]) -> None:
        if isinstance(answer, Invoices):
            self._show_rows(answer.rows)
            self._tell_sums(answer)
        else:
            self._show_rows(answer)
            self.say_note("The newest documents on which nothing is open.")

    def _show_rows(self, documents: Sequence[InvoiceRow]) -> None:
        today = self._desk.today()
        rows = []
        for one in documents:
            late = f"{counted(one.overdue_days, 'day')} overdue"
            quiet = "Not due yet" if one.open_amount else "Paid"
            state = Cell(late, Tone.DANGER) if one.overdue_days else Cell(quiet)
            if one.dispute_state == "disputed":
                state = Cell("Disputed", Tone.WARNING)
            issued = short_day(one.issued_on, today) if one.issued_on else "–"
            due = short_day(one.due_on, today) if one.due_on else "–"
            amounts = (Cell(money(one.amount, one.currency)), Cell(money(one.open_amount, one.currency)))
            name = f"{sentence_case(one.kind)} {one.number}"
            rows.append(GridRow(one.id, (Cell(name), Cell(issued), Cell(due), state, *amounts)))
        self.rows.set_rows(rows)

    def _tell_sums(self, answer: Invoices) -> None:
        today, zone = self._desk.today(), self._desk.zone
        sums = [
            f"{money(total.open_amount, total.currency)} open, "
            f"{money(total.overdue_amount, total.currency)} of it overdue"
            for total in answer.sums
        ]
        told = f"As the office told {day_and_time(answer.as_of, today, zone)}." if answer.as_of else ""
        self.say_note("  ".join(part for part in ("; ".join(sums) + "." if sums else "", told) if part))


class NotesTab(RecordTab):
    """The standing note on top, then what people wrote, newest first."""

    standing_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, "notes")
        add = Button("Add note", icon="plus", variant="ghost", name="notes_add")
        add.clicked.connect(self.added)
        edit = Button("Edit", icon="pencil", variant="ghost", name="notes_standing_edit")
        edit.clicked.connect(self.standing_wanted)
        self._standing = Card("well")
        self._standing.body.addWidget(Heading("Note on this account", actions=(edit,)))
        self.standing = Text("", "body")
        self.standing.setObjectName("notes_standing")
        self.standing.setWordWrap(True)
        self._standing.body.addWidget(self.standing)
        self._list = QWidget()
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, 0, 6, 0)
        self._rows.setSpacing(10)
        self._column.addWidget(self._standing)
        self._column.addWidget(Heading("Written notes", actions=(add,)))
        self._column.addWidget(Scroll(self._list, name="notes_scroll"), 1)

    def question(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        return notes_of_account, {}

    def show_answer(self, answer: Notes) -> None:
        words = answer.standing or "Nothing noted. What everybody should know before a visit belongs here."
        self.standing.setText(words)
        self.standing.set_tone("text" if answer.standing else "text3")
        while self._rows.count():
            if (widget := self._rows.takeAt(0).widget()) is not None:
                widget.deleteLater()
        today, zone = self._desk.today(), self._desk.zone
        for note in answer.rows:
            card = Card()
            replaced = " · corrected later" if note.replaced_by else ""
            waiting = " · waiting to sync" if note.waiting else ""
            who = " · ".join(part for part in (note.by, day_and_time(note.at, today, zone)) if part)
            subject = Text(note.subject, "strong")
            body = Text(note.body, "body")
            for words_of in (subject, body):
                words_of.setWordWrap(True)
            card.body.setSpacing(2)
            card.body.addWidget(subject)
            if note.body and note.body != note.subject:
                card.body.addWidget(body)
            card.body.addWidget(Text(f"{who}{replaced}{waiting}", "caption", "text3"))
            self._rows.addWidget(card)
        if not answer.rows:
            self._rows.addWidget(Text("Nobody has written a note yet. Press A to log one.", "small", "text3"))
        if answer.more:
            self._rows.addWidget(Text("Older notes are in the timeline.", "caption", "text3"))
        self._rows.addStretch(1)


class AddressesTab(TableTab):
    def __init__(self, desk: Desk) -> None:
        columns = (
            Column("kind", "For", 90, snug=True),
            Column("street", "Street"),
            Column("city", "Postal code and city", 150, snug=True),
            Column("country", "Country", 90, filled_only=True, snug=True),
            Column("hours", "Opening hours", 110, hide_below=760, filled_only=True, snug=True),
            Column("state", "", 120, filled_only=True),
        )
        empty = ("No address yet", "Orders need a place to go to.")
        super().__init__(desk, "addresses", "Addresses", columns, empty, "Add address")

    def question(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        return sites_of_account, {}

    def show_answer(self, answer: tuple[SiteRow, ...]) -> None:
        self.rows.set_rows([self._row(site) for site in answer])

    def _row(self, site: SiteRow) -> GridRow:
        city = " ".join(part for part in (site.postal_code, site.city) if part)
        street = ", ".join(part for part in (site.named, site.street) if part)
        kind = _SITE_KINDS.get(site.kind, sentence_case(site.kind))
        return GridRow(
            site.id,
            (Cell(kind), Cell(street, tip=street), Cell(city), Cell(site.country), Cell(site.open_hours),
             _state(site.waiting, site.conflicts, "")),
        )  # fmt: skip


def _state(waiting: bool, conflicts: int, else_: str) -> Cell:
    if conflicts:
        return Cell(counted(conflicts, "conflict"), Tone.DANGER)
    return Cell("Waiting to sync", Tone.WARNING) if waiting else Cell(else_)
