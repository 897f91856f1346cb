"""What other server processes wrote, read once for all devices of this one: then it is at hand like its own echoes.

Owns the reading of a stretch of the store's history. A stretch in which anybody's keys changed, something was purged or
very much was written has no echo, and the feed reads for each device. Must not know cursors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldrep.contract.scope import EVERYBODY_KEY
from sync_server.store.feed.echo import Echo, Echoes
from sync_server.store.flush import holders_of
from sync_server.store.reading import Reader, State, StoreInfo
from sync_server.store.statements import ENTITY_TABLES, Row

if TYPE_CHECKING:
    from sync_server.store.database import Database

MOST_ROWS = 2_000
"""Of a stretch; a longer one is hardly that of one moment."""

_MOVED = (
    "SELECT EXISTS (SELECT 1 FROM scope_ledger WHERE gained_revision > ?), "
    "EXISTS (SELECT 1 FROM scope_ledger WHERE lost_revision > ?), "
    "EXISTS (SELECT 1 FROM tombstone WHERE revision > ?)"
)
_STRETCH = " WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?"


def overhear(reader: Reader, echoes: Echoes, since: int) -> None:
    """Reads what is missing between what was heard here and the state a reader sees, as far back as a revision.

    Others who ask meanwhile wait and find it read.
    """
    with echoes.reading:
        _close_gaps(reader, echoes, since)


def overheard(database: Database, info: StoreInfo, since: int) -> bool:
    """Whether all since a revision is at hand of a state of which it was not all: read now, or by another meanwhile."""
    with database.echoes.reading:
        if database.echoes.gap(since, info.state) is None:
            return True
        with database.read() as snapshot:
            if snapshot.info().state == info.state:
                _close_gaps(snapshot, database.echoes, since)
    return database.echoes.gap(since, info.state) is None


def _close_gaps(reader: Reader, echoes: Echoes, since: int) -> None:
    present = reader.info().state
    if present[1] - since > MOST_ROWS:
        return
    while (gap := echoes.gap(since, present)) is not None:
        echo = _read(reader, *gap, present[1])
        if echo is None or not echoes.enter(echo):
            return


def _read(reader: Reader, found: State, left: State, present: int) -> Echo | None:
    """The echo of a stretch from one state to another, as the store is at present."""
    since, room = found[1], MOST_ROWS
    if any(reader.rows(_MOVED, (since, since, since))[0]):
        return None
    of_key: dict[bytes, list[tuple[str, Row]]] = {}
    for (entity,) in reader.rows("SELECT entity FROM entity_clock WHERE revision > ?", (since,)):
        table = ENTITY_TABLES[entity]
        stretch = reader.rows(table.select + _STRETCH, (since, left[1], room + 1))
        room -= len(stretch)
        if room < 0:
            return None
        for stored in stretch:
            of_key.setdefault(stored[len(table.names)], []).append((entity, table.row(stored)))
    if EVERYBODY_KEY in of_key:
        return None
    rows: dict[bytes, dict[str, list[Row]]] = {}
    for key, holders in holders_of(reader.session, of_key).items():
        for user_id in holders:
            for entity, row in of_key[key]:
                rows.setdefault(user_id, {}).setdefault(entity, []).append(row)
    return Echo(found, left, rows, max(1, MOST_ROWS - room), present)
