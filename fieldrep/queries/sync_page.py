"""The Sync page: what waits to be sent, conflicts with both values, refused changes with their reason.

Owns what the page says about each change. It must not know the exchange; it reads what the store keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.change import Edit
from fieldrep.contract.fields import Kind, Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.jsonform import to_json
from fieldrep.contract.values import canonical_json
from fieldrep.domain.deciding import what_stands
from fieldrep.queries.cells import maybe_ref, maybe_whole, ref, text
from fieldrep.queries.consequences import total_under
from fieldrep.queries.marks import waiting_rows
from fieldrep.queries.naming import RecordName, device_name, kept_text, record_name, user_name, value_text
from fieldrep.queries.refused_form import refused_form
from fieldrep.store import newer, outbox
from fieldrep.store.pending import READY, SETTLED
from fieldrep.store.reader import Reader
from fieldrep.store.refused import RefusedChange, refused_changes
from fieldrep.store.state import load_state


@dataclass(frozen=True, slots=True)
class WaitingChange:
    """A change in the outbox.

    Attributes:
        state: `ready`, `doomed` (it builds on a refused change and will be refused too), `aside` (being corrected, and
            not sent before its author says so), `held_back` (the server must be updated first) or `sent` (answered,
            and what it became is still to come).
        size: bytes to send.
        records: what it touches, the main one first.
        undoable: may still be undone here.
    """

    n: int
    label: str
    command: str
    made_at: int
    size: int
    state: str
    records: tuple[RecordName, ...]
    undoable: bool


@dataclass(frozen=True, slots=True)
class ConflictSide:
    """One of two values: its text for people, who set it and when.

    Attributes:
        by: a person, or the source it came from, such as an import; "" when nobody knows.
        total: what an order's total is with this value, "" where it does not count in one.
    """

    text: str
    by: str
    at: int | None
    device: str
    total: str = ""


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """Two values for one field.

    Attributes:
        mine: the value that arrived and did not stand; `mine_is_me` says that this person made it.
        theirs: the value that stood when it arrived, or what was entered since.
        now: what the record holds at present.
        chosen: what a decision made here and not yet sent came to, "" while open.
        kind: the field's kind, so that “another value” gets the right editor.
    """

    id: RowId
    record: RecordName
    account_id: RowId | None
    account: str
    field: str
    field_title: str
    kind: str
    options: tuple[str, ...]
    reason: str
    critical: bool
    before: str
    mine: ConflictSide
    theirs: ConflictSide
    mine_is_me: bool
    now: str
    chosen: str
    waiting: bool


@dataclass(frozen=True, slots=True)
class ConflictGroup:
    """The conflicts of one record, shown together."""

    record: RecordName
    account_id: RowId | None
    account: str
    conflicts: tuple[ConflictRow, ...]


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
    last_sync_at: int | None
    complete: bool
    rows: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SyncPage:
    """Everything the page shows."""

    overview: SyncOverview
    waiting: tuple[WaitingChange, ...]
    conflicts: tuple[ConflictGroup, ...]
    refused: tuple[RefusedRow, ...]


_CONFLICTS = """
SELECT c.id, c.entity, c.row_id, c.row_label, c.field, c.account_id, a.name, c.reason, c.critical, c.base_value,
    c.mine_value, c.theirs_value, c.mine_by, c.mine_at, c.mine_device_id, c.theirs_by, c.theirs_at, c.chosen,
    coalesce(a.currency, 'EUR'), c.theirs_source
FROM conflict AS c LEFT JOIN account AS a ON a.id = c.account_id
WHERE c.archived = 0 AND (c.status = 'open' OR c.id IN (SELECT row_id FROM outbox_edit WHERE entity = 'conflict'))
ORDER BY c.entity, c.row_id, c.created_at, c.id
"""
_COUNTS: Mapping[str, str] = {
    entity.plural: f"SELECT count(*) FROM {entity.table}"  # noqa: S608 - names of the catalogue
    for entity in ENTITIES
}
_HANDED = "SELECT status, answer FROM handed_change WHERE n = ? AND made_at = ? ORDER BY created_at DESC, id LIMIT 1"
_MOST_WAITING = 500
_HIDDEN = frozenset({"custom", "goods_amount", "total_amount", "line_amount"})


def sync_page(reader: Reader, *, zone: tzinfo) -> SyncPage:
    """Everything the Sync page shows."""
    waiting = waiting_changes(reader)
    conflicts = open_conflicts(reader, zone=zone)
    refused = refused_rows(reader, zone=zone)
    return SyncPage(_overview(reader, conflicts, refused), waiting, conflicts, refused)


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
        refused=len(refused),
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
            undoable=entry.state == READY,
        )
        for entry in outbox.entries(reader.driver, limit)
    )


def _records(reader: Reader, edits: Sequence[Edit]) -> tuple[RecordName, ...]:
    """The records of a change, each once; the order before its lines, since that is how they are made."""
    first = {(edit.entity, edit.row_id): edit for edit in reversed(edits)}
    return tuple(
        record_name(reader, entity, row_id, first[entity, row_id].after)
        for entity, row_id in dict.fromkeys((edit.entity, edit.row_id) for edit in edits)
    )


def open_conflicts(
    reader: Reader, *, zone: tzinfo, account_id: RowId | None = None, order_id: RowId | None = None
) -> tuple[ConflictGroup, ...]:
    """Open conflicts by record, all or those of one account or one order with its lines.

    With those decided here and not yet sent.
    """
    among = _rows_of_order(reader, order_id) if order_id is not None else None
    waiting = waiting_rows(reader, "conflict")
    me = load_state(reader.driver).user_id
    rows = [
        _conflict(reader, row, me, row[0] in waiting, zone)
        for row in reader.rows(_CONFLICTS)
        if row[1] in CATALOGUE
        and CATALOGUE[row[1]].has(row[4])
        and account_id in (None, row[5])
        and (among is None or row[2] in among)
    ]
    return tuple(
        ConflictGroup(record, group[0].account_id, group[0].account, tuple(group))
        for record, group in (
            (record, list(found)) for record, found in groupby(rows, key=lambda row: row.record)
        )
    )


def _rows_of_order(reader: Reader, order_id: RowId) -> frozenset[bytes]:
    lines = reader.rows("SELECT id FROM document_line WHERE order_id = ?", (order_id,))
    return frozenset({order_id, *(row_id for (row_id,) in lines)})


def _conflict(reader: Reader, row: Sequence[object], me: bytes, waiting: bool, zone: tzinfo) -> ConflictRow:
    entity = CATALOGUE[text(row[1])]
    field, row_id, currency = entity.field(text(row[4])), ref(row[2]), text(row[18])
    standing = reader.row(entity.name, row_id)
    now = canonical_json(to_json(field, standing[field.name])) if standing else None

    def side(kept: object, by: str, at: object, device: str = "") -> ConflictSide:
        total = total_under(reader, entity.name, row_id, field.name, kept)
        return ConflictSide(words(kept), by, maybe_whole(at), device, total)

    def words(kept: object) -> str:
        return kept_text(reader, field, kept, currency, zone)

    label, open_here = text(row[3]), not row[17] and row[7] != "deleted" and standing is not None
    stands = what_stands(text(row[11]) or None, text(row[10]) or None, now) if open_here else row[11]
    return ConflictRow(
        id=ref(row[0]),
        record=RecordName(entity.name, row_id, entity.title, label),
        account_id=maybe_ref(row[5]),
        account=text(row[6]),
        field=field.name,
        field_title=field.title,
        kind=field.kind.value,
        options=field.options,
        reason=text(row[7]),
        critical=bool(row[8]),
        before=words(row[9]),
        mine=side(row[10], user_name(reader, row[12]), row[13], device_name(reader, row[14])),
        theirs=side(stands, user_name(reader, row[15]) or text(row[19]), row[16]),
        mine_is_me=row[12] == me,
        now=words(now),
        chosen=text(row[17]),
        waiting=waiting,
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
    known = entity is not None and entity.has(entry.field)
    handed = reader.rows(_HANDED, (entry.n, entry.made_at))
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
        handed=text(handed[0][0]) if handed else "",
        answer=text(handed[0][1]) if handed else "",
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
