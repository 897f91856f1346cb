"""HeadFields: delivery day, reference and freight of an order, saved by themselves shortly after the last key.

Owns when a text is worth saving: half a date is kept until it is whole or the field is left. Saving is the editor's.
"""

from collections import Counter

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from fieldrep.contract.errors import KnownError
from fieldrep.queries.order_entry import OrderHead
from fieldrep.ui.order import sheet
from fieldrep.ui.widgets.card import Card
from fieldrep.ui.widgets.field import Field

SAVE_AFTER_MS = 400
_TITLES = {"wanted_on": "Deliver on", "freight_amount": "Freight", "po_ref": "Customer's reference"}


class HeadFields(Card):
    """`entered` says a field of the order and the value that its text stands for."""

    entered = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._currency = ""
        self._typed: set[str] = set()
        self._saving: Counter[str] = Counter()
        self._boxes: dict[str, QLineEdit] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SAVE_AFTER_MS)
        self._soon.timeout.connect(lambda: self.save(final=False))
        self.fields = {key: self._field(key, title) for key, title in _TITLES.items()}
        row = QHBoxLayout()
        row.setSpacing(10)
        for key in ("wanted_on", "freight_amount"):
            row.addWidget(self.fields[key], 1, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(row)
        self.body.addWidget(self.fields["po_ref"])

    def _field(self, key: str, title: str) -> Field:
        box = self._boxes[key] = QLineEdit()
        field = Field(title, box, name=f"order_{key}")
        field.edited.connect(lambda: self._on_edit(key))
        field.left.connect(lambda: self._on_left(key))
        return field

    def set(self, head: OrderHead, freight_amount: int) -> None:
        """Shows what is saved; a field with text that is not saved yet, or just being saved, keeps it."""
        self._currency = head.currency
        for key, text in sheet.head_texts(head, freight_amount).items():
            self._boxes[key].setReadOnly(not head.editable)
            if not head.editable:
                self._show_stored(key, text)
                continue
            kept = key in self._typed or self._saving[key] > 0 or bool(self.fields[key].error())
            if not kept and self._may_fill(key, text):
                self.fields[key].set_text(text)
        self._boxes["wanted_on"].setPlaceholderText("2026-11-30" if head.editable else "")

    def _show_stored(self, key: str, text: str) -> None:
        """An order that takes nothing any more shows what is in it."""
        self._typed.discard(key)
        self.fields[key].set_error("")
        self.fields[key].set_text(text)

    def untaken(self) -> list[tuple[str, str]]:
        """The fields whose text is not in the order, and what they say."""
        wrong = [key for key, field in self.fields.items() if field.error()]
        return [(_TITLES[key], self.fields[key].text().strip()) for key in wrong]

    def go_to_untaken(self) -> None:
        """To the first of these fields."""
        first = next((field for field in self.fields.values() if field.error()), None)
        if first is not None:
            first.control.setFocus(Qt.FocusReason.OtherFocusReason)

    def _may_fill(self, key: str, text: str) -> bool:
        """While a person is in a field, her own way of writing what is saved stays."""
        if not self.fields[key].control.hasFocus():
            return True
        try:
            shown = sheet.head_value(key, self.fields[key].text(), self._currency)
            return shown != sheet.head_value(key, text, self._currency)
        except KnownError:
            return False

    def save(self, *, final: bool) -> None:
        """Announces what was typed; a text that cannot be read is told once it is `final`."""
        self._soon.stop()
        for key in sorted(self._typed):
            field = self.fields[key]
            try:
                value = sheet.head_value(key, field.text().strip(), self._currency)
            except KnownError as error:
                if final:
                    field.set_error(error.sentence)
                continue
            self._typed.discard(key)
            field.set_error("")
            self._saving[key] += 1
            self.entered.emit(key, value)

    def saved(self, key: str) -> None:
        """What was announced is in the order, or was not wanted there."""
        self._saving[key] = max(0, self._saving[key] - 1)

    def refuse(self, key: str, sentence: str) -> None:
        """The order did not take a value; its text stays."""
        self.saved(key)
        self._typed.add(key)
        self.fields[key].set_error(sentence)

    def is_filled(self) -> bool:
        """Whether a person entered anything here."""
        texts = [field.text().strip() for field in self.fields.values()]
        return bool(self._typed) or any(text and text.strip("0.") for text in texts)

    def forget(self) -> None:
        """Another order comes: nothing of the last one stays."""
        self._soon.stop()
        self._typed.clear()
        self._saving.clear()
        for field in self.fields.values():
            field.set_error("")
            field.set_text("")

    def _on_edit(self, key: str) -> None:
        self._typed.add(key)
        self._soon.start()

    def _on_left(self, key: str) -> None:
        if key in self._typed:
            self.save(final=True)
