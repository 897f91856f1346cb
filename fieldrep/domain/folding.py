"""Letters that a keyboard may not have: how text is reduced before its words are searched or compared.

Owns the letters that Unicode does not take apart into a plain one and its marks, such as ł and ß. Must not know what
the text is for.
"""

from __future__ import annotations

import re
import unicodedata

_PLAIN = {
    **dict.fromkeys("æÆǽǼǣǢ", "ae"),
    **dict.fromkeys("œŒ", "oe"),
    **dict.fromkeys("øØǿǾ", "o"),
    **dict.fromkeys("łŁŀĿ", "l"),
    **dict.fromkeys("đĐðÐ", "d"),
    **dict.fromkeys("ħĦ", "h"),
    **dict.fromkeys("ŧŦ", "t"),
    **dict.fromkeys("ŋŊŉ", "n"),
    **dict.fromkeys("əƏ", "e"),
    **dict.fromkeys("þÞ", "th"),
    **dict.fromkeys("ĳĲ", "ij"),
    **dict.fromkeys("ßẞ", "ss"),
    "ı": "i",
    "ĸ": "k",
}
_TABLE = str.maketrans(_PLAIN)
_ANY = re.compile(f"[{''.join(_PLAIN)}]")


def folds(text: str) -> bool:
    """Whether any letter of a text is one of these; nearly always answered by looking at no letter."""
    return not text.isascii() and _ANY.search(text) is not None


def fold(text: str) -> str:
    """The text with plain letters in their place, so that “Łódź” is found by “Lodz” and “Straße” by “strasse”."""
    return text.translate(_TABLE) if folds(text) else text


def bare(text: str) -> str:
    """The text folded, in lower case and without marks: alike for all that are the same but for the keyboard."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", fold(text.casefold()))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
