"""The replica commands work on: a rep's, at a small company."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldrep.store.replica import Replica
from tests.helpers.small_company import Ticking, company, open_replica


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def replica(tmp_path: Path, clock: Ticking) -> Iterator[Replica]:
    replica = open_replica(tmp_path / "profile", clock)
    company(replica)
    yield replica
    replica.close()
