"""The locks: hashed, without an address, covering what `pyproject.toml` declares, the server's without Qt.

Owns what a lock must be; must not reach a package index.
"""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.arch.tracked import CHECKOUT

LOCKS = CHECKOUT / "packaging" / "locks"
SIDES = {"dev": ("client", "server", "dev"), "client": ("client",), "server": ("server",)}
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: str) -> dict[str, str]:
    """Package name -> exact version."""
    text = (LOCKS / f"{lock}.lock").read_text(encoding="utf-8")
    return {
        normal(name): version
        for name, version in re.findall(r"^([A-Za-z0-9][\w.-]*)==(\S+)", text, re.MULTILINE)
    }


def declared(lock: str) -> set[str]:
    wanted = list(PROJECT["dependencies"])
    for extra in SIDES[lock]:
        wanted += PROJECT["optional-dependencies"][extra]
    return {normal(re.match(r"[A-Za-z0-9][\w.-]*", requirement).group()) for requirement in wanted}  # type: ignore[union-attr]


@pytest.mark.parametrize("lock", SIDES)
def test_a_lock_covers_every_declared_dependency(lock: str) -> None:
    assert declared(lock) - set(locked(lock)) == set()


@pytest.mark.parametrize("lock", SIDES)
def test_every_package_in_a_lock_has_a_hash_and_none_an_address(lock: str) -> None:
    text = (LOCKS / f"{lock}.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in text


@pytest.mark.parametrize("lock", ["client", "server"])
def test_both_programs_are_tested_with_the_versions_they_ship_with(lock: str) -> None:
    tested = locked("dev")
    assert {name: version for name, version in locked(lock).items() if tested.get(name) != version} == {}


def test_the_server_installs_without_qt() -> None:
    assert "pyside6-essentials" in locked("client")
    assert [name for name in locked("server") if name.startswith(("pyside", "shiboken"))] == []
