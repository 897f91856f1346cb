"""Which address of an account an order goes to while nobody says another.

Owns the one question that commands and queries ask alike, so that a page foretells what a command writes.
"""

from __future__ import annotations

from fieldrep.contract.ids import RowId
from fieldrep.store.reads.prices import Rows

_SITE = (
    "SELECT id FROM site WHERE account_id = ? AND archived = 0 "
    "ORDER BY kind = ? DESC, kind = 'ship' DESC, created_at, id LIMIT 1"
)


def usual_site(rows: Rows, account_id: RowId, kind: str) -> RowId | None:
    """The account's address of a kind, else where it is delivered to, else its first; None where none is known."""
    found = rows(_SITE, (account_id, kind))
    return RowId(found[0][0]) if found else None
