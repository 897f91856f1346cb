"""Rows arriving in pages: the hot path of a first replica and of every delta, with driver tuples and few statements.

Owns the writing of whole pages into an entity's table and search table, and the running digest. A row with pending
edits gets its new base image only; `rows.py` shows it anew. Must not know outcomes, leaves or the cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import cast

from sqlcipher3 import dbapi2

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.digest import Digest, columns_hasher, row_hasher
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.page import Page, is_empty, is_shared, page_columns
from fieldrep.store import search
from fieldrep.store.engine import Connection
from fieldrep.store.incoming.foreseen import Rows
from fieldrep.store.outgoing.pending import Standing, encode_image
from fieldrep.store.statements import Statements, statements_of

LOOKUP = 500
"""Ids looked up by one statement."""

ROWS_AT_ONCE = 16
"""New rows put in by one statement: what they share is bound once for all of them; more at once gain nothing."""

hasher = cache(row_hasher)
hasher_of_columns = cache(columns_hasher)


Inserts = list[tuple[str, list[tuple[object, ...]]]]
"""Statements, each with the parameters of every time it is run."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A page made ready to be written: decoded, checked and hashed, which needs no replica.

    Attributes:
        columns: in the order of the entity's columns; one the page does not carry holds nothing.
        hashes: of the rows, from their own values.
        folds: whether any row has letters that search is told in place of its own.
        inserts: what puts them in as new rows, where that was made ready too.
    """

    texts: Statements
    ids: list[bytes]
    columns: list[list[Value]]
    hashes: list[int]
    folds: bool
    inserts: Inserts | None = None


def unpack(pages: Iterable[Page], *, as_new: bool = False) -> list[Unpacked]:
    """The pages made ready. A kind of record this version does not know is passed over.

    Args:
        as_new: their rows will be new here.

    Raises:
        KnownError: `damaged_message`, for a page that cannot be read.
    """
    return [unpacked for page in pages if (unpacked := _unpack(page, as_new)) is not None]


def _unpack(page: Page, as_new: bool) -> Unpacked | None:
    entity = CATALOGUE.get(page.entity)
    columns = dict(zip(page.fields, page_columns(page), strict=True))
    if entity is None or not page.count:
        return None
    if "id" not in columns or "revision" not in columns:
        raise KnownError(
            Code.DAMAGED_MESSAGE,
            f"The server sent {entity.plural.lower()} without their ids or revisions. Nothing was applied.",
        )
    texts = statements_of(entity)
    absent: list[Value] = [None] * page.count
    ordered = [columns.get(name, absent) for name in texts.columns]
    ids = cast(list[bytes], columns["id"])
    hashes = hasher_of_columns(entity)([ordered[place] for place in texts.hashed])
    folds = search.any_folds(columns[name] for name in texts.searched if name in columns)
    return Unpacked(texts, ids, ordered, hashes, folds, _inserts(texts, ordered, hashes) if as_new else None)


def _inserts(texts: Statements, columns: list[list[Value]], hashes: list[int]) -> Inserts:
    """What puts in rows that are all new, a few by each statement; they are numbered in their order.

    Binding a NULL costs as much as three numbers, and most columns of a page hold nothing at all.
    """
    filled = [place for place, column in enumerate(columns) if not is_empty(column)]
    shared = [place for place in filled if is_shared(columns[place])]
    own = [place for place in filled if place not in shared]
    width = 1 + len(own)
    laid: list[object] = [None] * (len(hashes) * width)
    laid[::width] = hashes
    for at, place in enumerate(own, 1):
        laid[at::width] = _bindable(columns[place])
    cells, same = tuple(laid), tuple(columns[place][0] for place in shared)
    shared_names, own_names = (tuple(texts.columns[place] for place in places) for places in (shared, own))
    found: Inserts = []
    begun, size = 0, ROWS_AT_ONCE
    while size:
        step = size * width
        end = len(cells) - (len(cells) - begun) % step
        rows = [same + cells[at : at + step] for at in range(begun, end, step)]
        if rows:
            found.append((texts.insert_some(shared_names, own_names, size), rows))
        begun, size = end, size // ROWS_AT_ONCE
    return found


@dataclass(slots=True)
class Arrivals:
    """The arriving rows of one reply, inside its transaction.

    Attributes:
        expect_new: a first replica is running, so a page is first tried as all new rows.
        pending: ids of rows with pending edits, by entity.
        digest: the replica's digest as it grows.
        foreseen: rows that are here, as they were before this reply, where that is known already; each is used once.
        with_new_base: rows with pending edits that got a new base image.
        seen: ids that arrived, by entity, of entities that have pending or released rows.
        pulled, entered: rows that arrived, and how many of them are new here.
    """

    connection: Connection
    expect_new: bool
    pending: dict[str, set[bytes]]
    digest: Digest
    foreseen: dict[str, Rows] = field(default_factory=dict)
    with_new_base: set[tuple[str, bytes]] = field(default_factory=set)
    pulled: int = 0
    entered: int = 0
    touched: set[str] = field(default_factory=set)
    _unsearched: list[tuple[Statements, int, int, bool]] = field(default_factory=list)

    def take(self, rows: Unpacked) -> list[bytes]:
        """Writes one page; gives the ids it brought."""
        texts, hashes, ordered, ids = rows.texts, rows.hashes, rows.columns, rows.ids
        name = texts.entity.name
        self.pulled += len(ids)
        self.touched.add(name)
        pending = self.pending.get(name)
        if pending is not None and not pending.isdisjoint(ids):
            whole = list(zip(hashes, *ordered, strict=True))
            kept = [row for row in whole if row[1] not in pending]
            for row in whole:
                if row[1] in pending:
                    self._take_base(texts, row)
            self._take_known(texts, kept)
        elif not (self.expect_new and self._take_new(rows)):
            self._take_known(texts, list(zip(hashes, *ordered, strict=True)))
        return ids

    def _take_new(self, rows: Unpacked) -> bool:
        """Inserts a page of rows that are all new here; False, and nothing done, when one is not."""
        texts, hashes = rows.texts, rows.hashes
        first, count = self._next_row_no(texts.entity), len(hashes)
        inserts = _inserts(texts, rows.columns, hashes) if rows.inserts is None else rows.inserts
        try:
            for text, parameters in inserts:
                self.connection.executemany(text, parameters)
        except dbapi2.IntegrityError:
            # Taken back by hand: a savepoint would make search write out what it has gathered, page by page.
            self.connection.execute(f"DELETE FROM {texts.entity.table} WHERE row_no >= ?", (first,))  # noqa: S608
            return False
        if texts.searched:
            self._unsearched.append((texts, first, first + count - 1, rows.folds))
        self._count(count, sum(hashes))
        self.entered += count
        return True

    def tell_search(self) -> None:
        """Puts the words of new rows into search."""
        for texts, first, last, folds in self._unsearched:
            search.index_stored(self.connection, texts, first, last, folds=folds)
        self._unsearched.clear()

    def _take_known(self, texts: Statements, rows: Sequence[tuple[Value, ...]]) -> None:
        """Inserts or updates rows by id, each with its hash in front."""
        self.tell_search()  # what a row said before is taken out of search, so it must be in there
        rows = list({row[1]: row for row in rows}.values())
        present = self._present(texts, [row[1] for row in rows])
        number = self._next_row_no(texts.entity)
        searched_at = [texts.columns.index(name) + 1 for name in texts.searched]
        inserts: list[tuple[Value, ...]] = []
        known: list[tuple[Value, ...]] = []
        knew: list[tuple[Value, ...]] = []
        before: list[tuple[Value, ...]] = []
        after: list[tuple[Value, ...]] = []
        for row in rows:
            was = present.get(row[1])
            if was is None:
                inserts.append((number, *row))
                after.append((number, *(row[place] for place in searched_at)))
                number += 1
                continue
            known.append(row)
            knew.append(was)
            if any(row[place] != was[place + 1] for place in searched_at):
                before.append((was[0], *(was[place + 1] for place in searched_at)))
                after.append((was[0], *(row[place] for place in searched_at)))
        self.connection.executemany(texts.insert, inserts)
        self._update(texts, known, knew)
        search.index_rows(self.connection, texts, before, after)
        counted = [int(was[1]) for was in knew if isinstance(was[1], int)]
        self._count(len(rows) - len(counted), sum(int(row[0] or 0) for row in rows) - sum(counted))
        self.entered += len(inserts)

    def _update(
        self, texts: Statements, known: list[tuple[Value, ...]], knew: list[tuple[Value, ...]]
    ) -> None:
        """Writes the columns in which any row differs: one that is written costs its index entries, changed or not."""
        if not known:
            return
        hashes, *ordered = zip(*known, strict=True)
        numbers, _, *before = zip(*knew, strict=True)
        changed = [place for place, (now, was) in enumerate(zip(ordered, before, strict=True)) if now != was]
        text = texts.replace_some(tuple(texts.columns[place] for place in changed))
        self.connection.executemany(
            text, zip(hashes, *(ordered[place] for place in changed), numbers, strict=True)
        )

    def _take_base(self, texts: Statements, row: tuple[Value, ...]) -> None:
        """Gives a row with pending edits its new base image; the row itself shows it later with the edits on top."""
        self.tell_search()
        row_hash, row_id = row[0], row[1]
        assert isinstance(row_hash, int)  # noqa: S101 - computed above
        assert isinstance(row_id, bytes)  # noqa: S101 - checked by the page's codec
        name = texts.entity.name
        self.connection.execute(
            "INSERT OR REPLACE INTO base_row (entity, row_id, standing, image) VALUES (?, ?, ?, ?)",
            (name, row_id, int(Standing.CURRENT), encode_image(texts.row(row[1:]))),
        )
        found = self.connection.execute(texts.select, (row_id,)).fetchone()
        if found is None:
            row_no = self.connection.execute(texts.insert, (None, *row)).lastrowid
            search.index_row(self.connection, texts, row_no, texts.row(row[1:]))
            self.entered += 1
        else:
            self.connection.execute(texts.update(("row_hash",)), (row_hash, found[0]))
        before = found[1] if found else None
        self._count(1 if before is None else 0, row_hash - (before or 0))
        self.with_new_base.add((name, row_id))

    def _present(self, texts: Statements, ids: Sequence[Value]) -> Rows:
        """Per id that is here: row_no, row_hash and all columns."""
        known = self.foreseen.get(texts.entity.name, {})
        found = {row_id: known.pop(row_id) for row_id in ids if row_id in known}
        ids = [row_id for row_id in ids if row_id not in found] if found else ids
        for start in range(0, len(ids), LOOKUP):
            some = ids[start : start + LOOKUP]
            for row in self.connection.execute(texts.lookup(len(some)), some):
                found[row[2]] = row
        return found

    def _next_row_no(self, entity: Entity) -> int:
        found = self.connection.execute(f"SELECT max(row_no) FROM {entity.table}").fetchone()  # noqa: S608
        return (found[0] or 0) + 1 if found else 1

    def _count(self, count: int, total: int) -> None:
        self.digest = self.digest.plus(count, total)


def _bindable(column: list[Value]) -> Iterable[object]:
    """The column as the driver binds it fastest: ids as bytearrays, which need no adapter."""
    return map(bytearray, column) if isinstance(column[0], bytes) and all(column) else column  # type: ignore[arg-type]


def hashes_of(texts: Statements, rows: Iterable[Sequence[Value]]) -> list[int]:
    """The hashes of rows in the order of `texts.columns`."""
    row_hash = hasher(texts.entity)
    return [row_hash([row[place] for place in texts.hashed]) for row in rows]
