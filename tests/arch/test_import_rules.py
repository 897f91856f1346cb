"""Who may import whom: the contracts of `pyproject.toml`, and the two rules that need a look inside.

Owns no rule of layers itself, so that there is one place to change them. Each contract is named as a sentence.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.arch.tracked import CHECKOUT, name_of, python_files

CONTRACTS = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "contracts"
]
SERVER_RUNS_WITHOUT = ("PySide6", "shiboken6", "sqlcipher3", "keyring", "requests", "truststore")
WITHOUT_CLIENT_PACKAGES = f"""
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {SERVER_RUNS_WITHOUT!r}:
            raise ModuleNotFoundError(f"{{name}} is not installed on a server", name=name)

sys.meta_path.insert(0, Absent())
import pkgutil
import sync_server
for module in pkgutil.walk_packages(sync_server.__path__, "sync_server."):
    if ".migrations" not in module.name:
        __import__(module.name)
        print(module.name)
"""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_import_contract_is_named_as_a_sentence() -> None:
    assert [c["name"] for c in CONTRACTS if len(c["name"].split()) < 4 or not c["name"][0].isupper()] == []


def test_the_contract_imports_the_standard_library_and_msgspec_only() -> None:
    # backports.zstd is compression.zstd of Python 3.14
    allowed = {*sys.stdlib_module_names, "msgspec", "backports", "compression"}
    # cryptography seals and signs the one file format both sides write and read; nothing of it is written twice
    leaks = {("fieldrep/contract/bundle.py", "cryptography")}
    foreign = {
        f"{name_of(path)}: {name}"
        for path in python_files("fieldrep")
        if "fieldrep/contract/" in name_of(path)
        for name in imported(path)
        if name.partition(".")[0] not in allowed and not name.startswith("fieldrep.contract")
        if (name_of(path), name.partition(".")[0]) not in leaks
    }
    assert foreign == set()


def test_every_module_of_the_server_imports_where_the_packages_of_the_client_are_absent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CLIENT_PACKAGES], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    modules = {name_of(path) for path in python_files("sync_server") if path.name != "__init__.py"}
    assert len(done.stdout.split()) >= len(modules)
