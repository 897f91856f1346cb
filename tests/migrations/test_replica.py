"""The replica's migrations: they make what the catalogue declares, whole or not at all, and refuse a newer file.

A file of an older version is made here from the revisions themselves; a failing revision is put behind the real ones.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store import migrate, opening, schema
from fieldrep.store.engine import Connection, connect
from fieldrep.store.replica import Replica

KEY = bytes(range(32))
FAILING = '''"""A revision that fails."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE account ADD COLUMN colour TEXT")
    op.execute("UPDATE account SET colour = 'red', name = 'gone'")
    op.execute("CREATE TABLE half_done (a INTEGER)")
    {last}
'''


def described(connection: Connection) -> dict[str, str]:
    """Every object of a database by name, its text without regard to spaces."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {
        name: re.sub(r"\s+", " ", sql).replace("( ", "(").replace(" )", ")").replace(" ,", ",").strip()
        for name, sql in rows
    }


def settings_of_search(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = [f"{name}_search_config" for name in ("account", "contact", "activity", "product")]
    return {
        table: connection.execute(f"SELECT k, v FROM {table} ORDER BY k").fetchall()  # noqa: S608
        for table in tables
    }


def migrated(path: Path) -> Connection:
    connection = connect(path, KEY, writer=True)
    assert migrate.bring_up_to_date(connection, schema.REPLICA_VERSION)
    return connection


def with_failing_revision(tmp_path: Path, last: str) -> Path:
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "0002_failing.py").write_text(FAILING.format(last=last), encoding="utf-8")
    return folder


def filled(path: Path) -> None:
    with Replica.open(path, KEY, lambda: 5, random.Random(1).randbytes, create=True) as opened:
        opened.change_state(device_id=b"d" * 16, user_id=b"u" * 16, incarnation=b"i" * 16)
        with opened.begin("create_account", "New") as unit:
            unit.create("account", {"name": "Corner Shop"})


def test_the_migrated_schema_is_the_one_the_catalogue_declares(tmp_path: Path) -> None:
    by_migration = migrated(tmp_path / "migrated.db")
    by_catalogue = connect(tmp_path / "created.db", KEY, writer=True)
    migrate.create(by_catalogue)
    assert described(by_migration) == described(by_catalogue)
    assert settings_of_search(by_migration) == settings_of_search(by_catalogue)
    by_migration.close()
    by_catalogue.close()


def test_every_entity_has_its_columns_in_the_migrated_schema(tmp_path: Path) -> None:
    from fieldrep.contract.catalogue import ENTITIES

    connection = migrated(tmp_path / "migrated.db")
    for entity in ENTITIES:
        found = [row[1] for row in connection.execute(f"PRAGMA table_info({entity.table})")]
        assert found == ["row_no", *entity.column_names, "row_hash"]
    connection.close()


def test_there_is_one_head_and_the_version_counts_the_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [schema.HEAD]
    assert len(list(script.walk_revisions())) == schema.REPLICA_VERSION == opening.REPLICA_VERSION


def test_a_migration_that_fails_in_the_middle_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    filled(path)
    connection = connect(path, KEY, writer=True)
    before = described(connection)
    folder = with_failing_revision(tmp_path, "raise RuntimeError('power cut')")
    with pytest.raises(RuntimeError, match="power cut"):
        migrate.bring_up_to_date(connection, 2, folder)
    assert not connection.in_transaction
    assert described(connection) == before
    assert migrate.stored_version(connection) == 1
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    assert connection.execute("SELECT name FROM account").fetchall() == [("Corner Shop",)]
    connection.close()
    with Replica.open(path, KEY, lambda: 5, random.Random(2).randbytes) as opened:
        assert opened.depth() == 1


KILLED = """
import sys
from pathlib import Path
from fieldrep.store import migrate
from fieldrep.store.engine import connect
path, folder = Path(sys.argv[1]), Path(sys.argv[2])
migrate.bring_up_to_date(connect(path, bytes(range(32)), writer=True), 2, folder)
"""


def test_a_program_killed_in_a_migration_leaves_the_old_version_which_opens(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    filled(path)
    folder = with_failing_revision(tmp_path, "import os; os._exit(9)")
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", KILLED, str(path), str(folder)], cwd=Path.cwd())
        assert done.returncode == 9
    with Replica.open(path, KEY, lambda: 5, random.Random(2).randbytes) as opened, opened.read() as reader:
        assert reader.rows("SELECT name FROM account") == [("Corner Shop",)]
        assert reader.rows("SELECT name FROM sqlite_schema WHERE name = 'half_done'") == []


def test_a_migration_that_succeeds_counts_the_version_up_and_keeps_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    filled(path)
    folder = with_failing_revision(tmp_path, "pass")
    connection = connect(path, KEY, writer=True)
    assert migrate.bring_up_to_date(connection, 2, folder)
    assert not migrate.bring_up_to_date(connection, 2, folder)
    assert connection.execute("SELECT colour FROM account").fetchall() == [("red",)]
    connection.close()


def test_a_file_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    filled(path)
    connection = connect(path, KEY, writer=True)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(KnownError) as caught:
        Replica.open(path, KEY, lambda: 5, random.Random(2).randbytes)
    assert caught.value.code is Code.REPLICA_NEWER
    assert path.read_bytes() == before


def test_a_file_of_another_checkout_before_the_release_is_named_as_such_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, folder = tmp_path / "replica.db", tmp_path / "migrations"
    filled(path)
    shutil.copytree(migrate.migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    first = next((folder / "versions").glob("0001_*.py"))
    first.write_text(first.read_text("utf-8").replace("visit_minutes", "visit_seconds"), encoding="utf-8")
    before = path.read_bytes()
    monkeypatch.setattr(migrate, "migrations_folder", lambda: folder)
    with pytest.raises(KnownError, match="made by an unreleased FieldRep") as caught:
        Replica.open(path, KEY, lambda: 5, random.Random(2).randbytes)
    assert caught.value.code is Code.UPGRADE_NEEDED
    assert "--set-aside" in caught.value.sentence
    assert path.read_bytes() == before
    first.write_bytes(first.read_bytes().replace(b"visit_seconds", b"visit_minutes").replace(b"\n", b"\r\n"))
    Replica.open(path, KEY, lambda: 5, random.Random(2).randbytes).close()
