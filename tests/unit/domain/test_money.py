"""Money: what is a number, and that parsing, formatting and rounding are exact."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldrep.contract.errors import KnownError
from fieldrep.domain.money import (
    divide_rounded,
    format_amount,
    format_millionths,
    line_amount,
    parse_amount,
    parse_millionths,
)


@pytest.mark.parametrize(
    "text",
    ["1e3", "1_000", "NaN", "Infinity", "٣", "1,000", "1.2.3", "", " ", ".", "-", "0x10", "1 000", "9" * 400],
)
def test_what_is_no_plain_number_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(
        KnownError, match=r"^Quantity: “.*” is (not a number; write it like 12\.50|out of range)\.$"
    ):
        parse_millionths(text, "Quantity")


@pytest.mark.parametrize(
    ("text", "value"), [("24", 24_000_000), ("+2.5", 2_500_000), (" .5 ", 500_000), ("-3.", -3_000_000)]
)
def test_a_plain_number_is_read(text: str, value: int) -> None:
    assert parse_millionths(text, "Quantity") == value


def test_a_number_finer_than_its_unit_is_refused() -> None:
    with pytest.raises(KnownError, match="more than six decimals"):
        parse_millionths("0.0000001", "Price")
    with pytest.raises(KnownError, match="finer than the smallest unit of JPY"):
        parse_amount("1.5", "JPY", "Freight")


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_is_formatted_is_read_back_the_same(number: int, currency: str) -> None:
    assert parse_millionths(format_millionths(number), "Price") == number
    assert parse_amount(format_amount(number // 1000, currency), currency, "Freight") == number // 1000


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9))
def test_a_quotient_is_rounded_half_away_from_zero(numerator: int, denominator: int) -> None:
    exact = (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    if abs(numerator) < 10**18:  # within the precision of the comparison
        assert divide_rounded(numerator, denominator) == int(exact)


@given(st.integers(0, 10**10), st.integers(0, 10**10), st.integers(0, 10**6))
def test_a_line_is_the_exact_product_rounded_once(qty: int, price: int, rate: int) -> None:
    exact = Decimal(qty * price * (10**6 - rate)) / Decimal(10**18)
    assert abs(Decimal(line_amount(qty, price, rate, "EUR")) / 100 - exact) <= Decimal("0.005")
