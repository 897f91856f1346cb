"""Whom a store knew that a restore replaced, and whom this one does not know: kept to be met again.

Owns the table `known_before`: those shut out, for whichever store is restored next, and those admitted, until they are
admitted anew. Must not know how the replaced store was read, nor how anybody is admitted.
"""

from __future__ import annotations

from collections.abc import Iterable

from sync_server.store.replaced import KNOWN_COLUMNS, Known
from sync_server.store.sql_text import insert_text
from sync_server.store.transaction import WriteTransaction

_COLUMNS = (*KNOWN_COLUMNS, "noted_at", "heir_id")


def keep(tx: WriteTransaction, absent: Iterable[Known], *, afresh: bool) -> None:
    """Keeps who is unknown here; `afresh` where they are all, in place of those admitted that the backup had kept."""
    if afresh:
        tx.session.run("DELETE FROM known_before WHERE why IS NULL")
    new = ", ".join(f"{name} = excluded.{name}" for name in (*KNOWN_COLUMNS[1:], "noted_at"))
    sql = f"{insert_text('known_before', _COLUMNS)} ON CONFLICT (row_id) DO UPDATE SET {new}"
    for one in absent:
        tx.session.run(sql, (*(getattr(one, name) for name in KNOWN_COLUMNS), tx.now, None))
