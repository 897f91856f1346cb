"""What can be saved out of a damaged replica: everything that exists on this device alone, row by row.

That is the outbox, the sent log, refused changes, drafts, number series, files that the server has not got, who the
device is, and its secrets; records come from the central store again. What is known to have been there and cannot be
read is named. Writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Outcome, Refused
from fieldrep.contract.errors import Code
from fieldrep.store.outgoing.pending import (
    ASIDE,
    DOOMED,
    DOOMED_WAITS,
    READY,
    SETTLED,
    WAITS,
    decode_change,
    is_as_entered,
)
from fieldrep.store.repairing.btree import Found, Record, records_on, walk
from fieldrep.store.repairing.pages import Pages
from fieldrep.store.schema import metadata

Named = dict[str, int | str | bytes | float | None]

_SCHEMA_COLUMNS = 5
_HASH, _PART_COLUMNS = 64, 3
_NO_REASON = "Why the office refused it cannot be read any more; send it again to hear."

_images = msgspec.msgpack.Decoder(dict[str, object])
_outcomes = msgspec.msgpack.Decoder(Outcome)
_refusals = msgspec.msgpack.Decoder(Refused)
_encode = msgspec.msgpack.Encoder().encode
_ANSWERED = ("sent_log", "refused_change", "past_refusal")
_LATEST = ("saved_at", "last_sync_at", "last")


def _is_change(row: Named) -> bool:
    blob = row["change"]
    return isinstance(blob, bytes) and is_as_entered(blob) and decode_change(blob).n == row["n"]


def _is_image(blob: object) -> bool:
    return blob is None or (isinstance(blob, bytes) and _reads(_images, blob))


def _reads(decoder: msgspec.msgpack.Decoder[Any], blob: bytes) -> bool:
    try:
        decoder.decode(blob)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _is_id(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == 16


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and len(value) == _HASH


def _is_edit(row: Named) -> bool:
    return row["entity"] in CATALOGUE and _is_id(row["row_id"]) and isinstance(row["n"], int)


_TESTS: dict[str, Callable[[Named], bool]] = {
    "outbox": lambda row: (
        row["state"] in (READY, DOOMED, SETTLED, ASIDE, WAITS, DOOMED_WAITS)
        and _is_image(row["base"])
        and _is_change(row)
    ),
    "outbox_edit": _is_edit,
    "base_row": lambda row: (
        row["entity"] in CATALOGUE
        and _is_id(row["row_id"])
        and row["standing"] in (0, 1, 2)
        and _is_image(row["image"])
    ),
    "sent_log": lambda row: isinstance(row["revision"], int) and _is_change(row),
    "refused_change": lambda row: (
        isinstance(row["outcome"], bytes) and isinstance(row["refused_at"], int) and _is_change(row)
    ),
    "past_refusal": lambda row: isinstance(row["ended_at"], int),
    "number_series": lambda row: isinstance(row["series"], str) and isinstance(row["last"], int),
    "draft": lambda row: (
        all(isinstance(row[name], str) for name in ("kind", "key", "text"))
        and isinstance(row["saved_at"], int)
    ),
    "file_upload": lambda row: (
        _is_id(row["row_id"]) and _is_hash(row["sha256"]) and isinstance(row["sent"], int)
    ),
    "secret": lambda row: isinstance(row["name"], str) and isinstance(row["value"], str),
    "sync_state": lambda row: _is_id(row["device_id"]) and _is_id(row["user_id"]) and bool(row["login"]),
}
"""By which a row on a page nothing leads to is known. Each tells its table from every other one of a replica."""

_COLUMNS = {name: [column.name for column in metadata.tables[name].columns] for name in _TESTS}
_KEYS = {name: [column.name for column in metadata.tables[name].primary_key] for name in _TESTS}
_ROW_NO = {
    name: keys[0]
    for name, keys in _KEYS.items()
    if len(keys) == 1 and metadata.tables[name].columns[keys[0]].type.python_type is int
}
"""The column that is the row number itself, and so is not written in the record."""


@dataclass(slots=True)
class Salvaged:
    """What was read, per table of the machinery, and what was not.

    Attributes:
        tables: rows by table.
        damaged: tables of which pages or rows cannot be read.
        pages, unreadable: pages of the file, and those that cannot be read.
        files_lost: of those, how many cannot be read whole, counted while they are saved.
        bodies: of each file that waits to go up, the parts that can be read, by the byte they begin with.
        lost: numbers of changes that waited and cannot be read, with the kinds of records they touch as far as known.
    """

    tables: dict[str, list[Named]]
    damaged: set[str]
    pages: int
    unreadable: int
    bodies: dict[str, dict[int, bytes]] = field(default_factory=dict)
    files_lost: int = 0
    lost: dict[int, Counter[str]] = field(default_factory=dict)

    @property
    def state(self) -> Named | None:
        """Who the device is, None when that cannot be read or nobody was."""
        rows = [row for row in self.tables["sync_state"] if row["device_id"]]
        return rows[0] if rows else None


def salvage(pages: Pages) -> Salvaged:
    """Reads all that can be read. Rows in their table's tree count; where a tree is broken, loose pages count too."""
    unreadable = pages.unreadable()
    roots, whole = _roots(pages)
    trees = {name: _as_entered(name, walk(pages, root)) for name, root in roots.items() if name in _TESTS}
    damaged = {name for name in _TESTS if _is_broken(trees.get(name), whole=whole)}
    if pages.torn:
        damaged |= set(_TESTS)
    tables = {name: _rows(name, trees[name]) if name in trees else {} for name in _TESTS}
    if damaged:
        reached = set().union(*(tree.reached for tree in trees.values()))
        read = {name: _numbers(tables, name) for name in ("outbox", *_ANSWERED)}
        _add_loose(pages, reached, {name: tables[name] for name in damaged})
        _drop_remains(tables, read)
    if unreadable == [1] and not pages.torn:
        damaged = set()  # the first page holds none of their rows, and all others were read
    found = Salvaged(
        {name: list(rows.values()) for name, rows in tables.items()},
        damaged,
        pages.count,
        len(unreadable) + pages.torn,
    )
    found.lost = _lost(found, trees.get("outbox"))
    found.bodies = _bodies(pages, roots.get("file_part"), found.tables["file_upload"], whole=whole)
    return found


def _bodies(
    pages: Pages, root: int | None, uploads: list[Named], *, whole: bool
) -> dict[str, dict[int, bytes]]:
    """The bodies of files that wait to go up; what the server has as well comes from there again."""
    bodies: dict[str, dict[int, bytes]] = {str(row["sha256"]): {} for row in uploads}
    if not bodies:
        return bodies

    def of_one(record: Record) -> bool:
        return len(record) == _PART_COLUMNS and record[0] in bodies and isinstance(record[2], bytes)

    tree = walk(pages, root, of_one) if root is not None else None
    rows = list(tree.rows) if tree is not None else []
    if _is_broken(tree, whole=whole):
        reached = tree.reached if tree is not None else set()
        for number in range(1, pages.count + 1):
            if number not in reached:
                rows += records_on(pages, number, of_one).rows
    for _, record in rows:
        if record is not None:
            sha256, at, part = record
            if isinstance(sha256, str) and isinstance(at, int) and isinstance(part, bytes):
                bodies[sha256].setdefault(at, part)
    return bodies


def _roots(pages: Pages) -> tuple[dict[str, int], bool]:
    """The first page of each table, as far as the file's own list can be read, and whether it can be read whole."""
    listing = walk(pages, 1)
    roots = {}
    for _, record in listing.rows:
        if record is not None and len(record) == _SCHEMA_COLUMNS and record[0] == "table":
            name, root = record[1], record[3]
            if isinstance(name, str) and isinstance(root, int) and root:
                roots[name] = root
    return roots, not _is_broken(listing, whole=True)


def _is_broken(tree: Found | None, *, whole: bool) -> bool:
    if tree is None:
        return not whole
    return bool(tree.broken) or any(record is None for _, record in tree.rows)


def _as_entered(name: str, found: Found) -> Found:
    """What was found in a tree, of which a change that is not as it was entered cannot be read."""
    if name in ("outbox", "sent_log", "refused_change"):
        found.rows = [
            (row_no, one if one and _named(name, row_no, one) else None) for row_no, one in found.rows
        ]
    return found


def _rows(name: str, found: Found) -> dict[tuple[object, ...], Named]:
    rows: dict[tuple[object, ...], Named] = {}
    for row_no, record in found.rows:
        row = _named(name, row_no, record)
        if row is not None:
            _keep_newest(rows, name, row)
    return rows


def _named(name: str, row_no: int, record: Record | None) -> Named | None:
    columns = _COLUMNS[name]
    if record is None or len(record) != len(columns):
        return None
    row = dict(zip(columns, record, strict=True))
    if name in _ROW_NO:
        if row[_ROW_NO[name]] is not None or not row_no:
            return None
        row[_ROW_NO[name]] = row_no
    return _with_outcome(name, row) if _TESTS[name](row) else None


def _with_outcome(name: str, row: Named) -> Named:
    """The row with an outcome that can be read: what was entered counts, whatever became of the reason."""
    outcome, n = row.get("outcome"), row.get("n")
    if not isinstance(outcome, bytes) or not isinstance(n, int):
        return row
    is_refused = name == "refused_change" or row.get("state") == ASIDE
    if not _reads(_refusals if is_refused else _outcomes, outcome):
        row["outcome"] = _encode(Refused(n, Code.INTERNAL, _NO_REASON)) if is_refused else None
    return row


def _keep_newest(rows: dict[tuple[object, ...], Named], name: str, row: Named) -> None:
    key = tuple(row[column] for column in _KEYS[name])
    before = rows.get(key)
    if before is None or _age(row) > _age(before):
        rows[key] = row


def _age(row: Mapping[str, object]) -> tuple[int, ...]:
    return tuple(value for name in _LATEST if isinstance(value := row.get(name), int))


def _add_loose(
    pages: Pages, reached: set[int], wanted: Mapping[str, dict[tuple[object, ...], Named]]
) -> None:
    for number in range(1, pages.count + 1):
        if number in reached:
            continue
        for row_no, record in records_on(pages, number).rows:
            for name, rows in wanted.items():
                row = _named(name, row_no, record)
                if row is not None:
                    _keep_newest(rows, name, row)


def _numbers(tables: Mapping[str, Mapping[Any, Named]], *names: str) -> set[object]:
    return {row["n"] for name in names for row in tables[name].values()}


def _drop_remains(
    tables: dict[str, dict[tuple[object, ...], Named]], read: Mapping[str, set[object]]
) -> None:
    """A loose page may be what is left of rows deleted long ago: a change waits or is answered, never both, and who is
    done with a refused one does not see it again.

    What was `read` in a tree is true, also that a change waits for its echo of which a part was refused. Where neither
    was, it waits: who sends it again hears the same answer (I3).
    """
    answered = set().union(*(read[name] for name in _ANSWERED))
    outbox = tables["outbox"]
    tables["outbox"] = {
        key: row for key, row in outbox.items() if row["n"] in read["outbox"] or row["n"] not in answered
    }
    refused = tables["refused_change"]
    tables["refused_change"] = {
        key: row
        for key, row in refused.items()
        if row["n"] in read["refused_change"] or row["n"] not in read["past_refusal"]
    }
    waits = _numbers(tables, "outbox")
    for name in _ANSWERED:
        rows = tables[name].items()
        tables[name] = {key: row for key, row in rows if row["n"] not in waits or row["n"] in read[name]}


def _lost(found: Salvaged, outbox: Found | None) -> dict[int, Counter[str]]:
    """The changes that waited and are not here: their rows are listed, or their row cannot be read to its end."""
    here = {row["n"] for name in ("outbox", *_ANSWERED) for row in found.tables[name]}
    lost: dict[int, Counter[str]] = {}
    for row in found.tables["outbox_edit"]:
        n = row["n"]
        if isinstance(n, int) and n not in here:
            lost.setdefault(n, Counter())[str(row["entity"])] += 1
    if "outbox" not in found.damaged:
        return {}
    for n, record in outbox.rows if outbox else ():
        if record is None and n and n not in here:
            lost.setdefault(n, Counter())
    for n in _gaps(found):
        lost.setdefault(n, Counter())
    return lost


def _gaps(found: Salvaged) -> set[int]:
    """Numbers that are nowhere, between those that waited and from the newest that was answered before them."""
    known = {row["n"] for name in ("outbox", "outbox_edit", *_ANSWERED) for row in found.tables[name]}
    waited = [row["n"] for row in found.tables["outbox"] if isinstance(row["n"], int)]
    state = found.state
    newest = state["highest_n"] if state else 0
    ends = [*waited, newest] if isinstance(newest, int) and newest and waited else waited
    if not ends:
        return set()
    answered = [n for n in known if isinstance(n, int) and n < min(ends)]
    return set(range(max(answered, default=min(ends)), max(ends) + 1)) - known
