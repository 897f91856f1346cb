"""The replica's rows counted anew: what each really says, whatever was noted of it when it arrived.

Owns the recounting of hashes and the rows as they are compared with the central store's. A row with pending edits
counts with its base image, one that the central store never had does not count.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.comparison import Keyed
from fieldrep.contract.digest import Digest
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value
from fieldrep.contract.scope import scope_key
from fieldrep.store.engine import Connection
from fieldrep.store.incoming.arrive import hashes_of
from fieldrep.store.outgoing.pending import BASES, Standing, decode_image
from fieldrep.store.replica import Replica
from fieldrep.store.search_due import mend as mend_search
from fieldrep.store.statements import Row, statements_of

_AT_ONCE = 2_000


def recount(replica: Replica) -> int:
    """Computes every hash from its row and puts right what was noted; gives how many rows were not as noted.

    Search is then told of the rows as they are, so that what replaces them takes the right words out.
    """
    wrong: list[tuple[Entity, int | None, int]] = []
    with replica.read() as reader:
        digest = Digest()
        for entity in ENTITIES:
            for row_no, noted, fresh in _counted(reader.driver, entity):
                if fresh is not None:
                    digest = digest.plus(1, fresh)
                if fresh != noted:
                    wrong.append((entity, fresh, row_no))
    if wrong or digest != replica.state().digest:
        with replica.write() as connection:
            for entity, fresh, row_no in wrong:
                connection.execute(statements_of(entity).update(("row_hash",)), (fresh, row_no))
            mend_search(connection)
            replica.store_state(connection, replace(replica.state(), digest=digest))
    return len(wrong)


def compared(connection: Connection) -> Iterator[Keyed]:
    """Every row that counts, as it is compared; `recount` comes before."""
    for entity in ENTITIES:
        images = dict(_images(connection, entity))
        texts = statements_of(entity)
        names = tuple(dict.fromkeys(("id", *_key_fields(entity))))
        found = connection.execute(
            f"SELECT row_hash, {', '.join(names)} FROM {entity.table} WHERE row_hash IS NOT NULL"
        )
        for row_hash, *values in found.fetchall():
            image = images.get(values[0])
            row: Row = texts.row(image) if image is not None else dict(zip(names, values, strict=True))
            yield scope_key(entity, row), entity.name, values[0], row_hash


def _key_fields(entity: Entity) -> tuple[str, ...]:
    rule = entity.scope
    return tuple(name for name in (rule.account, rule.user, rule.moved) if name)


def _counted(connection: Connection, entity: Entity) -> Iterator[tuple[int, int | None, int | None]]:
    """Number, noted hash and true hash of each row; None for one that does not count."""
    texts = statements_of(entity)
    images = dict(_images(connection, entity))
    sql = (
        f"SELECT row_no, row_hash, {', '.join(texts.columns)} FROM {entity.table} "
        "WHERE row_no > ? ORDER BY row_no LIMIT ?"
    )
    last = 0
    while rows := connection.execute(sql, (last, _AT_ONCE)).fetchall():
        shown: list[Sequence[Value]] = [images.get(row[2]) or row[2:] for row in rows]
        for row, fresh in zip(rows, hashes_of(texts, shown), strict=True):
            counts = row[2] not in images or images[row[2]] is not None
            yield row[0], row[1], fresh if counts else None
        last = rows[-1][0]


def _images(connection: Connection, entity: Entity) -> Iterator[tuple[bytes, list[Value] | None]]:
    """The base image of each row with pending edits, None for one that does not count."""
    found = connection.execute(
        f"SELECT row_id, standing, image FROM {BASES} WHERE entity = ?", (entity.name,)
    )
    for row_id, standing, blob in found.fetchall():
        image = decode_image(entity, blob) if blob is not None and standing == Standing.CURRENT else None
        yield row_id, list(image.values()) if image is not None else None
