"""The merge log: every merge with the rows it moved, as they were and as it left them, so that it can be undone.

Owns the table `merge_log` and the form of its images. Must not know what a merge does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from fieldrep.contract.fields import Value, WireValue
from sync_server.store.reading import Reader
from sync_server.store.session import Session

_COLUMNS = (
    "id",
    "entity",
    "survivor_id",
    "merged_id",
    "actor",
    "user_id",
    "at",
    "revision",
    "images",
    "undone_at",
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM merge_log"  # noqa: S608 - constants
_STANDING = "WHERE merged_id = ? AND undone_at IS NULL"
_KEEP_LATE = (
    "INSERT INTO merge_log (id, entity, survivor_id, merged_id, actor, user_id, at, revision, images) "  # noqa: S608 - constants
    f"SELECT ?, entity, survivor_id, merged_id, actor, user_id, at, revision, ? FROM merge_log {_STANDING} LIMIT 1"
)


class RowImage(msgspec.Struct, frozen=True, array_like=True):
    """The fields of one row that a merge changed, before and after it."""

    entity: str
    row_id: bytes
    before: dict[str, WireValue]
    after: dict[str, WireValue]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[RowImage, ...]).decode


@dataclass(frozen=True, slots=True)
class MergeEntry:
    """One merge; `undone_at` is None while it stands."""

    id: bytes
    entity: str
    survivor_id: bytes
    merged_id: bytes
    actor: str
    user_id: bytes | None
    at: int
    revision: int
    images: tuple[RowImage, ...]
    undone_at: int | None = None


def keep(session: Session, entry: MergeEntry) -> None:
    """Enters a merge; part of the transaction that carries it out."""
    values = tuple(getattr(entry, name) for name in _COLUMNS)
    session.insert_many("merge_log", _COLUMNS, [(*values[:8], _encode(entry.images), entry.undone_at)])


def keep_late(session: Session, merged_id: bytes, entry_id: bytes, image: RowImage) -> None:
    """Enters what came late for a merged record beside its merge: it stands, is undone and forgotten with that one."""
    session.run(_KEEP_LATE, (entry_id, _encode((image,)), merged_id))


def standing_merge(reader: Reader, merged_id: bytes) -> MergeEntry | None:
    """The merge by which a record became part of another one, with what came late for it since; None when it stands
    for itself.
    """
    found = reader.session.rows(f"{_SELECT} {_STANDING}", (merged_id,))
    if not found:
        return None
    entry_id, entity, survivor, merged, actor, user_id, at, revision, _, _ = found[0]
    images = tuple(image for row in found for image in _decode(row[8]))
    return MergeEntry(entry_id, entity, survivor, merged, actor, user_id, at, revision, images)


def logged_survivor(reader: Reader, merged_id: bytes) -> bytes | None:
    """The record that a merged one was merged into, which may have been merged on; None when that is not known."""
    sql = f"SELECT survivor_id FROM merge_log {_STANDING} LIMIT 1"  # noqa: S608 - a constant
    found = reader.session.first(sql, (merged_id,))
    return found[0] if found is not None else None


def has_undone(reader: Reader, survivor_id: bytes) -> bool:
    """Whether a merge into this record was ever taken back."""
    sql = "SELECT 1 FROM merge_log WHERE survivor_id = ? AND undone_at IS NOT NULL"
    return reader.session.first(sql, (survivor_id,)) is not None


def mark_undone(session: Session, merged_id: bytes, now: int) -> None:
    """Notes that the merge of a record was taken back."""
    session.run(f"UPDATE merge_log SET undone_at = ? {_STANDING}", (now, merged_id))  # noqa: S608 - a constant


def image_of(
    entity: str, row_id: bytes, before: dict[str, Value], after: dict[str, Value], but: Iterable[str]
) -> RowImage:
    """The image of a row: the fields in which it differs, leaving some out."""
    left_out = frozenset(but)
    names = [name for name in after if name not in left_out and before[name] != after[name]]
    return RowImage(entity, row_id, {n: before[n] for n in names}, {n: after[n] for n in names})
