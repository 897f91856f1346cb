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
        ("401120 x 0", "401120 x 0", 1_000_000),
        ("x", "x", 1_000_000),
        ("  ", "", 1_000_000),
    ],
)
def test_what_is_typed_splits_into_product_and_quantity(typed: str, what: str, qty: int) -> None:
    entry = parse_fast_entry(typed)
    assert (entry.what, entry.qty) == (what, qty)
    assert entry.qty_given is (qty != MILLIONTH)


@pytest.mark.parametrize("good", ["", "a@b", "jan.bakker+orders@aurora.example", "é@münchen.example"])
def test_an_address_that_may_be_one_is_taken(good: str) -> None:
    assert email_problem(good) == ""


@pytest.mark.parametrize("bad", ["info", "a@", "@b", "a b@c.d", "a@b@c", "a@b..c", "a@.b"])
def test_an_address_that_cannot_be_one_gets_a_sentence(bad: str) -> None:
    assert "name@company.com" in email_problem(bad)
