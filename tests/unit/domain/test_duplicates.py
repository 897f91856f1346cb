"""How alike two records are: pairs a person would look at twice, and pairs nobody should be bothered with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldrep.domain.duplicates import (
    WARN_FROM,
    Party,
    blocking_keys,
    clean_name,
    likeness,
    news_of,
    phone_key,
)

AURORA = Party(
    "Aurora Dairy B.V.", "Rotterdam", "3011 WR", "+31 10 411 2200", "info@aurora.example", "NL8123"
)


@pytest.mark.parametrize(
    "other",
    [
        Party("AURORA DAIRY BV"),
        Party("Dairy Aurora", "Rotterdam"),
        Party("Aurora Diary", "rotterdam"),
        Party("Something else", phone="010-4112200"),
        Party("Something else", phone="0031 (0)10 411 22 00"),
        Party("Something else", email=" Info@Aurora.example"),
        Party("Something else", tax_id="nl 81.23"),
    ],
)
def test_a_pair_worth_a_look_is_warned_of_with_a_reason(other: Party) -> None:
    found = likeness(AURORA, other)
    assert found.score >= WARN_FROM, found
    assert found.reasons
    assert likeness(other, AURORA) == found


def test_only_what_was_changed_of_a_record_is_asked_about() -> None:
    changed = replace(AURORA, phone="+31 10 999 0000")
    assert news_of(changed, AURORA) == Party(
        "", city="Rotterdam", postal_code="3011 WR", phone="+31 10 999 0000"
    )
    assert likeness(news_of(changed, AURORA), Party(AURORA.name, AURORA.city)).reasons == ()
    renamed = replace(AURORA, name="Aurora Bakery")
    assert (news_of(renamed, AURORA).name, news_of(renamed, AURORA).email) == ("Aurora Bakery", "")
    assert blocking_keys(news_of(AURORA, AURORA)) == blocking_keys(Party(""))


@pytest.mark.parametrize(
    "other",
    [
        Party("Borealis Dairy", "Rotterdam"),
        Party("Aurora Bakery GmbH", "Antwerp"),
        Party("B.V."),
        Party("", phone="22", email="", tax_id=""),
        Party("Harbor Hotels", "Rotterdam", "3011 WR"),
    ],
)
def test_a_pair_that_only_looks_alike_is_not_warned_of(other: Party) -> None:
    assert likeness(AURORA, other).score < WARN_FROM


def test_the_same_name_in_another_city_counts_less_than_in_the_same() -> None:
    here = likeness(AURORA, Party("Aurora Dairy", "Rotterdam"))
    there = likeness(AURORA, Party("Aurora Dairy", "Hamburg"))
    assert here.score > there.score
    assert there.reasons == ("Same name, other city",)


@pytest.mark.parametrize(
    ("other", "worth"),
    [
        (Party("Aurora Dairy", "Hamburg", tax_id="DE 991 177 220"), False),
        (Party("Aurora Dairy", phone="+31 10 411 2200", tax_id="DE 991 177 220"), True),
        (Party("Someone else", phone="+31 10 411 2200", tax_id="DE 991 177 220"), False),
        (Party("Aurora Dairy", "Hamburg", tax_id="NL 8124"), True),
        (Party("Aurora Dairy", "Hamburg"), True),
    ],
)
def test_tax_numbers_that_differ_speak_against_one_company(other: Party, *, worth: bool) -> None:
    found = likeness(AURORA, other)
    assert (found.score >= WARN_FROM) is worth, found
    assert all("other tax number" in reason for reason in found.reasons) is other.tax_id.startswith("DE")


def test_legal_forms_accents_and_punctuation_do_not_tell_names_apart() -> None:
    assert clean_name("Müller & Söhne GmbH & Co. KG") == "muller sohne"
    assert clean_name("Øresund Łódź Weiß ApS") == "oresund lodz weiss"
    assert clean_name("B.V.") == "bv"


def test_a_short_number_is_no_sign_of_anything() -> None:
    assert phone_key("112") == ""
    assert phone_key("+31 10 411 2200") == phone_key("0104112200") != ""


def test_an_extension_is_not_part_of_the_number() -> None:
    written = ("+31 10 411 2200 ext. 12", "0031 10 411 2200 x7", "010 411 2200 ext 12", "010 411 22 00")
    assert {phone_key(text) for text in written} == {phone_key("+31104112200")}


def test_blocking_keys_are_the_beginnings_of_words() -> None:
    assert blocking_keys(AURORA).words == ("auro", "dair")
