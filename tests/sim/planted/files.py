"""Planted bugs of files: each lets bytes reach the wrong laptop, get lost or be mixed up, as in real products.

`bugs.py` has the others and the way they are planted.
"""

from __future__ import annotations

from typing import Any

from fieldrep.store import files as kept_here
from fieldrep.sync import files as on_their_way
from sync_server.reconcile import files as answers
from sync_server.reconcile import redirects
from sync_server.store import files as kept_there
from tests.sim.planted.bugs import Bug, Patch


def known_bytes_open_a_file(patch: Patch) -> None:
    """Whoever names a hash the store has seen is told that it is there, and is given the bytes."""
    real = kept_there.attachment_for

    def held(reader: Any, user_id: bytes, row_id: bytes, **giving: bool) -> Any:
        row = real(reader, user_id, row_id, **giving)
        if row is not None and not kept_there.is_whole(reader.session, row_id):
            sha256 = bytes.fromhex(str(row["sha256"]))
            if reader.session.first("SELECT 1 FROM file_body WHERE sha256 = ?", (sha256,)) is not None:
                kept_there._keep_whole(reader.session, row_id, b"", sha256, row["size"])
        return row

    patch.setattr(answers, "attachment_for", held)


def files_given_to_strangers(patch: Patch) -> None:
    """A file is given to whoever still knows the id of its record."""
    patch.setattr(answers, "attachment_for", lambda reader, _, row_id, **__: reader.row("attachment", row_id))


def files_stay_behind(patch: Patch) -> None:
    """The bytes of a record that left stay on the laptop."""
    patch.setattr(kept_here, "_GONE", "SELECT sha256 FROM file_body WHERE 0 = 1")


def sent_and_forgotten(patch: Patch) -> None:
    """A laptop takes a part that went out for a file that arrived, and forgets what waits."""
    real = on_their_way.note_sent

    def forget(replica: Any, row_id: bytes, sent: int) -> None:
        real(replica, row_id, sent)
        on_their_way.note_confirmed(replica, row_id)

    patch.setattr(on_their_way, "note_sent", forget)


def parts_taken_anywhere(patch: Patch) -> None:
    """The store adds each part to what it has, wherever it begins: one that comes twice is there twice."""
    real = kept_there.take

    def take(session: Any, row: Any, device_id: bytes, at: int, part: bytes) -> Any:
        return real(session, row, device_id, kept_there.taken_of(session, row["id"], device_id), part)

    patch.setattr(answers, "take", take)


def limits_forgotten(patch: Patch) -> None:
    """The store takes files beyond what the office allows."""
    patch.setattr(answers, "over_quota", lambda *_: "")


def late_files_stay_behind(patch: Patch) -> None:
    """A file that comes late for a record that moved names the account that record was at."""
    held_with = {name: owners for name, owners in redirects._HELD_WITH.items() if name != "attachment"}
    patch.setattr(redirects, "_HELD_WITH", held_with)


def photos_not_given_back(patch: Patch) -> None:
    """A restored store is given back the records, and not the bytes it lacks."""
    patch.setattr(kept_here, "_offer_again", lambda *_, **__: None)


FILE_BUGS: tuple[Bug, ...] = (
    known_bytes_open_a_file,
    files_given_to_strangers,
    files_stay_behind,
    sent_and_forgotten,
    parts_taken_anywhere,
    limits_forgotten,
    late_files_stay_behind,
    photos_not_given_back,
)
