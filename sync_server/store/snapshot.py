"""A snapshot: one consistent state of the central store for reading."""

from __future__ import annotations

from sync_server.store.feed.echo import Echoes
from sync_server.store.feed.pulling import Pulled, pull
from sync_server.store.reading import Reader, StoreInfo
from sync_server.store.session import Session


class Snapshot(Reader):
    """One consistent state of the store; it does not change however long it is looked at."""

    def __init__(self, session: Session, echoes: Echoes) -> None:
        super().__init__(session)
        self._echoes = echoes
        self._info: StoreInfo | None = None

    def info(self) -> StoreInfo:
        """The store's identity and clock, asked for once."""
        if self._info is None:
            self._info = super().info()
        return self._info

    def pull(self, user_id: bytes, cursor: bytes, page_bytes: int) -> Pulled:
        """What the user's replica at `cursor` takes next, about `page_bytes` of it."""
        return pull(self, user_id, cursor, page_bytes, self._echoes)
