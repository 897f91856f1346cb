"""A small company in a real central store of either kind, and pushes into it as their authors' credentials have them.

Ana and Ben are reps with a customer each, Mia is Ana's manager. Must not know any single test.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Edit, Outcome
from fieldrep.contract.ids import Incarnation, Revision, RowId
from sync_server.reconcile.author import Author
from sync_server.reconcile.push import push
from sync_server.store.database import Database
from sync_server.store.transaction import WriteTransaction
from tests.store_suite.databases import KINDS, Databases, databases

START = 1_795_000_000_000
Row = dict[str, Any]


def row_id(name: str) -> RowId:
    """An id that follows from a name."""
    return RowId(name.encode().ljust(16, b".")[:16])


@dataclass
class Store:
    """The central store and what its devices have numbered so far."""

    database: Database
    clock: list[int]
    numbers: dict[str, int] = field(default_factory=dict)

    def office(self, entity: str, name: str, /, **values: object) -> RowId:
        """The office makes or edits a row."""
        with self.database.write("office") as tx:
            return written(tx, entity, name, **values)

    def author(self, who: str) -> Author:
        with self.database.read() as snapshot:
            known = snapshot.info().revision
        device, incarnation = row_id(f"device of {who}"), Incarnation(b"i" * 16)
        return Author(device, row_id(who), "rep", incarnation, Revision(known), Revision(known))

    def push(self, who: str, *edits: Edit, n: int = 0) -> Outcome:
        """One change of a person; gives what it became."""
        self.numbers[who] = n or self.numbers.get(who, 0) + 1
        return self.push_all(who, Change(self.numbers[who], 0, "test", edits))[0]

    def push_all(self, who: str, *changes: Change) -> tuple[Outcome, ...]:
        author = self.author(who)
        with self.database.write() as tx:
            return push(tx, author, changes)

    def row(self, entity: str, name: str | bytes) -> Row | None:
        with self.database.read() as snapshot:
            return snapshot.row(entity, row_id(name) if isinstance(name, str) else name)

    def all(self, entity: str) -> list[Row]:
        with self.database.read() as snapshot:
            return list(snapshot.all(entity))

    def revision(self) -> int:
        with self.database.read() as snapshot:
            return snapshot.info().revision

    def edit(
        self, entity: str, name: str, /, base: int | None = None, **values: tuple[object, object]
    ) -> Edit:
        """An update made on the row as it is, or on an older revision; each value as (before, after)."""
        row = self.row(entity, name) or {"revision": 0}
        before = {key: pair[0] for key, pair in values.items()}
        after = {key: pair[1] for key, pair in values.items()}
        return Edit(entity, row_id(name), "update", row["revision"] if base is None else base, before, after)


def written(tx: WriteTransaction, entity: str, name: str, /, **values: object) -> RowId:
    """A new or known row with these values, in the office's transaction."""
    known = tx.row(entity, row_id(name))
    row: Row = known or {column.name: column.default for column in CATALOGUE[entity].columns}
    if known is None:
        row.update(id=row_id(name), created_at=tx.now)
    row.update(values, revision=tx.new_revision(), changed_at=tx.now)
    tx.stage(entity, row)
    return row_id(name)


def create(entity: str, name: str, /, **values: object) -> Edit:
    """A row made on a device."""
    return Edit(entity, row_id(name), "create", 0, {}, values)


def _make(url: str) -> None:
    Database.create(url, lambda: START, random.Random(1).randbytes).close()


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory.mktemp("stores"), _make) as made:
        yield made


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, stores: Databases) -> Iterator[Store]:
    clock, url = [START], stores.new(request.param)
    made = Store(Database.open(url, lambda: clock[0], random.Random(1).randbytes), clock)
    with made.database.write("office") as tx:
        _company(tx)
    yield made
    made.database.close()
    stores.give_back(url)


def _company(tx: WriteTransaction) -> None:
    written(tx, "user", "mia", login="mia", name="Mia", role="manager")
    written(tx, "user", "ana", login="ana", name="Ana", role="rep", manager_id=row_id("mia"))
    written(tx, "user", "ben", login="ben", name="Ben", role="rep")
    written(tx, "product", "tea", sku="T1", name="Tea")
    for owner in ("ana", "ben"):
        account = written(tx, "account", f"shop of {owner}", name=f"{owner}'s", owner_user_id=row_id(owner))
        written(tx, "contact", f"boss of {owner}'s", account_id=account, family_name="Boss", phone="1")
        written(tx, "activity", f"call {owner}'s", account_id=account, subject="Call", kind="task")
