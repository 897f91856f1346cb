"""Where simulated histories are played: a folder in memory where there is one, and empty stores of both kinds."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sim.places import memory
from tests.sim.play import History, make_store, play
from tests.store_suite.databases import Databases, databases

Play = Callable[..., History]


@pytest.fixture(scope="session")
def stores() -> Iterator[Databases]:
    folder = tempfile.TemporaryDirectory(prefix="fieldrep-sim-stores-", dir=memory())
    with folder as name, databases(Path(name), make_store) as made:
        yield made


@contextmanager
def rare_collections() -> Iterator[None]:
    """Within this, garbage is rarely looked for: histories leave little behind in rings."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@pytest.fixture
def played(stores: Databases) -> Iterator[Play]:
    """Plays a seed in a folder of its own; everything is closed and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fieldrep-sim-", dir=memory()) as folder, rare_collections():
        count = 0

        def run(seed: int, *, kind: str = "sqlite", **options: object) -> History:
            nonlocal count
            count += 1
            place = Path(folder) / str(count)
            place.mkdir()
            url = stores.new(kind)
            try:
                history = play(seed, place, url=url, **options)
                history.close()
            finally:
                shutil.rmtree(place)
                if kind == "sqlite":
                    Path(url.removeprefix("sqlite:///")).unlink()  # memory is dear
            return history

        yield run
