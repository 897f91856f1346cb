"""What a repair does to a replica whose pages are sound: records that are not as the server sent them come again.

Owns that decision and the note of it; nothing is fetched here, and nothing that waits is touched. What cannot be put
right in place is left to the building of a new file (`repair.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from fieldrep.store import search_due
from fieldrep.store.engine import connect, driver_errors, transaction
from fieldrep.store.state import COUNT_ANEW, load_state, save_state
from fieldrep.store.verify import faults_of_rows, heals_by_sync, needs_new_file, next_step


@dataclass(frozen=True, slots=True)
class InPlace:
    """What was found and done without a new file.

    Attributes:
        wrong: whether anything was.
        searched_anew: kinds of records for which search was made anew.
        step: what the person does next; "" when nothing is left to do.
    """

    wrong: bool = False
    searched_anew: int = 0
    step: str = ""


def mended_in_place(path: Path, key: bytes) -> InPlace | None:
    """Puts right what can be in the file as it is; None when it takes a new file.

    Raises:
        KnownError: a disk error; the file is then as it was.
    """
    connection = connect(path, key)
    try:
        with driver_errors():
            found = faults_of_rows(connection)
    finally:
        connection.close()
    if not found:
        return InPlace()
    if needs_new_file(found):
        return None
    connection = connect(path, key, writer=True)
    try:
        with driver_errors(), transaction(connection):
            anew = search_due.mend(connection)
            if heals_by_sync(found):
                save_state(connection, replace(load_state(connection), examined_at=COUNT_ANEW))
    finally:
        connection.close()
    left = [finding for finding in found if finding.check != "search"]
    return InPlace(True, anew, next_step(left))
