"""The small company, made once per test process; each test works on a copy of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fieldrep.paths import Profile
from fieldrep.secrets import KeyVault
from tests.helpers.small_company import KEY, Ticking, company, open_replica

PASSPHRASE = "correct horse battery"


@pytest.fixture(scope="session")
def company_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The profile of a rep at the small company, its key wrapped by `PASSPHRASE`; nobody writes in it."""
    folder = tmp_path_factory.mktemp("company") / "profile"
    KeyVault(Profile(folder), lambda size: KEY[:size]).create(PASSPHRASE)
    replica = open_replica(folder, Ticking())
    company(replica)
    replica.close()
    return folder


@pytest.fixture
def profile(company_profile: Path, tmp_path: Path) -> Path:
    """A copy of that profile for one test."""
    return Path(shutil.copytree(company_profile, tmp_path / "profile"))
