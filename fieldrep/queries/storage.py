"""What this profile takes on the disk, and what of it is what: the Storage tab, and the figures of the diagnostics.

Owns what counts as which. The room of search is read block by block, so this is asked for when somebody looks at it.
"""

# ruff: noqa: S608 - the names in these texts are those of the catalogue and of our own tables

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fieldrep.contract.catalogue import ENTITIES, searched_fields
from fieldrep.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Part:
    """How many of something there are, and the bytes they take."""

    count: int
    size: int


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the room goes, in bytes.

    Attributes:
        kinds: how many records of each entity lie here, by its plural title.
        records: all of them with their indexes: what of the file is nothing else.
        photos: bodies of photos and documents that are whole here.
        arriving: those that are here in part.
        going_up: those of `photos` that the office has not confirmed yet.
        waiting, sent, refused: changes: in the outbox, in the sent log, refused.
        file: the database file.
        unused: pages of it that are free for what comes.
        log: its write-ahead log and the reserve beside it.
        disk_free: None where the disk does not say.
    """

    kinds: tuple[tuple[str, int], ...]
    records: Part
    search: int
    photos: Part
    arriving: Part
    going_up: Part
    waiting: Part
    sent: Part
    refused: Part
    drafts: Part
    receipts: Part
    file: int
    unused: int
    log: int
    disk_free: int | None

    @property
    def total(self) -> int:
        """Everything on the disk."""
        return self.file + self.log


_SEARCHED = tuple(entity.table for entity in ENTITIES if searched_fields(entity))
_PARTS = {
    "photos": "SELECT count(*), coalesce(sum(size), 0) FROM file_body WHERE whole = 1",
    "arriving": "SELECT count(*), coalesce(sum(held), 0) FROM file_body WHERE whole = 0",
    "going_up": "SELECT count(*), coalesce(sum(b.size), 0) FROM file_upload u JOIN file_body b USING (sha256)",
    "waiting": "SELECT count(*), coalesce(sum(length(change)), 0) FROM outbox",
    "sent": "SELECT count(*), coalesce(sum(length(change)), 0) FROM sent_log",
    "refused": "SELECT count(*), coalesce(sum(length(change)), 0) FROM refused_change",
    "drafts": "SELECT count(*), coalesce(sum(length(text)), 0) FROM draft",
    "receipts": "SELECT count(*), coalesce(sum(length(receipt)), 0) FROM sync_receipt",
}


def storage(reader: Reader) -> Storage:
    """What is here now."""
    parts = {name: Part(*reader.rows(sql)[0]) for name, sql in _PARTS.items()}
    kinds = tuple((one.plural, _number(reader, f"SELECT count(*) FROM {one.table}")) for one in ENTITIES)
    page = _number(reader, "PRAGMA page_size")
    file, unused = (page * _number(reader, f"PRAGMA {what}") for what in ("page_count", "freelist_count"))
    search = sum(
        _number(reader, f"SELECT coalesce(sum(length(block)), 0) FROM {table}_search_data")
        for table in _SEARCHED
    )
    others = search + unused + sum(part.size for name, part in parts.items() if name != "going_up")
    path = Path(reader.rows("PRAGMA database_list")[0][2])
    return Storage(
        kinds=kinds,
        records=Part(sum(count for _, count in kinds), max(file - others, 0)),
        search=search,
        **parts,
        file=file,
        unused=unused,
        log=_beside(path),
        disk_free=_free(path),
    )


def _number(reader: Reader, sql: str) -> int:
    return int(reader.rows(sql)[0][0])


def _beside(path: Path) -> int:
    """The bytes of the files that belong to the database file."""
    size = 0
    for end in ("-wal", "-shm", ".reserve"):
        with suppress(OSError):
            size += path.with_name(path.name + end).stat().st_size
    return size


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None
