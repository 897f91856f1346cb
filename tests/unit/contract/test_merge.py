"""The three-way merge of a field: idempotent, independent edits commute, no clock takes part (I10, I11, I19)."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Value
from fieldrep.contract.merge import Fit, merge_field, waits
from fieldrep.contract.values import canonical_json

ACCOUNT, CONTACT = CATALOGUE["account"], CATALOGUE["contact"]
PHONE, CUSTOM, OPT_OUT = ACCOUNT.field("phone"), ACCOUNT.field("custom"), CONTACT.field("opt_out")
TEXTS: st.SearchStrategy[Value] = st.none() | st.sampled_from(["1", "2", "3"])
OBJECTS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)).map(canonical_json)


@given(TEXTS, TEXTS, TEXTS)
def test_a_plain_field_takes_the_newcomer_only_where_it_started(
    before: Value, after: Value, present: Value
) -> None:
    fit, value = merge_field(PHONE, before, after, present)
    if after == present:
        assert (fit, value) == (Fit.SAME, present)
    elif before == present:
        assert (fit, value) == (Fit.TAKE, after)
    else:
        assert (fit, value) == (Fit.CLASH, present), "what stands in the central store stays"


@given(TEXTS, TEXTS, TEXTS)
def test_merging_the_same_edit_twice_changes_nothing_more(
    before: Value, after: Value, present: Value
) -> None:
    _, once = merge_field(PHONE, before, after, present)
    _, twice = merge_field(PHONE, before, after, once)
    assert twice == once


@given(OBJECTS, OBJECTS, OBJECTS)
def test_merging_the_same_object_twice_changes_nothing_more(before: str, after: str, present: str) -> None:
    fit, once = merge_field(CUSTOM, before, after, present)
    assume(fit is not Fit.CLASH)
    assert merge_field(CUSTOM, before, after, once) == (Fit.SAME, once)


@given(OBJECTS, OBJECTS, OBJECTS)
def test_edits_of_different_keys_commute(base: str, left: str, right: str) -> None:
    fit_left, with_left = merge_field(CUSTOM, base, left, base)
    fit_right, with_right = merge_field(CUSTOM, base, right, base)
    assert Fit.CLASH not in (fit_left, fit_right)
    last_right, one_way = merge_field(CUSTOM, base, right, with_left)
    last_left, other_way = merge_field(CUSTOM, base, left, with_right)
    assert (last_right is Fit.CLASH) == (last_left is Fit.CLASH)
    if last_right is not Fit.CLASH:
        assert one_way == other_way


def test_keys_of_both_sides_stand_beside_each_other_and_a_removed_key_goes() -> None:
    assert merge_field(CUSTOM, '{"a":1}', '{"a":1,"b":2}', '{"a":1,"c":3}')[1] == '{"a":1,"b":2,"c":3}'
    assert merge_field(CUSTOM, '{"a":1,"b":2}', '{"b":2}', '{"a":1,"b":2,"c":3}')[1] == '{"b":2,"c":3}'
    assert merge_field(CUSTOM, '{"a":1}', '{"a":2}', '{"a":3}') == (Fit.CLASH, '{"a":3}')


@given(st.sampled_from([None, 0, 1]), st.sampled_from([0, 1]), st.sampled_from([None, 0, 1]))
def test_a_refusal_of_marketing_always_wins(before: Value, after: Value, present: Value) -> None:
    fit, value = merge_field(OPT_OUT, before, after, present)
    assert fit is not Fit.CLASH
    if 1 in (after, present) and not (before == 1 and after == 0 and present == 1):
        assert value == 1


def test_a_clash_on_a_critical_field_waits_for_a_person() -> None:
    assert waits(ACCOUNT.field("name"))
    assert not waits(PHONE)
