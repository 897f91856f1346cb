"""A snapshot: one consistent state of the central store for reading."""

from __future__ import annotations

from sync_server.store.reading import Reader


class Snapshot(Reader):
    """One consistent state of the store; it does not change however long it is looked at."""
