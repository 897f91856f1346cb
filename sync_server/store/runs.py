"""Runs: per row, the unbroken series of writes by one device; nobody's own chain of offline edits clashes with itself.

Beside it stands who wrote which field last, for the case that somebody has to decide about it.

Owns the table `device_run`. A run counts only while the row still has the revision it ended with; whoever else writes
the row ends it by doing so, and needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from fieldrep.contract.fields import Value
from sync_server.store.session import Session
from sync_server.store.stamps import NO_STAMPS, LastChange, decode_stamps, encode_stamps, last_change, stamp
from sync_server.store.statements import Row
from sync_server.store.workspace import Image, Move, ids_at_hand

_NOBODY = b""
_FIND = "SELECT row_id, device_id, base, revision, written, stamps FROM device_run WHERE row_id IN :members"
_COLUMNS = ("row_id", "device_id", "base", "revision", "written", "stamps")
_KEEP = (
    "ON CONFLICT (row_id) DO UPDATE SET device_id = excluded.device_id, base = excluded.base, "
    "revision = excluded.revision, written = excluded.written, stamps = excluded.stamps"
)


class Run(msgspec.Struct, frozen=True):
    """A device wrote a row again and again: after the revision `base`, which others wrote last, up to `written`.

    From there to the row's `revision` merges moved it, which write nothing. `stamps` say who wrote which field of the
    row last; they outlive the run.
    """

    device_id: bytes
    base: int
    revision: int
    written: int
    stamps: bytes = b""


@dataclass(slots=True)
class Runs:
    """The runs of the rows a transaction asks about, and those it will keep.

    It knows the transaction's rows, not the transaction: in a ring both would wait for a search for garbage.
    """

    session: Session
    images: Mapping[str, Mapping[bytes, Image | None]]
    _known: dict[bytes, Run | None] = field(default_factory=dict)
    _new: dict[bytes, Run] = field(default_factory=dict)

    def others_since(self, row: Row, base: int, device_id: bytes) -> bool:
        """Whether anybody but this device wrote the row after its revision `base`."""
        revision = _whole(row["revision"])
        if revision <= base:
            return False
        run = self._run(_id(row))
        if run is None or run.revision != revision:
            return True
        return run.written > base and (run.base > base or run.device_id != device_id)

    def note(self, move: Move, device_id: bytes, user_id: bytes, now: int) -> None:
        """Notes that a device of a user wrote a row."""
        before, after = move.before, move.after
        row_id, revision = after["id"], after["revision"]
        assert isinstance(row_id, bytes)  # noqa: S101 - ids and revisions are never empty
        assert isinstance(revision, int)  # noqa: S101 - as above
        if before is None:
            run = Run(device_id, 0, revision, revision, NO_STAMPS)
        else:
            was, known = _whole(before["revision"]), self._run(row_id)
            others_wrote = known is None or known.revision != was
            base = was
            if known is not None and not others_wrote:
                base = known.base if known.device_id == device_id else known.written
            stamps = decode_stamps(known.stamps) if known is not None else {}
            stamp(stamps, before, after, move.differing, (user_id, now), others_wrote=others_wrote)
            run = Run(device_id, base, revision, revision, encode_stamps(stamps))
        self._known[row_id] = self._new[row_id] = run

    def last_change(self, row: Row, name: str, image: bytes | None) -> LastChange:
        """Who gave a field of a row its present value; `image` is what an import last said of the row."""
        run = self._run(_id(row))
        stamps = decode_stamps(run.stamps) if run is not None else {}
        others_wrote = run is None or run.revision != _whole(row["revision"])
        return last_change(row, name, stamps, image, others_wrote=others_wrote)

    def carry(self, before: Row, after: Row) -> None:
        """Notes that a row got a new revision without anybody writing it: a merge moved it to another account."""
        row_id, was = _id(after), _whole(before["revision"])
        run = self._run(row_id)
        if run is None or run.revision != was:
            # who wrote it before is told by the row itself
            run = Run(_NOBODY, was, was, was, run.stamps if run is not None else b"")
        self._known[row_id] = self._new[row_id] = replace(run, revision=_whole(after["revision"]))

    def write(self) -> None:
        """Writes the new runs; part of the transaction's end."""
        kept = [
            (row_id, run.device_id, run.base, run.revision, run.written, run.stamps)
            for row_id, run in self._new.items()
        ]
        self.session.put_many("device_run", _COLUMNS, kept, _KEEP)

    def _run(self, row_id: bytes) -> Run | None:
        """The run of a row; the first question reads those of all rows at hand in one go."""
        if row_id not in self._known:
            wanted = [one for one in (row_id, *ids_at_hand(self.images)) if one not in self._known]
            self._known.update(dict.fromkeys(wanted))
            for found, device_id, base, revision, written, stamps in self.session.chosen(_FIND, wanted):
                self._known[found] = Run(bytes(device_id), base, revision, written, bytes(stamps))
        return self._known[row_id]


def _id(row: Row) -> bytes:
    row_id = row["id"]
    assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
    return row_id


def _whole(value: Value) -> int:
    assert isinstance(value, int)  # noqa: S101 - revisions are never empty
    return value
