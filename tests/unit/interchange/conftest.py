"""A central store in a fresh folder, and a folder of CSV files to import into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.store.database import Database
from tests.unit.interchange.folder import Folder

NOW = 1_795_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = Database.create(f"sqlite:///{tmp_path / 'central.db'}", lambda: NOW, os.urandom)
    yield database
    database.close()


@pytest.fixture
def folder(tmp_path: Path, store: Database) -> Folder:
    path = tmp_path / "files"
    path.mkdir()
    return Folder(path, store)


@pytest.fixture
def two_accounts(folder: Folder) -> Folder:
    folder.write("user.csv", "key,login,name\nu1,ana.berg,Ana Berg\n")
    folder.write(
        "account.csv",
        "key,name,phone,owner_user_key,tier\na1,Corner Shop,030 1,u1,key\na2,Harbour Inn,040 2,u1,\n",
    )
    return folder
