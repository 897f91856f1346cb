"""The checksum of a write-ahead log, against SQLite's own files and against the rule as SQLite's documents state it."""

from __future__ import annotations

import random
import sqlite3
import struct
from pathlib import Path

import pytest

from fieldrep.store.repairing.log_sums import checksum

HEADER, FRAME_HEADER, PAGE = 32, 24, 4096


def _as_documented(order: str, content: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    one, other = sums
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for place in range(0, len(words), 2):
        one = (one + words[place] + other) % 2**32
        other = (other + words[place + 1] + one) % 2**32
    return one, other


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("length", [8, 16, 24, 1024, 4096, 8192])
def test_the_sums_are_those_of_the_rule(order: str, length: int) -> None:
    chance = random.Random(length)
    for content in (chance.randbytes(length), b"\xff" * length, bytes(length)):
        for sums in ((0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (chance.getrandbits(32), chance.getrandbits(32))):
            assert checksum(order, content, sums) == _as_documented(order, content, sums)


def test_every_frame_that_sqlite_wrote_has_its_sums(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE filled (one BLOB)")
    connection.execute("INSERT INTO filled VALUES (randomblob(20000))")
    log = (tmp_path / "store.db-wal").read_bytes()
    connection.close()
    order = {0x377F0682: "<", 0x377F0683: ">"}[int.from_bytes(log[:4], "big")]
    sums = checksum(order, log[:24], (0, 0))
    assert sums == struct.unpack(">II", log[24:HEADER])
    frames = range(HEADER, len(log), FRAME_HEADER + PAGE)
    for start in frames:
        sums = checksum(order, log[start : start + 8], sums)
        sums = checksum(order, log[start + FRAME_HEADER : start + FRAME_HEADER + PAGE], sums)
        assert sums == struct.unpack_from(">II", log, start + 16)
    assert len(frames) > 5
