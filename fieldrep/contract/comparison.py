"""How two sides that should hold the same rows find out where they differ: digests by smaller and smaller parts.

A part is a path: a bucket of scope keys, a scope key, a kind of record, a bucket of rows, a row. A question names parts
of one depth, the answer gives the digest of each part below them; so what travels grows with the differences, not with
the rows. Owns the parts and both messages; must not know where rows come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from fieldrep.contract.digest import Digest

MOST_PARTS = 128
"""Parts one question may name."""

MOST_ROWS = 1_000
"""Rows that differ and are fetched one by one; where more differ all are fetched afresh."""

DEPTH = 5

Label = Annotated[bytes, msgspec.Meta(max_length=60)]
Path = tuple[Label, ...]
Keyed = tuple[bytes, str, bytes, int]
"""A row as it is compared: scope key, entity, id, hash."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True, rename={"parts": "p", "rows": "r"}):
    """What a device asks whose digest differs.

    Attributes:
        parts: paths of one depth; the digests of the parts below them are wanted.
        rows: entity and id of rows that differ, at last: these are wanted as they are.
    """

    parts: Annotated[tuple[Path, ...], msgspec.Meta(max_length=MOST_PARTS)] = ()
    rows: Annotated[
        tuple[tuple[str, Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]], ...],
        msgspec.Meta(max_length=MOST_ROWS),
    ] = ()


class Part(msgspec.Struct, frozen=True, array_like=True):
    """The digest of one part."""

    path: Path
    digest: Digest


def bucket_of(key: bytes) -> bytes:
    """Which of 256 buckets a scope key lies in."""
    return hashlib.blake2b(key, digest_size=1).digest()


def parts_below(wanted: Iterable[Path], rows: Iterable[Keyed]) -> dict[Path, Digest]:
    """The digests of the parts right below the wanted ones, from the rows themselves."""
    asked = set(wanted)
    depth = len(next(iter(asked), ()))
    found: dict[Path, Digest] = {}
    for key, entity, row_id, row_hash in rows:
        path = (bucket_of(key), key, entity.encode(), row_id[-1:], row_id)
        if path[:depth] in asked:
            below = path[: depth + 1]
            found[below] = found.get(below, Digest()).plus(1, row_hash)
    return found


def differing(mine: dict[Path, Digest], theirs: Iterable[Part]) -> Iterator[Path]:
    """The parts that are not the same on both sides, in a fixed order."""
    others = {part.path: part.digest for part in theirs}
    for path in sorted(mine.keys() | others.keys()):
        if mine.get(path, Digest()) != others.get(path, Digest()):
            yield path
