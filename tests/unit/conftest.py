"""The small company, made once per test process; each test works on a copy of its own, or runs `fieldrep` on it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldrep.cli import main
from fieldrep.paths import Profile
from fieldrep.secrets import KeyVault
from tests.helpers.small_company import KEY, Ticking, company, open_replica

PASSPHRASE = "correct horse battery"


@dataclass
class Answer:
    """What a run of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


class Shell:
    """Runs `fieldrep` in this process, on one profile."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> Answer:
        with pytest.raises(SystemExit) as raised:
            main(arguments)
        out, err = self._capture.readouterr()
        assert isinstance(raised.value.code, int)
        assert "Traceback" not in err
        return Answer(raised.value.code, out, err)


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


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A profile folder in which nothing is yet."""
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    monkeypatch.setenv("FIELDREP_HOME", str(tmp_path / "profile"))
    monkeypatch.setenv("FIELDREP_PASSPHRASE_FILE", str(passphrase))
    return Shell(capsys)


@pytest.fixture
def shell(empty: Shell, profile: Path) -> Shell:
    """A profile with the small company in it."""
    return empty
