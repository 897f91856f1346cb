"""External keys: how the key a record has in another system becomes its row id here, and which keys a run has seen.

Owns that translation. The same source, entity and key give the same id for ever, so that a second import finds what
the first one made. Must not know files or the store.
"""

from __future__ import annotations

import uuid
from array import array
from hashlib import sha1

from fieldrep.contract.ids import RowId, parse_id

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "interchange.fieldrep").bytes
EXISTING_PREFIX = "id:"
"""A key that begins so is the row id itself, for records that were not made by an import."""


def external_id(source: str, entity: str, key: str) -> RowId:
    """The row id of a record of another system: a UUIDv5 (RFC 9562, section 5.5) over source, entity and key.

    Raises:
        ValueError: with a sentence, when the key begins with `id:` and no row id follows.
    """
    if key.startswith(EXISTING_PREFIX):
        return parse_id(key[len(EXISTING_PREFIX) :])
    name = f"{source}\x1f{entity}\x1f{key}".encode("utf-8", "surrogateescape")
    number = int.from_bytes(sha1(_NAMESPACE + name, usedforsecurity=False).digest()[:16], "big")
    number = number & ~(0xF << 76) | 5 << 76
    number = number & ~(0b11 << 62) | 0b10 << 62
    return RowId(number.to_bytes(16, "big"))


class KeySet:
    """Row ids seen in one run, at about 16 bytes each, so that a million of them fit beside everything else.

    Keeps 63 bits of each id in an open-addressed table. The ids are hashes or random, so two different ones meet
    among a million with a chance of one in ten million.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * 1024))
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def __contains__(self, row_id: bytes) -> bool:
        return self._slots[self._slot(self._slots, self._mark(row_id))] != 0

    def add(self, row_id: bytes) -> bool:
        """Takes the id in; False when it was there already."""
        mark = self._mark(row_id)
        slot = self._slot(self._slots, mark)
        if self._slots[slot]:
            return False
        self._slots[slot] = mark
        self._used += 1
        if self._used * 2 > len(self._slots):
            self._grow()
        return True

    def _grow(self) -> None:
        wider = array("Q", bytes(16 * len(self._slots)))
        for mark in self._slots:
            if mark:
                wider[self._slot(wider, mark)] = mark
        self._slots = wider

    @staticmethod
    def _mark(row_id: bytes) -> int:
        return int.from_bytes(row_id[8:16], "big") ^ int.from_bytes(row_id[:8], "big") | 1

    @staticmethod
    def _slot(slots: array[int], mark: int) -> int:
        mask = len(slots) - 1
        slot = (mark >> 1) & mask
        while slots[slot] and slots[slot] != mark:
            slot = (slot + 1) & mask
        return slot
