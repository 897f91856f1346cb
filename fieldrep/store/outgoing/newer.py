"""Changes that speak of what the server does not know yet: an app may be updated before its server.

Owns which of them wait: each as a whole, with all that builds on the rows it touches, so that nothing comes before what
it needs and nothing is refused for good that a later server takes. Must not change anything.
"""

from __future__ import annotations

from fieldrep.contract.catalogue import CATALOGUE, SCHEMA_VERSION
from fieldrep.contract.change import Change, Edit
from fieldrep.store.engine import Connection
from fieldrep.store.outgoing.pending import decode_change


def knows_all(schema: int) -> bool:
    """Whether a server of that version of the catalogue can take whatever is made here."""
    return schema >= SCHEMA_VERSION


def held_back(connection: Connection, schema: int) -> frozenset[int]:
    """The numbers of waiting changes that a server of that version of the catalogue cannot take yet."""
    if knows_all(schema):
        return frozenset()
    rows = connection.execute("SELECT change FROM outbox WHERE state <> 'settled' ORDER BY n")
    kept: set[int] = set()
    touched: set[bytes] = set()
    for (blob,) in rows:
        change = decode_change(blob)
        if any(_beyond(edit, schema) for edit in change.edits) or _builds_on(change, touched):
            kept.add(change.n)
            touched.update(edit.row_id for edit in change.edits)
    return frozenset(kept)


def _beyond(edit: Edit, schema: int) -> bool:
    entity = CATALOGUE.get(edit.entity)
    if entity is None or entity.since > schema:
        return True
    names = edit.before.keys() | edit.after.keys()
    return any(entity.has(name) and entity.field(name).since > schema for name in names)


def _builds_on(change: Change, touched: set[bytes]) -> bool:
    """Whether a change edits or names a row that a change before it, which waits, has touched."""
    for edit in change.edits:
        if edit.row_id in touched:
            return True
        if any(isinstance(value, bytes) and value in touched for value in edit.after.values()):
            return True
    return False
