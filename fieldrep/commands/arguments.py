"""From JSON to what a command takes: every argument named, typed and checked, with a sentence for what does not fit.

Owns the forms in which people and scripts write ids, amounts, quantities and order lines. Limits of fields are the
catalogue's. It must not know what a command does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fieldrep.commands.entered import enterable, not_enterable, unknown_field
from fieldrep.commands.order_lines import NewLine
from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import INT64_MAX, INT64_MIN, Field, Kind
from fieldrep.contract.ids import RowId, parse_id
from fieldrep.contract.jsonform import from_json
from fieldrep.contract.shapes import Shape
from fieldrep.domain.money import parse_millionths

PERCENT = 100
_MOST_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Argument:
    """One field of a command's JSON.

    Attributes:
        name: as written in JSON.
        keyword: the command's own name for it.
        kind: what to write, for the list of commands.
        parse: from the JSON value to what the command takes.
    """

    name: str
    keyword: str
    kind: str
    required: bool
    help: str
    parse: Callable[[object], object]


def record(name: str, entity: str, *, keyword: str = "", required: bool = True) -> Argument:
    """An argument that names a record by its id."""
    title = entity_named(entity).title
    return Argument(
        name, keyword or name, f"id of {entity}", required, f"{title} it is about.", lambda v: _id(name, v)
    )


def fields_of(entity: str, *, creating: bool, only: tuple[str, ...] = ()) -> tuple[Argument, ...]:
    """The fields of an entity that a person may enter, under their names in the catalogue."""
    allowed = enterable(entity_named(entity), creating=creating)
    chosen = [allowed[name] for name in only] if only else list(allowed.values())
    return tuple(_of_field(field, required=creating and field.required and not only) for field in chosen)


def _of_field(field: Field, *, required: bool) -> Argument:
    kind = "|".join(field.options) if field.kind is Kind.CHOICE else _KINDS[field.kind]
    if field.kind is Kind.REF and field.to:
        kind = f"id of {field.to}"
    if field.kind is Kind.TEXT:
        kind = f"text, at most {field.maximum:,}"
    kind = _SHAPES.get(field.shape, kind)
    needed = required and field.default is None
    words = " ".join(part for part in (f"{field.title}.", field.help) if part)
    return Argument(field.name, field.name, kind, needed, words, lambda v: from_json(field, v))


_KINDS: Mapping[Kind, str] = {
    Kind.REF: "id",
    Kind.TEXT: "text",
    Kind.INTEGER: "whole number",
    Kind.FLAG: "true|false",
    Kind.AMOUNT: "whole number of the smallest unit",
    Kind.PRICE: "whole number of millionths",
    Kind.QUANTITY: "whole number of millionths",
    Kind.RATE: "whole number of millionths",
    Kind.INSTANT: "whole number of milliseconds since 1970 UTC",
    Kind.DATE: "day as 2026-11-30",
    Kind.CHOICE: "word",
    Kind.JSON: "JSON",
    Kind.BYTES: "base64",
}
_SHAPES: Mapping[Shape, str] = {
    Shape.CURRENCY: "code of ISO 4217",
    Shape.ZONE: "IANA time zone",
    Shape.OBJECT: "object",
    Shape.CONSENT: "object",
}


def text(name: str, words: str, *, keyword: str = "", required: bool = False) -> Argument:
    """A plain text."""
    return Argument(name, keyword or name, "text", required, words, lambda v: _text(name, v))


def flag(name: str, words: str) -> Argument:
    """Yes or no."""
    return Argument(name, name, "true|false", False, words, lambda v: _flag(name, v))


def whole(name: str, words: str, *, keyword: str = "", required: bool = False) -> Argument:
    """A whole number."""
    return Argument(name, keyword or name, "whole number", required, words, lambda v: _whole(name, v))


def decimal(name: str, words: str, *, keyword: str = "", required: bool = False) -> Argument:
    """A quantity or price: a whole number, or a decimal number written as text."""
    kind = "whole number, or decimal as text"
    return Argument(name, keyword or name, kind, required, words, lambda v: _millionths(name, v))


def percent(name: str, words: str, *, keyword: str = "") -> Argument:
    """A percentage: 5, or "2.5" as text."""
    kind = "percent: whole number, or decimal as text"
    return Argument(name, keyword or name, kind, False, words, lambda v: _rate(name, v))


def part(name: str, entity: str, words: str) -> Argument:
    """A record made along with another: an object with its fields, without the account."""
    known = {argument.name: argument for argument in fields_of(entity, creating=True)}
    known.pop("account_id", None)
    kind = f"object with fields of {entity}"
    title = entity_named(entity).title
    return Argument(name, name, kind, False, words, lambda v: parsed(name, title, known, v, entity))


LINE: Mapping[str, Argument] = {
    argument.name: argument
    for argument in (
        text("sku", "SKU or barcode of the product."),
        record("product_id", "product", required=False),
        decimal("quantity", "How many.", keyword="qty"),
        percent("discount", "Discount in percent.", keyword="discount_rate"),
        decimal("unit_price", "A price of its own instead of the list's."),
        text("uom", "Unit, when it is not the product's own."),
        text("text", "Another description, or a line of text without a product."),
        text("reason_code", "Why it is given a discount or a price of its own."),
    )
}
"""The fields of an order line in JSON."""


def lines(name: str) -> Argument:
    """A list of order lines."""
    kind = f"list of {{{', '.join(LINE)}}}"
    return Argument(name, name, kind, False, "The lines, in order.", lambda v: _lines(name, v))


def line_of(values: object) -> NewLine:
    """An order line from its JSON object."""
    return NewLine(**parsed("line", "A line", LINE, values))  # type: ignore[arg-type]


def parsed(
    name: str, title: str, known: Mapping[str, Argument], given: object, entity: str = ""
) -> dict[str, object]:
    """The values of a JSON object under the keywords a command takes.

    Raises:
        KnownError: `invalid_value` when it is no object, `unknown_field`,
            `field_protected`, `required`, or what a value's parser says.
    """
    if not isinstance(given, Mapping):
        raise KnownError(Code.INVALID_VALUE, f"{name}: this must be an object with named fields.", field=name)
    values: dict[str, object] = {}
    for key, value in given.items():
        argument = known.get(key)
        if argument is None:
            about = entity_named(entity) if entity else None
            if about is not None and about.has(str(key)):
                raise not_enterable(about, str(key), known)
            raise unknown_field(str(key), known, title)
        values[argument.keyword] = argument.parse(value)
    for argument in known.values():
        if argument.required and values.get(argument.keyword) is None:
            sentence = f"{title} needs “{argument.name}” ({argument.kind})."
            raise KnownError(Code.REQUIRED, sentence, field=argument.name)
    return values


def fields_object(value: object) -> Mapping[str, object]:
    """An object of fields as it is; whoever knows the record checks them."""
    if not isinstance(value, Mapping):
        raise _wrong("fields", "this must be an object with named fields.")
    return {str(name): inner for name, inner in value.items()}


def field_names(value: object) -> tuple[str, ...]:
    """A list of names of fields."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _wrong("take", "this must be a list of names of fields.")
    return tuple(value)


def an_id(value: object) -> RowId | None:
    """The id of a record of whatever kind."""
    return _id("survivor_id", value)


def _wrong(name: str, words: str) -> KnownError:
    return KnownError(Code.INVALID_VALUE, f"{name}: {words}", field=name)


def _id(name: str, value: object) -> RowId | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(name, "this must be a record's id, as text.")
    try:
        return parse_id(value)
    except ValueError as error:
        raise _wrong(name, str(error)) from error


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "this must be text.")
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "this must be true or false.")
    return value


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "this must be a whole number.")
    if not INT64_MIN <= value <= INT64_MAX:
        raise _wrong(name, "this number is too large.")
    return value


def _millionths(name: str, value: object) -> int:
    if isinstance(value, float):
        raise _wrong(name, f'{value!r} is a decimal fraction; write it as text: "{value!r}".')
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _wrong(name, 'this must be a whole number, or a decimal number as text like "2.5".')
    return parse_millionths(str(value), name)


def _rate(name: str, value: object) -> int:
    hundredfold = _millionths(name, value)
    if hundredfold % PERCENT:
        raise _wrong(name, "this has more than four decimals.")
    return hundredfold // PERCENT


def _lines(name: str, value: object) -> tuple[NewLine, ...]:
    if not isinstance(value, list):
        raise _wrong(name, 'this must be a list of lines like {"sku": "...", "quantity": 3}.')
    if len(value) > _MOST_LINES:
        raise _wrong(name, f"{len(value):,} lines; at most {_MOST_LINES:,} fit in one order.")
    return tuple(line_of(item) for item in value)
