"""Exact money: amounts in minor units, prices, quantities and rates in millionths, and the one rounding rule.

Rounding is half away from zero ("kaufmännisch", DIN 1333), done once per line on the exact product, never on the way.
"""

from __future__ import annotations

import re
from decimal import Decimal

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import MILLIONTH

_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_ENGLISH = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]*|[+-]?[0-9]{1,3}(,[0-9]{3}){2,}")
_CONTINENTAL = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]*|[+-]?[0-9]{1,3}(\.[0-9]{3}){2,}")
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_NO_MINOR_UNIT = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE_DIGITS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def minor_digits(currency: str) -> int:
    """Decimals of a currency's minor unit, by ISO 4217; 2 for most."""
    if currency in _NO_MINOR_UNIT:
        return 0
    return 3 if currency in _THREE_DIGITS else 2


def divide_rounded(numerator: int, denominator: int) -> int:
    """The quotient rounded half away from zero; `denominator` is positive."""
    quotient, rest = divmod(abs(numerator), denominator)
    quotient += 2 * rest >= denominator
    return quotient if numerator >= 0 else -quotient


def line_amount(qty: int, unit_price: int, discount_rate: int, currency: str) -> int:
    """Quantity times unit price less discount, in minor units, rounded once.

    Args:
        qty, unit_price, discount_rate: millionths; 50_000 is a discount of 5 %.
    """
    exact = qty * unit_price * (MILLIONTH - discount_rate)
    return divide_rounded(exact * 10 ** minor_digits(currency), MILLIONTH**3)


def net_price(unit_price: int, discount_rate: int) -> int:
    """The unit price less discount, in millionths, for showing; totals never start from it."""
    return divide_rounded(unit_price * (MILLIONTH - discount_rate), MILLIONTH)


def typed_number(text: str, title: str) -> str:
    """A number as a person types it, in the form that is read here: a point before decimals, thousands close up.

    Raises:
        KnownError: `invalid_value`, for “1,250”: a thousand and more to one person, little more than one to another.
    """
    typed = text.strip()
    if _ENGLISH.fullmatch(typed):
        return typed.replace(",", "")
    if _CONTINENTAL.fullmatch(typed):
        return typed.replace(".", "").replace(",", ".")
    if _EITHER.fullmatch(typed):
        thousands, decimals = typed.replace(",", ""), typed.replace(",", ".")
        sentence = f"{title}: “{typed}” can be read in two ways; write {thousands} or {decimals}."
        raise KnownError(Code.INVALID_VALUE, sentence)
    return typed.replace(",", ".")


def parse_millionths(text: str, title: str) -> int:
    """Millionths from a decimal number as people and files write it, with a point.

    Raises:
        KnownError: `invalid_value`, when it is no number or has more than six decimals.
    """
    scaled = _parse(text, title) * MILLIONTH
    if scaled != int(scaled):
        raise KnownError(Code.INVALID_VALUE, f"{title}: {text} has more than six decimals.")
    return int(scaled)


def parse_amount(text: str, currency: str, title: str) -> int:
    """Minor units from a decimal amount with a point.

    Raises:
        KnownError: `invalid_value`, when it is no number or finer than the currency's minor unit.
    """
    scaled = _parse(text, title).scaleb(minor_digits(currency))
    if scaled != int(scaled):
        raise KnownError(
            Code.INVALID_VALUE, f"{title}: {text} is finer than the smallest unit of {currency}."
        )
    return int(scaled)


def format_amount(amount: int, currency: str) -> str:
    """The plain decimal form of an amount, with a point and without grouping; screens use the locale instead."""
    digits = minor_digits(currency)
    return f"{Decimal(amount).scaleb(-digits):.{digits}f}"


def format_millionths(value: int) -> str:
    """The shortest plain decimal form of a number of millionths."""
    text = f"{Decimal(value).scaleb(-6):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _parse(text: str, title: str) -> Decimal:
    # Decimal alone also reads "1e3", "1_000", "NaN" and the digits of every script: slips of the hand, not numbers.
    if not _PLAIN.fullmatch(text.strip()):
        raise KnownError(Code.INVALID_VALUE, f"{title}: “{text[:40]}” is not a number; write it like 12.50.")
    number = Decimal(text.strip())
    if abs(number) > Decimal(10) ** 12:
        raise KnownError(Code.INVALID_VALUE, f"{title}: “{text[:40]}” is out of range.")
    return number
