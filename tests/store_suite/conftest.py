"""What the suite of the central store stands on: one store per test, once on SQLite and once on PostgreSQL.

Neither database may be skipped: a machine that cannot run one fails the suite.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_server.store.database import Database
from tests.store_suite.databases import KINDS, Databases, databases
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
