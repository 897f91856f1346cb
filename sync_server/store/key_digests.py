"""The digests of single scope keys, from the rows themselves: asked for where keys change hands and where two sides
differ, which is seldom; nothing is kept up for them with each write. Must not know who holds a key.
"""

from __future__ import annotations

from collections.abc import Iterable

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.digest import Digest
from sync_server.store.session import Session
from sync_server.store.sql_text import compose

# In halves, since neither database adds up 64-bit numbers beyond 64 bits as the contract does.
_SUMS = (
    "SELECT scope_key, count(*), sum(row_hash >> 32), sum(row_hash & 4294967295) FROM {table} "
    "WHERE scope_key IN :members GROUP BY scope_key"
)


def digests_of_keys(session: Session, keys: Iterable[bytes]) -> dict[bytes, Digest]:
    """The digests of keys that have rows."""
    found: dict[bytes, Digest] = {}
    wanted = list(keys)
    for entity in ENTITIES:
        for key, count, high, low in session.chosen(compose(_SUMS, table=entity.table), wanted):
            found[key] = found.get(key, Digest()).plus(count, (int(high) << 32) + int(low))
    return found
