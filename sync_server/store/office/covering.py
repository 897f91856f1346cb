"""A person's cover of a territory has one term for each kind: who is assigned again gets another one, not a second.

Owns which assignments a new term takes the place of, and what the term then is. Days are ISO texts, compared as such.
"""

from __future__ import annotations

from collections.abc import Sequence

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.statements import Row


def in_force(rows: Sequence[Row], today: str) -> list[Row]:
    """Those that have begun and are not over."""
    return [row for row in rows if _begins(row) <= today and not is_over(row, today)]


def is_over(row: Row, today: str) -> bool:
    """Whether its last day has passed."""
    return row["valid_to"] is not None and str(row["valid_to"]) < today


def superseded(rows: Sequence[Row], first: str | None, last: str | None, today: str) -> list[Row]:
    """The assignments of a person, territory and kind that a new term is about, the earliest first.

    What is over stays as it was, and a period that neither meets the new one nor runs today is one of its own.
    """
    until = None if last is None else (last if first else max(last, today))
    found = [
        row
        for row in rows
        if not is_over(row, today)
        and (until is None or _begins(row) <= until)
        and (first is None or row["valid_to"] is None or str(row["valid_to"]) >= first)
    ]
    return sorted(found, key=_begins)


def term(
    rows: Sequence[Row], first: str | None, last: str | None, today: str
) -> tuple[str | None, str | None]:
    """The first and the last day instead: what has begun goes on from where it began.

    Raises:
        KnownError: `invalid_value`, when it would end before it began.
    """
    began = _begins(rows[0])
    from_now = "" if began > today else began
    begins = from_now if first is None else min(began, first)
    if last is not None and last < begins:
        sentence = f"That cover begins on {begins}. To end it: fieldrep-server territory unassign CODE LOGIN."
        raise KnownError(Code.INVALID_VALUE, sentence)
    return begins or None, last


def _begins(row: Row) -> str:
    return str(row["valid_from"] or "")
