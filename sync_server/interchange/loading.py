"""Loading: records settled with the rows of the central store, in transactions of bounded size.

Owns what becomes of a record: created, updated, unchanged or rejected, with its references, its derived fields and
its import image. Every row goes through the store's write transaction. Must not know where records come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Self

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.scope import scope_fields, scope_key
from fieldrep.domain.merging import MERGING
from sync_server.interchange.columns import column_name, file_name
from sync_server.interchange.derived import Derivation, derivation_of
from sync_server.interchange.images import decode, encode, image_of, joined
from sync_server.interchange.keys import KeySet
from sync_server.interchange.records import Record, Reference, checked
from sync_server.interchange.rejects import CellError, OnReject, Reject, shortened
from sync_server.reconcile.duplicates import look_for_duplicates
from sync_server.reconcile.merge_plan import merged_records
from sync_server.store.audit import Actor
from sync_server.store.database import Database
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

ACTOR = Actor("fieldrep-server import")

CHUNK = 1_000
"""Records settled together: their rows and references are read in one go."""

TRANSACTION = 10_000
"""Records settled before a transaction is committed; a smaller import is visible whole or not at all."""

MOST_WAITING = 20_000
"""Records that may stand before the record of their own entity they refer to."""


@dataclass(slots=True)
class Count:
    """What became of the records of one entity."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


class Abandon(Exception):
    """Ends the transaction of a dry run, so that nothing of it stays."""


@dataclass(slots=True)
class _Seen:
    """The ids of one entity met in this run: all, those rejected, and those not settled yet."""

    ids: KeySet = field(default_factory=KeySet)
    rejected: KeySet = field(default_factory=KeySet)
    waiting: set[bytes] = field(default_factory=set)

    def has(self, row_id: bytes) -> bool:
        return row_id in self.ids and row_id not in self.rejected and row_id not in self.waiting


class Loader:
    """Takes records entity by entity, parents first, and settles them with the store.

    Used as a context; leaving it without an error commits what is open, with one it rolls that back.

    Attributes:
        counts: per entity what became of its records.

    Args:
        transaction: records settled before a transaction is committed.
        remember: whether import images are kept, so that a later run knows what its source changed.
        source: the name of the import, by which people are told where a value came from.
    """

    def __init__(
        self,
        database: Database,
        reject: OnReject,
        *,
        dry_run: bool = False,
        transaction: int = TRANSACTION,
        remember: bool = True,
        source: str = "",
    ) -> None:
        self.counts: dict[str, Count] = {}
        self._database = database
        self._reject = reject
        self._dry_run = dry_run
        self._limit = transaction
        self._remember = remember
        self._source = source
        self._seen: dict[str, _Seen] = {}
        self._open: AbstractContextManager[WriteTransaction] | None = None
        self._tx: WriteTransaction | None = None
        self._staged = 0
        self._looked_at = 0
        self._merged: dict[bytes, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._end()
        elif self._open is not None:
            opened, self._open, self._tx = self._open, None, None
            opened.__exit__(kind, error, trace)

    def first_time(self, entity: Entity, row_id: RowId) -> bool:
        """Whether the id was not met before in this run; from now on it was, and waits to be settled."""
        seen = self._seen_of(entity)
        if not seen.ids.add(row_id):
            return False
        seen.waiting.add(row_id)
        return True

    def refuse(self, entity: Entity, reject: Reject, row_id: RowId | None = None) -> None:
        """Counts a record as rejected; what refers to it will be rejected for that."""
        self.count(entity).rejected += 1
        if row_id is not None:
            seen = self._seen_of(entity)
            seen.rejected.add(row_id)
            seen.waiting.discard(row_id)
        self._reject(reject)

    def count(self, entity: Entity) -> Count:
        """The counts of an entity."""
        return self.counts.setdefault(entity.name, Count())

    def load(self, entity: Entity, records: Iterable[Record]) -> None:
        """Settles the records of one entity from one source; every one of them was met by `first_time`."""
        waiting: dict[bytes, list[Record]] = {}
        for chunk in _chunks(records):
            ready = chunk
            while ready:
                settled = self._settle(entity, ready, waiting)
                ready = [record for row_id in settled for record in waiting.pop(row_id, ())]
            if sum(map(len, waiting.values())) > MOST_WAITING:
                self._give_up(waiting)
        self._give_up(waiting)

    def _settle(
        self, entity: Entity, chunk: Sequence[Record], waiting: dict[bytes, list[Record]]
    ) -> list[RowId]:
        """Settles a chunk, but for the records that wait for one of their own entity; gives the settled ids."""
        tx = self._transaction()
        derivation = derivation_of(entity, tx)
        self._preload(tx, chunk, derivation)
        images = tx.import_images([record.row_id for record in chunk]) if self._remember else {}
        seen = self._seen_of(entity)
        settled: list[RowId] = []
        for record in chunk:
            missing = self._missing(tx, record)
            if (
                missing is not None
                and missing.field.to == entity.name
                and missing.row_id not in seen.rejected
            ):
                waiting.setdefault(missing.row_id, []).append(record)
                continue
            settled.append(record.row_id)
            try:
                if missing is not None:
                    raise self._not_there(missing)
                self._take(tx, record, images.get(record.row_id), derivation)
                seen.waiting.discard(record.row_id)
            except CellError as error:
                self._refuse_record(record, error)
        self._staged += derivation.finish()
        self._looked_at += len(chunk)
        if self._looked_at >= self._limit:
            self._end()
        return settled

    def _preload(self, tx: WriteTransaction, chunk: Sequence[Record], how: Derivation) -> None:
        wanted: dict[str, set[bytes]] = {how.entity.name: {record.row_id for record in chunk}}
        for record in chunk:
            for reference in record.references:
                target = reference.field.to
                known = self._seen_of(CATALOGUE[target]).has(reference.row_id)
                if not known or reference.field.name in how.reads:
                    wanted.setdefault(target, set()).add(reference.row_id)
        for name, ids in wanted.items():
            tx.preload(name, ids)

    def _missing(self, tx: WriteTransaction, record: Record) -> Reference | None:
        for reference in record.references:
            target = CATALOGUE[reference.field.to]
            if (
                not self._seen_of(target).has(reference.row_id)
                and tx.row(target.name, reference.row_id) is None
            ):
                return reference
        return None

    def _take(self, tx: WriteTransaction, record: Record, stored: bytes | None, how: Derivation) -> None:
        """Creates or updates the row of a record, or finds that nothing is to do."""
        entity, count = record.entity, self.count(record.entity)
        present = tx.row(entity.name, record.row_id)
        self._follow_merges(record)
        earlier = decode(stored) if stored else {}
        image = image_of(record.certain(), self._source) if self._remember else {}
        if present is None:
            row: Row = {column.name: column.default for column in entity.columns}
            row.update(record.values)
            row.update(id=record.row_id, created_at=tx.now, created_by=None)
        else:
            row = dict(present)
            row.update(
                (n, value)
                for n, value in record.certain().items()
                if n not in image or earlier.get(n) != image[n]
            )
        if not how.complete(row, present):
            count.created += 1
            return
        _check_whole(entity, row, present, record.values)
        if earlier != (image := joined(earlier, image)):
            tx.keep_import_image(record.row_id, encode(image))
        if row == present:
            count.unchanged += 1
            return
        row.update(revision=tx.new_revision(), changed_at=tx.now, changed_by=None)
        tx.stage(entity.name, row)
        self._staged += 1
        if present is None:
            count.created += 1
        else:
            count.updated += 1

    def _follow_merges(self, record: Record) -> None:
        """What belongs to a merged account or contact in its source belongs to the survivor here.

        What the source says of the merged record itself stays with that one: the survivor is a person's choice.
        """
        if not self._merged:
            return
        for reference in record.references:
            survivor = self._merged.get(reference.row_id)
            if survivor is not None and reference.field.to in MERGING:
                record.values[reference.field.name] = None if survivor == record.row_id else survivor

    def _not_there(self, missing: Reference) -> CellError:
        """Why a reference cannot be followed, and what to do about it."""
        entity = CATALOGUE[missing.field.to]
        title, seen = entity.title.lower(), self._seen_of(entity)
        if missing.row_id in seen.rejected:
            problem = f"The {title} with this key was not taken itself."
            what = "Repair that record first; it has a line of its own among the rejects."
        elif missing.row_id in seen.waiting:
            problem = f"This {title} and others refer to each other in a circle, or stand too far before it."
            what = "Let one of them refer to nothing, and put records before those that refer to them."
        else:
            problem = f"There is no {title} with this key, neither in the files nor in the central store."
            what = f"Add the {title}, or correct the key."
        return CellError(problem, what, column=missing.column, value=shortened(missing.key))

    def _refuse_record(self, record: Record, error: CellError) -> None:
        origin = record.origin
        where = (origin.file, origin.row) if origin else (file_name(record.entity), 0)
        column = origin.columns.get(error.column, error.column) if origin else error.column
        reject = Reject(*where, column, error.value, error.problem, error.what_to_do)
        self.refuse(record.entity, reject, record.row_id)

    def _give_up(self, waiting: dict[bytes, list[Record]]) -> None:
        """Rejects the records whose references never came."""
        if not waiting:
            return
        tx = self._transaction()
        missing = [(record, self._missing(tx, record)) for records in waiting.values() for record in records]
        errors = [(record, self._not_there(reference)) for record, reference in missing if reference]
        for record, error in errors:
            self._refuse_record(record, error)
        waiting.clear()

    def _transaction(self) -> WriteTransaction:
        if self._tx is None:
            self._open = self._database.write(ACTOR)
            self._tx = self._open.__enter__()
            self._staged = self._looked_at = 0
            self._merged = merged_records(self._tx)
        return self._tx

    def _end(self) -> None:
        if self._open is None:
            return
        opened, tx, self._open, self._tx = self._open, self._tx, None, None
        if not self._dry_run:
            if tx is not None and self._staged:
                tx.audit("import", detail=f"{self._staged} records")
                look_for_duplicates(tx)
            opened.__exit__(None, None, None)
            return
        abandon = Abandon()
        try:
            opened.__exit__(Abandon, abandon, None)
        except Abandon:
            return

    def _seen_of(self, entity: Entity) -> _Seen:
        seen = self._seen.get(entity.name)
        if seen is None:
            seen = self._seen[entity.name] = _Seen()
        return seen


def _check_whole(entity: Entity, row: Row, present: Row | None, given: Mapping[str, Value]) -> None:
    """Required fields of a new row, fixed fields of one that is there, and somebody to hold it.

    What the record gives has been checked when it was built.
    """
    for name, target in entity.fields.items():
        if present is None:
            if target.required and name not in given:
                checked(entity, target, row[name], column=column_name(target))
        elif target.fixed and row[name] != present[name]:
            problem = f"{target.title} is given when the {entity.title.lower()} is made and cannot change."
            raise CellError(problem, "Use another key for another record.", column=column_name(target))
    try:
        scope_key(entity, row)
    except ValueError:
        names = " or ".join(column_name(entity.field(name)) for name in scope_fields(entity))
        problem = f"The {entity.title.lower()} belongs to nobody."
        raise CellError(problem, f"Fill {names}.", column=names) from None


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    source = iter(records)
    while chunk := list(islice(source, CHUNK)):
        yield chunk
