"""Discount authority: which limit counts for whom, and which lines of an order go above it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import MILLIONTH, Value
from fieldrep.domain.discounts import (
    MOST_TOLD,
    Giver,
    LineAbove,
    approval_needed,
    limit_of,
    lines_above,
    parse_percent,
    percent,
)

ANA, BEN = b"a" * 16, b"b" * 16
DAY = "2026-11-23"
REP = Giver(ANA, "rep", DAY)
FAMILIES: Mapping[Value, Value] = {b"t" * 16: "Tea", b"c" * 16: "Coffee"}

Policy = dict[str, Value]


def policy(rate: int, **values: Value) -> Policy:
    """A limit in percent, for reps where nothing else is said."""
    about: Policy = {"user_id": None, "role": None if "user_id" in values else "rep", "family": None}
    days: Policy = {"valid_from": None, "valid_to": None}
    return {**about, **days, "max_rate": rate * 10_000, "archived": 0, **values}


def limit(*policies: Policy, giver: Giver = REP, family: str | None = None) -> int | None:
    found = limit_of(policies, giver, family)
    return None if found is None else found // 10_000


def line(seq: int, rate: int, product: bytes | None = None, **values: Value) -> dict[str, Value]:
    fields: dict[str, Value] = {"id": b"%016d" % seq, "seq": seq, "kind": "item", "archived": 0}
    return {**fields, "product_id": product, "discount_rate": rate * 10_000, **values}


def above(lines: list[dict[str, Value]], *policies: Policy) -> list[tuple[int, int]]:
    return [(one.number, one.limit // 10_000) for one in lines_above(lines, FAMILIES.get, policies, REP)]


def test_without_a_policy_nothing_is_limited() -> None:
    assert limit() is None
    assert limit(policy(5, role="tech"), policy(5, user_id=BEN)) is None
    assert above([line(1, 100)]) == []


def test_what_is_said_of_a_person_counts_before_what_is_said_of_the_role() -> None:
    assert limit(policy(5), policy(15, user_id=ANA)) == 15
    assert limit(policy(15), policy(5, user_id=ANA)) == 5
    assert limit(policy(15), policy(5, user_id=BEN)) == 15


def test_of_several_the_strictest_counts() -> None:
    assert limit(policy(10), policy(8), policy(12)) == 8
    assert limit(policy(10), policy(12, family="Tea"), family="Tea") == 10
    assert limit(policy(0), policy(8)) == 0


def test_a_policy_for_a_family_counts_for_its_products_alone() -> None:
    tea = policy(3, family="Tea", user_id=ANA)
    assert limit(tea, family="Tea") == 3
    assert limit(tea, family="Coffee") is None
    assert limit(tea, policy(10), family="Coffee") == 10, "what the role says holds for the others"
    assert limit(tea, policy(10), family=None) == 10


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [
        (DAY, DAY, True),
        (None, "2026-11-22", False),
        ("2026-11-24", None, False),
        ("2026-11-01", "2026-11-30", True),
    ],
)
def test_a_policy_counts_from_its_first_day_to_its_last(
    first: str | None, last: str | None, counts: bool
) -> None:
    assert (limit(policy(5, valid_from=first, valid_to=last)) == 5) is counts


def test_an_ended_policy_counts_no_more() -> None:
    assert limit(policy(5, archived=1)) is None


def test_a_line_is_named_by_its_place_among_those_that_stand() -> None:
    lines = [line(9, 15), line(2, 50, archived=1), line(3, 10), line(4, 50, kind="text")]
    assert above(lines, policy(10)) == [(3, 10)], "at the limit is within it, and a text gives no discount"


def test_each_line_is_judged_by_the_family_of_its_product() -> None:
    lines = [line(1, 8, b"t" * 16), line(2, 8, b"c" * 16), line(3, 8)]
    assert above(lines, policy(10), policy(5, family="Tea")) == [(1, 5)]


def test_a_hold_names_the_first_lines_and_how_many_there_are() -> None:
    found = [LineAbove(number, 150_000, 100_000) for number in range(1, 60)]
    (reason,) = json.loads(approval_needed(found))
    assert (reason["kind"], reason["count"], len(reason["lines"])) == ("approval", 59, MOST_TOLD)
    assert reason["lines"][0] == {"line": 1, "rate": 150_000, "limit": 100_000}
    assert len(approval_needed(found)) < 5_000, "it fits its field"


POLICIES = st.lists(
    st.builds(
        policy,
        st.integers(0, 100),
        user_id=st.sampled_from([None, ANA, BEN]),
        role=st.sampled_from(["rep", "tech"]),
        family=st.sampled_from([None, "Tea", "Coffee"]),
        valid_from=st.sampled_from([None, "2026-11-01", DAY, "2026-12-01"]),
        valid_to=st.sampled_from([None, "2026-11-22", DAY, "2027-01-01"]),
        archived=st.sampled_from([0, 1]),
    ),
    max_size=6,
)
LINES = st.lists(
    st.builds(
        line,
        st.integers(1, 20),
        st.integers(0, 100),
        st.sampled_from([None, *FAMILIES]),
        archived=st.sampled_from([0, 1]),
        kind=st.sampled_from(["item", "text"]),
    ),
    max_size=6,
)


@given(POLICIES, LINES)
def test_a_line_is_above_exactly_where_some_policy_that_counts_for_it_says_less(
    policies: list[Policy], lines: list[dict[str, Value]]
) -> None:
    found = {one.number for one in lines_above(lines, FAMILIES.get, policies, REP)}
    shown = sorted((one for one in lines if not one["archived"]), key=lambda one: (one["seq"], one["id"]))
    for number, one in enumerate(shown, start=1):
        about = [
            each
            for each in policies
            if not each["archived"]
            and each["family"] in (None, FAMILIES.get(one["product_id"]))
            and str(each["valid_from"] or "0") <= DAY <= str(each["valid_to"] or "9")
        ]
        mine = [each for each in about if each["user_id"] == ANA]
        ours = [each for each in about if each["user_id"] is None and each["role"] == "rep"]
        broken = [
            each for each in mine or ours if int(each["max_rate"] or 0) < int(one["discount_rate"] or 0)
        ]
        assert (number in found) == (bool(broken) and one["kind"] == "item")


@given(POLICIES, LINES, st.randoms(use_true_random=False))
def test_in_which_order_lines_and_policies_come_changes_nothing(
    policies: list[Policy], lines: list[dict[str, Value]], chance: object
) -> None:
    by_id = list({one["id"]: one for one in lines}.values())
    found = lines_above(by_id, FAMILIES.get, policies, REP)
    chance.shuffle(by_id)  # type: ignore[attr-defined]
    chance.shuffle(policies)  # type: ignore[attr-defined]
    assert lines_above(by_id, FAMILIES.get, policies, REP) == found


@given(st.integers(0, 1_000_000 // 100))
def test_a_percentage_reads_as_it_is_shown(hundredths: int) -> None:
    rate = hundredths * 100
    assert parse_percent(percent(rate)) == rate


@pytest.mark.parametrize("typed", ["101", "-1", "2.55555", "ten"])
def test_what_is_no_percentage_is_refused(typed: str) -> None:
    with pytest.raises(KnownError, match="Discount"):
        parse_percent(typed)
    assert parse_percent("2,5") == 25 * MILLIONTH // 1000
