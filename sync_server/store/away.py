"""Tells the server's log once that the database went away, and once that it is back; devices hear it each for itself.

Must not know what was asked of the database.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from sqlalchemy import Pool

from sync_server.store.driver_errors import said_by_driver

log = logging.getLogger(__name__)

_AWAY = "The database cannot be reached: %s. Devices hear that the server is busy, keep what they have, and come again."
_BACK = "The database is back."


class Away:
    """Whether the database of this process was away when it was asked last."""

    def __init__(self) -> None:
        self._is_away = False
        self._telling = threading.Lock()

    def connected(self, pool: Pool) -> Any:
        """A connection of a pool; where none is to be had because the database is away, that is told."""
        try:
            return pool.connect()
        except Exception as error:
            if said := said_by_driver(error):
                self._note(True, _AWAY, said)
            raise

    def is_here(self) -> None:
        """A new connection was just used."""
        self._note(False, _BACK)

    def _note(self, is_away: bool, told: str, *said: str) -> None:
        with self._telling:
            if self._is_away is not is_away:
                self._is_away = is_away
                log.warning(told, *said)
