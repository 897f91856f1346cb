"""What a device held at a moment, told later over histories of edits, moves, merges, restores and all faults."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.sim.places import memory
from tests.sim.schedule import draw
from tests.sim.telling import Told
from tests.store_suite.databases import Databases


@pytest.mark.parametrize(
    ("kind", "seed"), [("sqlite", 3), ("sqlite", 14), ("sqlite", 16), ("sqlite", 111), ("postgresql", 8)]
)
def test_the_store_tells_what_each_laptop_held_after_each_step(
    stores: Databases, kind: str, seed: int
) -> None:
    with tempfile.TemporaryDirectory(prefix="fieldrep-sim-", dir=memory()) as folder:
        history = Told(seed, Path(folder), stores.new(kind), 2 + seed % 3)
        try:
            history.play(draw(seed, 70, 2 + seed % 3))
            history.ask_for_all()
        finally:
            history.close()
    assert history.answers["equal"] > 10
    assert history.answers["equal"] > 5 * history.answers["not sure"]
