"""The files for the server that were written here, by which an answer is known to be for this very replica.

A copy of a profile has the ids of the files that were written before it was made, and none of those of the other one:
an answer that speaks of the other's changes by the same numbers is not taken for its own. Must not know what is in one.
"""

from __future__ import annotations

from dataclasses import replace

from fieldrep.store.replica import Replica

KEPT = 500
"""Of so many files answers may still come; the oldest are forgotten first."""


def note_written(replica: Replica, bundle_id: bytes) -> None:
    """Remembers a file from before it is whole on, so that no whole one is unknown."""
    with replica.write() as connection:
        connection.execute("INSERT INTO written_bundle (bundle_id) VALUES (?)", (bundle_id,))
        connection.execute(
            "DELETE FROM written_bundle WHERE bundle_no <= (SELECT max(bundle_no) FROM written_bundle) - ?",
            (KEPT,),
        )
        replica.store_state(connection, replace(replica.state(), asked=bundle_id))


def was_written_here(replica: Replica, bundle_id: bytes) -> bool:
    """Whether this replica wrote a file, or was copied from one that had."""
    with replica.read() as reader:
        return bool(reader.rows("SELECT 1 FROM written_bundle WHERE bundle_id = ?", (bundle_id,)))
