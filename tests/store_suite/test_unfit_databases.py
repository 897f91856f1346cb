"""A database that cannot hold a central store, or lets nobody in, is named with what to do, and stays as it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from fieldrep.contract.errors import Code, KnownError
from sync_server.admin.cli import commands
from sync_server.store.database import Database
from sync_server.store.driver_errors import known_errors
from sync_server.store.restoring.backup import backup, restore
from tests.store_suite.databases import Databases
from tests.store_suite.world import SeededBytes, SteppingClock, World


def refused(opened: object, *arguments: object) -> KnownError:
    with pytest.raises(KnownError) as error:
        opened(*arguments, SteppingClock(), SeededBytes(0))  # type: ignore[operator]
    return error.value


def renamed(url: str, **parts: str) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_is_not_unicode_is_refused_by_whatever_opens_it(
    world: World, stores: Databases, tmp_path: Path, encoding: str
) -> None:
    url, kept = stores.encoded(encoding), tmp_path / "kept.db"
    backup(world.database, kept)
    for error in (refused(Database.create, url), refused(Database.open, url), refused(restore, url, kept)):
        assert error.code is Code.STORE_UNUSABLE
        assert encoding in error.sentence
        assert "createdb --encoding UTF8" in error.sentence


def test_init_says_in_one_sentence_what_a_database_lacks_and_does_not_remember_it(
    stores: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIELDREP_SERVER_HOME", str(tmp_path))
    with pytest.raises(SystemExit) as stopped:
        commands(["init", "--database", stores.encoded("LATIN1")])
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert "LATIN1" in said
    assert len(said.splitlines()) == 1
    commands(["init"], standalone_mode=False)
    assert (tmp_path / "central.db").is_file()


@pytest.mark.parametrize(
    "table", ["CREATE TABLE account (body INTEGER)", "CREATE TABLE alembic_version (version_num VARCHAR(32))"]
)
def test_tables_of_another_program_are_named_and_stay_as_they_are(
    kind: str, stores: Databases, table: str
) -> None:
    url = stores.empty(kind)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(table))
        if "alembic" in table:
            connection.execute(text("INSERT INTO alembic_version VALUES ('5f1c')"))
    before = inspect(engine).get_table_names()
    engine.dispose()
    error = refused(Database.create, url)
    assert error.code is Code.STORE_UNUSABLE
    assert before[0] in error.sentence
    assert "empty database" in error.sentence
    if "alembic" in table:
        assert refused(Database.open, url).code is Code.STORE_UNUSABLE
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == before
    engine.dispose()


def test_tables_of_another_program_whose_names_meet_none_of_ours_are_lived_with(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (body)")
    Database.create(f"sqlite:///{path}", SteppingClock(), SeededBytes(0)).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


@pytest.mark.parametrize("opened", [Database.create, Database.open])
def test_a_database_a_role_and_a_password_that_are_wrong_are_each_named(
    stores: Databases, opened: object
) -> None:
    url = stores.empty("postgresql")
    expected = {
        renamed(url, database="nowhere"): "There is no database “nowhere”",
        renamed(url, username="nobody_here"): "no role “nobody_here”",
        stores.guarded("wrong"): "does not let “guarded_",
        stores.guarded(""): "asks for a password",
    }
    for address, words in expected.items():
        error = refused(opened, address)
        assert error.code is Code.STORE_UNUSABLE
        assert words in error.sentence
        assert ":wrong@" not in error.sentence


def test_a_role_that_may_make_no_table_is_told_so_and_a_server_that_is_not_there_as_before(
    stores: Databases, tmp_path: Path
) -> None:
    address = stores.guarded("right")
    engine = create_engine(renamed(address, username="postgres"))
    with engine.begin() as connection:
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    engine.dispose()
    error = refused(Database.create, address)
    assert (error.code, "its owner" in error.sentence) == (Code.STORE_UNUSABLE, True)
    error = refused(Database.create, f"postgresql+psycopg://x@/y?host={tmp_path}")
    assert error.code is Code.SERVER_BUSY
    assert "cannot be reached or is busy (" in error.sentence


def test_a_rep_reads_that_it_is_the_servers_database_and_that_the_work_is_kept() -> None:
    with pytest.raises(KnownError) as told, known_errors():
        psycopg.connect("postgresql://nobody@127.0.0.1:1/nothing")
    assert told.value.code is Code.SERVER_BUSY
    assert told.value.sentence.startswith("The server's database cannot be reached")
    assert "is kept on it and goes out later" in told.value.sentence
