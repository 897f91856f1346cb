"""Where a store on PostgreSQL lies: which server's data, on which timeline of it, in which database.

A standby that is promoted goes on on a timeline of its own, and so does a server that was put back to a moment; a dump
is read into another database. Whoever finds the store elsewhere than it says gives it a new epoch before it is used,
for it may lack what was committed last. Must not know pools, nor what a new epoch means.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Randomness
from sync_server.store.bell import ring
from sync_server.store.lineage import LOOK_THROUGH, renew
from sync_server.store.session import Session
from sync_server.store.transaction import WriteTransaction

log = logging.getLogger(__name__)

_HERE = (
    "SELECT s.system_identifier || '/' || CASE WHEN pg_is_in_recovery() THEN NULL "
    "ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END || '/' || "
    "(SELECT oid FROM pg_database WHERE datname = current_database()) FROM pg_control_system() AS s"
)
_KEPT = "SELECT whereabouts FROM store_info WHERE one = 1"
_KEEP = "UPDATE store_info SET whereabouts = ? WHERE one = 1"
_SECRET = frozenset({"InsufficientPrivilege", "FeatureNotSupported", "UndefinedFunction"})
"""What PostgreSQL answers where it does not tell this role."""

ONLY_READ = (
    "The database of the central store can only be read just now: it is a standby. Nothing was changed; try again "
    "when it was promoted."
)
_UNTOLD = (
    "PostgreSQL does not tell this role where the central store lies (%s), so that a failover cannot be noticed: run "
    "fieldrep-server restored after one."
)
_MOVED = (
    "The central store lies elsewhere than before (%s, and was %s): a standby was promoted, or the database was put "
    "back. It may lack what was committed last, so it has a new epoch: devices start over with their next sync and "
    "give back what it lacks. fieldrep-server restore-report tells what came back. What was committed last cannot be "
    f"read: {LOOK_THROUGH}"
)


class Lookout:
    """Sees where the store lies, once for each connection and before that is used.

    Attributes:
        here: where it was seen last, "" where PostgreSQL does not tell, None before it was seen.
    """

    def __init__(self, randomness: Randomness, begin: Callable[[Session], WriteTransaction]) -> None:
        self._randomness = randomness
        self._begin = begin
        self._standing_by = False
        self.here: str | None = None

    def look(self, session: Session) -> bool:
        """Sees to it that a store found elsewhere has a new epoch; False for one that has no identity yet.

        Raises:
            KnownError: `server_busy`, for a standby that follows another server.
        """
        self.here = here = self._told(session)
        found = session.first(_KEPT)
        if found is None:
            return False
        if here and here != found[0]:
            self._settle_in(session, here)
        return True

    def _told(self, session: Session) -> str:
        try:
            here = where(session)
        except Exception as error:
            if type(error).__name__ not in _SECRET:
                raise
            if self.here != "":
                log.warning(_UNTOLD, str(error).strip().partition("\n")[0])
            return ""
        if here is None:
            if not self._standing_by:
                log.error(ONLY_READ)
            self._standing_by = True
            raise KnownError(Code.SERVER_BUSY, ONLY_READ)
        self._standing_by = False
        return here

    def _settle_in(self, session: Session, here: str) -> None:
        """Of several programs that find it elsewhere, the first under the clock lock gives the epoch."""
        session.begin_write()
        try:
            found = session.first(_KEPT)
            kept = found[0] if found else None
            if kept and kept != here:
                tx = self._begin(session)
                renew(tx, self._randomness, knew_all=False, detail=f"found at {here}, was at {kept}")
                tx.finish()
                ring(session)
            keep(session, here)
            session.commit()
        except BaseException:
            with suppress(Exception):
                session.rollback()
            raise
        if kept and kept != here:
            log.error(_MOVED, here, kept)


def where(session: Session) -> str | None:
    """Where the store lies, None for a standby that follows another server."""
    found = session.first(_HERE)
    return None if found is None or found[0] is None else str(found[0])


def keep(session: Session, here: str) -> None:
    """Keeps where a store lies that was just put there."""
    session.run(_KEEP, (here,))
