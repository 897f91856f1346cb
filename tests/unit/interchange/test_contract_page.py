"""The page people read says what the catalogue says: no column missing, none too many, each with its form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fieldrep.contract.entity import Entity
from sync_server import interchange
from sync_server.interchange.columns import CONTRACT_VERSION, DERIVED, IMPORTED, columns_of, file_name
from sync_server.interchange.csv_file import CHARSETS
from sync_server.interchange.profile import PARTS, TURNS, WAYS

PAGE = (Path(str(interchange.__file__)).parent / "CSV.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entity", IMPORTED, ids=lambda entity: entity.name)
def test_the_page_lists_every_column_of_a_file_with_its_form(entity: Entity) -> None:
    [section] = re.findall(
        rf"^### {re.escape(file_name(entity))}\n\n(.*?)\n\n", PAGE, re.DOTALL | re.MULTILINE
    )
    listed = re.findall(r"^\| `(\w+)` \| (.+?) \|$", section, re.MULTILINE)
    expected = [
        (
            column.name,
            column.form + (", required" if column.field.required and column.field.default is None else ""),
        )
        for column in columns_of(entity).values()
    ]
    assert listed == expected


def test_the_page_names_the_version_and_every_word_of_a_profile() -> None:
    assert PAGE.startswith(f"# The CSV contract, version {CONTRACT_VERSION}\n")
    assert [word for word in (*WAYS, *TURNS, *PARTS) if not re.search(rf"`{word}\b", PAGE)] == []


def test_the_page_names_every_charset_a_profile_may_name_and_no_other() -> None:
    [listed] = re.findall(r"^A charset is one of (.*?), in these spellings", PAGE, re.DOTALL | re.MULTILINE)
    assert tuple(re.findall(r"`([^`]+)`", listed)) == CHARSETS


def test_no_file_has_a_column_for_what_is_derived_or_the_servers() -> None:
    for entity in IMPORTED:
        fields = {column.field.name for column in columns_of(entity).values()}
        assert fields.isdisjoint({"id", "revision", "created_at", "created_by", "changed_at", "changed_by"})
        assert fields.isdisjoint(DERIVED.get(entity.name, {}))
