"""Budgets and names: small files, small functions, modules that say what they own, no rooms for odds and ends.

Owns the lists of tolerated exceptions, each with its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arch.tracked import CHECKOUT, name_of, project_files, python_files

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
UNNAMED_ROOMS = {"utils", "util", "helpers", "manager", "managers", "base", "common", "misc"}

# name of the file -> why it may be longer
TOLERATED_FILES: dict[str, str] = {}
# name of the file::function -> why it may be longer
TOLERATED_FUNCTIONS: dict[str, str] = {}
# folders of the tests that the layout names so
TOLERATED_ROOMS = {"tests/helpers": "what several kinds of tests build their worlds with"}


def functions(
    tree: ast.AST, within: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{within}.{node.name}" if within else node.name
            if not isinstance(node, ast.ClassDef):
                yield name, node
            yield from functions(node, name)
        else:
            yield from functions(node, within)


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines from `def` to the end, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=name_of(path))


def test_no_file_is_longer_than_400_lines_without_a_reason() -> None:
    long = {
        name_of(path): lines
        for path in python_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert {name: lines for name, lines in long.items() if name not in TOLERATED_FILES} == {}
    assert set(TOLERATED_FILES) <= set(long), "these files are within the budget now: take them off the list"


def test_no_function_is_longer_than_40_lines_without_a_reason() -> None:
    long = {
        f"{name_of(path)}::{name}": length(function)
        for path in python_files()
        for name, function in functions(parsed(path))
        if length(function) > LONGEST_FUNCTION
    }
    assert {name: lines for name, lines in long.items() if name not in TOLERATED_FUNCTIONS} == {}
    assert set(TOLERATED_FUNCTIONS) <= set(long), (
        "these functions are within the budget: take them off the list"
    )


def test_every_module_opens_with_a_paragraph_on_what_it_owns() -> None:
    silent = [name_of(path) for path in python_files() if not (ast.get_docstring(parsed(path)) or "").strip()]
    assert silent == []


def test_no_module_or_folder_is_a_room_for_odds_and_ends() -> None:
    rooms = set()
    for path in project_files():
        inside = path.relative_to(CHECKOUT)
        for room in (*inside.parents, inside.with_suffix("")):
            if room.name in UNNAMED_ROOMS and room.as_posix() not in TOLERATED_ROOMS:
                rooms.add(name_of(path))
    assert rooms == set()


@pytest.mark.parametrize("top", ["packaging", "migrations"])
def test_a_top_folder_that_is_no_package_does_not_shadow_one(top: str) -> None:
    assert [name_of(path) for path in python_files(top) if path.name == "__init__.py"] == []


def test_the_length_of_a_function_counts_its_lines_and_not_its_docstring() -> None:
    tree = ast.parse('class A:\n    def f(self):\n        """One\n        two."""\n        return 1\n')
    assert [(name, length(function)) for name, function in functions(tree)] == [("A.f", 2)]
