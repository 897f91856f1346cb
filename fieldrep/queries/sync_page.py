"""The Sync page: what waits to be sent, conflicts with both values, refused changes with their reason.

Owns what the page says about each change. It must not know the exchange; it reads what the store keeps.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId


@dataclass(frozen=True, slots=True)
class RecordName:
    """A record as people name it: its kind and its label."""

    entity: str
    id: RowId
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class WaitingChange:
    """A change in the outbox.

    Attributes:
        state: `ready`, `sending` or `sent` (the server has it, the echo is still to come).
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
    """One of two values: its text for people, who set it and when."""

    text: str
    by: str
    at: int | None
    device: str


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """Two values for one field.

    Attributes:
        mine: the value that arrived and did not stand; `mine_is_me` says that this person made it.
        theirs: the value that stood when it arrived.
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
