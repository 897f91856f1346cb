"""The one way reconciling says no: raised anywhere while a change is judged, caught where its outcome is made."""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.contract.change import Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value


def row_id_of(row: Mapping[str, Value]) -> bytes:
    """The id of a row; a staged or stored row always has one."""
    row_id = row["id"]
    assert isinstance(row_id, bytes)  # noqa: S101 - the column is declared so
    return row_id


class Refusal(Exception):
    """A change is not taken; carries what the outcome will say. Never leaves `reconcile`."""

    def __init__(
        self, code: Code, sentence: str, entity: str = "", row_id: bytes = b"", field: str = ""
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.entity = entity
        self.row_id = row_id
        self.field = field

    @classmethod
    def of(cls, error: KnownError, entity: str, row_id: bytes) -> Refusal:
        """The refusal for a value that failed its check."""
        return cls(error.code, error.sentence, entity, row_id, error.field)

    def outcome(self, n: int) -> Refused:
        """What the device is told about change `n`."""
        return Refused(n, self.code, self.sentence, self.entity, self.row_id, self.field)
