"""From a field of the catalogue to a control and back: the text a person types, its check, and the value it stands for.

Owns how each kind of field is written. Limits are the catalogue's and are checked by its own rule, so that the window
and the server never differ.
"""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.contract.shapes import CURRENCIES, Shape
from fieldrep.contract.values import check_value
from fieldrep.domain.formats import email_problem
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.widgets.choice import CheckBox, Select
from fieldrep.ui.widgets.field import Field as FieldWidget
from fieldrep.ui.words import sentence_case

_ONE_LINE = 500
_MOST_IN_A_LINE = 10_000
"""A longer text is cut by its box, which is said then; below that the length told is the one entered."""

_WORDS: Mapping[tuple[str, str], str] = {
    ("site", "bill"): "Invoices",
    ("site", "ship"): "Deliveries",
    ("site", "service"): "Service",
    ("account", "key"): "Key account",
}
_HELP = {Kind.INSTANT: "Like 2026-11-20 08:47", Kind.DATE: "Like 2026-11-20"}


def field_widget(
    entity_name: str, field: Field, zone: tzinfo, *, name: str, required: bool = False, label: str = ""
) -> FieldWidget:
    """The labelled control for a field, with the catalogue's own check."""
    control = _control(entity_name, field, name)

    def check(text: str) -> str:
        if isinstance(control, QLineEdit) and len(text) >= control.maxLength():
            return f"{field.title}: cut at {len(text):,} characters; at most {field.maximum:,} fit."
        return problem_of(entity_name, field, text, zone)

    return FieldWidget(
        label or field.title,
        control,
        name=name,
        required=required,
        help_text=_HELP.get(field.kind, ""),
        check=check,
    )


def _control(entity_name: str, field: Field, name: str) -> QWidget:
    if field.kind is Kind.FLAG:
        return CheckBox("Yes", name=name)
    if field.kind is Kind.CHOICE:
        select = Select(name=name, label=field.title)
        select.set_choices(choices_of(entity_name, field), str(field.default or ""))
        return select
    if field.many_lines:
        box = QPlainTextEdit()
        box.setFixedHeight(scaled(84))
        return box
    line = QLineEdit()
    if field.kind is Kind.TEXT:
        line.setMaxLength(max(field.maximum * 2, _MOST_IN_A_LINE))
    return line


def choices_of(entity_name: str, field: Field) -> list[tuple[str, str]]:
    return [(key, _WORDS.get((entity_name, key), sentence_case(key))) for key in field.options]


def problem_of(entity_name: str, field: Field, text: str, zone: tzinfo) -> str:
    """What is wrong with a text, a sentence that says what to do; "" when nothing is."""
    try:
        value = value_of(field, text, zone)
        if field.name == "email" and isinstance(value, str):
            problem = email_problem(value)
            if problem:
                return problem
        if value is not None:
            check_value(CATALOGUE[entity_name], field, value)
    except KnownError as error:
        return error.sentence
    return ""


def value_of(field: Field, text: str, zone: tzinfo) -> Value:
    """The value a text stands for, None for an empty one.

    Raises:
        KnownError: `invalid_value`, when it cannot be read as one.
    """
    plain = text.strip() if field.maximum <= _ONE_LINE or field.kind is not Kind.TEXT else text
    if field.kind is Kind.FLAG:
        return int(plain == "1")
    if not plain.strip():
        return None
    if field.kind is Kind.INTEGER:
        return _whole(field, plain)
    if field.kind is Kind.DATE:
        return _day(field, plain)
    if field.kind is Kind.INSTANT:
        return _moment(field, plain, zone)
    return plain.upper() if field.shape is Shape.CURRENCY and plain.upper() in CURRENCIES else plain


def text_of(field: Field, value: Value, zone: tzinfo) -> str:
    """How a value stands in its control."""
    if field.kind is Kind.FLAG:
        return "1" if value else ""
    if value is None or isinstance(value, bytes):
        return ""
    if field.kind is Kind.INSTANT and isinstance(value, int):
        return moment_text(value, zone)
    return str(value)


def moment_text(moment: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, tz=zone):%Y-%m-%d %H:%M}"


def _whole(field: Field, text: str) -> int:
    try:
        return int(text.replace(",", "").replace(" ", ""))
    except ValueError:
        raise KnownError(
            Code.INVALID_VALUE, f"{field.title}: “{text[:40]}” is not a whole number; write it like 28."
        ) from None


def _day(field: Field, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise KnownError(
            Code.INVALID_VALUE, f"{field.title}: “{text[:40]}” is not a day; write it like 2026-11-30."
        ) from None


def _moment(field: Field, text: str, zone: tzinfo) -> int:
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
        return int(moment.timestamp() * 1000)
    raise KnownError(
        Code.INVALID_VALUE, f"{field.title}: “{text[:40]}” is no moment; write it like 2026-11-30 09:30."
    )
