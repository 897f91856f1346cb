"""Which accounts or contacts here may be the one somebody is about to enter: a warning, never a block.

Owns the blocking in SQL; how alike two records are is judged by `domain/duplicates.py`.
"""

# ruff: noqa: S608 - the texts are made of the constants below alone

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fieldrep.contract.ids import RowId
from fieldrep.domain.duplicates import WARN_FROM, Party, blocking_keys, likeness
from fieldrep.queries.cells import joined, ref, text
from fieldrep.queries.matching import key_list
from fieldrep.store.reader import Reader
from fieldrep.store.search import match_query
from fieldrep.store.search_due import hits


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A record that may be the same; `score` from 0 to 100, `reasons` for people."""

    entity: str
    id: RowId
    account_id: RowId
    label: str
    detail: str
    score: int
    reasons: tuple[str, ...]


_DIGITS = (
    "replace(replace(replace(replace(replace(replace({}, ' ', ''), '-', ''), '/', ''), '.', ''), '(', ''), "
    "')', '')"
)
_ACCOUNT_SIGNS = f"""
SELECT row_no FROM account WHERE archived = 0 AND (
    (?1 <> '' AND {_DIGITS.format("phone")} LIKE '%' || ?1)
    OR (?2 <> '' AND lower(email) = ?2)
    OR (?3 <> '' AND upper({_DIGITS.format("tax_id")}) = ?3))
LIMIT 200
"""
_ACCOUNTS = """
SELECT a.id, a.name, a.number, a.phone, a.email, a.tax_id,
    (SELECT s.city FROM site AS s WHERE s.account_id = a.id AND s.archived = 0
        ORDER BY s.kind = 'bill' DESC, s.kind = 'ship' DESC, s.row_no LIMIT 1)
FROM json_each(?) AS j CROSS JOIN account AS a ON a.row_no = j.value WHERE a.archived = 0
"""
_CONTACT_SIGNS = f"""
SELECT row_no FROM contact WHERE archived = 0 AND (
    (?1 <> '' AND ({_DIGITS.format("phone")} LIKE '%' || ?1 OR {_DIGITS.format("mobile")} LIKE '%' || ?1))
    OR (?2 <> '' AND lower(email) = ?2))
LIMIT 200
"""
_CONTACTS = """
SELECT c.id, trim(coalesce(c.given_name, '') || ' ' || c.family_name), a.name, coalesce(c.mobile, c.phone), c.email,
    c.job_title, a.id
FROM json_each(?) AS j CROSS JOIN contact AS c ON c.row_no = j.value LEFT JOIN account AS a ON a.id = c.account_id
WHERE c.archived = 0
"""
_SHOWN = 5
_MOST_ALIKE = 2_000
"""Rows with a word of the name that are looked at."""


def possible_accounts(
    reader: Reader, *, party: Party, but: RowId | None = None
) -> tuple[PossibleDuplicate, ...]:
    """Accounts that may be the one about to be entered, the likeliest first; `but` is the account being edited."""
    keys = blocking_keys(party)
    found = _word_keys(reader, "account", "name", keys.words)
    found |= {key for (key,) in reader.rows(_ACCOUNT_SIGNS, (keys.phone, keys.email, keys.tax_id))}
    results = []
    for row in reader.rows(_ACCOUNTS, (key_list(sorted(found)),)):
        other = Party(text(row[1]), text(row[6]), "", text(row[3]), text(row[4]), text(row[5]))
        alike = likeness(party, other)
        if alike.score >= WARN_FROM and row[0] != but:
            detail = joined(row[6], row[2], by=" · ")
            results.append(
                PossibleDuplicate(
                    "account", ref(row[0]), ref(row[0]), text(row[1]), detail, alike.score, alike.reasons
                )
            )
    return _likeliest(results)


def possible_contacts(
    reader: Reader, *, party: Party, but: RowId | None = None
) -> tuple[PossibleDuplicate, ...]:
    """Contacts that may be the one about to be entered, at any account, the likeliest first."""
    keys = blocking_keys(party)
    found = _word_keys(reader, "contact", "given_name family_name", keys.words)
    found |= {key for (key,) in reader.rows(_CONTACT_SIGNS, (keys.phone, keys.email))}
    results = []
    for row in reader.rows(_CONTACTS, (key_list(sorted(found)),)):
        alike = likeness(party, Party(text(row[1]), phone=text(row[3]), email=text(row[4])))
        if alike.score >= WARN_FROM and row[0] != but:
            detail = joined(row[5], row[2], by=" · ")
            results.append(
                PossibleDuplicate(
                    "contact", ref(row[0]), ref(row[6]), text(row[1]), detail, alike.score, alike.reasons
                )
            )
    return _likeliest(results)


def _word_keys(reader: Reader, entity_name: str, columns: str, words: Iterable[str]) -> set[int]:
    """The rows in which any of the words begins a word of the name."""
    single = [match_query(word) for word in words]
    match = " OR ".join(part for part in single if part)
    return set(hits(reader, entity_name, f"{{{columns}}} : ({match})", _MOST_ALIKE)) if match else set()


def _likeliest(results: list[PossibleDuplicate]) -> tuple[PossibleDuplicate, ...]:
    return tuple(sorted(results, key=lambda row: (-row.score, row.label, row.id))[:_SHOWN])
