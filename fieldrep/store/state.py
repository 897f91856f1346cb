"""Where the replica stands: who it belongs to, which central store it follows, and how far (one row, `sync_state`).

Owns that row. The cursor in it moves only in the transaction that applies the rows it covers (I6).
"""

# ruff: noqa: S608 - the names in these texts are those of the class below

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from fieldrep.contract.digest import Digest
from fieldrep.store.engine import Connection

COUNT_ANEW = 1
"""When all rows were last counted, of a replica that was found to hold others than were noted: long ago."""

WAIT_MS = 24 * 3_600_000
"""How long a whole fetch that did not make both sides agree is not tried again."""


@dataclass(frozen=True, slots=True)
class SyncState:
    """What a handshake and the status bar need to know; all empty before enrolment.

    Attributes:
        digest: of all rows held, computed from this replica's own rows.
        highest_n: the number of the newest change ever made here, in this incarnation.
        offered_to: changes up to this number were answered by a central store that was restored since, and are
            offered again; 0 when there are none.
        receipt: the last sync's receipt that said anything, as JSON.
        revision: of the last whole state of the central store that was applied.
        server_schema: the server's version of the catalogue, as it last said.
        examined_at: when all rows were last counted anew; `COUNT_ANEW` where the next sync must do so.
        in_vain_at: when all records were last fetched afresh and the two sides differed still; 0 once they agree.
        asked: the newest bundle written to carry, empty when none is worth waiting for.
        barred: why the server admits this installation no longer, as it said; "" while it does.
        complete: whether a whole state of the central store has been applied since the last start over.
    """

    device_id: bytes = b""
    user_id: bytes = b""
    login: str = ""
    user_name: str = ""
    server_url: str = ""
    fingerprint: str = ""
    server_id: bytes = b""
    epoch: bytes = b""
    incarnation: bytes = b""
    cursor: bytes = b""
    digest: Digest = Digest()  # noqa: RUF009 - frozen
    highest_n: int = 0
    offered_to: int = 0
    number_prefix: str = ""
    last_sync_at: int = 0
    receipt: str = ""
    revision: int = 0
    server_schema: int = 1
    asked: bytes = b""
    examined_at: int = 0
    in_vain_at: int = 0
    barred: str = ""
    complete: bool = False

    @property
    def enrolled(self) -> bool:
        """Whether a server has admitted this device."""
        return bool(self.device_id)

    def in_vain(self, now: int) -> bool:
        """Whether a whole fetch would bring nothing better: one a short while ago did not."""
        return bool(self.in_vain_at) and 0 <= now - self.in_vain_at < WAIT_MS


_PLAIN = tuple(field.name for field in fields(SyncState) if field.name not in ("digest", "complete"))
_COLUMNS = (*_PLAIN, "digest_count", "digest_total", "complete")
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM sync_state WHERE id = 1"
_REPLACE = f"INSERT OR REPLACE INTO sync_state (id, {', '.join(_COLUMNS)}) VALUES (1{', ?' * len(_COLUMNS)})"


def load_state(connection: Connection) -> SyncState:
    """The state as stored; the highest change number counts what still waits in the outbox."""
    found = connection.execute(_SELECT).fetchone()
    if found is None:
        return SyncState()
    plain = dict(zip(_PLAIN, found[: len(_PLAIN)], strict=True))
    count, total, complete = found[len(_PLAIN) :]
    state = SyncState(**plain, digest=Digest(count, total), complete=bool(complete))
    waiting = connection.execute("SELECT max(n) FROM outbox").fetchone()
    newest = waiting[0] if waiting and waiting[0] else 0
    return replace(state, highest_n=max(state.highest_n, newest))


def save_state(connection: Connection, state: SyncState) -> None:
    """Stores the state; part of the caller's transaction."""
    plain = [getattr(state, name) for name in _PLAIN]
    connection.execute(_REPLACE, (*plain, state.digest.count, state.digest.total, int(state.complete)))
