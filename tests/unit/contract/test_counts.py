"""Counts in words."""

from __future__ import annotations

from fieldrep.contract.counts import counted


def test_one_is_told_in_the_singular_and_all_else_in_the_plural() -> None:
    assert [counted(number, "record") for number in (0, 1, 2, 1_200)] == [
        "0 records",
        "1 record",
        "2 records",
        "1,200 records",
    ]
    assert [counted(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]
