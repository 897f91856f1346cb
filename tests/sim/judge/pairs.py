"""Pairs of records that look alike: which are raised is a matter of taste, the oracle says which cannot be.

Owns a measure of its own for what is alike, and the rule that a pair is raised once. Must not know the product's.
"""

from __future__ import annotations

import hashlib
import re
from difflib import SequenceMatcher
from typing import Any

from tests.sim.judge.oracle import Oracle, Wrong

Row = dict[str, Any]
_LEAST = 0.4
_NO_DIGIT = re.compile(r"\D")


def learn_pairs(
    oracle: Oracle, everything: dict[str, dict[bytes, Row]], names: dict[bytes, str], at_once: bool = True
) -> list[tuple[str, bytes]]:
    """Takes over the pairs the store has raised since, if they can be; gives them, each with a name from now on.

    Unless all came `at_once`, nobody saw what the two were when their pair was raised: one may be archived since, or be
    named now in the place of one that was merged into it.
    """
    stored = everything["duplicate_candidate"]
    known = oracle.rows["duplicate_candidate"]
    new = [row_id for row_id in stored if row_id not in known]
    pairs = {
        frozenset((row["one_id"], row["other_id"])) for row in known.values() if row["status"] != "merged"
    }
    for row_id in new:
        row = stored[row_id]
        pair = frozenset((row["one_id"], row["other_id"]))
        one, other = (oracle.rows[row["entity"]].get(row[name]) for name in ("one_id", "other_id"))
        if one is None or other is None or len(pair) < 2 or pair in pairs or row["status"] != "open":
            raise Wrong(f"a pair was raised that cannot be one: {row}")
        archived = any(side["archived"] for side in (one, other))
        if at_once and (archived or not _alike(row["entity"], one, other)):
            raise Wrong(f"a pair was raised of two that are not alike: {one}, {other}")
        account = "id" if row["entity"] == "account" else "account_id"
        if (row["account_id"], row["other_account_id"]) != (one[account], other[account]):
            raise Wrong(f"a pair names other accounts than its records: {row}")
        if not at_once:
            _note_names_before(oracle, row)
        known[row_id] = dict(row)
        oracle.writers.setdefault(("duplicate_candidate", row_id), []).append((row["revision"], b"store"))
        names[row_id] = ".".join(sorted(names.get(row[n], "?") for n in ("one_id", "other_id")))
    return [("duplicate_candidate", row_id) for row_id in new]


def _note_names_before(oracle: Oracle, row: Row) -> None:
    """Enters a pair in the merge of this very push that took one of the two it was raised for."""
    sides = (("one_id", "account_id", "other_id"), ("other_id", "other_account_id", "one_id"))
    for done in oracle.merges:
        for name, account, other in sides:
            is_it = (done.tick, done.entity, done.stays) == (oracle.tick, row["entity"], row[name])
            if is_it and _id_of(done.goes, row[other]) == row["id"]:
                names = (name, account) if done.entity == "account" else (name,)
                done.images["duplicate_candidate", row["id"]] = (
                    dict.fromkeys(names, done.goes),
                    dict.fromkeys(names, done.stays),
                )


def _id_of(one: bytes, other: bytes) -> bytes:
    """The id of a pair raised for these two, as the protocol makes it."""
    raw = bytearray(hashlib.blake2b(b"|".join(sorted((one, other))), digest_size=16).digest())
    raw[6] = raw[6] & 15 | 128
    raw[8] = raw[8] & 63 | 128
    return bytes(raw)


def _alike(entity: str, one: Row, other: Row) -> bool:
    if entity == "contact" and one["account_id"] != other["account_id"]:
        return False
    names = ("name",) if entity == "account" else ("given_name", "family_name")
    texts = [
        " ".join(sorted(" ".join(str(side[n] or "") for n in names).lower().split())) for side in (one, other)
    ]
    if SequenceMatcher(None, *texts).ratio() >= _LEAST or set(texts[0].split()) & set(texts[1].split()):
        return True
    numbers = ("phone", "tax_id") if entity == "account" else ("mobile",)
    if any(one[n] and _digits(one[n]) == _digits(other[n]) for n in numbers):
        return True
    return bool(one["email"]) and str(one["email"]).lower() == str(other["email"] or "").lower()


def _digits(text: Any) -> str:
    return _NO_DIGIT.sub("", str(text or ""))[-8:]
