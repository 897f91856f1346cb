"""The names under which records are filed so that those that may be the same are found without a scan.

Owns the table `duplicate_key`. What the names are is the business of `fieldrep/domain/duplicates.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sync_server.store.session import Session

MOST = 30
"""Records under one name beyond which the name tells nothing; the others of the same record have to do."""

_FILED = "SELECT row_id FROM duplicate_key WHERE name = ? LIMIT ?"
_TOGETHER = "SELECT name, row_id FROM duplicate_key WHERE name IN :members"
_FILED_ALREADY = "ON CONFLICT (name, row_id) DO NOTHING"
_TAKE_OUT = "DELETE FROM duplicate_key WHERE name = ? AND row_id = ?"

Entry = tuple[str, bytes]
"""A name and the record filed under it."""


def refile(session: Session, out: Iterable[Entry], into: Iterable[Entry]) -> None:
    """Takes entries out and puts others in; part of the caller's transaction."""
    session.run_many(_TAKE_OUT, sorted(out))
    session.put_many("duplicate_key", ("name", "row_id"), sorted(into), _FILED_ALREADY)


def filed_together(session: Session, entries: Iterable[Entry], few: str) -> Iterator[tuple[bytes, bytes]]:
    """Pairs of records that share one of the names: the entry's own and each other one.

    `few` are the first letters of names that hardly ever stand for many records: those are asked for in one go.
    """
    wanted = list(entries)
    found: dict[str, list[bytes]] = {name: [] for name, _ in wanted}
    for name, other in session.chosen(_TOGETHER, [name for name in found if name[0] in few]):
        found[name].append(bytes(other))
    for name in found:
        if name[0] not in few:
            found[name] = [bytes(other) for (other,) in session.rows(_FILED, (name, MOST + 1))]
    for name, row_id in wanted:
        if len(found[name]) <= MOST:
            yield from ((row_id, other) for other in found[name] if other != row_id)
