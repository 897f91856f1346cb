"""Moments and days: the day a person is in, across midnight and the change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime

from fieldrep.domain.days import day_of, parse_day, same_day_last_year, start_of_day, zone_named

AMSTERDAM = zone_named("Europe/Amsterdam")


def moment(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


def test_a_late_evening_in_utc_is_the_next_day_in_amsterdam() -> None:
    assert day_of(moment(2026, 11, 19, 23, 30), AMSTERDAM) == date(2026, 11, 20)
    assert day_of(moment(2026, 11, 19, 22, 30), AMSTERDAM) == date(2026, 11, 19)


def test_a_day_begins_at_local_midnight_in_summer_and_winter() -> None:
    assert start_of_day(date(2026, 11, 20), AMSTERDAM) == moment(2026, 11, 19, 23)
    assert start_of_day(date(2026, 7, 1), AMSTERDAM) == moment(2026, 6, 30, 22)


def test_an_unknown_zone_counts_as_utc() -> None:
    for name in ("", "Middle/Earth", "../etc/passwd", "x\x00y"):
        assert zone_named(name) is UTC


def test_the_day_a_year_before_29_february_is_the_28th() -> None:
    assert same_day_last_year(date(2028, 2, 29)) == date(2027, 2, 28)
    assert same_day_last_year(date(2026, 11, 20)) == date(2025, 11, 20)


def test_an_empty_field_is_no_day() -> None:
    assert parse_day(None) is None
    assert parse_day("") is None
    assert parse_day("2026-11-20") == date(2026, 11, 20)
