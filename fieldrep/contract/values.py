"""Is a value fit for a field? The one answer both sides give, in sentences a person can act on (S16).

Values are checked in their inner form (`contract/fields.py`). Amounts are whole numbers; a float is never taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

import msgspec

from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import INT64_MAX, INT64_MIN, MILLIONTH, Field, Kind, Value
from fieldrep.contract.shapes import SHAPES, TEXT_SHAPES, number_problem

MAX_INSTANT = 253_402_300_799_999
"""The last millisecond of the year 9999."""

MAX_AMOUNT = 10**14
"""Of the currency's smallest unit: a million million euros. Sums of 90,000 such amounts still fit in 64 bits."""

MAX_MILLIONTHS = 10**15
"""Of a price or a quantity: a thousand million."""

_RANGES: Mapping[Kind, tuple[int, int]] = {
    Kind.INSTANT: (0, MAX_INSTANT),
    Kind.AMOUNT: (-MAX_AMOUNT, MAX_AMOUNT),
    Kind.PRICE: (-MAX_MILLIONTHS, MAX_MILLIONTHS),
    Kind.QUANTITY: (-MAX_MILLIONTHS, MAX_MILLIONTHS),
}
"""What every field of a kind may hold; a field may allow less."""

MAX_DEPTH = 32
_WHOLE = frozenset({Kind.INTEGER, Kind.AMOUNT, Kind.PRICE, Kind.QUANTITY, Kind.RATE, Kind.INSTANT})
_UNITS: Mapping[Kind, str] = {
    Kind.AMOUNT: " of the currency's smallest unit",
    Kind.PRICE: " of millionths",
    Kind.QUANTITY: " of millionths",
    Kind.RATE: " of millionths",
    Kind.INSTANT: " of milliseconds",
}
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def check_value(entity: Entity, field: Field, value: object) -> Value:
    """The value itself when the field may hold it.

    Raises:
        KnownError: `required` or `invalid_value`, naming the field and what would do.
    """
    if value is None or value in ("", b"") or (field.required and _shows_nothing(value)):
        if field.required:
            raise KnownError(
                Code.REQUIRED, f"{entity.title} needs {_article(field.title)}.", field=field.name
            )
        return None
    problem = _problem(field, value)
    if problem:
        raise KnownError(Code.INVALID_VALUE, f"{field.title}: {problem}", field=field.name)
    assert isinstance(value, int | str | bytes)  # noqa: S101 - narrowed by _problem
    return value


def check_sent(entity: Entity, field: Field, value: object) -> None:
    """Checks a value of the other side, which is kept as it came: nothing is then null, and no empty text or bytes.

    Raises:
        KnownError: as `check_value`.
    """
    if check_value(entity, field, value) is None and value is not None:
        sentence = f"{field.title}: an empty value is sent as none."
        raise KnownError(Code.INVALID_VALUE, sentence, field=field.name)


def check_row(entity: Entity, row: Mapping[str, Value]) -> None:
    """Checks every declared field of a whole row.

    Raises:
        KnownError: for the first field that is missing or unfit.
    """
    for name, field in entity.fields.items():
        check_value(entity, field, row.get(name))


def _shows_nothing(value: object) -> bool:
    """Whether a text has no letter that anybody sees: blanks, or characters without width."""
    if not isinstance(value, str) or value[:1].isalnum():
        return False
    return all(unicodedata.category(letter) in _UNSEEN for letter in value)


def _article(title: str) -> str:
    word = title[0].lower() + title[1:] if title[1:2].islower() else title
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"


def _problem(field: Field, value: object) -> str:
    kind = field.kind
    if kind in _WHOLE:
        return _number_problem(field, value)
    if kind is Kind.FLAG:
        return "" if value in (0, 1) and isinstance(value, int) else "must be yes or no."
    if kind is Kind.REF:
        return "" if isinstance(value, bytes) and len(value) == 16 else "is not a record id."
    if kind is Kind.BYTES:
        fits = isinstance(value, bytes) and len(value) <= field.maximum
        return "" if fits else f"must be at most {field.maximum:,} bytes."
    if not isinstance(value, str):
        return "must be text."
    return _text_problem(field, value)


def _number_problem(field: Field, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        return f"must be {whole_number(field)}, never a decimal fraction."
    lowest, highest = _RANGES.get(field.kind, (INT64_MIN, INT64_MAX))
    low, top = max(lowest, field.minimum), min(highest, field.maximum)
    if value > top:
        return f"must be at most {_limit(field, top)}."
    return f"must be at least {_limit(field, low)}." if value < low else ""


def whole_number(field: Field) -> str:
    """The number a field wants in its inner form, in words."""
    return f"a whole number{_UNITS.get(field.kind, '')}"


def _limit(field: Field, limit: int) -> str:
    """A limit as people write it: rates in percent, prices and quantities in whole units, amounts with their unit."""
    if field.kind is Kind.RATE:
        return f"{_decimal(limit * 100)} percent"
    if field.kind is Kind.AMOUNT:
        return f"{limit:,}{_UNITS[Kind.AMOUNT]}" if limit else "0"
    return _decimal(limit) if field.kind in (Kind.PRICE, Kind.QUANTITY) else str(limit)


def _decimal(millionths: int) -> str:
    whole, rest = divmod(abs(millionths), MILLIONTH)
    text = f"{whole}.{rest:06}".rstrip("0").rstrip(".")
    return f"-{text}" if millionths < 0 else text


def _text_problem(field: Field, value: str) -> str:
    if "\x00" in value:
        return "holds a NUL character, which cannot be kept; remove it."
    if len(value) > field.maximum:
        return f"is {len(value):,} characters long; at most {field.maximum:,} fit."
    try:
        value.encode()
    except UnicodeEncodeError:
        return "holds half of a character pair (a lone surrogate); paste the text again."
    if field.kind is Kind.CHOICE and value not in field.options:
        return f"must be one of {', '.join(field.options)}."
    if field.kind is Kind.DATE:
        return _date_problem(value)
    if field.kind is Kind.JSON:
        return _json_problem(field, value)
    if (look := TEXT_SHAPES.get(field.shape)) is not None:
        return look(value)
    if field.kind is Kind.TEXT and 0 < len(value) < field.minimum:
        return f"needs at least {field.minimum} characters."
    return ""


def _date_problem(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        return f"“{value[:40]}” is not a day; write it as 2026-11-30."
    return "" if _DATE.match(value) else "must be written as 2026-11-30."


def canonical_json(value: object) -> str:
    """The one text form of a JSON value: sorted keys, no spaces, UTF-8 as it is.

    Raises:
        TypeError, msgspec.ValidationError: when it is no JSON value.
    """
    return msgspec.json.encode(value, order="sorted").decode()


def _json_problem(field: Field, value: str) -> str:
    try:
        if _depth(value) > MAX_DEPTH:
            return f"is nested deeper than {MAX_DEPTH} levels."
        decoded = msgspec.json.decode(value)
        again = canonical_json(decoded)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return "is not valid JSON."
    if again != value:
        return "is not in canonical form (sorted keys, no spaces)."
    if problem := number_problem(decoded):
        return problem
    look = SHAPES.get(field.shape)
    return look(decoded) if look is not None else ""


def _depth(text: str) -> int:
    """The deepest nesting of a JSON text, counted without parsing, so that a hostile depth costs nothing."""
    deepest = level = 0
    inside = escaped = False
    for letter in text:
        if inside:
            inside = escaped or letter != '"'
            escaped = not escaped and letter == "\\"
        elif letter == '"':
            inside = True
        elif letter in "[{":
            level += 1
            deepest = max(deepest, level)
        elif letter in "]}":
            level -= 1
    return deepest
