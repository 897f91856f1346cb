"""Stamps: who gave a field of a row its present value, and when, for the few fields somebody may have to decide about.

Owns their form and the judgement whose a value is. A stamp carries a mark of the value it was made for, so that one
that was overtaken by an import or the office is seen to be stale. Must not read or write the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from fieldrep.contract.fields import Value
from sync_server.store.statements import Row

SOURCE = "*"
"""Under this name, which no field has, an image tells the import it is of."""

IMPORT = "Import {source}"
"""What people are told where a value came in with an import."""

_NOT_STAMPED = frozenset({"id", "revision", "created_at", "created_by", "changed_at", "changed_by"})
_encode = msgspec.msgpack.Encoder().encode


class Stamp(msgspec.Struct, frozen=True, array_like=True):
    """Somebody wrote the value with this mark at this moment of the store."""

    user_id: bytes | None
    at: int
    mark: bytes


OTHERS = "*"
"""Under this name: the last write by somebody without a device, of fields not known; none where it made the row."""

Stamps = dict[str, Stamp]
_marks = msgspec.msgpack.Decoder(dict[str, bytes])


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who gave a field its value and when, as far as the store knows; `source` names what was no person."""

    user_id: Value = None
    at: Value = None
    source: str | None = None


def mark_of(value: Value) -> bytes:
    """6 bytes that say whether a value is the same."""
    return blake2b(_encode(value), digest_size=6).digest()


def stamp(
    stamps: Stamps,
    before: Row,
    after: Row,
    names: Iterable[str],
    writer: tuple[bytes, int],
    *,
    others_wrote: bool,
) -> None:
    """Adds to a row's stamps what a device's write says; a new row needs none, since its creation says the same.

    Args:
        names: the columns that differ.
        writer: the user, and when.
        others_wrote: whether somebody without a device wrote the row since the last stamp.
    """
    if others_wrote:
        by, at = before["changed_by"], before["changed_at"]
        if OTHERS in stamps or (by, at) != (before["created_by"], before["created_at"]):
            stamps[OTHERS] = Stamp(
                by if isinstance(by, bytes) else None, at if isinstance(at, int) else 0, b""
            )
    user_id, now = writer
    for name in names:
        if name not in _NOT_STAMPED:
            stamps[name] = Stamp(user_id, now, mark_of(after[name]))


def last_change(
    row: Row, name: str, stamps: Mapping[str, Stamp], image: bytes | None, *, others_wrote: bool
) -> LastChange:
    """Whose the present value of a field is.

    Args:
        image: what an import last said of the row, as marks by field.
        others_wrote: whether somebody without a device wrote the row last.
    """
    mark, stamp = mark_of(row[name]), stamps.get(name)
    if stamp is not None and stamp.mark == mark:
        return LastChange(stamp.user_id, stamp.at)
    marks = _marks.decode(image) if image is not None else {}
    if marks.get(name) == mark:
        source = IMPORT.format(source=marks.get(SOURCE, b"").decode()).strip()
        return LastChange(None, row["changed_at"] if row["changed_by"] is None else None, source)
    if others_wrote:
        return LastChange(row["changed_by"], row["changed_at"])
    if (other := stamps.get(OTHERS)) is not None:
        return LastChange(other.user_id, other.at)
    return LastChange(row["created_by"], row["created_at"])
