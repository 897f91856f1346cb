"""What a write transaction has read and staged so far, in memory: rows, their images, and the way back to a mark.

Owns the rule that a row's scope and its fixed fields never change, but by a merge. Must not write to the database: that
is the business of `flush.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import compress
from operator import ne
from typing import Any

import msgspec

from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value, plain_values
from fieldrep.contract.scope import scope_key
from sync_server.store.reading import Reader
from sync_server.store.session import Session
from sync_server.store.sql_text import compose
from sync_server.store.statements import ENTITY_TABLES, EntityTable, Row, entity_table


class Image(msgspec.Struct):
    """A row as the store has it before this transaction, with the hash it counts by in its digest.

    Attributes:
        stored: all of it as the database gave it, in the order of the table's columns.
        run: who wrote it last, in the stored form of `runs.py`.
        place: by which the database finds it again.
    """

    row: Row
    row_hash: int
    key: bytes
    stored: tuple[Any, ...]
    run: bytes | None
    place: int | bytes


class Staged(msgspec.Struct):
    """A row as it shall be, never altered once staged.

    Attributes:
        differing: the columns whose values differ from the stored row, in order; of a new row those that hold one.
    """

    row: Row
    key: bytes
    differing: tuple[str, ...]


class Move(msgspec.Struct):
    """What became of a row: as it was (None for a new one), as it is, and the columns that differ."""

    entity: str
    before: Row | None
    after: Row
    differing: tuple[str, ...]


class Workspace(Reader):
    """Rows seen through what is staged. Nothing reaches the database before the flush."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.images: dict[str, dict[bytes, Image | None]] = {}
        self.staged: dict[str, dict[bytes, Staged]] = {}
        self.fresh_ids: set[bytes] = set()
        self.moved: dict[str, set[bytes]] = {}
        self.carried: set[bytes] = set()
        self._journal: list[tuple[str, bytes, Staged | None]] = []
        self._children: dict[tuple[str, str, Value], list[bytes]] = {}
        self._gathered: dict[tuple[str, str, Value], list[Row]] = {}
        self._imported: dict[bytes, bytes | None] = {}

    def preload(self, entity: str | Entity, ids: Iterable[bytes]) -> None:
        """Reads rows that will be asked for in one go; those there are none of are remembered as such."""
        self.preload_all({_name(entity): ids})

    def preload_all(self, rows: Mapping[str, Iterable[bytes]]) -> None:
        """As `preload`, for rows of several entities."""
        asked = []
        for name, ids in rows.items():
            table = entity_table(name)
            images = self.images.setdefault(table.name, {})
            wanted = [row_id for row_id in dict.fromkeys(ids) if row_id not in images]
            images.update(dict.fromkeys(wanted))
            sql = table.placed(self.session.dialect.place) + " WHERE id IN :members"
            asked.append((table, images, self.session.chosen(sql, wanted)))
        for table, images, found in asked:
            for stored in found:
                *_, key, row_hash, run, place = stored
                images[stored[0]] = Image(table.row(stored), row_hash, key, stored, run, place)

    def row(self, entity: str | Entity, row_id: bytes) -> Row | None:
        """A row as staged, else as stored; change a copy and stage it."""
        found = self.seen(entity, row_id)
        return None if found is None else found.copy()

    def seen(self, entity: str | Entity, row_id: bytes) -> Row | None:
        """The same to look at alone, since others look at it too; `amend` gives it other values."""
        name = _name(entity)
        staged = self.staged.get(name)
        if staged is not None and (entry := staged.get(row_id)) is not None:
            return entry.row
        known = self.images.get(name)
        image = known[row_id] if known is not None and row_id in known else self.image(entity, row_id)
        return None if image is None else image.row

    def image(self, entity: str | Entity, row_id: bytes) -> Image | None:
        """A row as the store had it before this transaction."""
        known = self.images.get(_name(entity))
        if known is not None and row_id in known:
            return known[row_id]
        images = self.images.setdefault(entity_table(entity).name, {})
        if row_id in self.fresh_ids:
            images[row_id] = None
        else:
            self.preload(entity, (row_id,))
        return images[row_id]

    def find(self, entity: str | Entity, field: str, value: Value) -> list[Row]:
        """The rows with that value in that field, staged ones included, by id."""
        table = entity_table(entity)
        staged = self.staged.get(table.name, {})
        found = {}
        gathered = self._gathered.get((table.name, field, value))
        for row in super().find(entity, field, value) if gathered is None else gathered:
            row_id = row["id"]
            assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
            if row_id not in staged:
                found[row_id] = row.copy()
        names = (
            self._children.get((table.name, field, value), ()) if field in table.parents else tuple(staged)
        )
        for row_id in names:
            entry = staged.get(row_id)
            if entry is not None and entry.row[field] == value:
                found[row_id] = dict(entry.row)
        return [found[row_id] for row_id in sorted(found)]

    def gather(self, entity: str | Entity, field: str, value: bytes) -> None:
        """Reads for `find` in one go what has this value in a field, an id, or that of another row read so far."""
        table = entity_table(entity)
        if (table.name, field, value) in self._gathered:
            return
        wanted = [v for v in self.ids_at_hand() if (table.name, field, v) not in self._gathered]
        self._gathered.update({(table.name, field, one): [] for one in (value, *wanted)})
        sql = table.select + compose(" WHERE {column} IN :members ORDER BY id", column=field)
        for stored in self.session.chosen(sql, list(dict.fromkeys((value, *wanted)))):
            row = table.row(stored)
            self._gathered[table.name, field, row[field]].append(row)

    def import_image(self, row_id: bytes) -> bytes | None:
        """What an import last said of a row; whoever asks for one may ask for any other read so far."""
        if row_id not in self._imported:
            ids = [one for one in (row_id, *self.ids_at_hand()) if one not in self._imported]
            self._imported |= {**dict.fromkeys(ids), **self.import_images(ids)}
        return self._imported[row_id]

    def import_images(self, ids: Iterable[bytes]) -> dict[bytes, bytes]:
        """What an import last said of rows."""
        sql = "SELECT row_id, image FROM import_image WHERE row_id IN :members"
        return {row_id: bytes(image) for row_id, image in self.session.chosen(sql, list(dict.fromkeys(ids)))}

    def ids_at_hand(self) -> list[bytes]:
        """The ids of all rows read so far, of whichever kind."""
        return [row_id for images in self.images.values() for row_id, image in images.items() if image]

    def children(self, entity: str | Entity, field: str, value: Value) -> list[Row]:
        """The rows whose parent is `value`, such as the lines of an order, staged ones included."""
        return self.find(entity, field, value)

    def stage(self, entity: str | Entity, row: Row) -> None:
        """Takes a whole row as it shall be; whether it is new follows from the store.

        Raises:
            ValueError, KeyError: when a column is missing or of another type, or a field changed that never may.
        """
        table = entity_table(entity)
        values = table.values(row)
        row_id = values[0]
        if not plain_values(values) or not isinstance(row_id, bytes):
            raise ValueError(f"a {table.name} row holds a value of no plain type")
        image, kept = self.image(table.entity, row_id), row.copy()
        if image is None:
            held = tuple(compress(table.row_names, (value is not None for value in values)))
            kept["created_revision"] = row["revision"]
            self._take(table, row_id, Staged(kept, scope_key(table.entity, row), held))
        else:
            # `stored` goes on behind the row's own columns
            differing = tuple(compress(table.row_names, map(ne, values, image.stored)))
            kept["created_revision"] = image.row["created_revision"]
            self._take_changed(table, row_id, image, kept, differing)

    def amend(self, entity: Entity, row_id: bytes, values: Mapping[str, Value]) -> None:
        """Takes a row that is there with other values in a few of its columns; no other column is looked at.

        Raises:
            ValueError, KeyError: as `stage`.
        """
        table, image = entity_table(entity), self.image(entity, row_id)
        before = self.seen(entity, row_id)
        if image is None or before is None:
            self.stage(entity, {**(before or {}), **values})
            return
        if not plain_values(values.values()):
            raise ValueError(f"a {table.name} row holds a value of no plain type")
        row, stored = {**before, **values}, image.row
        earlier = self.staged.get(table.name, {}).get(row_id)
        names = values if earlier is None else dict.fromkeys((*earlier.differing, *values))
        differing = [name for name in names if row[name] != stored[name]]
        differing.sort(key=table.order.__getitem__)
        self._take_changed(table, row_id, image, row, tuple(differing))

    def _take_changed(
        self, table: EntityTable, row_id: bytes, image: Image, row: Row, differing: tuple[str, ...]
    ) -> None:
        if not table.fixed.isdisjoint(differing) and row_id not in self.moved.get(table.name, ()):
            name = next(name for name in differing if name in table.fixed)
            raise ValueError(f"{table.name}.{name} never changes once the row is made")
        stays = table.deciding_key.isdisjoint(differing)
        key = image.key if stays else scope_key(table.entity, row)
        self._take(table, row_id, Staged(row, key, differing))

    def _take(self, table: EntityTable, row_id: bytes, entry: Staged) -> None:
        rows = self.staged.setdefault(table.name, {})
        self._journal.append((table.name, row_id, rows.get(row_id)))
        rows[row_id] = entry
        self.carried.discard(row_id)
        for name in table.parents:
            if (parent := entry.row[name]) is not None:
                self._children.setdefault((table.name, name, parent), []).append(row_id)

    def reparent(self, entity: str | Entity, row: Row) -> None:
        """Stages a row that a merge, or the undoing of one, gives another parent: the one way to another scope key."""
        row_id = row["id"]
        assert isinstance(row_id, bytes)  # noqa: S101 - checked when staged
        self.moved.setdefault(entity_table(entity).name, set()).add(row_id)
        self.stage(entity, row)
        self.carried.add(row_id)

    def merged_into(self, entity: str, row_id: bytes) -> Value:
        """The record that a merged account or contact became part of, None for one that stands for itself."""
        staged = self.staged.get(entity, {}).get(row_id)
        if staged is not None:
            return staged.row["merged_into_id"]
        image = self.image(entity, row_id)
        return image.row["merged_into_id"] if image is not None else None

    def staged_rows(self, entity: str) -> Iterator[tuple[Row, Image | None]]:
        """The staged rows of an entity, each with what the store had before."""
        images = self.images.get(entity, {})
        for row_id, entry in self.staged.get(entity, {}).items():
            yield entry.row, images[row_id]

    def written(self, entity: str) -> Iterator[tuple[bytes, tuple[str, ...], bool]]:
        """Of each staged row its id, the columns that differ from the stored row, and whether it is new."""
        images = self.images.get(entity, {})
        for row_id, entry in self.staged.get(entity, {}).items():
            yield row_id, entry.differing, images[row_id] is None

    def keys_at_hand(self) -> Iterator[bytes]:
        """The scope keys of all rows read so far, each once."""
        seen: set[bytes] = set()
        for images in self.images.values():
            seen.update(image.key for image in images.values() if image is not None)
        yield from seen

    def position(self) -> int:
        """How much is staged, for `rewind`."""
        return len(self._journal)

    def moves_since(self, position: int) -> list[Move]:
        """What was staged since, each row once."""
        since = self._journal[position:]
        if len(since) > 1:
            first: dict[tuple[str, bytes], Staged | None] = {}
            for entity, row_id, before in since:
                first.setdefault((entity, row_id), before)
            since = [(*of, before) for of, before in first.items()]
        return [self._move(*one) for one in since]

    def _move(self, entity: str, row_id: bytes, before: Staged | None) -> Move:
        now = self.staged[entity][row_id]
        if before is not None:
            return Move(entity, before.row, now.row, ENTITY_TABLES[entity].differing(before.row, now.row))
        image = self.images[entity][row_id]
        return Move(entity, image.row if image else None, now.row, now.differing)

    def rewind(self, position: int) -> None:
        """Takes back what was staged since."""
        while len(self._journal) > position:
            entity, row_id, before = self._journal.pop()
            self.carried.discard(row_id)
            if before is None:
                del self.staged[entity][row_id]
            else:
                self.staged[entity][row_id] = before


def _name(entity: str | Entity) -> str:
    return entity if isinstance(entity, str) else entity.name
