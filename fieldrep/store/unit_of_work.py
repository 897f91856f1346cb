"""The one write path: a unit of work turns a command's creates and updates into rows, base rows and an outbox entry.

Owns what a person's change does to the replica; all of it commits or none (I4). Must not know any business rule: those
are in `domain` and `commands`. What the catalogue says about fields is checked here, for every command alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.change import Change, Edit, Refused
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import C, Field, Merge, Value, WireValue, Writer
from fieldrep.contract.ids import Clock, IdSource, RowId
from fieldrep.contract.values import check_row, check_value
from fieldrep.store import drafts, files, search_due
from fieldrep.store.engine import Connection
from fieldrep.store.moved import leaving_sentence
from fieldrep.store.outgoing import correcting, outbox
from fieldrep.store.outgoing.pending import Standing, encode_image, fresh_row, move_bases
from fieldrep.store.state import SyncState
from fieldrep.store.statements import Row, statements_of

MOST_EDITS = 5_000
"""Rows one change may touch; the server refuses more."""

FLOOR_OF_SERIES = ""
"""The series every other one begins behind; a repair writes it when it cannot tell which numbers were given."""

_STAMPS = ("changed_at", "changed_by")


@dataclass(slots=True)
class _Touched:
    """A row this unit of work touches: how it was, how it is, and the edit so far."""

    entity: Entity
    row_id: bytes
    row_no: int
    original: Row | None
    row: Row
    pending: bool = False
    before: dict[str, WireValue] = field(default_factory=dict)
    after: dict[str, WireValue] = field(default_factory=dict)

    @property
    def kind(self) -> Literal["create", "update"]:
        return "create" if self.original is None else "update"

    @property
    def does_something(self) -> bool:
        return self.original is None or bool(self.after)

    def edit(self) -> Edit:
        revision = self.row["revision"]
        assert isinstance(revision, int)  # noqa: S101 - the column is declared so
        return Edit(self.entity.name, self.row_id, self.kind, revision, self.before, self.after)


class _Stored(NamedTuple):
    """A row as it was before: its number, whether it has edits, the standing of its base row, and its values."""

    row_no: int
    pending: bool
    standing: int | None
    row: Row


class UnitOfWork:
    """One unit of work of a person; valid inside the `with` of `Replica.begin`.

    Attributes:
        now: the device's clock at its beginning, in ms.
        label: what it does, for people; a command may put the record's name there while it works.
        driver: the writing connection; for the store's own modules, queries use `rows`.
        change_n: the number of the change it became, set when it is committed; None when it changed nothing, or became
            part of a change that is being corrected.
        hold_back: set by a command whose change is not to be sent yet: why it was refused before.
    """

    def __init__(
        self, connection: Connection, state: SyncState, clock: Clock, ids: IdSource, command: str, label: str
    ) -> None:
        self.now = clock()
        self.change_n: int | None = None
        self.driver = connection
        self._state = state
        self._ids = ids
        self.command = command
        self.label = label
        self.hold_back: Refused | None = None
        self._touched: dict[tuple[str, bytes], _Touched] = {}
        self._read: dict[tuple[str, bytes], _Stored | None] = {}
        self._any_aside = True

    @property
    def user_id(self) -> RowId:
        """The user this replica belongs to."""
        return RowId(self._state.user_id)

    @property
    def touched(self) -> frozenset[str]:
        """The entities of which rows were changed so far."""
        return frozenset(row.entity.name for row in self._touched.values() if row.does_something)

    def row(self, entity_name: str, row_id: bytes) -> Row | None:
        """The row as it stands inside this unit of work."""
        entity = entity_named(entity_name)
        touched = self._touched.get((entity.name, row_id))
        if touched is not None:
            return dict(touched.row)
        stored = self._stored(entity, row_id)
        return None if stored is None else dict(stored.row)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query, with what this unit of work has written."""
        return self.driver.execute(sql, parameters).fetchall()

    def create(self, entity_name: str, values: Mapping[str, object], row_id: bytes | None = None) -> RowId:
        """Makes a row; fields that are not given have their defaults.

        Raises:
            KnownError: for a field that does not exist, may not be written here or holds an unfit value, and for a
                parent that is missing or read-only.
        """
        entity = entity_named(entity_name)
        made = RowId(row_id) if row_id is not None else self._ids.new()
        if self.row(entity_name, made) is not None:
            raise KnownError(Code.ALREADY_EXISTS, f"This {entity.title.lower()} exists already.")
        row = fresh_row(entity, made, self.now, self._state.user_id)
        for name, value in values.items():
            row[name] = check_value(entity, _writable(entity, name), value)
        check_row(entity, row)
        self._check_parents(entity, row)
        texts = statements_of(entity)
        row_no = self.driver.execute(texts.insert, (None, None, *row.values())).lastrowid
        touched = _Touched(entity, made, row_no, None, row)
        touched.after = {
            name: row[name]
            for name, described in entity.fields.items()
            if row[name] is not None
            and C in _allowed(described)
            # a default that nobody typed must not make an older server unable to take the rest
            and (name in values or described.since <= self._state.server_schema)
        }
        touched.after.update({name: row[name] for name in ("archived", "custom") if name in values})
        self._touched[entity.name, made] = touched
        return made

    def update(self, entity_name: str, row_id: bytes, values: Mapping[str, object]) -> bool:
        """Changes fields of a row; False when each already has its value.

        Raises:
            KnownError: `not_found`, `read_only`, or for a field as in `create`.
        """
        entity = entity_named(entity_name)
        touched = self._touch(entity, row_id)
        fresh: Row = {}
        for name, value in values.items():
            described = _writable(entity, name)
            checked = check_value(entity, described, value)
            if checked != touched.row[name]:
                _check_may_change(entity, described, touched.row[name])
                fresh[name] = checked
        if not fresh:
            return False
        self._write(touched, {**fresh, "changed_at": self.now, "changed_by": self._state.user_id})
        for name, value in fresh.items():
            if touched.original is None:
                touched.after[name] = value
            elif value == touched.original[name]:
                touched.before.pop(name, None)
                touched.after.pop(name, None)
            else:
                touched.before[name] = touched.original[name]
                touched.after[name] = value
        return True

    def archive(self, entity_name: str, row_id: bytes) -> bool:
        """Deletes a row as a person understands it; it stays in history and can be brought back."""
        return self.update(entity_name, row_id, {"archived": 1})

    def next_number(self, series: str) -> str:
        """The next number of a series, unique to this device: the granted prefix and a count."""
        self.driver.execute(
            "INSERT INTO number_series (series, last) "
            "VALUES (?1, 1 + coalesce((SELECT last FROM number_series WHERE series = ?2), 0)) "
            "ON CONFLICT (series) DO UPDATE SET last = last + 1",
            (series, FLOOR_OF_SERIES),
        )
        found = self.driver.execute("SELECT last FROM number_series WHERE series = ?", (series,)).fetchone()
        assert found is not None  # noqa: S101 - just written
        return f"{self._state.number_prefix}-{found[0]:06d}"

    def keep_draft(self, key: drafts.DraftKey, text: str) -> None:
        """Keeps what is typed into a form."""
        drafts.keep(self.driver, key, drafts.Draft(text, self.now))

    def drop_draft(self, key: drafts.DraftKey | None) -> None:
        """Forgets a draft, usually in the unit of work that saves its form; nothing for a command without one."""
        if key is not None:
            drafts.drop(self.driver, key)

    def keep_file(self, row_id: RowId, body: bytes) -> None:
        """Keeps the body of an attachment made in this unit of work; it goes up after its record."""
        files.keep(self.driver, row_id, body)

    def finish(self, n: int) -> None:
        """Writes base rows, what search is due and, as change `n`, the outbox entry; the caller then commits."""
        saved = [touched for touched in self._touched.values() if touched.does_something]
        for touched in self._touched.values():
            if touched.does_something:
                self._index(touched)
            else:
                self._put_stamps_back(touched)
        if not saved:
            return
        if len(saved) > MOST_EDITS:
            raise KnownError(
                Code.TOO_LARGE,
                f"This touches {len(saved):,} records at once; at most {MOST_EDITS:,} fit. Do it in parts.",
            )
        edits = tuple(touched.edit() for touched in saved)
        aside = correcting.touching(self.driver, edits) if self._any_aside else None
        base = self._keep_bases(saved, alone=aside is None)
        if aside is not None:
            correcting.add_to(self.driver, aside, edits)
            return
        outbox.put(
            self.driver, Change(n, self.now, self.command, edits), self._state.incarnation, self.label, base
        )
        self.change_n = n
        if n % search_due.MOST_DUE == 0:
            search_due.tell(self.driver)
        if self.hold_back is not None:
            correcting.put_aside(self.driver, n, self.hold_back)

    def _keep_bases(self, saved: Sequence[_Touched], *, alone: bool) -> bytes | None:
        """Keeps the images of rows that had no edits yet; that of a single one is given, to lie in its entry."""
        first = [touched for touched in saved if not touched.pending]
        if alone and len(saved) == 1 and saved[0].original is not None:
            return _image(saved[0].original) if first else None
        if not alone:
            move_bases(self.driver)  # the entry that grows will be about more than one row
        for touched in first:
            self.driver.execute(
                "INSERT OR IGNORE INTO base_row (entity, row_id, standing, image) VALUES (?, ?, ?, ?)",
                (touched.entity.name, touched.row_id, int(Standing.CURRENT), _image(touched.original)),
            )
        return None

    def _touch(self, entity: Entity, row_id: bytes) -> _Touched:
        touched = self._touched.get((entity.name, row_id))
        if touched is not None:
            return touched
        stored = self._stored(entity, row_id)
        if stored is None:
            raise KnownError(
                Code.NOT_FOUND,
                f"This {entity.title.lower()} is not on this device; it may have been moved to a colleague.",
            )
        self._check_standing(entity, row_id, stored)
        touched = _Touched(entity, row_id, stored.row_no, stored.row, dict(stored.row), stored.pending)
        self._touched[entity.name, row_id] = touched
        return touched

    def _stored(self, entity: Entity, row_id: bytes) -> _Stored | None:
        """A row as it was before this unit of work, read once: a command looks at it before it changes it."""
        key = entity.name, row_id
        if key not in self._read:
            texts = statements_of(entity)
            found = self.driver.execute(texts.select_for_edit, (row_id,)).fetchone()
            self._read[key] = (
                None if found is None else _Stored(found[0], bool(found[1]), found[2], texts.row(found[4:]))
            )
            if found is not None:
                self._any_aside = bool(found[3])
        return self._read[key]

    def _write(self, touched: _Touched, values: Row) -> None:
        text = statements_of(touched.entity).update(tuple(values))
        self.driver.execute(text, (*values.values(), touched.row_no))
        touched.row.update(values)

    def _put_stamps_back(self, touched: _Touched) -> None:
        if touched.original is not None and touched.row != touched.original:
            self._write(touched, {name: touched.original[name] for name in _STAMPS})

    def _index(self, touched: _Touched) -> None:
        texts = statements_of(touched.entity)
        search_due.note(self.driver, texts, touched.row_no, touched.row, touched.original)

    def _check_parents(self, entity: Entity, row: Row) -> None:
        for described in entity.fields.values():
            parent_id = row[described.name]
            if not described.parent or not isinstance(parent_id, bytes):
                continue
            parent = entity_named(described.to)
            if (parent.name, parent_id) in self._touched:
                continue
            stored = self._stored(parent, parent_id)
            if stored is None:
                sentence = f"{described.title}: this {parent.title.lower()} is not on this device."
                raise KnownError(Code.PARENT_MISSING, sentence, field=described.name)
            self._check_standing(parent, parent_id, stored)

    def _check_standing(self, entity: Entity, row_id: bytes, stored: _Stored) -> None:
        if stored.standing == Standing.LEFT:
            raise KnownError(Code.READ_ONLY, leaving_sentence(self.driver, entity.name, row_id))


def _image(row: Row | None) -> bytes | None:
    return None if row is None else encode_image(row)


def _allowed(described: Field) -> Writer:
    assert described.writers is not None  # noqa: S101 - set by declare
    return described.writers


def _writable(entity: Entity, name: str) -> Field:
    if not entity.has(name):
        known = ", ".join(sorted(entity.fields))
        raise KnownError(
            Code.UNKNOWN_FIELD,
            f"{entity.title} has no field “{name[:60]}”. It has: {known}.",
            field=name[:60],
        )
    described = entity.field(name)
    if name == "id" or C not in _allowed(described):
        raise KnownError(
            Code.FIELD_PROTECTED,
            f"{described.title} of {entity.plural.lower()} is set by the office, not on a device.",
            field=name,
        )
    return described


def _check_may_change(entity: Entity, described: Field, present: Value) -> None:
    if described.fixed:
        raise KnownError(
            Code.FIELD_PROTECTED,
            f"{described.title} is given when the {entity.title.lower()} is made and stays as it is.",
            field=described.name,
        )
    if described.merge is Merge.APPEND and present is not None:
        raise KnownError(
            Code.APPEND_ONLY,
            f"{described.title} cannot be rewritten; add a new {entity.title.lower()} that corrects it.",
            field=described.name,
        )
