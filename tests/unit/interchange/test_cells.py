"""One cell as one value: exact, or refused with what to write instead."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Field
from sync_server.interchange import cells
from sync_server.interchange.rejects import CellError, neutral

LINE, ACCOUNT = CATALOGUE["document_line"].fields, CATALOGUE["account"].fields
RATE, NAME, NOTE = LINE["discount_rate"], ACCOUNT["name"], ACCOUNT["note"]
FREIGHT = CATALOGUE["sales_order"].fields["freight_amount"]


def test_a_discount_written_like_a_float_is_exact() -> None:
    assert cells.parse_decimal(RATE, "0.15") == 150_000
    assert cells.parse_decimal(RATE, " 0.0 ") == 0


@given(st.integers(-(10**17), 10**17))
def test_every_number_with_six_decimals_comes_back_to_the_last_digit(millionths: int) -> None:
    assert cells.parse_decimal(RATE, f"{Decimal(millionths).scaleb(-6):f}") == millionths


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0.15000000000000002", "more than six decimals"),
        ("1,5", "with a comma"),
        ("1.234,50", "with a comma"),
        ("1 234,50", "with a comma"),
        ("1e3", "not a number"),
        ("1_000", "not a number"),
        ("NaN", "not a number"),
        ("١٢", "not a number"),
        ("5 %", "not a number"),
        ("10000000000000", "out of range"),
    ],
)
def test_a_number_that_could_mean_something_else_is_refused(text: str, says: str) -> None:
    with pytest.raises(CellError, match=says):
        cells.parse_decimal(RATE, text)


def test_an_amount_is_never_rounded_to_the_currency() -> None:
    assert cells.parse_money(FREIGHT, "32.38", "USD") == 3238
    assert cells.parse_money(FREIGHT, "32", "JPY") == 32
    with pytest.raises(CellError, match="finer than the smallest unit of EUR"):
        cells.parse_money(FREIGHT, "32.385", "EUR")
    with pytest.raises(CellError, match="finer than the smallest unit of JPY"):
        cells.parse_money(FREIGHT, "32.5", "JPY")


@pytest.mark.parametrize(
    "text",
    ["=1+1", '=HYPERLINK("http://x")', "@SUM(A1)", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "#REF!", "#N/A"],
)
def test_a_formula_is_refused_and_not_stored(text: str) -> None:
    with pytest.raises(CellError, match=r"formula|error of the spreadsheet"):
        cells.parse_text(NOTE, text)


@pytest.mark.parametrize(
    "text", ["+31 (0)20 555 1234", "- call back tomorrow!", "#1 in town", "-5", "a=b", "'t Vosje"]
)
def test_text_that_only_begins_like_a_formula_is_kept(text: str) -> None:
    assert cells.parse_text(NOTE, text) == text


def test_an_apostrophe_says_that_a_cell_is_text_and_what_we_neutralise_comes_back() -> None:
    assert cells.parse_text(NOTE, "'=1+1") == "=1+1"
    for text in ("=1+1", "@home", "+SUM(A1)"):
        assert cells.parse_text(NOTE, neutral(text)) == text


def test_line_breaks_stay_in_notes_and_become_commas_in_names() -> None:
    assert cells.parse_text(NOTE, "a\r\nb ") == "a\r\nb"
    assert cells.parse_text(NAME, "Unit 4\r\n  Old Mill") == "Unit 4, Old Mill"


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (cells.parse_flag, " Yes ", 1),
        (cells.parse_flag, "0", 0),
        (cells.parse_whole, "-3", -3),
        (cells.parse_date, "2024-02-29", "2024-02-29"),
        (cells.parse_instant, "2026-11-30T14:05:00Z", 1_796_047_500_000),
        (cells.parse_instant, "2026-11-30T15:05:00.250+01:00", 1_796_047_500_250),
        (cells.parse_json, ' {"b": 1, "a": [2]} ', '{"a":[2],"b":1}'),
    ],
)
def test_other_kinds_are_read(parse: cells.Parse, text: str, value: object) -> None:
    assert parse(NAME, text) == value  # type: ignore[call-arg, arg-type]


@pytest.mark.parametrize(
    ("parse", "text", "says"),
    [
        (cells.parse_flag, "ja", "neither yes nor no"),
        (cells.parse_whole, "3.0", "not a whole number"),
        (cells.parse_whole, "9" * 5_000, "not a whole number"),
        (cells.parse_date, "2026-02-30", "no such day"),
        (cells.parse_date, "30.11.2026", "not a day"),
        (cells.parse_date, "20261130", "not a day"),
        (cells.parse_instant, "2026-11-30T14:05:00", "names no time zone"),
        (cells.parse_instant, "yesterday", "not a moment"),
        (cells.parse_json, "{'a': 1}", "not valid JSON"),
        (cells.parse_json, "[" * 100_000, "not valid JSON"),
        (cells.parse_json, '"\ud800"', "not valid JSON"),
    ],
)
def test_other_kinds_are_refused_with_a_sentence(parse: cells.Parse, text: str, says: str) -> None:
    with pytest.raises(CellError, match=says):
        parse(NAME, text)  # type: ignore[call-arg, arg-type]


@given(st.text(min_size=1, max_size=40), st.sampled_from([RATE, NAME, NOTE, FREIGHT, *ACCOUNT.values()]))
def test_no_text_whatsoever_ends_in_anything_but_a_value_or_a_sentence(text: str, field: Field) -> None:
    parse = cells.PARSERS.get(field.kind)
    if parse is None:
        return
    try:
        value = parse(field, text)
    except CellError:
        return
    assert isinstance(value, int | str)
