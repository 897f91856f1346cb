"""Replies as a central store would give them: rows, pages and digests made from plain values.

Owns a few lines of a store's arithmetic, written without the replica's code. Must not know any single test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fieldrep.contract.catalogue import CATALOGUE, digest_columns
from fieldrep.contract.change import Outcome
from fieldrep.contract.digest import Digest, row_hasher, wrap
from fieldrep.contract.messages import ExchangeReply, Verdict
from fieldrep.contract.page import Page, make_page
from tests.unit.store.conftest import EPOCH, SERVER, USER

Row = dict[str, Any]


def row_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def central_row(entity: str, number: int, revision: int, **values: object) -> Row:
    """A row as the central store holds it."""
    row: Row = {field.name: field.default for field in CATALOGUE[entity].columns}
    row.update(
        id=row_id(number),
        revision=revision,
        created_at=1,
        created_by=USER,
        changed_at=revision,
        changed_by=USER,
    )
    return row | values


def page(entity: str, rows: Sequence[Row]) -> Page:
    names = CATALOGUE[entity].column_names
    return make_page(entity, names, [[row[name] for name in names] for row in rows])


def digest(rows: Iterable[tuple[str, Row]]) -> Digest:
    count = total = 0
    for entity, row in rows:
        names = [field.name for field in digest_columns(CATALOGUE[entity])]
        count, total = count + 1, total + row_hasher(CATALOGUE[entity])([row[name] for name in names])
    return Digest(count, wrap(total))


def reply(
    *rows: tuple[str, Row],
    holds: Iterable[tuple[str, Row]] | None = None,
    outcomes: Sequence[Outcome] = (),
    leaves: Sequence[bytes] = (),
    moved_to: Sequence[bytes] = (),
    cursor: bytes = b"cursor",
    revision: int = 1000,
    more: bool = False,
    epoch: bytes = EPOCH,
) -> ExchangeReply:
    """A reply that brings `rows`, after which the device should hold `holds` (those very rows when not given)."""
    entities = list(dict.fromkeys(entity for entity, _ in rows))
    return ExchangeReply(
        Verdict.CONTINUE,
        SERVER,
        epoch,
        0,
        outcomes=tuple(outcomes),
        pages=tuple(page(entity, [row for name, row in rows if name == entity]) for entity in entities),
        leaves=tuple(leaves),
        moved_to=tuple(moved_to),
        cursor=cursor,
        more=more,
        digest=None if more else digest(rows if holds is None else holds),
        revision=0 if more else revision,
    )
