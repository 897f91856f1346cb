"""Full-text search: keeping the search tables in step with rows, and turning what a person types into a safe query.

Owns the search tables. What is typed is data: it is quoted word by word, so no letter of it acts as an operator (S15).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from fieldrep.contract.fields import Value
from fieldrep.store.engine import Connection
from fieldrep.store.statements import Statements

MOST_WORDS = 8
MOST_SEGMENTS = 8
JOIN_PAGES = 300
LONGEST_WORD = 40
LONGEST_TEXT = 1_000
_WORD = re.compile(r"[^\W_\u19b0-\u19c9\u1cf2\u1cf3]+")
"""Letters and digits as the tokenizer sees them; it splits words at a few vowel signs that Python calls letters."""


def match_query(text: str) -> str:
    """The MATCH expression for typed text: every word must begin a word of the row; "" when no word was typed."""
    words = _WORD.findall(unicodedata.normalize("NFC", text[:LONGEST_TEXT]))[:MOST_WORDS]
    return " ".join(f'"{word[:LONGEST_WORD]}"*' for word in words)


def join_segments(connection: Connection, texts: Statements, *, whole: bool) -> bool:
    """Joins a few pages of an entity's search segments; True while more is left to do.

    Each save leaves a small segment. A few are left alone; `whole` joins even those, after a first replica, and writes
    anew the one from which rows have left, so that nothing of them stays in it.
    """
    if not texts.searched:
        return False
    name = f"{texts.entity.table}_search"
    found = connection.execute(f"SELECT count(DISTINCT segid), total_changes() FROM {name}_idx").fetchone()  # noqa: S608
    segments, before = (int(found[0]), int(found[1])) if found else (0, 0)
    if segments <= (0 if whole else MOST_SEGMENTS):
        return False
    connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('merge', ?)", (-JOIN_PAGES,))  # noqa: S608
    after = connection.execute("SELECT total_changes()").fetchone()
    return after is not None and after[0] - before > 1


def index_row(connection: Connection, texts: Statements, row_no: int, row: Mapping[str, Value]) -> None:
    """Brings the search table up to date with a row."""
    if texts.searched:
        connection.execute(texts.search_replace, (row_no, *(row[name] for name in texts.searched)))


def forget_row(connection: Connection, texts: Statements, row_no: int) -> None:
    """Takes a row out of the search table."""
    if texts.searched:
        connection.execute(texts.search_delete, (row_no,))
