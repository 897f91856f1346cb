"""The echo of pushes: what the last transactions of this process wrote, for the devices that pull it next.

Those rows are at hand and need not be read again, neither by who pushed them nor by whoever else holds them. That holds
only along a chain of transactions each of which found the store exactly as the one before it left it, which is judged
here; `overheard.py` closes its gaps, where other processes wrote. In every other case there is no echo and the feed
reads. Must not know cursors.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter

from sync_server.store.reading import State
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

MOST_ROWS = 10_000
"""Rows that are kept at hand, some 20 MB; a transaction that wrote none counts as one."""

_REVISION = itemgetter("revision")
_REVISION_OF = itemgetter(1)
_POSITION = itemgetter("revision", "id")


@dataclass(frozen=True, slots=True)
class Echo:
    """What one transaction wrote, or several of another process.

    Attributes:
        found, left: the states of the store before and after it.
        rows: of each user, per entity, the rows it wrote of those the user holds.
        cost: what it counts for among those kept.
        read_at: the revision of the store by which it is that; what was written anew by then is left out.
    """

    found: State
    left: State
    rows: Mapping[bytes, Mapping[str, list[Row]]]
    cost: int
    read_at: int


@dataclass(frozen=True, slots=True)
class Heard:
    """All rows a user has to get between two states of the store, per entity in the order of their revisions."""

    rows: Mapping[str, list[Row]]

    def after(self, entity: str, position: tuple[int, bytes], wanted: int) -> list[Row]:
        """The rows of an entity behind a revision and id, so many of them."""
        return [row for row in self.rows.get(entity, ()) if _POSITION(row) > position][:wanted]


class Echoes:
    """The echoes of the last transactions, so many rows of them. Safe for threads; one that comes late is missed.

    Attributes:
        reading: held by whoever reads what others wrote.
    """

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self.reading = threading.Lock()
        self._lock = threading.Lock()
        self._by_end: OrderedDict[State, Echo] = OrderedDict()
        self._cost = 0

    def keep(self, tx: WriteTransaction) -> None:
        """Takes in a transaction that was committed."""
        echo = echo_of(tx)
        if echo is not None and echo.found != echo.left:
            self.enter(echo)

    def enter(self, echo: Echo) -> bool:
        """Takes one in, and lets go of the oldest ones for it; whether it fits."""
        with self._lock:
            known = self._by_end.pop(echo.left, None)
            self._by_end[echo.left] = echo
            self._cost += echo.cost - (known.cost if known is not None else 0)
            while self._cost > self._most:
                self._cost -= self._by_end.popitem(last=False)[1].cost
            return echo.left in self._by_end

    def heard(self, user_id: bytes, since: int, present: State) -> Heard | None:
        """What a user that has everything up to a revision needs to get to the present state; None where that must be
        read, because not all that came since was written here."""
        chain: list[Echo] = []
        with self._lock:
            at = self._by_end.get(present)
            while at is not None and at.read_at <= present[1]:
                chain.append(at)
                if at.found[1] <= since:
                    return _told(chain, user_id, since)
                at = self._by_end.get(at.found)
        return None

    def gap(self, since: int, present: State) -> tuple[State, State] | None:
        """The last stretch between a revision and the present state of which there is no echo, None for none.

        It begins where the newest echo before it ends, or at the revision.
        """
        end = present
        with self._lock:
            while end[1] > since:
                at = self._by_end.get(end)
                if at is None or at.read_at > present[1]:
                    break
                end = at.found
            else:
                return None
            begins = (state for state in self._by_end if state[0] == end[0] and since < state[1] < end[1])
            return max(begins, key=_REVISION_OF, default=(end[0], since, b"")), end


def _told(chain: list[Echo], user_id: bytes, since: int) -> Heard:
    """The rows of a chain, the newest transaction first, each as it was written last."""
    newest: dict[str, dict[object, Row]] = {}
    for echo in chain:
        for entity, rows in echo.rows.get(user_id, {}).items():
            known = newest.setdefault(entity, {})
            for row in rows:
                known.setdefault(row["id"], row)
    return Heard({entity: _in_order(known, since) for entity, known in newest.items()})


def _in_order(rows: Mapping[object, Row], since: int) -> list[Row]:
    return sorted((row for row in rows.values() if _REVISION(row) > since), key=_POSITION)


def echo_of(tx: WriteTransaction) -> Echo | None:
    """What a committed transaction wrote; None when anybody's keys changed with it, or when it was not asked who holds
    the key of a row."""
    if not tx.keys_stood:
        return None
    found: dict[bytes, dict[str, list[Row]]] = {}
    cost = 0
    for entity, staged in tx.staged.items():
        for entry in staged.values():
            revision, holders = entry.row["revision"], tx.known_holders(entry.key)
            if not isinstance(revision, int) or revision <= tx.revision_now:
                continue  # staged as it stood
            if holders is None:
                return None
            cost += 1
            for user_id in holders:
                found.setdefault(user_id, {}).setdefault(entity, []).append(entry.row)
    return Echo(tx.found, tx.left, found, max(1, cost), tx.revision)
