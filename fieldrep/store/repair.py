"""Repair: a fresh replica with everything a damaged one alone had; the damaged file is kept beside it.

Owns the order of things: look, salvage, build, switch. Until the switch nothing of the old file changes, and a kill
leaves either the old file or the new one. Must not know the network: records come with the next sync.
"""

# ruff: noqa: S608 - the names in these texts are those of the machinery's tables

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import LEFT_OUT_BY_A_REPAIR
from fieldrep.contract.counts import counted
from fieldrep.contract.digest import Digest
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import hash_of
from fieldrep.contract.steps import Step, reached
from fieldrep.paths import Profile
from fieldrep.store import migrate
from fieldrep.store.aside import finish_switch, ready_name, stamp_of, sync_folder
from fieldrep.store.engine import Connection, connect, driver_errors, transaction, write_back
from fieldrep.store.files import put
from fieldrep.store.in_place import mended_in_place
from fieldrep.store.lock import FileLock, Holder
from fieldrep.store.outbox import index_edits
from fieldrep.store.pages import Pages, log_is_damaged
from fieldrep.store.pending import Standing, decode_change
from fieldrep.store.salvage import Named, Salvaged, salvage
from fieldrep.store.schema import metadata
from fieldrep.store.shown import show_again
from fieldrep.store.unit_of_work import FLOOR_OF_SERIES
from fieldrep.store.verify import damaged_pages

PER_PAGE = 64
"""No page holds more changes than this."""

SKIPPED_OF_SERIES = 1_000
_KEPT = ("outbox", "sent_log", "refused_change", "number_series", "draft", "secret")


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did.

    Attributes:
        sound: nothing was wrong, and nothing was done.
        step: what is left to do where the file itself is sound and stays; `searched_anew`: search was made anew in it.
        kept_as: the name under which the damaged file lies in the profile's folder.
        changes, drafts, refused, sent: how many of each were saved.
        files, files_lost: photos and documents that wait to go up: saved, and those that cannot be read whole.
        known: whether it is still known who this device is.
        lost: changes that cannot be read, with the kinds of records they touched.
        doubtful: parts of what only this device had cannot be read, so more may be missing than is listed.
    """

    sound: bool = False
    step: str = ""
    searched_anew: bool = False
    kept_as: str = ""
    changes: int = 0
    drafts: int = 0
    refused: int = 0
    sent: int = 0
    files: int = 0
    files_lost: int = 0
    known: bool = True
    pages: int = 0
    unreadable: int = 0
    lost: dict[int, Counter[str]] = field(default_factory=dict)
    doubtful: bool = False

    @property
    def sentence(self) -> str:
        """What a person is told."""
        if self.sound:
            return "The replica is sound; there is nothing to repair."
        if not self.kept_as:
            anew = "Search was made anew from the records." if self.searched_anew else ""
            return f"The file itself is sound, and what you entered is in it. {anew} {self.step}".replace(
                "  ", " "
            ).rstrip()
        saved = [
            _count(self.changes, "change that waits", "changes that wait"),
            _count(self.drafts, "draft", "drafts"),
        ]
        saved += [_count(self.refused, "refused change", "refused changes")]
        saved += [_count(self.files, "file that waits", "files that wait")]
        had = ", ".join(part for part in saved if part)
        if had:
            had = f"Saved out of it: {had}."
        elif self.lost or self.doubtful:
            had = "Nothing that waited in it could be read."
        else:
            had = "Nothing in it waited to be sent, so no work is lost."
        parts = [f"The damaged file is kept as {self.kept_as}. {had}"]
        if self.lost:
            more = "; more may be missing" if self.doubtful else ""
            parts.append(f"Cannot be read: {_named(self.lost)}{more}.")
        elif self.doubtful:
            parts.append(
                "A part that may have held unsent work cannot be read; nothing is known to be missing."
            )
        if self.files_lost:
            parts.append(
                f"{_count(self.files_lost, 'file', 'files')} that waited cannot be read; add them again."
            )
        parts.append(
            "Your records come again with the next sync."
            if self.known
            else "Who this laptop belongs to cannot be read: enrol it again with a new link of your admin; what was "
            "saved goes out then."
        )
        return " ".join(parts)


def repair(place: Profile | Path, key: bytes, now: int, *, holder: Holder = Holder.WINDOW) -> Repaired:
    """Repairs a replica that is damaged or holds what the server did not send, does nothing to a sound one.

    Raises:
        KnownError: `not_enrolled` when there is none, `already_open`, `replica_damaged` when nothing at all can be
            read, a disk error; the file is then as it was.
    """
    path, lock_path = (
        (place.replica, place.lock) if isinstance(place, Profile) else (place, Path(f"{place}.lock"))
    )
    lock = FileLock(lock_path, holder)
    try:
        finish_switch(path)
        if not path.exists():
            raise KnownError(Code.NOT_ENROLLED, "There is no replica here, so there is nothing to repair.")
        done = mended_in_place(path, key) if is_sound(path, key) else None
        if done is not None:
            return Repaired(sound=not done.wrong, step=done.step, searched_anew=done.searched_anew > 0)
        pages = Pages(path, key)
        found = salvage(pages)
        if found.unreadable >= found.pages:
            raise KnownError(Code.REPLICA_DAMAGED, _NOTHING)
        stamp = stamp_of(path, now)
        return _report(found, _switch(path, key, found, stamp))
    finally:
        lock.release()


_NOTHING = (
    "Nothing of the replica can be read with this profile's key: the file is damaged throughout, or the key belongs to "
    "another one. Restore the profile's folder from a backup of this computer; or keep the file aside and begin anew "
    "(fieldrep repair --set-aside), then enrol with a new link."
)


def is_sound(path: Path, key: bytes) -> bool:
    """Whether every page can be read and the file's structure holds."""
    if log_is_damaged(path):
        return False
    try:
        connection = connect(path, key)
        try:
            write_back(connection)
            with driver_errors():
                return not list(damaged_pages(connection))
        finally:
            connection.close()
    except KnownError as error:
        if error.code is Code.REPLICA_DAMAGED:
            return False
        raise


def _switch(path: Path, key: bytes, found: Salvaged, stamp: str) -> str:
    fresh = path.with_name(f"{path.name}.fresh")
    _discard(fresh)
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        _build(fresh, key, found)
        reached(Step.REPAIR_BUILT)
        fresh.rename(ready_name(path, stamp))
        sync_folder(path.parent)
        reached(Step.REPAIR_READY)
    except OSError as error:
        sentence = f"The repaired replica cannot be written ({error.strerror or error}). Nothing was changed."
        raise KnownError(Code.DISK_ERROR, sentence) from error
    finally:
        _discard(fresh)
    kept = finish_switch(path)
    return kept.name if kept else ""


def _discard(fresh: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        with suppress(OSError):
            fresh.with_name(fresh.name + ending).unlink(missing_ok=True)


def _build(path: Path, key: bytes, found: Salvaged) -> None:
    """A whole replica of its own: what was saved, and the rows with pending edits as they can be shown."""
    connection = connect(path, key, writer=True)
    try:
        migrate.create(connection)
        with transaction(connection):
            for table in _KEPT:
                _insert(connection, table, found.tables[table])
            _keep_bodies(connection, found)
            _skip_numbers(connection, found)
            state = _state(found)
            _insert(connection, "sync_state", [state])
            rows = _pending_rows(connection, found)
            user_id = state["user_id"]
            show_again(connection, rows, user_id if isinstance(user_id, bytes) else b"", Digest())
        with driver_errors():
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


def _keep_bodies(connection: Connection, found: Salvaged) -> None:
    """The files that wait, as far as their bytes are all there; what cannot be read whole is let go of."""
    for row in found.tables["file_upload"]:
        sha256 = str(row["sha256"])
        parts = found.bodies.get(sha256, {})
        body = b"".join(parts[at] for at in sorted(parts))
        if hash_of(body) == sha256:
            put(connection, sha256, body)
            _insert(connection, "file_upload", [row])
        else:
            found.files_lost += 1


def _insert(connection: Connection, table: str, rows: Iterable[Named]) -> None:
    for row in rows:
        marks = ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def _state(found: Salvaged) -> Named:
    """As it was, but before the first page; the numbers go on behind every one that may have been used (I3)."""
    known = [_whole(row["n"]) for name in ("outbox", "outbox_edit", "sent_log", "refused_change")
             for row in found.tables[name]]  # fmt: skip
    state = dict(found.state or _NOBODY)
    highest = max([*known, _whole(state["highest_n"])], default=0)
    if found.damaged:
        highest += max(LEFT_OUT_BY_A_REPAIR, PER_PAGE * found.unreadable)
    state.update(id=1, cursor=b"", digest_count=0, digest_total=0, complete=0, highest_n=highest)
    return state


_NOBODY: Named = {column.name: column.type.python_type() for column in metadata.tables["sync_state"].columns}


def _skip_numbers(connection: Connection, found: Salvaged) -> None:
    """Numbers of documents that may have been given stay given: every series goes on behind all that are seen."""
    if "number_series" not in found.damaged:
        return
    prefix = str((found.state or _NOBODY)["number_prefix"]) + "-"
    used = [_whole(row["last"]) for row in found.tables["number_series"]]
    for name in ("outbox", "sent_log", "refused_change"):
        for row in found.tables[name]:
            for edit in decode_change(_blob(row["change"])).edits:
                used += [_number(value, prefix) for value in edit.after.values()]
    floor = max(used, default=0) + SKIPPED_OF_SERIES
    connection.execute("UPDATE number_series SET last = ?", (floor,))
    connection.execute(
        "INSERT OR REPLACE INTO number_series (series, last) VALUES (?, ?)", (FLOOR_OF_SERIES, floor)
    )


def _pending_rows(connection: Connection, found: Salvaged) -> set[tuple[str, bytes]]:
    """Notes which rows have pending edits, each with the image it had; without one it shows when it arrives."""
    images = {(row["entity"], row["row_id"]): row for row in found.tables["base_row"]}
    rows: set[tuple[str, bytes]] = set()
    for entry in found.tables["outbox"]:
        change = decode_change(_blob(entry["change"]))
        if entry["base"] is not None and len(change.edits) == 1:
            (edit,) = change.edits
            left: Named = {
                "entity": edit.entity,
                "row_id": edit.row_id,
                "standing": 0,
                "image": entry["base"],
            }
            images.setdefault((edit.entity, edit.row_id), left)
        index_edits(connection, change)
        rows |= {(edit.entity, edit.row_id) for edit in change.edits if edit.entity in CATALOGUE}
    for entity, row_id in rows:
        base = images.get(
            (entity, row_id), {"entity": entity, "row_id": row_id, "standing": 0, "image": None}
        )
        if base["image"] is not None and base["standing"] == Standing.CURRENT:
            base = {**base, "standing": int(Standing.STALE)}
        _insert(connection, "base_row", [base])
    connection.execute("UPDATE outbox SET base = NULL")
    return rows


def _report(found: Salvaged, kept_as: str) -> Repaired:
    count = {name: len(rows) for name, rows in found.tables.items()}
    return Repaired(
        kept_as=kept_as,
        changes=sum(row["state"] != "settled" for row in found.tables["outbox"]),
        drafts=count["draft"],
        refused=count["refused_change"],
        sent=count["sent_log"],
        files=count["file_upload"] - found.files_lost,
        files_lost=found.files_lost,
        known=found.state is not None and any(row["name"] == "token" for row in found.tables["secret"]),
        pages=found.pages,
        unreadable=found.unreadable,
        lost=dict(sorted(found.lost.items())),
        doubtful=bool(found.damaged & {"outbox", "draft", "refused_change", "file_upload"}),
    )


def _count(number: int, one: str, many: str) -> str:
    return counted(number, one, many) if number else ""


_MOST_NAMED = 10


def _named(lost: dict[int, Counter[str]]) -> str:
    """The changes that are lost, by number and, where that is known, by what they touched."""
    words = []
    for n, touched in list(lost.items())[:_MOST_NAMED]:
        kinds = [
            _count(count, CATALOGUE[name].title.lower(), CATALOGUE[name].plural.lower())
            for name, count in sorted(touched.items())
        ]
        words.append(f"change {n:,}" + (f" ({', '.join(kinds)})" if kinds else ""))
    if len(lost) > _MOST_NAMED:
        words.append(f"and {len(lost) - _MOST_NAMED:,} more")
    return ", ".join(words)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _blob(value: object) -> bytes:
    assert isinstance(value, bytes)  # noqa: S101 - only rows that decode were taken
    return value


def _number(value: object, prefix: str) -> int:
    """The count in a number of this device's own, 0 for any other value."""
    if not isinstance(value, str) or not value.startswith(prefix):
        return 0
    digits = value.removeprefix(prefix)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else 0
