"""Records on single pages of a replica: what can be read when the way to them is broken.

Owns SQLite's documented form of tables and records, as far as reading goes. Must not know any table, nor how a page is
decrypted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

Record = tuple[int | str | bytes | float | None, ...]

_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE = 2, 5, 10, 13
_FIRST_PAGE_HEADER = 100
_MOST_DEPTH = 30
_INTS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


class PageSource(Protocol):
    """Where pages come from."""

    def read(self, number: int) -> bytes | None:
        """A page, None when it cannot be read."""


class Broken(Exception):
    """What is written here is not the form it should have."""


@dataclass(slots=True)
class Found:
    """What a tree or a page gave.

    Attributes:
        rows: row number (0 for records without one) and the record, None when it cannot be read to its end.
        reached: the pages looked at; broken: pages on the way that cannot be read.
        wanted: which records are kept; all without it.
    """

    rows: list[tuple[int, Record | None]] = field(default_factory=list)
    reached: set[int] = field(default_factory=set)
    broken: int = 0
    wanted: Callable[[Record], bool] | None = None


def walk(pages: PageSource, root: int, wanted: Callable[[Record], bool] | None = None) -> Found:
    """All records of the tree below a page, as far as its pages can be read; those not wanted are let go at once."""
    found = Found(wanted=wanted)
    _walk(pages, root, found, 0)
    return found


def records_on(pages: PageSource, number: int, wanted: Callable[[Record], bool] | None = None) -> Found:
    """The records on one page alone, nothing when it holds none."""
    found = Found(wanted=wanted)
    page = pages.read(number)
    if page is not None and _kind(page, number) in (_LEAF_INDEX, _LEAF_TABLE, _INTERIOR_INDEX):
        found.reached.add(number)
        for cell in _cells(page, number):
            _take(pages, page, number, cell, found)
    return found


def _walk(pages: PageSource, number: int, found: Found, depth: int) -> None:
    page = pages.read(number)
    kind = _kind(page, number) if page is not None else 0
    if page is None or depth > _MOST_DEPTH or number in found.reached or not kind:
        found.broken += 1
        return
    found.reached.add(number)
    cells = _cells(page, number)
    if kind in (_INTERIOR_TABLE, _INTERIOR_INDEX):
        begin = _begin(number)
        below = [int.from_bytes(page[cell : cell + 4], "big") for cell in cells]
        for child in (*below, int.from_bytes(page[begin + 8 : begin + 12], "big")):
            _walk(pages, child, found, depth + 1)
    if kind != _INTERIOR_TABLE:
        for cell in cells:
            _take(pages, page, number, cell, found)


def _take(pages: PageSource, page: bytes, number: int, cell: int, found: Found) -> None:
    kind, row_no = _kind(page, number), 0
    try:
        at = cell + 4 if kind == _INTERIOR_INDEX else cell
        size, at = _varint(page, at)
        if kind == _LEAF_TABLE:
            row_no, at = _varint(page, at)
        payload = _payload(pages, page, at, size, in_table=kind == _LEAF_TABLE)
        record = _record(payload)
        if found.wanted is None or found.wanted(record):
            found.rows.append((row_no, record))
    except (Broken, IndexError, UnicodeDecodeError):
        found.rows.append((row_no, None))


def _begin(number: int) -> int:
    return _FIRST_PAGE_HEADER if number == 1 else 0


def _kind(page: bytes, number: int) -> int:
    kind = page[_begin(number)]
    return kind if kind in (_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE) else 0


def _cells(page: bytes, number: int) -> list[int]:
    begin = _begin(number)
    count = int.from_bytes(page[begin + 3 : begin + 5], "big")
    first = begin + (12 if page[begin] in (_INTERIOR_INDEX, _INTERIOR_TABLE) else 8)
    last = min(first + 2 * count, len(page) - 1)
    places = [int.from_bytes(page[at : at + 2], "big") for at in range(first, last, 2)]
    return [place for place in places if first <= place < len(page)]


def _payload(pages: PageSource, page: bytes, at: int, size: int, *, in_table: bool) -> bytes:
    usable = len(page)
    most = usable - 35 if in_table else (usable - 12) * 64 // 255 - 23
    if size <= most:
        return _exactly(page[at : at + size], size)
    least = (usable - 12) * 32 // 255 - 23
    here = least + (size - least) % (usable - 4)
    here = here if here <= most else least
    parts = [_exactly(page[at : at + here], here)]
    left, following = size - here, int.from_bytes(page[at + here : at + here + 4], "big")
    while left:
        further = pages.read(following) if following else None
        if further is None:
            raise Broken
        some = min(left, usable - 4)
        parts.append(_exactly(further[4 : 4 + some], some))
        left, following = left - some, int.from_bytes(further[:4], "big")
    return b"".join(parts)


def _exactly(content: bytes, size: int) -> bytes:
    if len(content) != size:
        raise Broken
    return content


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = content[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | content[at + 8], at + 9


def _record(payload: bytes) -> Record:
    header, at = _varint(payload, 0)
    kinds = []
    while at < header:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    return tuple(_values(payload, kinds, header))


def _values(payload: bytes, kinds: list[int], at: int) -> Iterator[int | str | bytes | float | None]:
    import struct

    for kind in kinds:
        size = _INTS.get(kind, 8 if kind == 7 else (kind - 12) // 2 if kind >= 12 else 0)
        part = _exactly(payload[at : at + size], size)
        at += size
        if kind == 0:
            yield None
        elif kind in _INTS:
            yield int.from_bytes(part, "big", signed=True)
        elif kind == 7:
            yield float(struct.unpack(">d", part)[0])
        elif kind in (8, 9):
            yield kind - 8
        elif kind >= 12:
            yield part if kind % 2 == 0 else part.decode()
        else:
            raise Broken
