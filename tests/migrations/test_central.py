"""The central store's migrations: they make exactly the catalogue's tables, and a failing one leaves nothing behind."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.errors import Code, KnownError
from sync_server.store.address import dialect_of
from sync_server.store.database import Database
from sync_server.store.migrate import HEAD, bring_up_to_date, migrations_folder
from sync_server.store.schema import METADATA, STORE_COLUMNS, TABLES, column_type
from tests.store_suite.databases import KINDS, Databases, databases
from tests.store_suite.world import SeededBytes, SteppingClock

FAILING = '''"""Fails after it has changed something."""
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade():
    op.create_table("half_made", sa.Column("one", sa.BigInteger, primary_key=True))
    op.add_column("account", sa.Column("half", sa.Text))
    op.execute("UPDATE account SET half = 'x'")
    op.execute("UPDATE no_such_table SET half = 'x'")
'''


def make(url: str) -> None:
    Database.create(url, SteppingClock(), SeededBytes(0)).close()


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory.mktemp("migrations"), make) as made:
        yield made


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def engine_of(url: str) -> Engine:
    return dialect_of(url).schema_engine(url)


def definitions(url: str) -> list[tuple[object, ...]]:
    """Every column and index as the database itself describes it."""
    columns = (
        'SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master AS m '
        "JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table'"
        if url.startswith("sqlite")
        else "SELECT table_name, column_name, data_type, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = 'public'"
    )
    indexes = (
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index'"
        if url.startswith("sqlite")
        else "SELECT indexname, tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    engine = engine_of(url)
    with engine.connect() as connection:
        rows = [*connection.execute(text(columns)), *connection.execute(text(indexes))]
    engine.dispose()
    return sorted((tuple(row) for row in rows if "alembic_version" not in row), key=repr)


def test_the_migrated_schema_is_the_catalogues(kind: str, stores: Databases) -> None:
    migrated, declared = stores.new(kind), stores.empty(kind)
    engine = engine_of(declared)
    METADATA.create_all(engine)
    engine.dispose()
    assert definitions(migrated) == definitions(declared)
    engine = engine_of(migrated)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [
            difference
            for difference in compare_metadata(context, METADATA)
            if "alembic" not in str(difference)
        ]
    engine.dispose()
    assert found == []


def test_every_field_of_the_catalogue_has_a_column_of_its_type() -> None:
    for entity in ENTITIES:
        table = TABLES[entity.name]
        assert [column.name for column in table.columns] == [*entity.column_names, *STORE_COLUMNS]
        for field in entity.columns:
            assert isinstance(table.columns[field.name].type, type(column_type(field))), field


def test_there_is_one_head_and_it_is_the_one_the_program_works_with() -> None:
    assert ScriptDirectory(str(migrations_folder())).get_heads() == [HEAD]


def test_a_migration_that_fails_in_the_middle_leaves_the_store_as_it_was(
    kind: str, stores: Databases, tmp_path: Path
) -> None:
    url = stores.new(kind)
    before = definitions(url)
    folder = tmp_path / "central"
    shutil.copytree(migrations_folder(), folder)
    (folder / "versions" / "9999_failing.py").write_text(FAILING.format(head=HEAD), encoding="utf-8")
    with pytest.raises(Exception, match="no_such_table"):
        bring_up_to_date(url, dialect_of(url), folder)
    assert definitions(url) == before
    Database.open(url, SteppingClock(), SeededBytes(0)).close()


def test_making_a_store_that_fails_in_the_middle_leaves_nothing(
    kind: str, stores: Databases, tmp_path: Path
) -> None:
    url = stores.empty(kind)
    folder = tmp_path / "central"
    shutil.copytree(migrations_folder(), folder)
    (folder / "versions" / "9999_failing.py").write_text(FAILING.format(head=HEAD), encoding="utf-8")
    with pytest.raises(Exception, match="no_such_table"):
        bring_up_to_date(url, dialect_of(url), folder)
    assert definitions(url) == []
    make(url)
    Database.open(url, SteppingClock(), SeededBytes(0)).close()


def test_making_a_store_again_changes_nothing(kind: str, stores: Databases) -> None:
    url = stores.new(kind)
    database = Database.open(url, SteppingClock(), SeededBytes(0))
    before = database.info()
    database.close()
    again = Database.create(url, SteppingClock(), SeededBytes(7))
    assert again.info() == before
    again.close()
    assert not bring_up_to_date(url, dialect_of(url))


@pytest.mark.parametrize(
    ("version", "code", "said"),
    [
        ("9998", Code.STORE_NEWER, "newer"),
        ("0000", Code.UPGRADE_NEEDED, "Back it up with the fieldrep-server of that version"),
        ("", Code.STORE_MISSING, "init"),
    ],
)
def test_a_store_of_another_age_is_named_and_left_alone(
    kind: str, stores: Databases, version: str, code: Code, said: str
) -> None:
    url = stores.new(kind)
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if version:
            connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})
    engine.dispose()
    with pytest.raises(KnownError) as refused:
        Database.open(url, SteppingClock(), SeededBytes(0))
    assert refused.value.code is code
    assert said in refused.value.sentence
    if version == "9998":
        with pytest.raises(KnownError) as refused:
            make(url)
        assert refused.value.code is Code.STORE_NEWER


@pytest.mark.parametrize("before", ["ALTER TABLE account DROP COLUMN website", "DROP TABLE import_image"])
def test_a_store_that_lacks_tables_or_columns_is_named_and_left_alone(
    kind: str, stores: Databases, before: str
) -> None:
    """Made by a checkout before the first release, whose first migration was another."""
    url = stores.new(kind)
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text(before))
    engine.dispose()
    for opened in (Database.open, Database.create):
        with pytest.raises(KnownError, match="unreleased") as refused:
            opened(url, SteppingClock(), SeededBytes(0))
        assert refused.value.code is Code.UPGRADE_NEEDED


def test_only_its_owner_may_read_the_file_of_a_store(tmp_path: Path) -> None:
    make(f"sqlite:///{tmp_path / 'new' / 'store.db'}")
    assert [path.stat().st_mode & 0o077 for path in (tmp_path / "new").iterdir()] == [0]


def test_opening_where_nothing_is_says_so_and_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(KnownError) as refused:
        Database.open(f"sqlite:///{path}", SteppingClock(), SeededBytes(0))
    assert refused.value.code is Code.STORE_MISSING
    assert not path.exists()


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    rubbish, foreign = tmp_path / "rubbish.db", tmp_path / "foreign.db"
    rubbish.write_bytes(b"Dear customer, " * 1_000)
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE notes (body)")
    connection.close()
    codes = []
    for path in (rubbish, foreign):
        with pytest.raises(KnownError) as refused:
            Database.open(f"sqlite:///{path}", SteppingClock(), SeededBytes(0))
        codes.append(refused.value.code)
    assert codes == [Code.STORE_DAMAGED, Code.STORE_MISSING]
