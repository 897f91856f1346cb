"""The files of the checkout that belong to the project, for the rules in this folder.

Owns the one way to list them; must not know any rule.
"""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@cache
def project_files() -> tuple[Path, ...]:
    """Tracked files and new ones that are not ignored, so that a rule holds before the commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(path for name in sorted(listed.split("\0")) if name and (path := CHECKOUT / name).is_file())


def python_files(*tops: str) -> list[Path]:
    """The project's Python files, of these top-level folders or of all."""
    files = [path for path in project_files() if path.suffix == ".py"]
    return [path for path in files if not tops or path.relative_to(CHECKOUT).parts[0] in tops]


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()
