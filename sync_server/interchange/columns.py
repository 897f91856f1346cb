"""The CSV contract: which file and which columns each entity has, derived from the catalogue.

Owns version 1 of the contract; `CSV.md` says the same in words. Must not know files or the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.entity import SYSTEM_FIELDS, Entity
from fieldrep.contract.fields import Field, Kind, Writer
from fieldrep.contract.shapes import Shape

CONTRACT_VERSION = 1
KEY = "key"

DERIVED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "territory": {"path": "it follows from the codes of the territories above"},
        "sales_order": {
            "goods_amount": "it is the sum of the lines",
            "total_amount": "it is the sum of goods, freight and tax",
        },
        "document_line": {
            "account_id": "it is the account of the order",
            "line_amount": "it follows from quantity, price and discount",
        },
    }
)
"""Fields an import computes by the rules of the domain, and therefore takes from no file."""

_FORMS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "whole number",
    Kind.FLAG: "yes or no",
    Kind.AMOUNT: "amount like 1234.50, in the row's currency",
    Kind.PRICE: "price like 12.50, at most 6 decimals",
    Kind.QUANTITY: "quantity like 2.5, at most 6 decimals",
    Kind.RATE: "share of one: 0.15 is 15 %",
    Kind.INSTANT: "moment like 2026-11-30T14:05:00Z",
    Kind.DATE: "day like 2026-11-30",
    Kind.JSON: "JSON",
}
_SHAPES = {
    Shape.CURRENCY: "code of ISO 4217 like EUR",
    Shape.ZONE: "IANA time zone like Europe/Amsterdam",
    Shape.CONSENT: 'JSON like {"email":true,"phone":"2026-11-30"}',
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one file of the contract.

    Attributes:
        name: in the header; a reference ends in `_key` where its field ends in `_id`.
        field: the catalogue's field it fills.
    """

    name: str
    field: Field

    @property
    def form(self) -> str:
        """How a cell is written, for people."""
        field = self.field
        if field.kind is Kind.REF:
            return f"key of a {field.to} row"
        if field.kind is Kind.CHOICE:
            return "one of: " + ", ".join(field.options)
        if field.shape in _SHAPES:
            return _SHAPES[field.shape]
        limit = f", at most {field.maximum:,} characters" if field.kind is Kind.TEXT else ""
        return _FORMS[field.kind] + limit


@cache
def columns_of(entity: Entity) -> Mapping[str, Column]:
    """The columns of an entity's file besides `key`: what the ERP may write and what is not derived."""
    derived = DERIVED.get(entity.name, {})
    fields = [
        field
        for field in (*entity.fields.values(), SYSTEM_FIELDS["archived"])
        if field.writers is not None and Writer.ERP in field.writers and field.name not in derived
    ]
    named = [Column(column_name(field), field) for field in fields]
    return MappingProxyType({column.name: column for column in named})


def file_name(entity: Entity) -> str:
    """The name of an entity's file in the contract."""
    return f"{entity.name}.csv"


def column_name(field: Field) -> str:
    """What the column of a field is called."""
    return field.name.removesuffix("_id") + "_key" if field.kind is Kind.REF else field.name


IMPORTED: tuple[Entity, ...] = tuple(
    entity for entity in ENTITIES if any(name != "archived" for name in columns_of(entity))
)
"""The entities an import may bring, parents before children."""
