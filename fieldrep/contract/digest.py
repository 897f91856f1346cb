"""Digests: how two sides prove that they hold the same rows without sending them.

A row's hash covers the entity, the id, the revision and every field that all its holders may read; the digest of a set
is the number of rows and the sum of their hashes, so that it can follow each change without reading the rest.
Each side computes it from its own rows, never from what the peer said.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence

import msgspec

from fieldrep.contract.catalogue import digest_columns
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value

_WRAP = 1 << 64
_HALF = 1 << 63


class Digest(msgspec.Struct, frozen=True, array_like=True):
    """The digest of a set of rows: how many, and the sum of their hashes as a signed 64-bit number."""

    count: int = 0
    total: int = 0

    def plus(self, count: int, total: int) -> Digest:
        """This digest after `count` rows more (or fewer) whose hashes sum to `total`."""
        return Digest(self.count + count, wrap(self.total + total))


def wrap(total: int) -> int:
    """A sum brought back into signed 64 bits, as two's complement does."""
    return (total + _HALF) % _WRAP - _HALF


def row_hasher(entity: Entity) -> Callable[[Sequence[Value]], int]:
    """A function from a row's values, in the order of `digest_columns(entity)`, to its signed 64-bit hash.

    BLAKE2b (RFC 7693) with 8 bytes of output over the msgpack array of entity name and values.
    """
    encode = msgspec.msgpack.Encoder().encode
    blake2b = hashlib.blake2b
    from_bytes = int.from_bytes
    prefix = encode(entity.name)
    width = len(digest_columns(entity))

    def row_hash(values: Sequence[Value]) -> int:
        if len(values) != width:
            raise ValueError(f"{entity.name} has {width} digest columns, not {len(values)}")
        return from_bytes(blake2b(prefix + encode(values), digest_size=8).digest(), "little", signed=True)

    return row_hash


def columns_hasher(entity: Entity) -> Callable[[Sequence[Sequence[Value]]], list[int]]:
    """`row_hasher` for whole pages: from columns to the hashes of their rows."""
    encode = msgspec.msgpack.Encoder().encode
    blake2b = hashlib.blake2b
    prefix = encode(entity.name)
    width = len(digest_columns(entity))

    def row_hashes(columns: Sequence[Sequence[Value]]) -> list[int]:
        if len(columns) != width:
            raise ValueError(f"{entity.name} has {width} digest columns, not {len(columns)}")
        rows = map(encode, zip(*columns, strict=True))
        digests = [blake2b(prefix + row, digest_size=8).digest() for row in rows]
        return list(struct.unpack(f"<{len(digests)}q", b"".join(digests)))

    return row_hashes
