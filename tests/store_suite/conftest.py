"""What the suite of the central store stands on: one store per test, once on SQLite and once on PostgreSQL; laptops.

Neither database may be skipped: a machine that cannot run one fails the suite.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.store.database import Database
from tests.store_suite.databases import KINDS, Databases, databases
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, SteppingClock, World


def _make(url: str) -> None:
    Database.create(url, SteppingClock(), SeededBytes(0)).close()


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory.mktemp("stores"), _make) as made:
        yield made


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(kind: str, stores: Databases) -> Iterator[World]:
    made = World(stores.new(kind))
    yield made
    made.close()
    stores.give_back(made.url)


@pytest.fixture
def ana(world: World, tmp_path: Path) -> Iterator[Laptop]:
    """Ana's laptop, admitted."""
    laptop = Laptop(tmp_path, world, world.user("ana"), "ana")
    yield laptop
    laptop.replica.close()


@pytest.fixture
def desk(world: World, tmp_path: Path, ana: Laptop) -> Iterator[Laptop]:
    """A second device of Ana's."""
    laptop = Laptop(tmp_path, world, ana.admission.user_id, "desk")
    yield laptop
    laptop.replica.close()
