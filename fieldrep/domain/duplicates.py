"""How alike two records are, and why: the judgement behind “this may be the same customer”.

Owns cleaning of names and numbers, the keys by which a search finds candidates at all, the score with its reasons, and
which way people may decide on a pair.
It reads nothing; a high score is a warning for a person and never blocks anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from fieldrep.domain.folding import bare

WARN_FROM = 80
"""The score from which a pair is worth a person's look."""

_NAME_END = 8
_LONGEST_LOOKUP = 80
_MOVES = frozenset(
    {
        ("open", "not_duplicate"),
        ("open", "merge_requested"),
        ("not_duplicate", "open"),
        ("not_duplicate", "merge_requested"),
        ("split", "merge_requested"),
    }
)
_SAME_NAME = 100
_ALIKE_FROM = 82
_OTHER_CITY = 12
_OTHER_TAX_NUMBER = 15
_SLIPS = 2
"""So many letters of a tax number may differ and it is still the same, mistyped or of another branch."""

_PHONE_DIGITS = 8
_LEGAL_FORMS = frozenset(
    [
        *("ab", "ag", "aps", "as", "bv", "bvba", "co", "corp", "cv", "doo", "eg", "ek", "ev", "gbr", "gmbh"),
        *(
            "inc",
            "kft",
            "kg",
            "llc",
            "llp",
            "ltd",
            "mbh",
            "nv",
            "ohg",
            "oy",
            "oyj",
            "plc",
            "sa",
            "sarl",
            "sas",
        ),
        *("sc", "se", "sl", "spa", "sprl", "srl", "sro", "ug", "vof", "zoo"),
    ]
)
_NO_WORD = re.compile(r"[^\w]+")
_NO_DIGIT = re.compile(r"\D+")
_EXTENSION = re.compile(r"\s*(?:ext\.?|x|#)\s*\d{1,6}\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Party:
    """What a company or a person is recognised by; "" where nothing is known."""

    name: str
    city: str = ""
    postal_code: str = ""
    phone: str = ""
    email: str = ""
    tax_id: str = ""


@dataclass(frozen=True, slots=True)
class BlockingKeys:
    """By what candidates are looked up: only records that share one of these are compared.

    Attributes:
        words: beginnings of the words of the name, long enough to be rare.
        phone: the last digits of the number, without its punctuation.
    """

    words: tuple[str, ...]
    phone: str
    email: str
    tax_id: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are, from 0 to 100, and the reasons in words, the strongest first."""

    score: int
    reasons: tuple[str, ...]


@lru_cache(maxsize=10_000)
def clean_name(text: str) -> str:
    """A name reduced to what tells companies apart: lower case, no accents, no punctuation, no legal form."""
    plain = bare(text).replace("&", " ").replace(".", "").replace("'", "").replace("’", "")
    words = [word for word in _NO_WORD.split(plain) if word]
    return " ".join([word for word in words if word not in _LEGAL_FORMS] or words)


def phone_key(text: str) -> str:
    """The last digits of a phone number, alike however the country and the spaces are written; "" when too few.

    An extension does not count: the colleague next door is at the same company.
    """
    digits = _NO_DIGIT.sub("", _EXTENSION.sub("", text)).lstrip("0")
    return digits[-_PHONE_DIGITS:] if len(digits) >= _PHONE_DIGITS - 1 else ""


def tax_key(text: str) -> str:
    """A tax number without spaces and punctuation."""
    return _NO_WORD.sub("", text).upper()


def email_key(text: str) -> str:
    """An address in lower case without surrounding space."""
    return text.strip().casefold()


def news_of(party: Party, before: Party) -> Party:
    """A party reduced to the signs that are new since `before`: what was there already is nobody's question now.

    The place stays beside a new name, which it helps to judge.
    """
    same = [
        sign for sign in ("name", "phone", "email", "tax_id") if getattr(party, sign) == getattr(before, sign)
    ]
    return replace(party, **dict.fromkeys(same, ""))


def blocking_keys(party: Party) -> BlockingKeys:
    """The keys under which records that may be the same are found."""
    words = [word[:4] for word in clean_name(party.name).split() if len(word) >= 2]
    return BlockingKeys(
        words=tuple(dict.fromkeys(words)),
        phone=phone_key(party.phone),
        email=email_key(party.email),
        tax_id=tax_key(party.tax_id),
    )


def likeness(one: Party, other: Party) -> Likeness:
    """How alike two records are: the strongest single sign decides, others only add their reason.

    Two companies with tax numbers of their own are seldom one, whatever else they share.
    """
    found: list[tuple[int, str]] = []
    tax, other_tax = tax_key(one.tax_id), tax_key(other.tax_id)
    if tax and tax == other_tax:
        found.append((100, "Same tax number"))
    if email_key(one.email) and email_key(one.email) == email_key(other.email):
        found.append((96, "Same email address"))
    if phone_key(one.phone) and phone_key(one.phone) == phone_key(other.phone):
        found.append((92, "Same phone number"))
    found.extend(_name_signs(one, other))
    if tax and other_tax and OSA.distance(tax, other_tax) > _SLIPS:
        found = [(score - _OTHER_TAX_NUMBER, f"{reason}, other tax number") for score, reason in found]
    found.sort(reverse=True)
    return Likeness(found[0][0] if found else 0, tuple(reason for _, reason in found))


def _name_signs(one: Party, other: Party) -> list[tuple[int, str]]:
    left, right = clean_name(one.name), clean_name(other.name)
    if not left or not right:
        return []
    alike = max(fuzz.token_sort_ratio(left, right), 0.93 * fuzz.token_set_ratio(left, right))
    if alike < _ALIKE_FROM:
        return []
    city, other_city = clean_name(one.city), clean_name(other.city)
    score = round(alike)
    reason = "Same name" if score == _SAME_NAME else f"Name {score} % alike"
    if city and other_city:
        if city == other_city:
            return [(min(score + 4, 99), f"{reason}, same city")]
        return [(score - _OTHER_CITY, f"{reason}, other city")]
    return [(min(score, 98), reason)]


NUMBER_NAMES = "pte"
"""The first letters of look-up names that are a number or an address, which few companies share."""


def number_names(phone: str, tax_id: str) -> frozenset[str]:
    """The look-up names of numbers alone."""
    signs = ("p", phone_key(phone)), ("t", tax_key(tax_id) if tax_id else "")
    return frozenset(f"{kind}{sign}"[:_LONGEST_LOOKUP] for kind, sign in signs if sign)


def lookup_names(party: Party, postal_codes: Iterable[str] = ()) -> frozenset[str]:
    """The names under which a company is filed so that a look-up finds those that may be the same, without a scan.

    Both ends of its name with the words in order, so that one slip leaves one of them; its numbers; the domain of its
    address, and each of its postal codes, with the beginning of its name.
    """
    keys = blocking_keys(party)
    words = clean_name(party.name).split()
    name = "".join(sorted(words))
    first = words[0][:4] if words else ""
    domain = keys.email.rpartition("@")[2]
    signs = [
        ("p", keys.phone),
        ("t", keys.tax_id),
        ("e", keys.email),
        ("d", f"{domain} {first}" if domain and first else ""),
        *(("z", f"{tax_key(code)} {first}" if tax_key(code) and first else "") for code in postal_codes),
    ]
    if len(name) >= _NAME_END:
        signs += [("b", name[:_NAME_END]), ("n", name[-_NAME_END:])]
    elif name:
        signs.append(("w", name))
    return frozenset(f"{kind}{sign}"[:_LONGEST_LOOKUP] for kind, sign in signs if sign)


def may_become(present: str, wanted: str) -> bool:
    """Whether a person may move a pair from one state to another; the server alone merges and splits."""
    return (present, wanted) in _MOVES
