"""Open conflicts by record: both values with who and when, each the newest of its side.

Owns what the window says about a conflict before it is decided. It must not know how one is decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Field
from fieldrep.contract.ids import RowId
from fieldrep.contract.jsonform import to_json
from fieldrep.contract.values import canonical_json
from fieldrep.domain.deciding import what_stands
from fieldrep.queries.cells import maybe_ref, maybe_whole, ref, text
from fieldrep.queries.consequences import total_under
from fieldrep.queries.marks import waiting_rows
from fieldrep.queries.naming import RecordName, device_name, kept_text, user_name
from fieldrep.store.reader import Reader
from fieldrep.store.reads.entered_by import entered_by
from fieldrep.store.state import load_state
from fieldrep.store.statements import Row

_SOMEBODY = "somebody since"
"""Stands for whoever replaced a value, where this device cannot tell who it was."""


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
        mine: the value that arrived and did not stand, or what its author entered since; `mine_is_me` says that this
            person made it.
        theirs: the value that stood when it arrived, or what anybody else entered since.
        former: the value that stood when it arrived, where a third person replaced it since.
        now: what the record holds at present.
        chosen: what a decision made here and not yet sent came to, "" while open.
        decided_n: the number of the change that decided it here and can be taken back still, None otherwise.
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
    decided_n: int | None
    former: ConflictSide | None = None


@dataclass(frozen=True, slots=True)
class ConflictGroup:
    """The conflicts of one record, shown together."""

    record: RecordName
    account_id: RowId | None
    account: str
    conflicts: tuple[ConflictRow, ...]


_CONFLICTS = """
SELECT c.id, c.entity, c.row_id, c.row_label, c.field, c.account_id, a.name, c.reason, c.critical, c.base_value,
    c.mine_value, c.theirs_value, c.mine_by, c.mine_at, c.mine_device_id, c.theirs_by, c.theirs_at, c.chosen,
    coalesce(a.currency, 'EUR'), c.theirs_source
FROM conflict AS c LEFT JOIN account AS a ON a.id = c.account_id
WHERE c.archived = 0 AND (c.status = 'open' OR c.id IN (SELECT row_id FROM outbox_edit WHERE entity = 'conflict'))
ORDER BY c.entity, c.row_id, c.created_at, c.id
"""
_DECIDED_HERE = """
SELECT e.row_id, max(o.n) FROM outbox_edit AS e JOIN outbox AS o ON o.n = e.n
WHERE e.entity = 'conflict' AND o.state = 'ready' GROUP BY e.row_id
"""


@dataclass(frozen=True, slots=True)
class DecidedElsewhere:
    """A conflict that somebody else decided: which field of what, and who."""

    id: RowId
    what: str
    by: str


def decided_elsewhere(reader: Reader, *, ids: Sequence[RowId]) -> tuple[DecidedElsewhere, ...]:
    """Those of the conflicts that somebody else has decided."""
    found = [(one, reader.row("conflict", one)) for one in ids]
    waiting, me = waiting_rows(reader, "conflict"), load_state(reader.driver).user_id
    return tuple(
        DecidedElsewhere(
            one,
            f"{CATALOGUE[text(row['entity'])].field(text(row['field'])).title} of {text(row['row_label'])}",
            user_name(reader, row["resolved_by"]) or "the office",
        )
        for one, row in found
        if row is not None and row["status"] == "resolved" and row["resolved_by"] != me and one not in waiting
    )


def open_conflicts(
    reader: Reader, *, zone: tzinfo, account_id: RowId | None = None, order_id: RowId | None = None
) -> tuple[ConflictGroup, ...]:
    """Open conflicts by record, all or those of one account or one order with its lines.

    With those decided here and not yet sent.
    """
    among = _rows_of_order(reader, order_id) if order_id is not None else None
    decided = dict(reader.rows(_DECIDED_HERE))
    me = load_state(reader.driver).user_id
    rows = [
        _conflict(reader, row, me, decided.get(row[0]), zone)
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


def _conflict(
    reader: Reader, row: Sequence[object], me: bytes, decided_n: int | None, zone: tzinfo
) -> ConflictRow:
    entity = CATALOGUE[text(row[1])]
    field = entity.field(text(row[4]))
    mine, theirs, former = _sides(reader, row, field, me, zone)
    standing = reader.row(entity.name, ref(row[2]))
    now = _kept_now(standing, field)
    currency = text(row[18])
    return ConflictRow(
        id=ref(row[0]),
        record=RecordName(entity.name, ref(row[2]), entity.title, text(row[3])),
        account_id=maybe_ref(row[5]),
        account=text(row[6]),
        field=field.name,
        field_title=field.title,
        kind=field.kind.value,
        options=field.options,
        reason=text(row[7]),
        critical=bool(row[8]),
        before=kept_text(reader, field, row[9], currency, zone),
        mine=mine,
        theirs=theirs,
        mine_is_me=row[12] == me,
        now=kept_text(reader, field, now, currency, zone),
        chosen=text(row[17]),
        decided_n=decided_n if row[17] else None,
        former=former,
    )


def _kept_now(standing: Row | None, field: Field) -> str | None:
    return canonical_json(to_json(field, standing[field.name])) if standing else None


def _sides(
    reader: Reader, row: Sequence[object], field: Field, me: bytes, zone: tzinfo
) -> tuple[ConflictSide, ConflictSide, ConflictSide | None]:
    """Mine and theirs, the newest of each, and whom a third person replaced."""
    entity, row_id = text(row[1]), ref(row[2])

    def side(kept: object, by: str, at: object, device: str = "") -> ConflictSide:
        words = kept_text(reader, field, kept, text(row[18]), zone)
        return ConflictSide(
            words, by, maybe_whole(at), device, total_under(reader, entity, row_id, field.name, kept)
        )

    device = device_name(reader, row[14])
    mine = side(row[10], user_name(reader, row[12]), row[13], device)
    theirs = side(row[11], user_name(reader, row[15]) or text(row[19]), row[16])
    standing = reader.row(entity, row_id)
    now = _kept_now(standing, field)
    first, second = text(row[10]) or None, text(row[11]) or None
    unmoved = (now or "null") in (first or "null", second or "null")
    if standing is None or unmoved or row[17] or row[7] == "deleted":
        return mine, theirs, None
    entered = entered_by(reader.driver, standing, field, me)
    by = user_name(reader, entered.by) or _SOMEBODY
    if what_stands(first, second, now, entered_by_mine=entered.by == row[12]) == (now, second):
        return side(now, by, entered.at, device), theirs, None
    return mine, side(now, by, entered.at), theirs if entered.by != row[15] else None
