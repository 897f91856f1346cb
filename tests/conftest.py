"""What holds for every test: no display, no keyring, no folder of the person who runs them.

Owns the environment of the test run, the Hypothesis profiles and the data that lies beside the checkout. Must
not know any package of the project; each folder's own conftest does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

IN_CI = os.environ.get("CI", "").lower() == "true"
CHECKOUT = Path(__file__).resolve().parent.parent
NORTHWIND = CHECKOUT.parent / "shared" / "data" / "northwind"

# The same examples each time, few at a desk and many in CI, so that a red test is red again and a change is not held up
# by what was there before it. New ones are drawn with `--hypothesis-profile drawn`.
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("desk", _UNHURRIED, derandomize=True, max_examples=50)
settings.register_profile("ci", _UNHURRIED, derandomize=True, max_examples=200)
settings.register_profile("drawn", _UNHURRIED, max_examples=1_000, print_blob=True)
settings.load_profile("ci" if IN_CI else "desk")


ON_ONE_WORKER = ("tests/e2e/test_demo.py", "tests/e2e/test_northwind_scenario.py")
"""Modules whose tests share what takes long to make."""


class Sharing(LoadScopeScheduling):
    """Hands tests to workers one by one, but for those modules: pytest 9.2 knows nothing of the groups of xdist 3.8."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return module if module in ON_ONE_WORKER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """How tests are spread over the workers."""
    return Sharing(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--central-store",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="where tests of whole programs keep their central store",
    )


@pytest.fixture(scope="session", autouse=True)
def no_folder_of_the_person_at_the_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A program started without a named folder writes to a throwaway one."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FIELDREP_")]:
            patch.delenv(name)
        patch.setenv("FIELDREP_HOME", str(folder / "client"))
        patch.setenv("FIELDREP_SERVER_HOME", str(folder / "server"))
        patch.setenv("FIELDREP_DEMO_HOME", str(folder / "demo"))
        yield


@pytest.fixture(scope="session")
def northwind() -> Path:
    """The folder of the Northwind data; CI must have it, a desk may lack it."""
    if not NORTHWIND.is_dir():
        sentence = f"The Northwind data is not beside the checkout: {NORTHWIND} is no folder."
        if IN_CI:
            pytest.fail(sentence)
        pytest.skip(sentence)
    return NORTHWIND
