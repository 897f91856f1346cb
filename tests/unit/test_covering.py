"""Which assignments a new term takes the place of, and what the term then is."""

from __future__ import annotations

import pytest

from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Value
from sync_server.store.office.covering import superseded, term

TODAY = "2026-11-22"
Days = tuple[str | None, str | None]


def row(days: Days) -> dict[str, Value]:
    return {"valid_from": days[0], "valid_to": days[1]}


@pytest.mark.parametrize(
    ("has", "given", "becomes"),
    [
        ([(None, "2026-11-30")], (None, "2026-11-25"), (None, "2026-11-25")),
        ([(None, "2026-11-30")], (None, "2026-11-21"), (None, "2026-11-21")),
        ([("2026-11-01", None)], (None, "2026-11-21"), ("2026-11-01", "2026-11-21")),
        ([("2026-11-01", "2026-11-30")], (None, None), ("2026-11-01", None)),
        ([("2026-12-01", "2026-12-10")], (None, None), (None, None)),
        ([("2026-11-01", "2026-11-30")], ("2026-11-25", "2026-12-10"), ("2026-11-01", "2026-12-10")),
        ([("2026-12-01", "2026-12-10")], ("2026-11-28", "2026-12-05"), ("2026-11-28", "2026-12-05")),
        ([(None, "2026-11-30"), ("2026-11-23", "2026-12-09")], (None, "2026-11-25"), (None, "2026-11-25")),
    ],
)
def test_what_has_begun_goes_on_and_ends_when_it_was_said_last(
    has: list[Days], given: Days, becomes: Days
) -> None:
    former = superseded([row(days) for days in has], *given, TODAY)
    assert len(former) == len(has)
    assert term(former, *given, TODAY) == becomes


@pytest.mark.parametrize(
    ("has", "given"),
    [
        ((None, "2026-11-21"), (None, "2026-11-30")),
        (("2026-12-01", "2026-12-10"), (None, "2026-11-25")),
        (("2026-12-01", "2026-12-10"), ("2025-01-01", "2025-01-31")),
        ((None, "2026-11-30"), ("2026-12-01", None)),
    ],
)
def test_what_is_over_and_another_period_stay_as_they_are(has: Days, given: Days) -> None:
    assert superseded([row(has)], *given, TODAY) == []


def test_a_cover_never_ends_before_it_began() -> None:
    former = superseded([row((TODAY, None))], None, "2026-11-21", TODAY)
    with pytest.raises(KnownError, match="unassign"):
        term(former, None, "2026-11-21", TODAY)
