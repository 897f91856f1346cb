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


def standing_merge(reader: Reader, merged_id: bytes) -> MergeEntry | None:
    """The merge by which a record became part of another one, None when it stands for itself."""
    sql = f"{_SELECT} WHERE merged_id = ? AND undone_at IS NULL ORDER BY revision DESC"
    found = reader.session.first(sql, (merged_id,))
    if found is None:
        return None
    row_id, entity, survivor, merged, actor, user_id, at, revision, images, undone_at = found
    return MergeEntry(
        row_id, entity, survivor, merged, actor, user_id, at, revision, _decode(images), undone_at
    )


def has_undone(reader: Reader, survivor_id: bytes) -> bool:
    """Whether a merge into this record was ever taken back."""
    sql = "SELECT 1 FROM merge_log WHERE survivor_id = ? AND undone_at IS NOT NULL"
    return reader.session.first(sql, (survivor_id,)) is not None


def mark_undone(session: Session, entry_id: bytes, now: int) -> None:
    """Notes that a merge was taken back."""
    session.run("UPDATE merge_log SET undone_at = ? WHERE id = ?", (now, entry_id))


def image_of(
    entity: str, row_id: bytes, before: dict[str, Value], after: dict[str, Value], but: Iterable[str]
) -> RowImage:
    """The image of a row: the fields in which it differs, leaving some out."""
    left_out = frozenset(but)
    names = [name for name in after if name not in left_out and before[name] != after[name]]
    return RowImage(entity, row_id, {n: before[n] for n in names}, {n: after[n] for n in names})
