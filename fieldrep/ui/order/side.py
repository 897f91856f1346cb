"""OrderSide: the column beside the lines: why the current price, delivery, limits, what is against submitting, totals.

It shows and asks; what is saved or submitted is the editor's.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QVBoxLayout, QWidget

from fieldrep.queries.order_entry import OrderEntry, OrderLine
from fieldrep.ui.order import authority, sheet
from fieldrep.ui.order.head import HeadFields
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import look_changed
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Card, Heading, Scroll, line
from fieldrep.ui.widgets.text import ElidedText, Text
from fieldrep.ui.words import money

_WIDTH = 292


class OrderSide(QWidget):
    """`submit_wanted` comes after the person confirmed. What is long scrolls; totals and buttons always show."""

    submit_pressed = Signal()
    submit_wanted = Signal()
    draft_left = Signal()
    state_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(scaled(_WIDTH))
        self._asked = False
        self._held_back = ""
        self._problems: Sequence[str] = ()
        self._question = ""
        self._warns = (False, False)
        self._passed: tuple[str, str] | None = None
        self._entry: OrderEntry | None = None
        self._why = Card()
        self._why.setObjectName("order_why")
        self._why.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._why.setProperty("rings", "true")
        self.head = HeadFields()
        self.limit = Banner(name="order_limit")
        self.banner = Banner(name="order_banner")
        self._totals = Card("well")
        self._totals.setObjectName("order_totals")
        self.leave_button = Button("Close draft", name="order_close", wide=True)
        self.submit_button = Button(
            "Submit order", icon="send", variant="primary", name="order_submit", wide=True
        )
        self.leave_button.clicked.connect(self.draft_left)
        self.submit_button.clicked.connect(self.submit_pressed)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.leave_button)
        buttons.addWidget(self.submit_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(Scroll(self._long(), name="order_side"), 1)
        column.addWidget(self.limit)
        column.addWidget(self.banner)
        column.addWidget(self._totals)
        column.addLayout(buttons)

    def hideEvent(self, event: QHideEvent) -> None:
        """Who goes to another page is asked anew: one key pressed later submits nothing."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.take_back()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self.setFixedWidth(scaled(_WIDTH))

    def _long(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._why)
        column.addWidget(self.head)
        column.addStretch(1)
        return inside

    def set(self, entry: OrderEntry, untaken: str) -> None:
        """Shows the order; what is being typed stays. `untaken` is what was typed and is not in it yet."""
        self._entry, head = entry, entry.head
        self._held_back = untaken if self._held_back and head.editable else ""
        self.head.set(head, entry.totals.freight_amount)
        _empty(self._totals.body)
        for left, right in sheet.total_rows(entry):
            self._totals.body.addLayout(_pair(left, right))
        self._totals.body.addWidget(line())
        total = money(entry.totals.total_amount, head.currency)
        self._totals.body.addLayout(_pair("Total", total, "heading", "title"))
        self._totals.setAccessibleName(", ".join(_words(self._totals)))
        self.submit_button.setVisible("submitted" in head.moves and head.editable)
        draft = "Close draft" if head.id is not None else "Close"
        self.leave_button.set_text(draft if head.editable else "Back to orders")
        self._tell(entry)

    def _tell(self, entry: OrderEntry) -> None:
        passed, unusual = authority.passed_words(entry), sheet.far_above_words(entry)
        self._asked = self._asked and self._warns == (bool(unusual), bool(passed))
        self._warns, self._passed = (bool(unusual), bool(passed)), passed
        told = (unusual, authority.in_one_sentence(self._passed))
        sends = f"The office gets it for {entry.head.account} with the next sync."
        self._question = " ".join(filter(None, (*told, sends, "Ctrl+Enter again submits, Esc goes back.")))
        self._asked = self._asked and not entry.problems and entry.head.editable
        if entry.head.read_only_reason:
            self.banner.say(*authority.read_only_words(entry))
        elif self._held_back:
            self.banner.say("Not yet", self._held_back, Tone.DANGER)
        elif self._asked:
            self._ask()
        elif entry.problems and entry.lines:
            self.banner.say("Before you submit", " ".join(entry.problems), Tone.WARNING)
        else:
            self.banner.clear()
        self._problems = entry.problems
        self._follow_question()
        self.state_changed.emit()

    def _follow_question(self) -> None:
        """The button says what it does now; past a limit is said beside it, or in the question."""
        self.submit_button.set_text("Yes, submit now" if self._asked else "Submit order")
        if self._passed and not self._asked:
            self.limit.say(*self._passed, Tone.WARNING, icon="shield-check")
        else:
            self.limit.clear()

    def weigh(self, line_id: object, column: str, typed: str | None) -> None:
        """A discount is judged while it is typed; None leaves the line as it was."""
        if self._entry is not None and column == "discount":
            entry = self._entry if typed is None else authority.while_typing(self._entry, line_id, typed)
            self._passed = authority.passed_words(entry)
            self._follow_question()

    def ask_submit(self) -> None:
        """The first press asks inline, the second submits: an order that was sent cannot be taken back."""
        self._held_back = ""
        if self._problems:
            self.banner.say("Not yet", " ".join(self._problems), Tone.DANGER)
        elif not self._asked:
            self._asked = True
            self._ask()
            self._follow_question()
        else:
            self._asked = False
            self.submit_wanted.emit()

    def hold_back(self, sentence: str) -> None:
        """What was typed and is not in the order stands against submitting; it is told until it is mended."""
        self._asked, self._held_back = False, sentence
        self.banner.say("Not yet", sentence, Tone.DANGER)
        self._follow_question()

    def take_back(self) -> bool:
        """Esc: not submitted after all; False when nothing was asked."""
        if not self._asked and not self._held_back:
            return False
        self._asked, self._held_back = False, ""
        self.banner.clear()
        self._follow_question()
        return True

    def _ask(self) -> None:
        tone, icon = (Tone.WARNING, "triangle-alert") if any(self._warns) else (Tone.ACCENT, "send")
        self.banner.say("Submit this order?", self._question, tone, icon=icon)

    def forget(self) -> None:
        """Another order comes: nothing that was asked or typed here is meant for it."""
        self._asked, self._held_back, self._passed, self._entry = False, "", None, None
        self.banner.clear()
        self.limit.clear()
        self.head.forget()

    def stops(self) -> Sequence[QWidget]:
        """Where Tab goes here, one after the other."""
        return (
            *(field.control for field in self.head.fields.values()),
            self.leave_button,
            self.submit_button,
        )

    def explain(self) -> None:
        """F4: to the explanation of the current price."""
        self._why.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_line(self, entry: OrderEntry, current: OrderLine | None, number: int) -> None:
        """Why the current line costs what it does."""
        _empty(self._why.body)
        currency = entry.head.currency
        if current is None or current.kind != "item":
            self._why.body.addWidget(Heading("Price"))
            words = Text("Choose a line to see where its price comes from.", "small", "text2")
            words.setWordWrap(True)
            self._why.body.addWidget(words)
            self._why.setAccessibleName(words.text())
            return
        net = sheet.unit_money(current.net_price, currency)
        where = ElidedText(f"Line {number} · {current.description}", "caption", "text2")
        self._why.body.addWidget(Heading(f"Why {net}?"))
        self._why.body.addWidget(where)
        for left, right in sheet.price_steps(current, currency):
            self._why.body.addLayout(_pair(left, right))
        self._why.body.addWidget(line())
        self._why.body.addLayout(_pair("Net price", net, "ui", "ui"))
        for left, right in authority.limit_rows(entry.authority, current.id):
            self._why.body.addLayout(_pair(left, right))
        if said := sheet.further_words(current, currency):
            note = Text(said, "caption", "text2")
            note.setWordWrap(True)
            self._why.body.addWidget(note)
        self._why.setAccessibleName(", ".join(self.why_words()))

    def why_words(self) -> Sequence[str]:
        """The price explanation as it stands, for a screen reader and the tests."""
        return _words(self._why)


def _pair(left: str, right: str, kind: str = "small", figure: str = "ui") -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(ElidedText(left, kind, "text2" if kind == "small" else "text"), 1)
    row.addWidget(Text(right, figure, figures=True))
    return row


def _words(card: Card) -> Sequence[str]:
    return [label.text() for label in card.findChildren(Text) if label.text()]


def _empty(layout: QLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            _empty(inner)
            inner.deleteLater()
