"""A central store with people and customers in it, and plain stand-ins for replicas that take what a pull delivers.

The stand-in shares no code with the real replica: it is a dictionary of rows. Must not reach into the store's tables
but through `oracle.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from fieldrep.contract.catalogue import CATALOGUE, digest_columns
from fieldrep.contract.digest import Digest, row_hasher
from fieldrep.contract.fields import Value
from fieldrep.contract.page import page_columns
from fieldrep.contract.scope import scope_key
from sync_server.store.database import Database
from sync_server.store.feed.pulling import Pulled
from sync_server.store.transaction import Row, WriteTransaction

DAY_MS = 86_400_000
START = 1_780_000_000_000
"""Some day in 2026."""


def day_of(instant: int) -> str:
    """The UTC day of an instant."""
    return datetime.fromtimestamp(instant / 1000, UTC).date().isoformat()


class SteppingClock:
    """A clock that moves a millisecond each time it is read, and by `pass_days`."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        self.at += 1
        return self.at

    def pass_days(self, days: int) -> None:
        self.at += days * DAY_MS


class SeededBytes:
    """Randomness that repeats itself for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(b"%d/%d" % (self._seed, self._count)).digest(size)


class Copy:
    """What a replica would hold: rows by entity and id, its cursor, and the digest of its own rows."""

    def __init__(self, user_id: bytes) -> None:
        self.user_id = user_id
        self.cursor = b""
        self.rows: dict[tuple[str, bytes], Row] = {}
        self.order: list[tuple[str, bytes]] = []
        self.left: list[bytes] = []

    def take(self, pulled: Pulled) -> None:
        for page in pulled.pages:
            for values in zip(*page_columns(page), strict=True):
                row = dict(zip(page.fields, values, strict=True))
                row_id = row["id"]
                assert isinstance(row_id, bytes)
                self.order.append((page.entity, row_id))
                self.rows[page.entity, row_id] = row
        for key in pulled.leaves:
            self.left.append(key)
            for (entity, row_id), row in list(self.rows.items()):
                whole = scope_key(CATALOGUE[entity], row)
                if key in (whole, b"R" + row_id + whole[1:]):
                    del self.rows[entity, row_id]
        self.cursor = pulled.cursor

    def digest(self) -> Digest:
        digest = Digest()
        for (name, _), row in self.rows.items():
            values = [row[field.name] for field in digest_columns(CATALOGUE[name])]
            digest = digest.plus(1, row_hasher(CATALOGUE[name])(values))
        return digest

    def ids(self, entity: str) -> set[bytes]:
        return {row_id for name, row_id in self.rows if name == entity}


class World:
    """One store and the ways a test writes to it."""

    def __init__(self, url: str, seed: int = 1) -> None:
        self.url = url
        self.clock = SteppingClock()
        self.randomness = SeededBytes(seed)
        self.database = Database.open(url, self.clock, self.randomness)

    def close(self) -> None:
        self.database.close()

    def write(self) -> AbstractContextManager[WriteTransaction]:
        return self.database.write("test")

    def make(self, entity: str, **values: Value) -> bytes:
        with self.write() as tx:
            return new_row(tx, entity, **values)

    def change(self, entity: str, row_id: bytes, **values: Value) -> int:
        with self.write() as tx:
            return changed_row(tx, entity, row_id, **values)

    def user(self, login: str, manager: bytes | None = None, **values: Value) -> bytes:
        return self.make("user", login=login, name=login.title(), manager_id=manager, **values)

    def account(
        self, owner: bytes | None = None, territory: bytes | None = None, name: str = "Shop"
    ) -> bytes:
        return self.make("account", name=name, owner_user_id=owner, territory_id=territory)

    def pull(self, copy: Copy, page_bytes: int = 1_000_000) -> Pulled:
        """One exchange."""
        pulled = self.database.pull(copy.user_id, copy.cursor, page_bytes)
        copy.take(pulled)
        return pulled

    def sync(self, copy: Copy, page_bytes: int = 1_000_000) -> Pulled:
        """Exchanges until there is no more; the digest must then be that of the copy's own rows."""
        for _ in range(100_000):
            pulled = self.pull(copy, page_bytes)
            if not pulled.more:
                assert pulled.digest == copy.digest()
                return pulled
        raise AssertionError("the pull never ends")

    def fresh(self, user_id: bytes, page_bytes: int = 1_000_000) -> Copy:
        copy = Copy(user_id)
        self.sync(copy, page_bytes)
        return copy


def new_row(tx: WriteTransaction, entity: str, row_id: bytes | None = None, **values: Value) -> bytes:
    """Stages a new row with the catalogue's defaults."""
    made = tx.new_id() if row_id is None else row_id
    row: Row = {field.name: field.default for field in CATALOGUE[entity].columns}
    row.update(id=made, revision=tx.new_revision(), created_at=tx.now, changed_at=tx.now)
    row.update(values)
    tx.stage(entity, row)
    return made


def changed_row(tx: WriteTransaction, entity: str, row_id: bytes, **values: Value) -> int:
    """Stages a changed row; gives its revision."""
    row = tx.row(entity, row_id)
    assert row is not None
    revision = tx.new_revision()
    row.update(values)
    row.update(revision=revision, changed_at=tx.now)
    tx.stage(entity, row)
    return revision


def contacts(tx: WriteTransaction, account_id: bytes, names: Iterable[str]) -> list[bytes]:
    """Stages contacts of an account."""
    return [new_row(tx, "contact", account_id=account_id, family_name=name) for name in names]
