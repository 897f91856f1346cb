"""What a write transaction has read and staged so far, in memory: rows, their images, and the way back to a mark.

Owns the rule that a row's scope and its fixed fields never change, but by a merge. Must not write to the database: that
is the business of `flush.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value, plain_values
from fieldrep.contract.scope import scope_key
from sync_server.store.reading import Reader
from sync_server.store.session import Session
from sync_server.store.statements import EntityTable, Row, entity_table


@dataclass(slots=True)
class Image:
    """A row as the store has it before this transaction, with the hash it counts by in its digest."""

    row: Row
    row_hash: int


@dataclass(frozen=True, slots=True)
class Staged:
    """A row as it shall be."""

    row: Row
    key: bytes


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

    def preload(self, entity: str | Entity, ids: Iterable[bytes]) -> None:
        """Reads rows that will be asked for in one go; those there are none of are remembered as such."""
        table = entity_table(entity)
        images = self.images.setdefault(table.name, {})
        wanted = [row_id for row_id in dict.fromkeys(ids) if row_id not in images]
        images.update(dict.fromkeys(wanted))
        if wanted:
            for stored in self.session.chosen(table.select + " WHERE id IN :members", wanted):
                images[stored[0]] = Image(table.row(stored), stored[-1])

    def row(self, entity: str | Entity, row_id: bytes) -> Row | None:
        """A row as staged, else as stored; change a copy and stage it."""
        staged = self.staged.get(entity_table(entity).name, {}).get(row_id)
        if staged is not None:
            return dict(staged.row)
        image = self.image(entity, row_id)
        return None if image is None else dict(image.row)

    def image(self, entity: str | Entity, row_id: bytes) -> Image | None:
        """A row as the store had it before this transaction."""
        images = self.images.setdefault(entity_table(entity).name, {})
        if row_id not in images:
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
        for row in super().find(entity, field, value):
            row_id = row["id"]
            assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
            if row_id not in staged:
                found[row_id] = row
        names = (
            self._children.get((table.name, field, value), ()) if field in table.parents else tuple(staged)
        )
        for row_id in names:
            entry = staged.get(row_id)
            if entry is not None and entry.row[field] == value:
                found[row_id] = dict(entry.row)
        return [found[row_id] for row_id in sorted(found)]

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
        image = self.image(entity, row_id)
        entry = Staged(dict(row), scope_key(table.entity, row))
        if image is not None and row_id not in self.moved.get(table.name, ()):
            self._check_fixed(table, entry.row, image.row)
        entry.row["created_revision"] = image.row["created_revision"] if image else row["revision"]
        rows = self.staged.setdefault(table.name, {})
        self._journal.append((table.name, row_id, rows.get(row_id)))
        rows[row_id] = entry
        self.carried.discard(row_id)
        for name in table.parents:
            if row[name] is not None:
                self._children.setdefault((table.name, name, row[name]), []).append(row_id)

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

    @staticmethod
    def _check_fixed(table: EntityTable, row: Row, image: Row) -> None:
        if table.kept(row) != table.kept(image):
            name = next(name for name in table.fixed if row[name] != image[name])
            raise ValueError(f"{table.entity.name}.{name} never changes once the row is made")

    def staged_rows(self, entity: str) -> Iterator[tuple[Row, Image | None]]:
        """The staged rows of an entity, each with what the store had before."""
        images = self.images.get(entity, {})
        for row_id, entry in self.staged.get(entity, {}).items():
            yield entry.row, images[row_id]

    def ids_at_hand(self) -> Iterator[bytes]:
        """The ids of all rows read so far."""
        for images in self.images.values():
            yield from (row_id for row_id, image in images.items() if image is not None)

    def keys_at_hand(self) -> Iterator[bytes]:
        """The scope keys of all rows read so far, each once."""
        seen: set[bytes] = set()
        for entity, images in self.images.items():
            declared = entity_table(entity).entity
            seen.update(scope_key(declared, image.row) for image in images.values() if image is not None)
        yield from seen

    def position(self) -> int:
        """How much is staged, for `rewind`."""
        return len(self._journal)

    def moves_since(self, position: int) -> Iterator[tuple[str, Row | None, Row]]:
        """What was staged since: the entity, the row before (None for a new one) and as it is now."""
        first: dict[tuple[str, bytes], Staged | None] = {}
        for entity, row_id, before in self._journal[position:]:
            first.setdefault((entity, row_id), before)
        for (entity, row_id), before in first.items():
            image = self.images[entity][row_id]
            yield (
                entity,
                before.row if before else image.row if image else None,
                self.staged[entity][row_id].row,
            )

    def rewind(self, position: int) -> None:
        """Takes back what was staged since."""
        while len(self._journal) > position:
            entity, row_id, before = self._journal.pop()
            self.carried.discard(row_id)
            if before is None:
                del self.staged[entity][row_id]
            else:
                self.staged[entity][row_id] = before
