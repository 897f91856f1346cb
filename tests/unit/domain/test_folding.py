"""Text is folded to letters that every keyboard has, and text that needs none of it stays the very same."""

from __future__ import annotations

import unicodedata

import pytest

from fieldrep.domain.folding import fold, folds


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Straße", "Strasse"), ("STRAẞE", "STRAssE"), ("Øresund", "oresund"), ("Ærø", "aero"), ("Œuvre", "oeuvre"),
     ("þing", "thing"), ("Đorđe", "dorde"), ("kırmızı", "kirmizi"), ("Bakı, Gəncə", "Baki, Gence"), ("ĳs", "ijs")],
)  # fmt: skip
def test_a_letter_without_a_plain_one_inside_becomes_the_one_people_type(text: str, plain: str) -> None:
    assert folds(text)
    assert fold(text) == plain
    assert not folds(plain)


def test_text_that_needs_no_folding_is_given_back_itself() -> None:
    for text in ("", "Corner Shop", "Café Zürich", "Αθήνα", "東京"):
        assert fold(text) is text


def test_nothing_is_folded_that_unicode_takes_apart_by_itself() -> None:
    taken_apart = [chr(code) for code in range(0x250) if len(unicodedata.normalize("NFD", chr(code))) > 1]
    kept = [letter for letter in taken_apart if not folds(letter)]
    assert [letter for letter in taken_apart if letter not in kept] == list("ǢǣǼǽǾǿ")
