"""A server's command line with a fresh data folder, and real databases for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.server_command import ServerCommand
from tests.helpers.held_port import held_port
from tests.store_suite.databases import Databases, databases


def _nothing(_url: str) -> None:
    """The commands under test make their store themselves."""


@pytest.fixture
def server(tmp_path: Path) -> ServerCommand:
    return ServerCommand(tmp_path / "server")


@pytest.fixture
def port() -> Iterator[str]:
    """Where a server listens again after it was stopped."""
    with held_port() as port:
        yield str(port)


@pytest.fixture(scope="session")
def empty_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory.mktemp("databases"), _nothing) as made:
        yield made


@pytest.fixture(scope="session")
def elsewhere(pytestconfig: pytest.Config, empty_databases: Databases) -> Callable[[], str]:
    """The address of an empty database on the kind of server the run asks for; "" for a file of the test's own."""
    kind = pytestconfig.getoption("--central-store")
    return lambda: "" if kind == "sqlite" else empty_databases.empty(kind)


@pytest.fixture(scope="session", autouse=True)
def stores_of_commands(elsewhere: Callable[[], str]) -> Iterator[None]:
    """Servers set up by their command line keep their store where the run asks for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ServerCommand, "elsewhere", staticmethod(elsewhere))
        yield
