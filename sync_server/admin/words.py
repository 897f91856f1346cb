"""Values as an admin reads them: names in place of ids, amounts with their currency, objects in words.

Must not know a command. Exports and `--json` have the exact form instead (`fieldrep/contract/jsonform.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.counts import counted
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.domain.money import format_amount, format_millionths
from sync_server.reconcile.conflicts import label_of
from sync_server.store.reading import Reader

NOTHING = "nothing"
_LONGEST = 200


def value_words(
    reader: Reader,
    field: Field,
    value: Value,
    currency: str = "EUR",
    named: Callable[[bytes], str] = lambda _: "",
) -> str:
    """A value in words; texts as they are, within quotation marks.

    `named` gives what a record was called that is not there, "" where nobody knows.
    """
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bytes) and field.kind is Kind.BYTES:
        return counted(len(value), "byte")
    if isinstance(value, bytes):
        there = _record(reader, field, value)
        return there or (
            f"“{name}”, which is not there" if (name := named(value)) else "a record that is gone"
        )
    if isinstance(value, int):
        return _number(field.kind, value, currency)
    shown = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    return plain(msgspec.json.decode(value)) if field.kind is Kind.JSON else f"“{shown}”"


def _record(reader: Reader, field: Field, row_id: bytes) -> str:
    """A record by its name, "" where it is not there; a field that names no kind of record may point to any."""
    for entity in (CATALOGUE[field.to],) if field.to in CATALOGUE else ENTITIES:
        if row := reader.row(entity, row_id):
            return f"“{label_of(entity, row)}”"
    return ""


def _number(kind: Kind, value: int, currency: str) -> str:
    if kind is Kind.FLAG:
        return "yes" if value else "no"
    if kind is Kind.AMOUNT:
        return f"{format_amount(value, currency)} {currency}"
    if kind is Kind.RATE:
        return f"{format_millionths(value * 100)} %"
    if kind is Kind.INSTANT:
        return datetime.fromtimestamp(value // 1000, UTC).strftime("%Y-%m-%d %H:%MZ")
    return format_millionths(value) if kind in (Kind.PRICE, Kind.QUANTITY) else str(value)


def plain(value: object) -> str:
    """A JSON value without its signs."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_within(inner)}" for name, inner in sorted(value.items())) or NOTHING
    if isinstance(value, list):
        return ", ".join(map(_within, value)) or NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NOTHING if value is None else f"“{value}”" if isinstance(value, str) else str(value)


def _within(value: object) -> str:
    return f"({plain(value)})" if isinstance(value, Mapping | list) else plain(value)
