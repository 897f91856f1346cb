"""The daily tidying beside a server at work: a thread that looks now and then whether a day has gone by.

Owns that thread. Several servers on one store do no harm: whoever is first tidies, the others find it done.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fieldrep.contract.errors import KnownError
from sync_server.store.database import Database
from sync_server.store.upkeep.retention import is_due, tidy

LOOK_EVERY_SECONDS = 15 * 60

_log = logging.getLogger(__name__)


@contextmanager
def tidied_daily(database: Database) -> Iterator[None]:
    """Has the store tidied once a day for as long as the block lasts; at its end a tidying under way is finished."""
    over = threading.Event()
    thread = threading.Thread(target=_look, args=(database, over), name="daily-tidy")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _look(database: Database, over: threading.Event) -> None:
    while True:
        try:
            if is_due(database):
                _log.info("tidied: %d rows", tidy(database).total)
        except (
            KnownError
        ) as error:  # the store is away for a while, or its disk is full: the next look tries again
            _log.warning("The store was not tidied. %s", error.sentence)
        except Exception:  # noqa: BLE001 - a fault here must not end the server; each step is one transaction
            _log.exception("The store was not tidied.")
        if over.wait(LOOK_EVERY_SECONDS):
            return
