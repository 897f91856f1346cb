"""Many histories of a few laptops and an office, each from a seed, each judged by the oracle after every step.

To see one again: `python -m tests.sim --from SEED --seeds 1 --log`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.conftest import IN_CI
from tests.sim import kept
from tests.sim.conftest import Play
from tests.sim.places import memory
from tests.store_suite.databases import Databases

BLOCK = 5
SEEDS, STEPS = (500, 200) if IN_CI else (40, 60)
"""Long histories: founding a company and bringing everybody to rest costs as much as forty steps."""

POSTGRES_SEEDS, POSTGRES_STEPS = 20 if IN_CI else 5, 60


def _play_block(played: Play, first: int, kind: str, steps: int) -> None:
    for seed in range(first, first + BLOCK):
        try:
            history = played(seed, kind=kind, steps=steps)
        except Exception as error:
            raise AssertionError(f"seed {seed} on {kind}: {error}") from error
        assert history.watch.looks > steps // 2


@pytest.mark.parametrize("first", range(1, SEEDS, BLOCK))
def test_every_promise_holds_through_kills_lost_messages_and_wrong_clocks(played: Play, first: int) -> None:
    _play_block(played, first, "sqlite", STEPS)


@pytest.mark.parametrize("first", range(1_001, 1_001 + POSTGRES_SEEDS, BLOCK))
def test_every_promise_holds_on_postgresql_as_well(played: Play, first: int) -> None:
    _play_block(played, first, "postgresql", POSTGRES_STEPS)


def test_a_copy_and_the_original_are_told_apart_though_the_store_was_restored_between(played: Play) -> None:
    history = played(8, steps=200)
    assert {"copied", "restore"} <= history.fired.keys()
    assert history.central.copies.noticed


@pytest.mark.parametrize("name", kept.names())
def test_a_history_that_once_broke_a_promise_keeps_it(stores: Databases, name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="fieldrep-sim-", dir=memory()) as folder:
        kept.play_kept(name, Path(folder), stores.new("sqlite")).close()
