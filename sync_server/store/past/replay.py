"""What a device held at an earlier moment: the records it was given, as they were, by what the store keeps of the past.

Three histories come together: where the device stood (`positions.py`), who held which scope key (the ledger) and what
rows said before they were changed (`history.py`). Where one of them does not reach back nothing is told. It must not
write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import merge
from operator import itemgetter

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.digest import Digest
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Reader as FieldReader
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import id_text
from fieldrep.contract.jsonform import canonical_line
from sync_server.store import history
from sync_server.store.devices.positions import Stand, stand_at
from sync_server.store.feed.statements import COST_ROLES
from sync_server.store.history import Former
from sync_server.store.reading import Reader
from sync_server.store.sql_text import compose
from sync_server.store.statements import ENTITY_TABLES, EntityTable, Row

_PAGE = 2_000
_HELD_THEN = (
    " WHERE id > ? AND created_revision <= ? AND EXISTS (SELECT 1 FROM scope_ledger AS l WHERE l.user_id = ? "
    "AND l.scope_key = {table}.scope_key AND l.gained_revision <= ? "
    "AND (l.lost_revision IS NULL OR l.lost_revision > ?)) ORDER BY id LIMIT ?"
)


def past_of(reader: Reader, device_id: bytes, moment: int) -> tuple[Stand, Past]:
    """Where a device stood at a moment, and the records it held by that.

    Raises:
        KnownError: `not_found` for the device, `not_kept` where the store cannot tell.
    """
    device = reader.row("device", device_id)
    if device is None:
        raise KnownError(
            Code.NOT_FOUND, "There is no such device. List them with fieldrep-server device list."
        )
    user_id, made_at = device["user_id"], device["created_at"]
    assert isinstance(user_id, bytes)  # noqa: S101 - every device has one
    assert isinstance(made_at, int)  # noqa: S101 - never empty
    if moment < made_at:
        raise KnownError(Code.NOT_KEPT, _not_yet(reader, device_id, made_at))
    floor, since = history.floor(reader)
    if moment < since:
        sentence = (
            f"What devices held is kept from {in_utc(since)} on. The rule “history” of "
            "fieldrep-server retention says how long."
        )
        raise KnownError(Code.NOT_KEPT, sentence)
    _require_same_lineage(reader, device_id, made_at, moment)
    stand = stand_at(reader, device_id, moment)
    if 0 < stand.revision < floor:
        when = f"on {in_utc(stand.since)}" if stand.since else "before it was enrolled as this one"
        sentence = (
            f"That device was last given records {when}. What it held is kept from "
            f"{in_utc(since)} on, and the records were others by then."
        )
        raise KnownError(Code.NOT_KEPT, sentence)
    return stand, Past(reader, user_id, stand.revision)


def _not_yet(reader: Reader, device_id: bytes, made_at: int) -> str:
    """What is said of a moment before a device was enrolled; the laptop may have been another device before."""
    sql = "SELECT former_id FROM device_former WHERE device_id = ?"
    former = reader.session.first(sql, (device_id,))
    rest = f"before, this laptop was the device {id_text(former[0])}." if former else "it held nothing then."
    return f"That device was enrolled on {in_utc(made_at)}: {rest}"


def _require_same_lineage(reader: Reader, device_id: bytes, made_at: int, moment: int) -> None:
    """What was done between a backup and its restore is not in this store, and a device had it until it came again."""
    for (at,) in reader.rows("SELECT at FROM restoration WHERE at > ? ORDER BY at", (made_at,)):
        found = reader.session.first("SELECT max(at) FROM audit_entry WHERE at < ?", (at,))
        came = reader.session.first(
            "SELECT min(at) FROM device_position WHERE device_id = ? AND at >= ?", (device_id, at)
        )
        begins = found[0] if found and found[0] is not None else 0
        if moment > begins and (came is None or came[0] is None or moment < came[0]):
            sentence = (
                f"The store was restored on {in_utc(at)} from a backup that ends on {in_utc(begins)}. What that "
                "device was given in between, and held until it came again, is not known here."
            )
            raise KnownError(Code.NOT_KEPT, sentence)


def in_utc(instant: int) -> str:
    """A moment as people read it."""
    return datetime.fromtimestamp(instant // 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


@dataclass(slots=True)
class Past:
    """The records a user held when the store stood at a revision.

    Attributes:
        digest: of the records told so far.
    """

    reader: Reader
    user_id: bytes
    revision: int
    digest: Digest = field(default_factory=Digest)

    def lines(self) -> Iterator[bytes]:
        """The records as lines of JSON, in the form and order of an export."""
        formers = history.formers(self.reader, self.revision)
        sees_cost = self._role(formers) in COST_ROLES
        for entity in ENTITIES:
            hidden = [] if sees_cost else [f.name for f in entity.columns if f.reader is FieldReader.COST]
            table = ENTITY_TABLES[entity.name]
            for row in self._rows(table, formers.get(entity.name, {})):
                self.digest = self.digest.plus(1, table.row_hash(table.hashed(row)))
                yield canonical_line(entity, row | dict.fromkeys(hidden))

    def _role(self, formers: Mapping[str, Mapping[bytes, Former]]) -> Value:
        user = self.reader.row("user", self.user_id)
        former = formers.get("user", {}).get(self.user_id)
        return (former.values if former else {}).get("role", user["role"] if user else None)

    def _rows(self, table: EntityTable, formers: Mapping[bytes, Former]) -> Iterator[Row]:
        """The rows of an entity held then, by id."""
        by_id = itemgetter("id")
        yield from merge(self._as_they_are(table, formers), self._as_they_were(table, formers), key=by_id)

    def _as_they_are(self, table: EntityTable, formers: Mapping[bytes, Former]) -> Iterator[Row]:
        """Those that nobody wrote since."""
        sql = table.select + compose(_HELD_THEN, table=table.entity.table)
        after = b""
        while True:
            asked = (after, self.revision, self.user_id, self.revision, self.revision, _PAGE)
            found = self.reader.rows(sql, asked)
            yield from (table.row(stored) for stored in found if stored[0] not in formers)
            if len(found) < _PAGE:
                return
            after = found[-1][0]

    def _as_they_were(self, table: EntityTable, formers: Mapping[bytes, Former]) -> Iterator[Row]:
        """Those that somebody wrote since, one that is purged now among them."""
        present = {}
        standing = [row_id for row_id, former in formers.items() if not former.purged]
        for stored in self.reader.session.chosen(table.select + " WHERE id IN :members", standing):
            present[stored[0]] = dict(zip(table.columns, stored, strict=True))
        keys: dict[object, bool] = {}
        for row_id in sorted(formers):
            row = {**present.get(row_id, {}), **formers[row_id].values}
            created, key = row.get("created_revision"), row.get("scope_key")
            if not isinstance(created, int) or created > self.revision or not isinstance(key, bytes):
                continue
            if key not in keys:
                keys[key] = self.reader.held_at(self.user_id, key, self.revision)
            if keys[key]:
                yield _known(table.entity, row)


def _known(entity: Entity, row: Row) -> Row:
    """The columns of the catalogue; one that came after the row was purged holds nothing."""
    return {name: row.get(name) for name in entity.column_names}
