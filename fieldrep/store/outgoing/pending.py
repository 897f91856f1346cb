"""Edits not yet covered by the central store, and the server's image of the rows they touch (the base rows).

Owns how a row looks that has pending edits: its base image with the edits replayed on top, so that a device reads its
own writes (I7) and a refused change rolls back exactly. Must not decide what becomes of a change.
"""

# ruff: noqa: S608 - these texts are put together from constants of this module

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from zlib import crc32

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Edit
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value
from fieldrep.contract.merge import Fit, merge_field
from fieldrep.store.engine import Connection
from fieldrep.store.statements import Row, statements_of

READY, DOOMED, SETTLED, ASIDE, WAITS = "ready", "doomed", "settled", "aside", "waits"
"""States of an outbox entry: to be sent; to be sent though what it builds on was refused; answered, echo to come;
being corrected, so not to be sent yet; and told to wait for what others give back, so sent with the next sync."""
DOOMED_WAITS = "doomed, waits"
"""Told to wait as well, though what it builds on was refused."""
HIDDEN = (DOOMED, DOOMED_WAITS)
"""Nobody sees a child without its parent (I8)."""


class Standing(IntEnum):
    """What the base image of a row with pending edits is worth."""

    CURRENT = 0
    """The row as the replica's cursor has it."""
    LEFT = 1
    """Its scope key is no longer this user's: read-only, and gone when nothing is pending."""
    STALE = 2
    """From before a start over: gone when nothing is pending, unless a fresh image arrives."""


@dataclass(frozen=True, slots=True)
class PendingEdit:
    """An edit of a change that the applied cursor does not cover yet."""

    n: int
    made_at: int
    state: str
    revision: int
    edit: Edit


BASES = (
    "(SELECT entity, row_id, standing, image FROM base_row UNION ALL SELECT e.entity, e.row_id, 0, o.base "
    "FROM outbox_edit e CROSS JOIN outbox o ON o.n = e.n WHERE o.base IS NOT NULL)"
)
"""All base rows, for a reader: those that lie in their table, and those still in the outbox entry of their save."""

_PROOF_BYTES = 4

_encode = msgspec.msgpack.Encoder().encode
_images = msgspec.msgpack.Decoder(dict[str, object])
_changes = msgspec.msgpack.Decoder(Change)

_PENDING = (
    "SELECT o.n, o.made_at, o.state, o.revision, o.change FROM outbox_edit e JOIN outbox o ON o.n = e.n "
    "WHERE e.entity = ? AND e.row_id = ? ORDER BY o.n"
)


def encode_change(change: Change) -> bytes:
    """A change as the outbox keeps it, with a CRC-32 behind it.

    A long one lies on several pages. Where a repair finds one of these in an older form, each is sound and the whole is
    not what was entered.
    """
    packed = _encode(change)
    return packed + crc32(packed).to_bytes(_PROOF_BYTES, "big")


def decode_change(blob: bytes) -> Change:
    """A change from the outbox."""
    return _changes.decode(memoryview(blob)[:-_PROOF_BYTES])


def is_as_entered(blob: bytes) -> bool:
    """Whether a change is, as a whole, what `encode_change` made."""
    return crc32(memoryview(blob)[:-_PROOF_BYTES]) == int.from_bytes(blob[-_PROOF_BYTES:], "big")


def encode_image(row: Mapping[str, Value]) -> bytes:
    """A base image as it is kept."""
    return _encode(row)


def decode_image(entity: Entity, blob: bytes | None) -> Row | None:
    """A base image in the columns of its entity, None for a row the central store has not acknowledged.

    One that an older program kept holds nothing in the fields that came later.
    """
    if blob is None:
        return None
    kept = _images.decode(blob)
    return {name: _plain(kept.get(name)) for name in entity.column_names}


def move_bases(connection: Connection, from_n: int = 0) -> None:
    """Moves the base images that saves left in their outbox entries, from a number on, into the table of base rows.

    A save has the image of the one row it edits in its own entry, which is written anyway.
    """
    found = connection.execute(
        "SELECT change, base FROM outbox WHERE n >= ? AND base IS NOT NULL", (from_n,)
    ).fetchall()
    if not found:
        return
    edits = [(decode_change(change).edits[0], base) for change, base in found]
    connection.executemany(
        "INSERT OR IGNORE INTO base_row (entity, row_id, standing, image) VALUES (?, ?, ?, ?)",
        [(edit.entity, edit.row_id, int(Standing.CURRENT), base) for edit, base in edits],
    )
    connection.execute("UPDATE outbox SET base = NULL WHERE n >= ? AND base IS NOT NULL", (from_n,))


def at_the_office(connection: Connection, entity: str, row_id: bytes) -> Row | None:
    """A row as the central store last had it here, without what waits; None for one it has not acknowledged."""
    found = connection.execute(
        f"SELECT image FROM {BASES} WHERE entity = ? AND row_id = ?", (entity, row_id)
    ).fetchone()
    if found is not None:
        return decode_image(CATALOGUE[entity], found[0])
    texts = statements_of(CATALOGUE[entity])
    shown = connection.execute(texts.select, (row_id,)).fetchone()
    return None if shown is None else texts.row(shown[2:])


def fresh_row(entity: Entity, row_id: bytes, made_at: int, user_id: bytes) -> Row:
    """A row made here, before the values that were entered: defaults and our own stamps."""
    row: Row = {field.name: field.default for field in entity.columns}
    row.update(
        id=row_id,
        revision=0,
        created_at=made_at,
        created_by=user_id,
        changed_at=made_at,
        changed_by=user_id,
    )
    return row


def pending_edits(connection: Connection, entity: str, row_id: bytes) -> list[PendingEdit]:
    """The pending edits of a row, oldest first."""
    found = []
    for n, made_at, state, revision, blob in connection.execute(_PENDING, (entity, row_id)):
        found += [
            PendingEdit(n, made_at, state, revision, edit)
            for edit in decode_change(blob).edits
            if edit.row_id == row_id and edit.entity == entity
        ]
    return found


def replay(entity: str, base: Row | None, edits: Iterable[PendingEdit], user_id: bytes) -> Row | None:
    """The row a person sees: `base` with the pending edits on top, None when nothing is left of it.

    An edit already answered is skipped once the base has the revision of its answer: then the base is the echo. Until
    then the person's own value shows, also where the central store holds another one.
    """
    described = CATALOGUE[entity]
    row = dict(base) if base is not None else None
    held = base["revision"] if base is not None else 0
    for pending in edits:
        edit = pending.edit
        covered = isinstance(held, int) and base is not None and held >= pending.revision
        if pending.state in HIDDEN or (pending.state == SETTLED and covered):
            continue
        if edit.kind == "create":
            if row is None:
                row = fresh_row(described, edit.row_id, pending.made_at, user_id)
                row.update({name: _plain(value) for name, value in edit.after.items() if name in row})
        elif row is not None:
            _overlay(described, row, edit)
            row["changed_at"], row["changed_by"] = pending.made_at, user_id
    return row


def _overlay(entity: Entity, row: Row, edit: Edit) -> None:
    for name, after in edit.after.items():
        if name not in row:
            continue
        wanted = _plain(after)
        fit, value = merge_field(entity.field(name), _plain(edit.before.get(name)), wanted, row[name])
        row[name] = wanted if fit is Fit.CLASH else value


def _plain(value: object) -> Value:
    if value is None or isinstance(value, int | str | bytes):
        return value
    raise TypeError(f"the outbox holds a {type(value).__name__}")
