"""A replica in a throwaway folder, enrolled for one user, with a clock that moves only when told.

Owns how the tests of the store make their worlds. Must not know any single test.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldrep.store.replica import Replica

KEY = bytes(range(32))
USER = b"u" * 16
DEVICE = b"d" * 16
INCARNATION = b"i" * 16
SERVER = b"s" * 16
EPOCH = b"e" * 16


class FixedClock:
    """A clock that stands still until moved."""

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def open_replica(
    path: Path, clock: FixedClock | None = None, seed: int = 1, *, create: bool = True
) -> Replica:
    return Replica.open(path, KEY, clock or FixedClock(), random.Random(seed).randbytes, create=create)


def enrol(replica: Replica) -> None:
    replica.change_state(
        device_id=DEVICE,
        user_id=USER,
        login="nancy",
        user_name="Nancy Davolio",
        server_url="https://sync.example",
        server_id=SERVER,
        epoch=EPOCH,
        incarnation=INCARNATION,
        number_prefix="ND1",
    )


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def replica(tmp_path: Path, clock: FixedClock) -> Iterator[Replica]:
    with open_replica(tmp_path / "replica.db", clock) as opened:
        enrol(opened)
        yield opened
