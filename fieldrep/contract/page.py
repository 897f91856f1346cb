"""Pages: rows of one entity as columns, the form in which every pull travels.

Columns compress better than rows and decode without a name per value. A page says which fields it carries, so that a
peer with an older or newer catalogue takes what it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Annotated

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import INT64_MAX, INT64_MIN, Field, Kind, Value, WireValue, plain_values
from fieldrep.contract.ids import ID_BYTES

_TEXT_KINDS = frozenset({Kind.TEXT, Kind.DATE, Kind.CHOICE, Kind.JSON})
_Id = Annotated[bytes, msgspec.Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
_Number = Annotated[int, msgspec.Meta(ge=INT64_MIN, le=INT64_MAX)]
_IDS = msgspec.msgpack.Decoder(list[_Id | None])
_OWN_IDS = msgspec.msgpack.Decoder(list[_Id])
_NUMBERS = msgspec.msgpack.Decoder(list[_Number | None])
_REVISIONS = msgspec.msgpack.Decoder(list[_Number])
_VALUES = msgspec.msgpack.Decoder(list[WireValue])
_NOTHING = msgspec.Raw(msgspec.msgpack.encode(None))

_LISTS = frozenset({*range(0x90, 0xA0), 0xDC, 0xDD})
"""The bytes with which a list begins in msgpack."""

_NEVER_EMPTY = frozenset({"id", "revision"})

_OF_ALL = msgspec.msgpack.encode([None])[:1]
"""What makes a list of one value, as which a value that all rows hold is checked."""

MOST_SHARED = 64
"""Bytes of a value that travels once for all rows; a longer one could make a small message fill the disk."""

MOST_ROWS = 100_000
"""Rows of one page; more are not believed."""

MOST_CHARACTERS = 1_000_000
"""Of any text."""


class Page(msgspec.Struct, frozen=True, array_like=True):
    """Rows of one entity: `columns[i]` is the msgpack array of the values of `fields[i]`, all of length `count`.

    A column in which nothing is held, as most are, travels as nil; one in which all rows hold the same short value,
    such as a currency, as that value alone.
    """

    entity: str
    count: int
    fields: tuple[str, ...]
    columns: tuple[msgspec.Raw, ...]


def make_page(entity: str, fields: Sequence[str], rows: Sequence[Sequence[Value]]) -> Page:
    """A page of rows given in the order of `fields`."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(fields)
    packed = (_packed(name, column) for name, column in zip(fields, columns, strict=True))
    return Page(entity, len(rows), tuple(fields), tuple(packed))


def _packed(name: str, column: Sequence[Value]) -> msgspec.Raw:
    if is_empty(column):
        return _NOTHING
    if len(column) > 1 and name != "id" and is_shared(column):
        shared = msgspec.msgpack.encode(column[0])
        if len(shared) <= MOST_SHARED:
            return msgspec.Raw(shared)
    return msgspec.Raw(msgspec.msgpack.encode(column))


def is_empty(column: Sequence[Value]) -> bool:
    """Whether nothing is held in any row; a look at the first mostly tells."""
    return not column or (column[0] is None and column.count(None) == len(column))


def is_shared(column: Sequence[Value]) -> bool:
    """Whether all rows hold the same value; a look at the first and the last mostly tells."""
    return column[-1] == column[0] and column.count(column[0]) == len(column)


def page_columns(page: Page) -> list[list[Value]]:
    """The decoded columns of a page, each checked against the kind its field has here.

    Raises:
        KnownError: `damaged_message`, when a column has another type or length than the page says.
    """
    entity = CATALOGUE.get(page.entity)
    columns: list[list[Value]] = []
    try:
        for name, raw in zip(page.fields, page.columns, strict=True):
            field = entity.field(name) if entity and entity.has(name) else None
            column = _unpacked(raw, page.count, field, name)
            if len(column) != page.count:
                raise ValueError(f"{len(column)} values for {page.count} rows")
            if field is None and not plain_values(column):
                raise ValueError(f"{name[:60]} holds values of no known type")
            columns.append(column)
    except (msgspec.DecodeError, ValueError) as error:
        raise KnownError(
            Code.DAMAGED_MESSAGE,
            f"The server sent {page.entity[:60]} records that cannot be read ({error}). Nothing was applied.",
        ) from error
    return columns


def _unpacked(raw: msgspec.Raw, count: int, field: Field | None, name: str) -> list[Value]:
    """The values of one column: its own list, or what all rows share, if only that they hold nothing."""
    if memoryview(raw)[0] in _LISTS:
        return _decoder(field).decode(raw)
    if count > MOST_ROWS:
        raise ValueError(f"{count} rows in one page")
    if raw == _NOTHING:
        if count and name in _NEVER_EMPTY:
            raise ValueError(f"a row without {name}")
        return [None] * count
    if len(raw) > MOST_SHARED or name == "id":
        raise ValueError(f"all rows share one {name[:60]}")
    return _decoder(field).decode(_OF_ALL + bytes(raw)) * count


def _decoder(field: Field | None) -> msgspec.msgpack.Decoder[list[Value]]:
    """What refuses all that no honest server sends: ids of a wrong length, texts beyond the field's limit."""
    if field is None:
        return _VALUES
    if field.kind is Kind.REF:
        return _OWN_IDS if field.name == "id" else _IDS  # type: ignore[return-value]
    if field.kind is Kind.BYTES:
        return _bytes(field.maximum)  # type: ignore[return-value]
    if field.kind in _TEXT_KINDS:
        return _texts(min(field.maximum, MOST_CHARACTERS))  # type: ignore[return-value]
    return _REVISIONS if field.name == "revision" else _NUMBERS  # type: ignore[return-value]


@cache
def _texts(maximum: int) -> msgspec.msgpack.Decoder[list[str | None]]:
    return msgspec.msgpack.Decoder(list[Annotated[str, msgspec.Meta(max_length=maximum)] | None])


@cache
def _bytes(maximum: int) -> msgspec.msgpack.Decoder[list[bytes | None]]:
    return msgspec.msgpack.Decoder(list[Annotated[bytes, msgspec.Meta(max_length=maximum)] | None])
