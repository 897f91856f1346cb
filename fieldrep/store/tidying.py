"""What is left to do in a replica when nobody waits, in small steps between which others may write.

Must not know when that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.store import search
from fieldrep.store.statements import statements_of

if TYPE_CHECKING:
    from fieldrep.store.replica import Replica

MOST_STEPS = 10_000
PAGES_AT_ONCE = 500
"""Free pages given back by one transaction; a save waits no longer than for these."""


def join_segments(replica: Replica, *, whole: bool) -> None:
    """Joins the segments of search; `whole` after a first replica."""
    for entity in ENTITIES:
        texts = statements_of(entity)
        for _ in range(MOST_STEPS):
            with replica.write() as connection:
                more = search.join_segments(connection, texts, whole=whole)
            if not more:
                break


def give_pages_back(replica: Replica) -> None:
    """Gives the free pages of the file back to the disk."""
    while True:
        with replica.write() as connection:
            free = connection.execute("PRAGMA freelist_count").fetchone()
            connection.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
            left = connection.execute("PRAGMA freelist_count").fetchone()
        if not (free and left and 0 < left[0] < free[0]):
            return
