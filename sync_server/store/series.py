"""Number series over a restore: what may have been given out since the backup is not given a second time.

Owns how `number_series` goes on, never back, and the steps a restore makes. Must not know what a number is put on; a
write transaction draws it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fieldrep.contract.messages import HeldRow
from sync_server.store.session import Session

_GAPS = {"sales_order": 10_000, "device": 1_000}
"""What a restore leaves out of a series.

How many were given out after the backup nobody knows before the last laptop was here, and laptops come in any order. So
the gap is more than a company with laptops gives out between two backups, ten thousand orders or a thousand laptops,
and goes to the next round thousand: the new numbers are seen to be those of after the restore.
"""

_GAP = 10_000
_ROUND = 1_000
_MOST_BELIEVED = 100_000
"""How far a laptop may move a series on; what it tells of numbers beyond that is no number this store gave out."""

_OFFICIAL, _LOCAL = re.compile(r"SO-(\d{6,12})"), re.compile(r"D(\d{1,9})-\d+")

_RAISE = (
    "INSERT INTO number_series (name, last) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET last = excluded.last WHERE number_series.last < excluded.last"
)


def step_on(session: Session) -> None:
    """Leaves out of every series what may have been given out since the backup."""
    last = dict.fromkeys(_GAPS, 0) | given_out(session)
    raise_to(session, {name: -(-(n + _GAPS.get(name, _GAP)) // _ROUND) * _ROUND for name, n in last.items()})


def raise_to(session: Session, given: Mapping[str, int]) -> None:
    """Moves series on that stand before what has been given out."""
    for name, n in sorted(given.items()):
        session.run(_RAISE, (name, n))


def skip_told(session: Session, rows: Iterable[HeldRow]) -> None:
    """Moves series on to what a device shows to have been given out, by the names of the orders it holds."""
    words = [word for row in rows if row.entity == "sales_order" for word in row.label.split()]
    if not words:
        return
    last = given_out(session)
    for name, pattern in (("sales_order", _OFFICIAL), ("device", _LOCAL)):
        most = last.get(name, 0) + _MOST_BELIEVED
        numbers = [int(found[1]) for word in words if (found := pattern.fullmatch(word))]
        told = max((n for n in numbers if n <= most), default=0)
        if told > last.get(name, 0):
            raise_to(session, {name: told})


def given_out(session: Session) -> dict[str, int]:
    """How far each series has come."""
    return {str(name): int(n) for name, n in session.rows("SELECT name, last FROM number_series")}
