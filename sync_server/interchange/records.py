"""Records: one row of the contract as checked values of one entity, ready to be settled with the store.

Owns the step from texts to values, defaults for empty cells included. Must not know files or the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.values import check_value
from sync_server.interchange.cells import PARSERS, parse_money
from sync_server.interchange.columns import KEY, columns_of
from sync_server.interchange.keys import EXISTING_PREFIX, external_id
from sync_server.interchange.rejects import CellError, shortened

LONGEST_KEY = 200


class Reference(NamedTuple):
    """A reference to another record: the column and key a person wrote, and the row it means."""

    column: str
    key: str
    field: Field
    row_id: RowId


class Origin(NamedTuple):
    """Where a record stands in its source: file, row, and the source's name for each column of the contract."""

    file: str
    row: int
    columns: Mapping[str, str]


@dataclass(slots=True)
class Record:
    """One record to be settled.

    Attributes:
        values: per given field its new value; fields the source does not speak of are missing.
        doubtful: fields whose value holds for a new record only.
    """

    entity: Entity
    row_id: RowId
    values: dict[str, Value]
    references: list[Reference] = field(default_factory=list)
    origin: Origin | None = None
    doubtful: frozenset[str] = frozenset()

    def certain(self) -> Mapping[str, Value]:
        """The values that may change a record which is there already."""
        if not self.doubtful:
            return self.values
        return {name: value for name, value in self.values.items() if name not in self.doubtful}


class RecordBuilder:
    """Makes records of one entity from the texts of a fixed list of columns.

    Attributes:
        source: the name space of the keys.
    """

    def __init__(self, entity: Entity, names: Sequence[str], source: str, currency: str) -> None:
        columns = columns_of(entity)
        self.entity = entity
        self._source = source
        self._currency = currency
        fields = [columns[name].field for name in names]
        self._steps = [(name, field, self._parser(field)) for name, field in zip(names, fields, strict=True)]
        self._currency_at = names.index("currency") if "currency" in names else -1
        self._erp_ref = "erp_ref" in entity.fields and "erp_ref" not in names

    def row_id(self, key: str) -> RowId:
        """The id of the record with that key.

        Raises:
            CellError: when there is no key, or one that cannot be kept.
        """
        return self._id(self.entity.name, key, KEY)

    def build(self, key: str, texts: Sequence[str], doubtful: Sequence[int] = ()) -> Record:
        """The record of one row; `doubtful` says which of the texts change no record that is there.

        Raises:
            CellError: for the first cell that cannot be taken, its column named.
        """
        record = Record(self.entity, self.row_id(key), {})
        values = record.values
        currency = texts[self._currency_at].strip() if self._currency_at >= 0 else ""
        for (name, target, parse), text in zip(self._steps, texts, strict=True):
            try:
                if not text or text.isspace():
                    value = target.default
                elif target.kind is Kind.REF:
                    row_id = self._id(target.to, text.strip(), name)
                    record.references.append(Reference(name, text.strip(), target, row_id))
                    value = row_id
                elif target.kind is Kind.AMOUNT:
                    value = parse_money(target, text, currency or self._currency)
                else:
                    value = parse(text)
                values[target.name] = checked(self.entity, target, value)
            except CellError as error:
                error.column, error.value = name, shortened(text)
                raise
        if doubtful:
            record.doubtful = frozenset(self._steps[at][1].name for at in doubtful)
        if self._erp_ref and not key.startswith(EXISTING_PREFIX):
            values["erp_ref"] = key[: self.entity.fields["erp_ref"].maximum]
        return record

    def _parser(self, target: Field) -> Callable[[str], Value]:
        parse = PARSERS.get(target.kind)
        return (lambda text: text) if parse is None else (lambda text: parse(target, text))

    def _id(self, entity: str, key: str, column: str) -> RowId:
        if not key:
            raise CellError(
                "The row has no key.", "Give every row the key it has in the other system.", column=column
            )
        if len(key) > LONGEST_KEY:
            problem = f"The key is {len(key):,} characters long; at most {LONGEST_KEY} are kept."
            raise CellError(
                problem, "Use the short key of the other system.", column=column, value=shortened(key)
            )
        try:
            return external_id(self._source, entity, key)
        except ValueError as error:
            what = "Write id: and the record's id, or the key it has in the other system."
            raise CellError(str(error), what, column=column, value=shortened(key)) from error


_WHAT_TO_DO = {
    Code.REQUIRED: "Fill the cell.",
    Code.INVALID_VALUE: "Correct the cell.",
}


def checked(entity: Entity, target: Field, value: Value, *, column: str = "") -> Value:
    """The value when the field may hold it.

    Raises:
        CellError: saying why not.
    """
    try:
        return check_value(entity, target, value)
    except KnownError as error:
        raise CellError(
            error.sentence, _WHAT_TO_DO.get(error.code, "Correct the cell."), column=column
        ) from error
