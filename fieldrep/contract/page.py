"""Pages: rows of one entity as columns, the form in which every pull travels.

Columns compress better than rows and decode without a name per value. A page says which fields it carries, so that a
peer with an older or newer catalogue takes what it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import INT64_MAX, INT64_MIN, Field, Kind, Value, WireValue, plain_values

_TEXT_KINDS = frozenset({Kind.TEXT, Kind.DATE, Kind.CHOICE, Kind.JSON})
_TEXTS = msgspec.msgpack.Decoder(list[str | None])
_BYTES = msgspec.msgpack.Decoder(list[bytes | None])
_NUMBERS = msgspec.msgpack.Decoder(list[Annotated[int, msgspec.Meta(ge=INT64_MIN, le=INT64_MAX)] | None])
_VALUES = msgspec.msgpack.Decoder(list[WireValue])
_NOTHING = msgspec.Raw(msgspec.msgpack.encode(None))

MOST_ROWS = 100_000
"""Rows of one page; more are not believed."""


class Page(msgspec.Struct, frozen=True, array_like=True):
    """Rows of one entity: `columns[i]` is the msgpack array of the values of `fields[i]`, all of length `count`.

    A column in which nothing is held, as most are, travels as nil.
    """

    entity: str
    count: int
    fields: tuple[str, ...]
    columns: tuple[msgspec.Raw, ...]


def make_page(entity: str, fields: Sequence[str], rows: Sequence[Sequence[Value]]) -> Page:
    """A page of rows given in the order of `fields`."""
    encode, count = msgspec.msgpack.encode, len(rows)
    columns = zip(*rows, strict=True) if rows else ((),) * len(fields)
    packed = (_NOTHING if column.count(None) == count else msgspec.Raw(encode(column)) for column in columns)
    return Page(entity, count, tuple(fields), tuple(packed))


def page_columns(page: Page) -> list[list[Value]]:
    """The decoded columns of a page, each checked against the kind its field has here.

    Raises:
        KnownError: `damaged_message`, when a column has another type or length than the page says.
    """
    entity = CATALOGUE.get(page.entity)
    columns: list[list[Value]] = []

    def nothing() -> list[Value]:
        if page.count > MOST_ROWS:
            raise ValueError(f"{page.count} rows in one page")
        return [None] * page.count

    try:
        for name, raw in zip(page.fields, page.columns, strict=True):
            field = entity.field(name) if entity and entity.has(name) else None
            column = nothing() if raw == _NOTHING else _decoder(field).decode(raw)
            if len(column) != page.count:
                raise ValueError(f"{len(column)} values for {page.count} rows")
            if field is not None:
                _check_limits(field, column)
            elif not plain_values(column):
                raise ValueError(f"{name[:60]} holds values of no known type")
            columns.append(column)
    except (msgspec.DecodeError, ValueError) as error:
        raise KnownError(
            Code.DAMAGED_MESSAGE,
            f"The server sent {page.entity[:60]} records that cannot be read ({error}). Nothing was applied.",
        ) from error
    return columns


def _decoder(field: Field | None) -> msgspec.msgpack.Decoder[list[Value]]:
    if field is None:
        return _VALUES
    if field.kind is Kind.REF:
        return _BYTES  # type: ignore[return-value]
    return _TEXTS if field.kind in _TEXT_KINDS else _NUMBERS  # type: ignore[return-value]


def _check_limits(field: Field, column: list[Value]) -> None:
    """Refuses what no honest server sends: ids of a wrong length, texts beyond the field's limit, missing ids."""
    if field.kind is Kind.REF:
        if b"" in column or set(map(len, filter(None, column))) - {16}:  # type: ignore[arg-type]
            raise ValueError(f"{field.name} holds an id of another length than 16")
        if field.name == "id" and None in column:
            raise ValueError("a row without an id")
    elif field.name == "revision" and None in column:
        raise ValueError("a row without a revision")
    elif field.kind in _TEXT_KINDS:
        longest = max(map(len, filter(None, column)), default=0)  # type: ignore[arg-type]
        if longest > min(field.maximum, 1_000_000):
            raise ValueError(f"{field.name} holds {longest} characters")
