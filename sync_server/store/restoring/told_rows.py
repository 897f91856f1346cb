"""Rows that laptops told of after a restore: what each is called, and whether the office has entered it anew.

A record of the office entered anew has another id than before, so it is known by what people know it by. Owns that
likeness and those names. Must not know who told of a row, nor whether it is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Kind, Value
from sync_server.store.reading import Reader
from sync_server.store.statements import Row

_decode = msgspec.msgpack.Decoder(dict[str, object]).decode
_KEYS = {"user": "login", "territory": "code"}
_PARTS = ("user_id", "territory_id")

Values = Mapping[str, object]


class ToldRows:
    """What laptops held of the rows they told of since the last restore, beside the store as it is."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        sql = "SELECT entity, row_id, label, held FROM row_after_backup WHERE epoch = (SELECT epoch FROM store_info)"
        found = reader.rows(sql)
        self._labels = {bytes(row_id): str(label) for _, row_id, label, _ in found}
        self._held: dict[tuple[str, bytes], Values] = {
            (str(entity), bytes(row_id)): _decode(held) for entity, row_id, _, held in found
        }
        (self._restored,) = reader.rows(
            "SELECT revision FROM restoration WHERE epoch = (SELECT epoch FROM store_info)"
        )[0]

    def values(self, entity: str, row_id: bytes) -> Values:
        """What a laptop held of a row, nothing where it did not say."""
        return self._held.get((entity, row_id), {})

    def currency(self, entity: str, row_id: bytes) -> str:
        """That of the order or the account a row is of, "" where none is known."""
        owners = (("order_id", "sales_order"), ("account_id", "account"))
        row: Values = self._reader.row(entity, row_id) or self.values(entity, row_id)
        for name, owner in owners if entity in CATALOGUE else ():
            owner_id = row.get(name)
            if isinstance(owner_id, bytes):
                of = self._reader.row(owner, owner_id) or self.values(owner, owner_id)
                if found := of.get("currency"):
                    return str(found)
        return ""

    def name(self, row_id: bytes) -> str:
        """What a row told of is called, "" where no laptop said."""
        return self._labels.get(row_id, "")

    def called(self, entity: str, row_id: bytes, values: Values) -> str:
        """What a record is called that has no name of its own: by the records it is of, as an admin names them."""
        declared = CATALOGUE[entity]
        owners = [field for field in declared.fields.values() if field.parent and field.kind is Kind.REF]
        told = values or self.values(entity, row_id)
        words = [self._known_as(field.to, told.get(field.name)) for field in owners]
        return " in ".join(word for word in words if word)

    def entered_anew(self, entity: str, values: Values) -> bool:
        """Whether the office has entered since what a laptop held and the store has not."""
        if entity in _KEYS:
            return self._is_new(self._by_key(entity, values.get(_KEYS[entity])))
        if entity != "territory_assignment":
            return False
        user, territory = (
            self._present(kind, values.get(name))
            for kind, name in zip(("user", "territory"), _PARTS, strict=True)
        )
        if user is None or territory is None:
            return False
        return any(
            row["territory_id"] == territory["id"] and row["kind"] == values.get("kind") and self._is_new(row)
            for row in self._reader.find(entity, "user_id", user["id"])
        )

    def _known_as(self, entity: str, row_id: object) -> str:
        if not isinstance(row_id, bytes):
            return ""
        row: Values = self._reader.row(entity, row_id) or self.values(entity, row_id)
        names = (_KEYS[entity],) if row.get(_KEYS.get(entity, "")) else CATALOGUE[entity].label
        return " ".join(str(row[name]) for name in names if row.get(name)) or self.name(row_id)

    def _present(self, entity: str, row_id: object) -> Row | None:
        """The record of that id, or the one that stands for it now."""
        if not isinstance(row_id, bytes):
            return None
        told = self.values(entity, row_id)
        return self._reader.row(entity, row_id) or self._by_key(entity, told.get(_KEYS[entity]))

    def _by_key(self, entity: str, key: object) -> Row | None:
        value: Value = key if isinstance(key, str) and key else None
        found = self._reader.find(entity, _KEYS[entity], value) if value else []
        return next((row for row in found if not row["archived"]), None)

    def _is_new(self, row: Row | None) -> bool:
        revision = row["revision"] if row is not None and not row["archived"] else 0
        return isinstance(revision, int) and revision > self._restored
