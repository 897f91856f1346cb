"""Comparing with the central store, part by part, when the digests differ; what differs is fetched again, nothing else.

Owns the order of the questions. A store that moves on meanwhile ends it; the next sync tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fieldrep.contract.comparison import (
    DEPTH,
    MOST_PARTS,
    MOST_ROWS,
    Path,
    Question,
    differing,
    parts_below,
)
from fieldrep.contract.messages import ExchangeReply, Verdict
from fieldrep.store.incoming.recount import compared
from fieldrep.store.replica import Replica

Ask = Callable[[Question], ExchangeReply]


def rows_that_differ(replica: Replica, ask: Ask) -> list[tuple[str, bytes]] | None:
    """Entity and id of each row that is not the same on both sides; None when they are too many or cannot be told."""
    parts: list[Path] = [()]
    for _ in range(DEPTH):
        found: list[Path] = []
        for start in range(0, len(parts), MOST_PARTS):
            below = _differing_below(replica, tuple(parts[start : start + MOST_PARTS]), ask)
            if below is None or len(found) + len(below) > MOST_ROWS:
                return None
            found += below
        parts = found
    return [(path[2].decode(), path[4]) for path in parts]


def _differing_below(replica: Replica, parts: tuple[Path, ...], ask: Ask) -> list[Path] | None:
    reply = ask(Question(parts=parts))
    if reply.verdict is not Verdict.CONTINUE or reply.revision != replica.state().revision:
        return None
    with replica.read() as reader:
        mine = parts_below(parts, compared(reader.driver))
    return list(differing(mine, reply.compared))


def repairs(rows: list[tuple[str, bytes]]) -> Iterator[Question]:
    """The questions that fetch these rows."""
    for start in range(0, len(rows), MOST_ROWS):
        yield Question(rows=tuple(rows[start : start + MOST_ROWS]))
