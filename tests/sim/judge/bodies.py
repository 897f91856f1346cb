"""The bytes of files at the central store, as they must be: who may give and get them, and how far each has come.

Foretells every answer about a file and knows every byte its author gave. Shares no code with the product, and must not
know laptops.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.sim.judge.oracle import Oracle, Wrong

PART = 60
"""Bytes that travel at once in a simulation, where files are small."""

MOST = 10**9
Row = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the central store must say to one request about a file: a refusal, or how much it has and the bytes."""

    refused: str = ""
    held: int = 0
    whole: bool = False
    part: bytes = b""


@dataclass
class Bodies:
    """All bodies of one history.

    Attributes:
        made: the bytes of every file by its record, as its author added it; `by_hash` has them by their name.
        whole: the records whose bytes the store has.
        coming: bytes that have come so far, by record and device.
        limits: bytes that one person's files, and all of them, may come to.
        ever: the records whose bytes the store has had at any time, also before a restore.
        lost: the records of which a laptop told that their bytes are gone with it, or with a damaged page; and those
            that were refused, and let go by who had added them.
        asked: how often something was asked of a file, by what came of it.
    """

    made: dict[bytes, bytes] = field(default_factory=dict)
    by_hash: dict[str, bytes] = field(default_factory=dict)
    whole: set[bytes] = field(default_factory=set)
    coming: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=lambda: {"person": MOST, "company": MOST})
    ever: set[bytes] = field(default_factory=set)
    lost: set[bytes] = field(default_factory=set)
    asked: dict[str, int] = field(default_factory=dict)

    def add(self, row_id: bytes, body: bytes) -> None:
        """Somebody adds a file on his laptop."""
        self.made[row_id] = self.by_hash[hashlib.sha256(body).hexdigest()] = body

    # -- backups

    def copied(self) -> tuple[set[bytes], dict[tuple[bytes, bytes], bytes], dict[str, int]]:
        """What a backup has of it."""
        return set(self.whole), dict(self.coming), dict(self.limits)

    def put_back(self, saved: tuple[set[bytes], dict[tuple[bytes, bytes], bytes], dict[str, int]]) -> None:
        """The store is as it was then."""
        whole, coming, limits = saved
        self.whole, self.coming, self.limits = set(whole), dict(coming), dict(limits)

    def purged(self, gone: set[bytes]) -> None:
        """Records are gone for good, and their bytes with them."""
        self.whole -= gone
        self.coming = {key: body for key, body in self.coming.items() if key[0] not in gone}

    # -- what is answered

    def answer(self, oracle: Oracle, device: bytes, user: bytes, row_id: bytes, at: int, part: Any) -> Answer:
        """What the store must say to a request: a `part` to keep, b"" how much it has, None the bytes from `at` on."""
        said = self._answer(oracle, device, user, row_id, at, part)
        what = "asked for" if part is None else "offered" if part else "asked how much"
        told = f"{what}, {said.refused or ('whole' if said.whole else 'not whole')}"
        self.asked[told] = self.asked.get(told, 0) + 1
        return said

    def _answer(
        self, oracle: Oracle, device: bytes, user: bytes, row_id: bytes, at: int, part: Any
    ) -> Answer:
        row = oracle.rows["attachment"].get(row_id)
        own = row is not None and part is not None and row["created_by"] == user
        if row is None or not (own or user in oracle.holders(oracle.key("attachment", row))):
            return Answer("not_found")
        if part is None:
            if row_id not in self.whole:
                return Answer()
            return Answer(held=row["size"], whole=True, part=self.by_hash[row["sha256"]][at : at + PART])
        if row_id in self.whole:
            return Answer(held=row["size"], whole=True)
        come = self.coming.get((row_id, device), b"")
        if part and not come and self._too_many(oracle, row):
            return Answer("too_large")
        return self._take(row, device, come, at, part)

    def _take(self, row: Row, device: bytes, come: bytes, at: int, part: bytes) -> Answer:
        if part and at == len(come) and at + len(part) <= row["size"]:
            come += part
        self.coming[row["id"], device] = come
        if len(come) < row["size"]:
            return Answer(held=len(come))
        del self.coming[row["id"], device]
        if hashlib.sha256(come).hexdigest() != row["sha256"]:
            return Answer()
        self.whole.add(row["id"])
        self.ever.add(row["id"])
        return Answer(held=len(come), whole=True)

    def _too_many(self, oracle: Oracle, row: Row) -> bool:
        files = oracle.rows["attachment"]
        of_author = [one for one in files.values() if one["created_by"] == row["created_by"]]
        arrived = sum(one["size"] for one in of_author if not one["archived"] and one["id"] in self.whole)
        if arrived + (0 if row["archived"] else row["size"]) > self.limits["person"]:
            return True
        here = sum(files[row_id]["size"] for row_id in self.whole)
        return bool(here + row["size"] > self.limits["company"])

    # -- what is there

    def compare(self, oracle: Oracle, rows: Any) -> None:
        """The store has these bytes and no others; `rows` asks it by plain SQL."""
        files = oracle.rows["attachment"]
        named = {bytes(row_id): bytes(sha) for row_id, sha, _ in rows("SELECT * FROM file_body")[1]}
        if named != {row_id: bytes.fromhex(files[row_id]["sha256"]) for row_id in self.whole}:
            raise Wrong(f"the store says it has {len(named)} files, and it was given {len(self.whole)}")
        kept: dict[bytes, bytes] = {}
        for holder, part in rows("SELECT holder, part FROM file_part ORDER BY holder, at")[1]:
            kept[bytes(holder)] = kept.get(bytes(holder), b"") + bytes(part)
        wanted = {b"W" + named[row_id]: self.by_hash[files[row_id]["sha256"]] for row_id in self.whole}
        wanted |= {b"I" + row_id + device: come for (row_id, device), come in self.coming.items() if come}
        if kept != wanted:
            raise Wrong(f"the store has other bytes of files than it was given: {len(kept)}, {len(wanted)}")
