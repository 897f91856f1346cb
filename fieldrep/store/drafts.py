"""Drafts: what is typed into an open form, kept so that a crash or a power cut loses nothing.

A draft never leaves the device and is no change; it is encrypted like everything in the replica.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.engine import Connection

LONGEST = 1_000_000

DraftKey = tuple[str, str]
"""The kind of form, and which record it is about."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One unfinished form: its text (the form's own JSON), and when that was typed."""

    text: str
    saved_at: int


def keep(connection: Connection, key: DraftKey, draft: Draft) -> None:
    """Keeps a draft in place of an earlier one of the same form.

    Raises:
        KnownError: `too_large` or `invalid_value`.
    """
    if len(draft.text) > LONGEST:
        raise KnownError(
            Code.TOO_LARGE, f"The draft has {len(draft.text):,} characters; at most {LONGEST:,} can be kept."
        )
    try:
        draft.text.encode()
    except UnicodeEncodeError as error:
        sentence = "The draft holds half of a character pair (a lone surrogate); paste that text again."
        raise KnownError(Code.INVALID_VALUE, sentence) from error
    connection.execute(
        "INSERT OR REPLACE INTO draft (kind, key, text, saved_at) VALUES (?, ?, ?, ?)",
        (*key, draft.text, draft.saved_at),
    )


def drop(connection: Connection, key: DraftKey) -> None:
    """Forgets a draft; nothing happens when there is none."""
    connection.execute("DELETE FROM draft WHERE kind = ? AND key = ?", key)


def find(connection: Connection, key: DraftKey) -> Draft | None:
    """The draft of that form, None when there is none."""
    found = connection.execute("SELECT text, saved_at FROM draft WHERE kind = ? AND key = ?", key).fetchone()
    return Draft(*found) if found else None
