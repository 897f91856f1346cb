"""How refused changes stand with the admin: with their author, handed over, or answered.

Owns what is read of changes handed over. It must not know what was entered in one.
"""

from __future__ import annotations

from collections import Counter

from fieldrep.queries.cells import text
from fieldrep.store.reader import Reader

_HANDED = "SELECT status, answer FROM handed_change WHERE n = ? AND made_at = ? ORDER BY created_at DESC, id LIMIT 1"
_REFUSED = "SELECT n, made_at FROM refused_change"


def handed(reader: Reader, n: int, made_at: int) -> tuple[str, str]:
    """Whether a refused change is "open" or "closed" with the admin, "" for neither, and the answer."""
    found = reader.rows(_HANDED, (n, made_at))
    return (text(found[0][0]), text(found[0][1])) if found else ("", "")


def refused_standing(reader: Reader) -> Counter[str]:
    """How many refused changes need their author ("") and are "open" or "closed" with the admin."""
    return Counter(handed(reader, n, made_at)[0] for n, made_at in reader.rows(_REFUSED))
