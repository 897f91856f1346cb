"""A small company in a real central store, and pushes straight into it as their authors' credentials would have them.

Ana and Ben are reps with a customer each, Mia is Ana's manager. Must not know any single test.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Edit, Outcome
from fieldrep.contract.ids import Incarnation, Revision, RowId
from sync_server.reconcile.author import Author
from sync_server.reconcile.push import push
from sync_server.store.database import Database

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
            known = tx.row(entity, row_id(name))
            row: Row = known or {column.name: column.default for column in CATALOGUE[entity].columns}
            if known is None:
                row.update(id=row_id(name), created_at=tx.now)
            row.update(values, revision=tx.new_revision(), changed_at=tx.now)
            tx.stage(entity, row)
        return row_id(name)

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


def create(entity: str, name: str, /, **values: object) -> Edit:
    """A row made on a device."""
    return Edit(entity, row_id(name), "create", 0, {}, values)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/central.db"
    clock = [START]
    made = Store(Database.create(url, lambda: clock[0], random.Random(1).randbytes), clock)
    made.office("user", "mia", login="mia", name="Mia", role="manager")
    made.office("user", "ana", login="ana", name="Ana", role="rep", manager_id=row_id("mia"))
    made.office("user", "ben", login="ben", name="Ben", role="rep")
    made.office("product", "tea", sku="T1", name="Tea")
    for owner in ("ana", "ben"):
        account = made.office("account", f"shop of {owner}", name=f"{owner}'s", owner_user_id=row_id(owner))
        made.office("contact", f"boss of {owner}'s", account_id=account, family_name="Boss", phone="1")
        made.office("activity", f"call {owner}'s", account_id=account, subject="Call", kind="task")
    yield made
    made.database.close()
