"""Is a value fit for a field? Hostile values get a sentence on both sides, never a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.contract.jsonform import canonical_line, from_json, to_json
from fieldrep.contract.values import canonical_json, check_value

ACCOUNT, SITE, ORDER, CONTACT, USER = (
    CATALOGUE[name] for name in ("account", "site", "sales_order", "contact", "user")
)
LINE = CATALOGUE["document_line"]
FIELDS = [(entity, field) for entity in ENTITIES for field in entity.columns]
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text(st.characters()),
    st.binary(max_size=20),
    st.binary(min_size=16, max_size=16),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.sampled_from(
        ["\ud800", "a\x00b", "2026-02-30", "2026-11-30", "10000-01-01", "{", "{}", '{"a":1}', '{"a":1,"a":2}']
    ),
)


def judged(entity: Entity, field: Field, value: object) -> tuple[Value, KnownError | None]:
    try:
        return check_value(entity, field, value), None
    except KnownError as error:
        return None, error


@given(st.sampled_from(FIELDS), ANYTHING)
def test_any_value_is_either_fit_or_refused_with_a_sentence(where: tuple, value: object) -> None:  # type: ignore[type-arg]
    entity, field = where
    checked, refusal = judged(entity, field, value)
    if refusal is not None:
        assert refusal.code in (Code.INVALID_VALUE, Code.REQUIRED)
        assert refusal.field == field.name
        assert refusal.sentence.endswith(".")
    else:
        assert checked is None or type(checked) in (int, str, bytes, bool)
        assert check_value(entity, field, checked) == checked
        if isinstance(checked, str):
            assert "\x00" not in checked
            assert len(checked.encode()) <= 4 * field.maximum
        if isinstance(checked, int):
            assert -(2**63) <= checked < 2**63


@pytest.mark.parametrize(
    ("entity", "name", "value"),
    [
        (ORDER, "freight_amount", 12.5),
        (ORDER, "freight_amount", "12"),
        (ORDER, "freight_amount", True),
        (ORDER, "freight_amount", -1),
        (ORDER, "freight_amount", 2**63),
        (ORDER, "freight_amount", 10**14 + 1),
        (LINE, "line_amount", -(10**14) - 1),
        (LINE, "qty", 10**15 + 1),
        (LINE, "unit_price", 10**15 + 1),
        (ORDER, "freight_amount", float("nan")),
        (ORDER, "wanted_on", "2026-02-30"),
        (ORDER, "wanted_on", "20261130"),
        (ORDER, "wanted_on", "10000-01-01"),
        (ORDER, "wanted_on", "0000-01-01"),
        (ORDER, "status", "SUBMITTED"),
        (ORDER, "currency", "EU"),
        (ACCOUNT, "name", "x" * 10_000_000),
        (ACCOUNT, "note", "a\x00b"),
        (ACCOUNT, "note", "half \udfff"),
        (ACCOUNT, "custom", "[" * 100_000),
        (ACCOUNT, "custom", '{"b":1,"a":1}'),
        (ACCOUNT, "custom", '{"a": 1}'),
        (ACCOUNT, "custom", '{"a":1,"a":2}'),
        (ACCOUNT, "custom", '{"a":NaN}'),
        (ACCOUNT, "custom", '{"a":1e999}'),
        (ACCOUNT, "parent_id", b"short"),
        (ACCOUNT, "parent_id", "0" * 16),
        (SITE, "lat", 90_000_001),
        (CONTACT, "opt_out", 2),
        (CONTACT, "opt_out", "yes"),
    ],
)
def test_a_hostile_value_is_refused(entity, name: str, value: object) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(KnownError) as caught:
        check_value(entity, entity.field(name), value)
    assert caught.value.code is Code.INVALID_VALUE
    assert len(caught.value.sentence) < 300


@pytest.mark.parametrize(
    ("entity", "name", "value", "sentence"),
    [
        (LINE, "discount_rate", 1_010_000, "Discount: must be at most 100 percent."),
        (LINE, "discount_rate", -1, "Discount: must be at least 0 percent."),
        (ACCOUNT, "visit_every_days", 3651, "Days between visits: must be at most 3650."),
        (CATALOGUE["product_uom"], "factor", 0, "Base units: must be at least 0.000001."),
        (
            ACCOUNT,
            "visit_every_days",
            1.5,
            "Days between visits: must be a whole number, never a decimal fraction.",
        ),
        (
            ORDER,
            "freight_amount",
            1.5,
            "Freight: must be a whole number of the currency's smallest unit, never a decimal fraction.",
        ),
        (
            ORDER,
            "freight_amount",
            2**62,
            "Freight: must be at most 100,000,000,000,000 of the currency's smallest unit.",
        ),
        (LINE, "qty", 2**62, "Quantity: must be at most 1000000000."),
    ],
)
def test_a_limit_is_told_in_the_unit_people_write(
    entity: Entity, name: str, value: object, sentence: str
) -> None:
    with pytest.raises(KnownError) as caught:
        check_value(entity, entity.field(name), value)
    assert caught.value.sentence == sentence


@pytest.mark.parametrize(
    ("entity", "name", "words"),
    [
        (ACCOUNT, "visit_every_days", "write a whole number instead."),
        (ORDER, "freight_amount", "write a whole number of the currency's smallest unit instead."),
        (LINE, "discount_rate", "write a whole number of millionths instead."),
    ],
)
def test_a_fraction_is_answered_with_the_number_that_is_wanted(entity: Entity, name: str, words: str) -> None:
    field = entity.field(name)
    with pytest.raises(KnownError) as caught:
        from_json(field, 1.5)
    assert caught.value.sentence == f"{field.title}: 1.5 is a decimal fraction; {words}"


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.text(st.characters(codec="utf-8"), max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    )
)
def test_canonical_json_is_fit_for_a_json_field_and_stays_as_it_is(value: object) -> None:
    text, mentions = canonical_json(value), CATALOGUE["activity"].field("mentions")
    assert check_value(CATALOGUE["activity"], mentions, text) == text
    assert canonical_json(to_json(mentions, text)) == text


@pytest.mark.parametrize("name", [" ", "\u200b", "\u2060\u200b ", "\n", "\u3000"])
def test_a_name_in_which_nothing_can_be_seen_is_no_name(name: str) -> None:
    refusal = judged(ACCOUNT, ACCOUNT.field("name"), name)[1]
    assert refusal is not None
    assert refusal.code is Code.REQUIRED
    assert judged(ACCOUNT, ACCOUNT.field("name"), "\u200f(\u05d0)")[1] is None


@pytest.mark.parametrize("text", ["1.5", "[0.1]", '{"a":[{"b":1e3}]}', '{"a":-0.0}', "1e400"])
def test_no_decimal_fraction_is_kept_in_any_json(text: str) -> None:
    for entity, field in FIELDS:
        if field.kind is Kind.JSON:
            assert judged(entity, field, text)[1] is not None, (entity.name, field.name)


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/Los_Angeles", "UTC"])
def test_a_time_zone_of_iana_is_fit(zone: str) -> None:
    assert check_value(USER, USER.field("tz"), zone) == zone


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", "Europe", "CEST?"])
def test_what_is_no_time_zone_is_refused_with_what_to_write(zone: str) -> None:
    refusal = judged(USER, USER.field("tz"), zone)[1]
    assert refusal is not None
    assert "like Europe/Amsterdam" in refusal.sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("consent", '{"email":true,"phone":false,"post":"2026-11-02"}'),
        ("custom", '{"floor":"2nd","lifts":[1,2],"open":{"mon":["8","18"]}}'),
        ("currency", "JPY"),
        ("currency", "XCG"),
    ],
)
def test_a_value_of_its_shape_is_fit(name: str, value: str) -> None:
    assert check_value(ACCOUNT, ACCOUNT.field(name), value) == value


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("consent", '{"email":"maybe"}', "“email” must be true, false, or the day"),
        ("consent", '{"email":"2026-02-30"}', "“email” must be true, false, or the day"),
        ("consent", '{"email":{"a":true}}', "“email” must be true, false, or the day"),
        ("consent", "true", "must be an object"),
        ("custom", '{"":1}', "a name within it that is empty"),
        ("custom", '{"a":[[[1]]]}', "deeper than 3 levels"),
        ("custom", '{"a":1.50}', "is not in canonical form"),
        ("custom", '{"a":1.5}', 'write it as text, "1.5"'),
        ("custom", '{"a":[9223372036854775808]}', "beyond 64 bits"),
        ("currency", "ZZZ", "write a code of ISO 4217"),
        ("currency", "usd", "write it USD."),
    ],
)
def test_a_value_of_another_shape_is_refused_with_what_to_write(name: str, value: str, words: str) -> None:
    refusal = judged(ACCOUNT, ACCOUNT.field(name), value)[1]
    assert refusal is not None
    assert words in refusal.sentence


@given(st.sampled_from(FIELDS), ANYTHING)
def test_a_fit_value_survives_the_way_to_the_edge_and_back(where: tuple, value: object) -> None:  # type: ignore[type-arg]
    entity, field = where
    checked, refusal = judged(entity, field, value)
    if refusal is not None:
        return
    if field.kind is Kind.FLAG and checked is not None:
        checked = int(checked)  # type: ignore[arg-type]
    assert from_json(field, to_json(field, checked)) == checked


def test_the_canonical_line_of_a_row_has_sorted_keys_and_ends() -> None:
    row = {field.name: field.default for field in SITE.columns} | {
        "id": b"1" * 16,
        "city": "Köln",
        "archived": 1,
    }
    line = canonical_line(SITE, row)
    assert line.endswith(b"}\n")
    assert "Köln".encode() in line
    assert b'"archived":true' in line
    assert line.index(b'"archived"') < line.index(b'"city"') < line.index(b'"street"')
