"""What no file of the project may hold: the paths of one machine, the host of a package index, a merge left open.

Owns those patterns; must not know what the files are for.
"""

from __future__ import annotations

import re

from tests.arch.tracked import name_of, project_files

# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:" + "work|root|home/[a-z]|Users/[A-Z]" + r")\b/?|(?<![\w.}])/tm" + r"p/"
)
INDEX_HOSTS = re.compile(
    "|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.org", "deb" + r"ian\.org"])
)
OPEN_MERGE = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


def holding(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name_of(path)}: {hit.group()}" for hit in pattern.finditer(text)]
    return found


def test_no_file_names_a_path_of_one_machine() -> None:
    assert MACHINE_PATHS.search("see /wo" + "rk/main")
    assert MACHINE_PATHS.search("in /tm" + "p/x")
    assert holding(MACHINE_PATHS) == []


def test_no_file_names_the_host_of_a_package_index() -> None:
    assert INDEX_HOSTS.search("files.python" + "hosted.org")
    assert holding(INDEX_HOSTS) == []


def test_no_file_holds_a_merge_left_open() -> None:
    assert OPEN_MERGE.search("<" * 7 + " HEAD")
    assert holding(OPEN_MERGE) == []
