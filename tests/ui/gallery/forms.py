"""Every kind of field in one form, and a page with an empty list beside a form full of errors."""

from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
)

from fieldrep.ui.page import Page
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import line
from fieldrep.ui.widgets.choice import CheckBox, Select
from fieldrep.ui.widgets.field import Field, Form
from fieldrep.ui.widgets.recordlist import ListWords, RecordList


class EditForm(Form):
    """The kinds of fields there are."""

    def __init__(self) -> None:
        super().__init__(name="account_form")
        self.body.setContentsMargins(20, 14, 20, 14)
        self.setMaximumWidth(640)
        email = QLineEdit()
        self.add("name", Field("Name", QLineEdit(), name="name", required=True))
        self.add(
            "email",
            Field("Email", email, name="email", check=_check_email, help_text="For order confirmations"),
        )
        kind = Select(name="kind", label="Lifecycle")
        kind.set_choices(
            [("prospect", "Prospect"), ("customer", "Customer"), ("former", "Former")], "customer"
        )
        self.add("kind", Field("Lifecycle", kind, name="kind"))
        note = QPlainTextEdit()
        note.setFixedHeight(80)
        self.add("note", Field("Note", note, name="note"))
        self.body.addWidget(CheckBox("Send price lists by email", name="consent"))
        buttons = QHBoxLayout()
        self.save = Button("Save", variant="primary", name="save")
        self.save.clicked.connect(self.submit)
        self.cancel = Button("Cancel", name="cancel")
        for button in (self.save, self.cancel, Button("Delete", icon="x", variant="danger", name="delete")):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.body.addLayout(buttons)
        self.body.addStretch(1)


def _check_email(text: str) -> str:
    return "" if not text or "@" in text else "Write the address as name@company."


class EmptyGallery(Page):
    """A list with nothing in it, beside a form with errors."""

    def __init__(self) -> None:
        super().__init__()
        self.list = RecordList(
            ListWords("product", "products", "Search SKU, name"),
            [("all", "All")],
            [("name", "Name")],
            name="products",
        )
        self.list.set_rows([], 0)
        self.form = EditForm()
        self.form.fields["email"].set_text("anke.visser")
        self.form.submit()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.list.setFixedWidth(350)
        row.addWidget(self.list)
        row.addWidget(line(vertical=True))
        row.addWidget(self.form, 8)
        row.addStretch(1)
