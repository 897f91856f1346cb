"""Runs: per row, the unbroken series of writes by one device; nobody's own chain of offline edits clashes with itself.

Beside it stands who wrote which field last, for the case that somebody has to decide about it.

Owns the column `run` of every entity's table, written and read with its row. A run counts only while the row still has
the revision it ended with; whoever else writes the row ends it by doing so, and needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from fieldrep.contract.fields import Value
from sync_server.store.stamps import LastChange, Stamps, last_change, stamp
from sync_server.store.statements import Row
from sync_server.store.workspace import Image, Move

_NOBODY = b""


class Run(msgspec.Struct, frozen=True, array_like=True):
    """A device wrote a row again and again: after the revision `base`, which others wrote last, up to `written`.

    From there to the row's `revision` merges moved it, which write nothing. `stamps` say who wrote which field of the
    row last; they outlive the run.
    """

    device_id: bytes
    base: int
    revision: int
    written: int
    stamps: Stamps


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Run).decode


@dataclass(slots=True)
class Runs:
    """The runs of the rows a transaction has read, and those it will keep.

    It knows the transaction's rows, not the transaction: in a ring both would wait for a search for garbage.
    """

    images: Mapping[str, Mapping[bytes, Image | None]]
    _new: dict[str, dict[bytes, Run]] = field(default_factory=dict)

    def others_since(self, entity: str, row: Row, base: int, device_id: bytes) -> bool:
        """Whether anybody but this device wrote the row after its revision `base`."""
        revision = _whole(row["revision"])
        if revision <= base:
            return False
        run = self._run(entity, _id(row))
        if run is None or run.revision != revision:
            return True
        return run.written > base and (run.base > base or run.device_id != device_id)

    def note(self, move: Move, device_id: bytes, user_id: bytes, now: int) -> None:
        """Notes that a device of a user wrote a row."""
        before, after = move.before, move.after
        row_id, revision = _id(after), _whole(after["revision"])
        if before is None:
            self._keep(move.entity, row_id, Run(device_id, 0, revision, revision, {}))
            return
        was, known = _whole(before["revision"]), self._run(move.entity, row_id)
        others_wrote = known is None or known.revision != was
        base = was
        if known is not None and not others_wrote:
            base = known.base if known.device_id == device_id else known.written
        stamps = dict(known.stamps) if known is not None else {}
        stamp(stamps, before, after, move.differing, (user_id, now), others_wrote=others_wrote)
        self._keep(move.entity, row_id, Run(device_id, base, revision, revision, stamps))

    def last_change(self, entity: str, row: Row, name: str, image: bytes | None) -> LastChange:
        """Who gave a field of a row its present value; `image` is what an import last said of the row."""
        run = self._run(entity, _id(row))
        stamps = run.stamps if run is not None else {}
        others_wrote = run is None or run.revision != _whole(row["revision"])
        return last_change(row, name, stamps, image, others_wrote=others_wrote)

    def carry(self, entity: str, before: Row, after: Row) -> None:
        """Notes that a row got a new revision without anybody writing it: a merge moved it to another account."""
        row_id, was = _id(after), _whole(before["revision"])
        run = self._run(entity, row_id)
        if run is None or run.revision != was:
            # who wrote it before is told by the row itself
            run = Run(_NOBODY, was, was, was, run.stamps if run is not None else {})
        self._keep(entity, row_id, replace(run, revision=_whole(after["revision"])))

    def of(self, entity: str) -> dict[bytes, bytes]:
        """The stored form of an entity's new runs, by row."""
        return {row_id: _encode(run) for row_id, run in self._new.get(entity, {}).items()}

    def _keep(self, entity: str, row_id: bytes, run: Run) -> None:
        self._new.setdefault(entity, {})[row_id] = run

    def _run(self, entity: str, row_id: bytes) -> Run | None:
        """The run of a row that was read, as this transaction will leave it."""
        if (new := self._new.get(entity)) is not None and row_id in new:
            return new[row_id]
        image = self.images[entity][row_id]
        return _decode(image.run) if image is not None and image.run is not None else None


def _id(row: Row) -> bytes:
    row_id = row["id"]
    assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
    return row_id


def _whole(value: Value) -> int:
    assert isinstance(value, int)  # noqa: S101 - revisions are never empty
    return value
