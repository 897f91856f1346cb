"""What a text or JSON field must look like beyond its kind: a currency, a time zone, an object of a person's fields.

Owns the list of currencies and the limits of objects. Must not know which field has which shape; the catalogue says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

_IN_USE = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_WITHDRAWN = "ANG BGN CUC HRK SLL ZWL"
"""In the last years; old invoices and orders still name them."""

CURRENCIES = frozenset(_IN_USE.split()) | frozenset(_WITHDRAWN.split())
"""The currencies of ISO 4217 in which people pay."""

MOST_NAME = 60
"""Characters of a name within an object."""

MOST_NUMBER = 2**63 - 1
"""The largest number within JSON."""

OBJECT_DEPTH = 3
"""An object, what it holds, and one level more, as in opening hours by day."""


class Shape(StrEnum):
    """What a field's text or JSON stands for."""

    FREE = "free"
    CURRENCY = "currency"
    ZONE = "zone"
    OBJECT = "object"
    CONSENT = "consent"


def currency_problem(text: str) -> str:
    """What is wrong with a currency's code, "" for one of ISO 4217."""
    if text in CURRENCIES:
        return ""
    known = text.strip().upper()
    advice = f"write it {known}." if known in CURRENCIES else "write a code of ISO 4217, like EUR."
    return f"“{text[:10]}” is no currency; {advice}"


def zone_problem(text: str) -> str:
    """What is wrong with the name of a time zone, "" for one of IANA, and where this system knows no zones at all."""
    try:
        ZoneInfo(text)
    except (OSError, ValueError, KeyError):
        if text and available_timezones():
            return f"“{text[:40]}” is no time zone; write its IANA name, like Europe/Amsterdam."
    return ""


def number_problem(value: object) -> str:
    """What is wrong with a number within a JSON value, "" when all are exact and everybody can read them."""
    if isinstance(value, float):
        shown = repr(value)[:30]
        return f'holds the decimal fraction {shown}; write it as text, "{shown}", or as a whole number.'
    if isinstance(value, int) and not -MOST_NUMBER <= value <= MOST_NUMBER:
        return "holds a number beyond 64 bits; write it as text."
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return next(filter(None, map(number_problem, inner)), "")


def object_problem(value: object) -> str:
    """What is wrong with an object of fields, which joins with another one name by name."""
    if not isinstance(value, Mapping):
        return 'must be an object of named values, like {"floor": "2nd"}.'
    if any(not 0 < len(name) <= MOST_NAME for name in value):
        return f"has a name within it that is empty or longer than {MOST_NAME} characters."
    if _depth(value) > OBJECT_DEPTH:
        return f"is nested deeper than {OBJECT_DEPTH} levels."
    return ""


def consent_problem(value: object) -> str:
    """What is wrong with a consent: per channel yes, no, or the day on which it was given."""
    problem = object_problem(value)
    if problem or not isinstance(value, Mapping):
        return problem
    for channel, said in value.items():
        if not isinstance(said, bool) and not _is_day(said):
            return f"“{channel}” must be true, false, or the day it was given, like 2026-11-30."
    return ""


TEXT_SHAPES: Mapping[Shape, Callable[[str], str]] = {
    Shape.CURRENCY: currency_problem,
    Shape.ZONE: zone_problem,
}
"""What is wrong with a text of each shape."""

SHAPES: Mapping[Shape, Callable[[object], str]] = {
    Shape.OBJECT: object_problem,
    Shape.CONSENT: consent_problem,
}
"""What is wrong with a decoded JSON value of each shape."""


def _depth(value: object) -> int:
    if isinstance(value, Mapping):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
