"""The words in which the catalogue declares a field: its kind, limits, merge rule, writers and readers.

A `Field` is a fact about the product, written once. Tables, codecs, validation, rights, search and import templates
all read it; nothing here knows how any of them use it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, Flag, StrEnum, auto
from typing import TYPE_CHECKING

from fieldrep.contract.shapes import Shape

Value = None | int | str | bytes
"""What a field may hold at rest and on the wire; `contract/jsonform.py` gives its form at the edges."""

if TYPE_CHECKING:
    WireValue = Value
else:
    # msgspec cannot tell text from bytes in one union; `plain_values` makes the check after decoding.
    WireValue = object

_PLAIN = frozenset({type(None), int, str, bytes})


def plain_values(values: Iterable[object]) -> bool:
    """Whether all values are of the four plain types; a bool, a float or a list is not."""
    return _PLAIN.issuperset(map(type, values))


MILLIONTH = 1_000_000
"""Unit prices, quantities and rates are whole numbers of millionths."""

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)


class Kind(StrEnum):
    """What a value means, and so how it is stored, checked and shown."""

    REF = "ref"
    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    AMOUNT = "amount"
    PRICE = "price"
    QUANTITY = "quantity"
    RATE = "rate"
    INSTANT = "instant"
    DATE = "date"
    CHOICE = "choice"
    JSON = "json"
    BYTES = "bytes"


class Merge(StrEnum):
    """What happens when two devices changed one field; the letters are those of the design's data model."""

    FIELD = "F"
    WAITS = "F!"
    APPEND = "L"
    SERVER = "R"
    GUARDED = "G"
    DRAFT = "O"
    MEMBER = "X"


class Writer(Flag):
    """Who may write a field: a device, the server's own logic, the admin, an import from the ERP."""

    DEVICE = auto()
    SERVER = auto()
    ADMIN = auto()
    ERP = auto()


C, S, A, E = Writer.DEVICE, Writer.SERVER, Writer.ADMIN, Writer.ERP
ANYONE = C | S | A | E


class Reader(Enum):
    """Who may read a field: everybody who holds the row, or only people who may see what things cost."""

    HOLDER = "holder"
    COST = "cost"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one entity.

    Attributes:
        name: the attribute's name in the entity's declaration.
        title: what people call it.
        maximum: characters of a text, or the largest number.
        to: the entity a reference points to ("" for any entity).
        parent: the row cannot stand without the row it points to; checked on both sides.
        fixed: given when the row is made and never changed afterwards, because the row's scope follows from it.
        merge, writers: None in a declaration stands for the entity's own, else for F and everyone.
        search: weight in full-text search, 0 for not searched.
        shape: what a text or JSON value stands for, beyond its kind.
        since: the version of the catalogue that brought the field; an older server is not told of it.
    """

    kind: Kind
    title: str = ""
    name: str = ""
    required: bool = False
    maximum: int = INT64_MAX
    minimum: int = INT64_MIN
    options: tuple[str, ...] = ()
    to: str = ""
    parent: bool = False
    fixed: bool = False
    merge: Merge | None = None
    writers: Writer | None = None
    reader: Reader = Reader.HOLDER
    search: int = 0
    default: Value = None
    help: str = ""
    since: int = 1
    shape: Shape = Shape.FREE

    def named(self, name: str, merge: Merge | None, writers: Writer | None) -> Field:
        """This field under its attribute's name, with the entity's defaults where it says nothing itself."""
        return replace(
            self,
            name=name,
            title=self.title or name.removesuffix("_id").replace("_", " ").capitalize(),
            merge=self.merge or merge or Merge.FIELD,
            writers=self.writers or writers or ANYONE,
        )

    @property
    def many_lines(self) -> bool:
        """Whether people write more than a line into it."""
        return self.kind is Kind.TEXT and self.maximum > 500
