"""The replica the tests of this folder work on: a rep's, at a small company."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldrep.paths import Profile
from fieldrep.store.replica import Replica
from tests.helpers.small_company import KEY, Counting, Ticking


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def replica(profile: Path, clock: Ticking) -> Iterator[Replica]:
    replica = Replica.open(Profile(profile), KEY, clock, Counting())
    yield replica
    replica.close()
