"""Repair: a fresh replica with everything a damaged one alone had; the damaged file is kept beside it.

Owns the order of things: look, salvage, build, switch. Until the switch nothing of the old file changes, and a kill
leaves either the old file or the new one. Must not know the network: records come with the next sync.
"""

# ruff: noqa: S608 - the names in these texts are those of the machinery's tables

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import LEFT_OUT_BY_A_REPAIR
from fieldrep.contract.digest import Digest
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import hash_of
from fieldrep.contract.messages import NO_EPOCH
from fieldrep.contract.steps import Step, reached
from fieldrep.paths import Profile
from fieldrep.store import migrate
from fieldrep.store.damage import damaged_pages
from fieldrep.store.engine import Connection, connect, driver_errors, transaction, write_back
from fieldrep.store.files import put
from fieldrep.store.incoming.shown import show_again
from fieldrep.store.left_open import log_is_missing, note_closing
from fieldrep.store.lock import FileLock, Holder
from fieldrep.store.outgoing.outbox import index_edits
from fieldrep.store.outgoing.pending import Standing, decode_change
from fieldrep.store.repairing.aside import aside_name, finish_switch, ready_name, stamp_of, sync_folder
from fieldrep.store.repairing.in_place import mended_in_place
from fieldrep.store.repairing.lost import LOST, is_empty, is_lost
from fieldrep.store.repairing.pages import Pages, log_is_damaged
from fieldrep.store.repairing.repaired import Repaired, find_untold, note_untold
from fieldrep.store.repairing.salvage import Named, Salvaged, salvage
from fieldrep.store.schema import metadata
from fieldrep.store.state import SyncState
from fieldrep.store.unit_of_work import FLOOR_OF_SERIES

PER_PAGE = 64
"""No page holds more changes than this."""

SKIPPED_OF_SERIES = 1_000
_KEPT = ("outbox", "sent_log", "refused_change", "past_refusal", "number_series", "draft", "secret")


def repair(place: Profile | Path, key: bytes, now: int, *, holder: Holder = Holder.WINDOW) -> Repaired:
    """Repairs a replica that is damaged or holds what the server did not send, does nothing to a sound one.

    Where one was repaired before and nobody was told, that is what was done.

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
        gone = is_lost(path)
        if is_empty(path) and not gone:
            raise KnownError(Code.NOT_ENROLLED, "There is no replica here, so there is nothing to repair.")
        done = mended_in_place(path, key) if not gone and is_sound(path, key) else None
        if done is not None:
            before = _untold(path, key)
            if before is not None and not done.wrong:
                return before
            anew = done.searched_anew > 0
            return Repaired(sound=not done.wrong, step=done.step, searched_anew=anew, before=before)
        pages = Pages(path, key)
        if not pages.count:
            raise KnownError(Code.REPLICA_DAMAGED, LOST)
        found = salvage(pages)
        if found.unreadable >= found.pages:
            raise KnownError(Code.REPLICA_DAMAGED, _NOTHING)
        return _switch(path, key, found, stamp_of(path, now))
    finally:
        lock.release()


_NOTHING = (
    "Nothing of the replica can be read with this profile's key: the file is damaged throughout, or the key belongs to "
    "another one. Restore the profile's folder from a backup of this computer; or keep the file aside and begin anew "
    "(fieldrep repair --set-aside), then enrol with a new link."
)


def is_sound(path: Path, key: bytes) -> bool:
    """Whether every page can be read and the file's structure holds."""
    if log_is_missing(path) or log_is_damaged(path, key):
        return False
    note_closing(path)
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


def _switch(path: Path, key: bytes, found: Salvaged, stamp: str) -> Repaired:
    fresh = path.with_name(f"{path.name}.fresh")
    _discard(fresh)
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        done = _build(fresh, key, found, aside_name(path, stamp).name)
        reached(Step.REPAIR_BUILT)
        fresh.rename(ready_name(path, stamp))
        sync_folder(path.parent)
        reached(Step.REPAIR_READY)
    except OSError as error:
        sentence = f"The repaired replica cannot be written ({error.strerror or error}). Nothing was changed."
        raise KnownError(Code.DISK_ERROR, sentence) from error
    finally:
        _discard(fresh)
    finish_switch(path)
    return done


def _untold(path: Path, key: bytes) -> Repaired | None:
    connection = connect(path, key)
    try:
        with driver_errors():
            return find_untold(connection)
    finally:
        connection.close()


def _discard(fresh: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        with suppress(OSError):
            fresh.with_name(fresh.name + ending).unlink(missing_ok=True)


def _build(path: Path, key: bytes, found: Salvaged, kept_as: str) -> Repaired:
    """A whole replica of its own: what was saved, the rows with pending edits as they can be shown, what is to tell."""
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
            done = note_untold(connection, _report(found, kept_as))
        with driver_errors():
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()
    return done


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
    numbered = ("outbox", "outbox_edit", "sent_log", "refused_change", "past_refusal")
    known = [_whole(row["n"]) for name in numbered for row in found.tables[name]]
    state = dict(found.state or _some_device(found))
    highest = max([*known, _whole(state["highest_n"])], default=0)
    if found.damaged:
        highest += max(LEFT_OUT_BY_A_REPAIR, PER_PAGE * found.unreadable)
    state.update(id=1, cursor=b"", digest_count=0, digest_total=0, complete=0, highest_n=highest)
    return state


def _some_device(found: Salvaged) -> Named:
    """Where it cannot be read who this is, its changes still name the incarnation they were numbered under.

    Of which epoch the answers were is not known either, so all that was sent is offered again.
    """
    incarnations = [row["incarnation"] for name in ("sent_log", "outbox") for row in found.tables[name]]
    epoch = NO_EPOCH if found.tables["sent_log"] else b""
    named = incarnations[-1] if incarnations else b""
    return {**_NOBODY, "incarnation": named, "epoch": epoch, "server_schema": SyncState().server_schema}


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
        lost={n: dict(kinds) for n, kinds in sorted(found.lost.items())},
        doubtful=bool(found.damaged & {"outbox", "draft", "refused_change", "file_upload"}),
    )


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
