"""The Sync page: what waits to be sent, conflicts with both values, refused changes with their reason.

Owns what the page says about each change. It must not know the exchange; it reads what the store keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.change import Edit
from fieldrep.contract.errors import Code
from fieldrep.contract.fields import Kind, Value
from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import maybe_ref
from fieldrep.queries.conflicts import ConflictGroup, open_conflicts
from fieldrep.queries.handed import handed
from fieldrep.queries.naming import RecordName, record_name, value_text
from fieldrep.queries.refused_form import refused_form
from fieldrep.store.incoming.refused import RefusedChange, refused_changes
from fieldrep.store.outgoing import newer, outbox
from fieldrep.store.outgoing.pending import SETTLED
from fieldrep.store.reader import Reader
from fieldrep.store.state import load_state


@dataclass(frozen=True, slots=True)
class WaitingChange:
    """A change in the outbox.

    Attributes:
        state: `ready`, `doomed` (it builds on a refused change and will be refused too), `aside` (being corrected, and
            not sent before its author says so), `held_back` (the server must be updated first), `waits` (for what
            others give back to a restored server), `doomed, waits` (both) or `sent` (answered, and what it became is
            still to come).
        size: bytes to send.
        records: what it touches, the main one first.
    """

    n: int
    label: str
    command: str
    made_at: int
    size: int
    state: str
    records: tuple[RecordName, ...]


@dataclass(frozen=True, slots=True)
class EnteredValue:
    """One field a refused change carried, for people."""

    record: RecordName
    field: str
    field_title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A change the server did not take, with what was entered.

    Attributes:
        key: for `discard_refused` and `send_again`.
        sentence: the reason.
        record: what it was about, None when that was not said.
        field_title: the field whose value was not taken, "" when the sentence is not about a value.
        can_send_again: its records still stand, so that it can be sent again as it is.
        fixable: it can be corrected in the form or on the page it was entered in.
        handed: how it stands with the admin: "", "open", or "closed".
        answer: the admin's.
    """

    key: int
    n: int
    label: str
    command: str
    code: str
    sentence: str
    made_at: int
    refused_at: int
    record: RecordName | None
    field_title: str
    entered: tuple[EnteredValue, ...]
    can_send_again: bool
    fixable: bool
    handed: str
    answer: str


@dataclass(frozen=True, slots=True)
class SyncOverview:
    """The tiles and the numbers on the tabs.

    Attributes:
        waiting_bytes: size of what is to be sent.
        oldest_waiting_at: None when nothing waits.
        refused: refused changes that need this person.
        correcting: those that are being corrected, and are not sent before this person says so.
        handed_over: those that are with the admin.
        answered: those the admin has answered.
        last_sync_at: None before the first sync.
        complete: the replica holds everything this person may hold.
        rows: how many records of each entity lie here, by its plural title.
    """

    enrolled: bool
    user: str
    server: str
    waiting: int
    waiting_bytes: int
    oldest_waiting_at: int | None
    conflicts: int
    refused: int
    correcting: int
    handed_over: int
    answered: int
    last_sync_at: int | None
    complete: bool
    rows: tuple[tuple[str, int], ...]

    @property
    def untaken(self) -> bool:
        """Whether anything entered here was refused and is not yet done with."""
        return bool(self.refused or self.correcting or self.handed_over or self.answered)


@dataclass(frozen=True, slots=True)
class SyncPage:
    """Everything the page shows.

    Attributes:
        waiting: the oldest changes of the outbox.
        queued: how many there are in all.
    """

    overview: SyncOverview
    queued: int
    waiting: tuple[WaitingChange, ...]
    conflicts: tuple[ConflictGroup, ...]
    refused: tuple[RefusedRow, ...]


_COUNTS: Mapping[str, str] = {
    entity.plural: f"SELECT count(*) FROM {entity.table}"  # noqa: S608 - names of the catalogue
    for entity in ENTITIES
}
_MOST_WAITING = 500
_ABOUT_A_VALUE = frozenset({Code.INVALID_VALUE, Code.REQUIRED, Code.TOO_LARGE})
"""Refusals whose sentence is about the value of one field; the others only name the field they were met at."""

_HIDDEN = frozenset({"custom", "goods_amount", "total_amount", "line_amount"})


def sync_page(reader: Reader, *, zone: tzinfo) -> SyncPage:
    """Everything the Sync page shows."""
    waiting = waiting_changes(reader)
    conflicts = open_conflicts(reader, zone=zone)
    refused = refused_rows(reader, zone=zone)
    queued = outbox.entry_count(reader.driver)
    return SyncPage(_overview(reader, conflicts, refused), queued, waiting, conflicts, refused)


def _overview(
    reader: Reader, conflicts: Sequence[ConflictGroup], refused: Sequence[RefusedRow]
) -> SyncOverview:
    state = load_state(reader.driver)
    size = reader.rows(
        "SELECT coalesce(sum(length(change)), 0) FROM outbox WHERE state IN ('ready', 'doomed')"
    )
    return SyncOverview(
        enrolled=state.enrolled,
        user=state.user_name,
        server=state.server_url,
        waiting=outbox.depth(reader.driver),
        waiting_bytes=size[0][0],
        oldest_waiting_at=outbox.oldest_made_at(reader.driver),
        conflicts=sum(not row.chosen for group in conflicts for row in group.conflicts),
        refused=sum(not row.handed for row in refused),
        correcting=outbox.correcting(reader.driver),
        handed_over=sum(row.handed == "open" for row in refused),
        answered=sum(row.handed == "closed" for row in refused),
        last_sync_at=state.last_sync_at or None,
        complete=state.complete,
        rows=tuple((plural, reader.rows(sql)[0][0]) for plural, sql in _COUNTS.items()),
    )


def waiting_changes(reader: Reader, *, limit: int = _MOST_WAITING) -> tuple[WaitingChange, ...]:
    """The outbox, oldest first."""
    held = newer.held_back(reader.driver, load_state(reader.driver).server_schema)
    return tuple(
        WaitingChange(
            n=entry.n,
            label=entry.label,
            command=entry.command,
            made_at=entry.made_at,
            size=entry.size,
            state="held_back" if entry.n in held else "sent" if entry.state == SETTLED else entry.state,
            records=_records(reader, entry.change.edits),
        )
        for entry in outbox.entries(reader.driver, limit)
    )


def account_of(reader: Reader, *, entity: str, row_id: RowId) -> RowId | None:
    """The account that a record belongs to, None where it is not here or belongs to none."""
    row = reader.row(entity, row_id)
    return maybe_ref(row.get("account_id")) if row is not None else None


def _records(reader: Reader, edits: Sequence[Edit]) -> tuple[RecordName, ...]:
    """The records of a change, each once; the order before its lines, since that is how they are made."""
    first = {(edit.entity, edit.row_id): edit for edit in reversed(edits)}
    return tuple(
        record_name(reader, entity, row_id, first[entity, row_id].after)
        for entity, row_id in dict.fromkeys((edit.entity, edit.row_id) for edit in edits)
    )


def refused_rows(reader: Reader, *, zone: tzinfo) -> tuple[RefusedRow, ...]:
    """What the server did not take, newest first, with everything that was entered."""
    return tuple(_refused(reader, entry, zone) for entry in refused_changes(reader.driver))


def _refused(reader: Reader, entry: RefusedChange, zone: tzinfo) -> RefusedRow:
    entity = CATALOGUE.get(entry.entity)
    entered = {edit.row_id: edit.after for edit in entry.change.edits}
    record = None
    if entity is not None:
        record = record_name(reader, entity.name, entry.row_id, entered.get(entry.row_id))
    known = entity is not None and entity.has(entry.field) and entry.code in _ABOUT_A_VALUE
    standing, answer = handed(reader, entry.n, entry.made_at)
    return RefusedRow(
        key=entry.refused_no,
        n=entry.n,
        label=entry.label,
        command=entry.command,
        code=entry.code.value,
        sentence=entry.sentence,
        made_at=entry.made_at,
        refused_at=entry.refused_at,
        record=record,
        field_title=entity.field(entry.field).title if entity is not None and known else "",
        entered=tuple(value for edit in entry.change.edits for value in _entered(reader, edit, zone)),
        can_send_again=all(
            edit.kind == "create" or reader.row(edit.entity, edit.row_id) is not None
            for edit in entry.change.edits
            if edit.entity in CATALOGUE
        ),
        fixable=refused_form(reader, key=entry.refused_no) is not None,
        handed=standing,
        answer=answer,
    )


def _entered(reader: Reader, edit: Edit, zone: tzinfo) -> list[EnteredValue]:
    entity = CATALOGUE.get(edit.entity)
    if entity is None:
        return []
    record = record_name(reader, entity.name, edit.row_id, edit.after)
    currency = str(edit.after.get("currency") or "EUR")
    values = []
    for name, after in edit.after.items():
        field = entity.field(name) if entity.has(name) else None
        if field is None or name in _HIDDEN or (edit.kind == "create" and after == field.default):
            continue
        if field.kind is Kind.REF and edit.kind == "create" and field.parent:
            continue
        before = value_text(reader, field, _plain(edit.before.get(name)), currency, zone)
        shown = value_text(reader, field, _plain(after), currency, zone)
        values.append(EnteredValue(record, name, field.title, before, shown))
    return values


def _plain(value: object) -> Value:
    return value if isinstance(value, int | str | bytes) else None
