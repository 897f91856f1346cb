"""A database that is away for a while: the server's log says so once, and once that it is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from subprocess import CalledProcessError

import pytest

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.database import Database
from tests.store_suite.clusters import Node
from tests.store_suite.databases import Databases
from tests.store_suite.world import SeededBytes, SteppingClock


@pytest.fixture
def node(stores: Databases) -> Iterator[Node]:
    made = Node(stores, stores.folder(), "alone")
    made.begin()
    made.start()
    yield made
    with suppress(CalledProcessError):
        made.stop()


def test_the_log_says_once_that_the_database_went_away_and_once_that_it_is_back(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    node.run("CREATE DATABASE company ENCODING 'UTF8' TEMPLATE template0")
    address = f"postgresql+psycopg://postgres@/company?host={node.folder}&port={node.port}"
    database = Database.create(address, SteppingClock(), SeededBytes(0))
    database.info()
    for _ in range(2):
        node.stop()
        for _ in range(3):
            with pytest.raises(KnownError) as refused:
                database.info()
            assert refused.value.code is Code.SERVER_BUSY
        node.start()
        for _ in range(3):
            database.info()
    database.close()
    away, back, *again = [record.getMessage() for record in caplog.records]
    assert away.startswith("The database cannot be reached: ")
    assert back == "The database is back."
    assert again == [away, back]
