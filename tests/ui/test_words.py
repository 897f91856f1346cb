"""How amounts, days and sizes read, and how the texts of fields become values."""

from datetime import UTC, date, datetime

import pytest

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import KnownError
from fieldrep.ui import words
from fieldrep.ui.forms.entry import problem_of, text_of, value_of

TODAY = date(2026, 11, 20)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("amount", "shown", "short"),
    [
        (631_000, "€ 6,310.00", "€ 6.3k"),
        (-5, "−€ 0.05", "−€ 0"),
        (28_600_000, "€ 286,000.00", "€ 286k"),
        (94_000, "€ 940.00", "€ 940"),
        (120_000_000_00, "€ 120,000,000.00", "€ 120m"),
    ],
)
def test_amounts_are_grouped_and_never_rounded_where_cents_show(amount: int, shown: str, short: str) -> None:
    assert words.money(amount, "EUR") == shown
    assert words.short_money(amount, "EUR") == short


def test_a_currency_without_a_minor_unit_shows_none() -> None:
    assert words.money(1_500, "JPY") == "JPY 1,500"


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-11-20T07:42", "today 07:42"),
        ("2026-11-19T16:31", "yesterday 16:31"),
        ("2026-11-12T09:30", "Thu 12 Nov, 09:30"),
        ("2025-11-12T09:30", "12 Nov 2025, 09:30"),
    ],
)
def test_moments_name_the_day_the_way_people_do(moment: str, shown: str) -> None:
    assert words.day_and_time(at(moment), TODAY, UTC) == shown


def test_what_is_due_says_how_late_it_is() -> None:
    assert words.due_words(at("2026-11-18T09:00"), TODAY, UTC) == "Overdue 2 days"
    assert words.due_words(at("2026-11-20T23:00"), TODAY, UTC) == "Due today"
    assert words.due_words(at("2026-11-24T09:00"), TODAY, UTC) == "Due Tue 24 Nov"


def test_a_text_becomes_the_value_and_back() -> None:
    account, activity = CATALOGUE["account"], CATALOGUE["activity"]
    days = account.field("visit_every_days")
    assert value_of(days, " 28 ", UTC) == 28
    assert value_of(account.field("phone"), "   ", UTC) is None
    when = activity.field("happened_at")
    assert value_of(when, "2026-11-20 08:47", UTC) == at("2026-11-20T08:47")
    assert text_of(when, at("2026-11-20T08:47"), UTC) == "2026-11-20 08:47"
    assert value_of(CATALOGUE["contact"].field("opt_out"), "1", UTC) == 1


def test_a_wrong_text_gets_the_sentence_of_the_catalogue() -> None:
    account = CATALOGUE["account"]
    days = account.field("visit_every_days")
    with pytest.raises(KnownError, match="is not a whole number"):
        value_of(days, "often", UTC)
    assert problem_of("account", days, "9999", UTC) == "Days between visits: must be at most 3650."
    assert "NUL" in problem_of("account", account.field("name"), "a\x00b", UTC)
    assert "lone surrogate" in problem_of("account", account.field("name"), "a\ud800", UTC)
    assert "characters long" in problem_of("account", account.field("phone"), "1" * 61, UTC)
