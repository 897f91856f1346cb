"""A snapshot: one consistent state of the central store for reading."""

from __future__ import annotations

from sync_server.store.echo import Echo
from sync_server.store.feed import Pulled, pull
from sync_server.store.reading import Reader, StoreInfo
from sync_server.store.session import Session


class Snapshot(Reader):
    """One consistent state of the store; it does not change however long it is looked at."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._info: StoreInfo | None = None

    def info(self) -> StoreInfo:
        """The store's identity and clock, asked for once."""
        if self._info is None:
            self._info = super().info()
        return self._info

    def pull(self, user_id: bytes, cursor: bytes, page_bytes: int, echo: Echo | None = None) -> Pulled:
        """What the user's replica at `cursor` takes next, about `page_bytes` of it; `echo` is what it just pushed."""
        return pull(self, user_id, cursor, page_bytes, echo)
