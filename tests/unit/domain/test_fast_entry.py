"""The fast field of an order, and the forms of email addresses."""

from __future__ import annotations

import pytest

from fieldrep.contract.fields import MILLIONTH
from fieldrep.domain.fast_entry import parse_fast_entry
from fieldrep.domain.formats import email_problem


@pytest.mark.parametrize(
    ("typed", "what", "qty"),
    [
        ("401120", "401120", 1_000_000),
        ("401120 x 24", "401120", 24_000_000),
        ("401120×24", "401120", 24_000_000),
        ("401120 * 2,5", "401120", 2_500_000),
        ("24 x butter", "butter", 24_000_000),
        ("butter salted X 3", "butter salted", 3_000_000),
        ("box 3x4", "box 3x4", 1_000_000),
        ("24 x 8712345678906", "8712345678906", 24_000_000),
        ("401120 x 1,000,000", "401120", 1_000_000_000_000),
        ("401120 * 1000000000", "401120", 1_000_000_000_000_000),
        ("401120 x 1.234,5", "401120", 1_234_500_000),
        ("x", "x", 1_000_000),
        ("  ", "", 1_000_000),
    ],
)
def test_what_is_typed_splits_into_product_and_quantity(typed: str, what: str, qty: int) -> None:
    entry = parse_fast_entry(typed)
    assert (entry.what, entry.qty, entry.problem) == (what, qty, "")
    assert entry.qty_given is (qty != MILLIONTH)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("401120 x 0", "Quantity: “0” is not more than nothing; give how many."),
        ("401120 x -3", "Quantity: “-3” is not more than nothing; give how many."),
        ("-3 x butter", "Quantity: “-3” is not more than nothing; give how many."),
        ("401120 × 1e3", "Quantity: “1e3” is not a number; write it like 12.50."),
        ("401120 * 1.23456789", "Quantity: 1.23456789 has more than six decimals."),
        ("401120 x 100000000000000", "Quantity: “100000000000000” is out of range."),
        ("401120 x 1,000", "Quantity: “1,000” can be read in two ways; write 1000 or 1.000."),
    ],
)
def test_a_quantity_that_cannot_be_taken_is_at_fault_and_not_the_product(typed: str, problem: str) -> None:
    entry = parse_fast_entry(typed)
    assert entry.what in ("401120", "butter")
    assert entry.problem == problem


@pytest.mark.parametrize("good", ["", "a@b", "jan.bakker+orders@aurora.example", "é@münchen.example"])
def test_an_address_that_may_be_one_is_taken(good: str) -> None:
    assert email_problem(good) == ""


@pytest.mark.parametrize("bad", ["info", "a@", "@b", "a b@c.d", "a@b@c", "a@b..c", "a@.b"])
def test_an_address_that_cannot_be_one_gets_a_sentence(bad: str) -> None:
    assert "name@company.com" in email_problem(bad)
