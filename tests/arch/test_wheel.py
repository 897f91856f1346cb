"""The wheel: both programs whole, each with its own migrations, and nothing of the tests.

Owns what an installation must contain; builds without a network and must not look into a migration.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.arch.tracked import CHECKOUT, name_of, project_files


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        return set(packed.namelist())


def files_under(top: str) -> list[str]:
    return [name_of(path) for path in project_files() if name_of(path).startswith(f"{top}/")]


@pytest.mark.parametrize("package", ["fieldrep", "sync_server"])
def test_an_installed_program_has_every_file_of_its_package(package: str, shipped: set[str]) -> None:
    assert set(files_under(package)) - shipped == set()


@pytest.mark.parametrize(("side", "package"), [("replica", "fieldrep"), ("central", "sync_server")])
def test_an_installed_program_has_its_own_migrations(side: str, package: str, shipped: set[str]) -> None:
    migrations = files_under(f"migrations/{side}")
    inside = {
        f"{package}/migrations/{Path(name).relative_to(f'migrations/{side}').as_posix()}"
        for name in migrations
    }
    assert migrations
    assert inside - shipped == set()


def test_an_installation_carries_no_tests_and_no_packaging(shipped: set[str]) -> None:
    assert {name.partition("/")[0] for name in shipped if ".dist-info/" not in name} == {
        "fieldrep",
        "sync_server",
    }
