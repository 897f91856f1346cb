"""Rows whose account has moved to somebody else while what was entered here is not answered: read-only, and why.

Owns the sentence. Must not take anything away.
"""

from __future__ import annotations

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.store.engine import Connection
from fieldrep.store.outgoing.correcting import reason_of
from fieldrep.store.outgoing.pending import Standing

_STANDING = "SELECT standing, moved_to FROM base_row WHERE row_id = ? AND entity = ?"


def leaving_sentence(connection: Connection, entity_name: str, row_id: bytes) -> str:
    """Why a row can only be read: its account has moved, and what was entered here is not answered yet; else "".

    What is being corrected goes nowhere by itself, and can go as it is only.
    """
    found = connection.execute(_STANDING, (row_id, entity_name)).fetchone()
    if found is None or found[0] != Standing.LEFT:
        return ""
    owner = connection.execute("SELECT name FROM app_user WHERE id = ?", (found[1],)).fetchone()
    moved = f"This {CATALOGUE[entity_name].title.lower()} has moved to {owner[0] if owner else 'a colleague'}"
    if reason_of(connection, (row_id,)) is not None:
        return (
            f"{moved} and cannot be corrected here any more. Send it again as it is, or take the correction back under "
            "Sync, Waiting, and hand it to the admin."
        )
    return f"{moved}; what you entered is being handed over. It can be read here until that is done."
