"""Cells: the text of one CSV cell as the inner value of one field of the catalogue, exactly and without guessing.

Owns how each kind of value is written in the CSV contract. Must not know files, keys or profiles; limits of values
are `contract.values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec

from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.contract.values import canonical_json
from fieldrep.domain.money import minor_digits, parse_amount, parse_millionths
from sync_server.interchange.rejects import CellError

Parse = Callable[[str], Value]

YES = frozenset({"yes", "true", "1"})
NO = frozenset({"no", "false", "0"})
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?\Z")
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_COMMA_DECIMAL = re.compile(r"[+-]?[0-9.,' \u00a0\u202f]*,[0-9]+\Z")
_FORMULA = re.compile(r"[=@\t\r]|[+-](?:.*\|.*!|\s*[A-Za-z.]+\()", re.DOTALL)
_SPREADSHEET_ERRORS = ("#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!")
_LINE_BREAKS = re.compile(r"\s*(?:\r\n|\r|\n)\s*")


def parse_text(field: Field, text: str) -> str:
    """A text as it is, without blanks around it; in a field of one line, line breaks become commas."""
    if text[0] in "=@+-\t\r#'":
        text = _plain_text(text)
    text = text.strip()
    if not field.many_lines and ("\n" in text or "\r" in text):
        text = _LINE_BREAKS.sub(", ", text)
    return text


def _plain_text(text: str) -> str:
    if text.startswith(_SPREADSHEET_ERRORS):
        raise CellError(
            "The cell holds an error of the spreadsheet.", "Repair the formula and export its value."
        )
    if _FORMULA.match(text):
        raise CellError(
            "The cell looks like a formula of a spreadsheet.",
            "Export the value; if it is text, put an apostrophe in front of it.",
        )
    return text[1:] if text[0] == "'" and text[1:2] in ("=", "@", "+", "-", "\t", "\r") else text


def parse_flag(_field: Field, text: str) -> int:
    """Yes or no."""
    word = text.strip().lower()
    if word in YES:
        return 1
    if word in NO:
        return 0
    raise CellError("The cell is neither yes nor no.", "Write yes or no.")


def parse_whole(_field: Field, text: str) -> int:
    """A whole number."""
    if not _WHOLE.match(text := text.strip()):
        raise CellError("The cell is not a whole number.", "Write digits only, like 30.")
    return int(text)


def parse_decimal(field: Field, text: str) -> int:
    """A price, a quantity or a rate in millionths; at most six decimals, so that nothing is rounded."""
    text = decimal_text(text)
    try:
        return parse_millionths(text, field.title)
    except KnownError as error:
        raise CellError(error.sentence, "Write at most six decimals and a number below 10^12.") from error


def parse_money(field: Field, text: str, currency: str) -> int:
    """An amount in minor units of its currency; finer ones are refused, never rounded."""
    text = decimal_text(text)
    try:
        return parse_amount(text, currency, field.title)
    except KnownError as error:
        digits = minor_digits(currency)
        raise CellError(
            error.sentence, f"Write at most {digits} decimals and a number below 10^12."
        ) from error


def decimal_text(text: str) -> str:
    """The cell without blanks when it is a plain decimal number.

    Raises:
        CellError: naming the form it looks like.
    """
    text = text.strip()
    if _DECIMAL.match(text):
        return text
    if _COMMA_DECIMAL.match(text):
        raise CellError("The number is written with a comma.", "Write a point and no grouping: 1234.50.")
    raise CellError("The cell is not a number.", "Write digits with a point and no grouping: 1234.50.")


def parse_date(_field: Field, text: str) -> str:
    """A day."""
    text = text.strip()
    try:
        if _DATE.match(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        raise CellError("There is no such day.", "Check day and month; write 2026-11-30.") from None
    raise CellError("The cell is not a day.", "Write year, month and day: 2026-11-30.")


def parse_instant(_field: Field, text: str) -> int:
    """A moment with its zone, in ms."""
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CellError("The cell is not a moment.", "Write it like 2026-11-30T14:05:00Z.") from None
    if moment.tzinfo is None:
        raise CellError(
            "The moment names no time zone.", "End it with Z for UTC or with an offset like +01:00."
        )
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def parse_json(_field: Field, text: str) -> str:
    """JSON, brought into its canonical form."""
    try:
        return canonical_json(msgspec.json.decode(text.encode()))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise CellError("The cell is not valid JSON.", f"Repair it: {error}.") from error


PARSERS: dict[Kind, Callable[[Field, str], Value]] = {
    Kind.TEXT: parse_text,
    Kind.CHOICE: parse_text,
    Kind.FLAG: parse_flag,
    Kind.INTEGER: parse_whole,
    Kind.PRICE: parse_decimal,
    Kind.QUANTITY: parse_decimal,
    Kind.RATE: parse_decimal,
    Kind.DATE: parse_date,
    Kind.INSTANT: parse_instant,
    Kind.JSON: parse_json,
}
"""References and amounts are missing here: one needs the source, the other the row's currency."""
