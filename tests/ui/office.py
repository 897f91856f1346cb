"""An office for the window's tests: a central store with the small company, and a real sync server beside the test.

Owns the store, the server's thread and one-time links. What the office changes goes through the store's own write
transaction, as an import or an admin's command does.
"""

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.doors import ProfileDoors
from fieldrep.paths import Profile
from sync_server.http.app import make_app
from sync_server.http.serve import Server, _listen
from sync_server.store.database import Actor, Database
from sync_server.store.devices.credentials import make_code
from tests.helpers.small_company import PIET, Ticking, company, open_replica

_ALL = "SELECT {} FROM {}"


class Office:
    """`clock` moves only when a test moves it; the server can be shut and opened like a line that drops."""

    def __init__(self, folder: Path, clock: Ticking, port: int = 0) -> None:
        self.clock = clock
        file = folder / "central.db"
        make = Database.open if file.exists() else Database.create
        self.database = make(f"sqlite:///{file}", clock, os.urandom)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.port = port

    def take_in(self, folder: Path) -> None:
        """The rows of the small company, as an import would bring them."""
        with open_replica(folder, self.clock) as replica:
            company(replica)
            with replica.read() as reader:
                rows = {
                    entity.name: [
                        dict(zip(entity.column_names, row, strict=True))
                        for row in reader.rows(_ALL.format(", ".join(entity.column_names), entity.table))
                    ]
                    for entity in ENTITIES
                }
        with self.database.write("import") as tx:
            for entity in ENTITIES:
                for row in rows[entity.name] if entity.name != "device" else ():
                    tx.stage(entity, {**row, "revision": tx.new_revision()})

    def change(self, entity: str, row_id: RowId, *, by: RowId = PIET, **values: Value) -> None:
        """Somebody in the office (Piet, unless said otherwise) changes fields of a record."""
        with self.database.write(Actor("office", user_id=by)) as tx:
            row = tx.row(CATALOGUE[entity], row_id)
            assert row is not None
            stamps = {"revision": tx.new_revision(), "changed_at": tx.now, "changed_by": by}
            tx.stage(CATALOGUE[entity], {**row, **values, **stamps})

    def row(self, entity: str, row_id: RowId) -> dict[str, Value]:
        with self.database.read() as snapshot:
            found = snapshot.row(entity, row_id)
        assert found is not None
        return dict(found)

    def rows(self, entity: str) -> list[dict[str, Value]]:
        with self.database.read() as snapshot:
            return [dict(row) for row in snapshot.all(entity)]

    def link(self, login: str, address: str = "") -> str:
        """A one-time link; it leads to the address instead of straight to the server, when one is given."""
        with self.database.write("admin") as tx:
            user = next(row for row in tx.all("user") if row["login"] == login)
            user_id = user["id"]
            assert isinstance(user_id, bytes)
            code = make_code(tx, os.urandom, RowId(user_id))
        return f"fieldrep://enroll?server={address or self.address}&code={code}"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """The server listens, on the same port as before."""
        self._listen_with(make_app(self.database))

    def open_as_a_hotel(self) -> None:
        """In the server's place a login page answers everything."""

        async def page(request: Request) -> HTMLResponse:
            return HTMLResponse("<html><body>Welcome to the Grand Hotel. Please sign in.</body></html>")

        self._listen_with(Starlette(routes=[Route("/{path:path}", page, methods=["GET", "POST"])]))

    def _listen_with(self, app: Starlette) -> None:
        listener = _listen("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
        self._server = Server(config, getattr(app.state, "end", lambda: None))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()

    def shut(self) -> None:
        """The line is gone."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(120)
            stands = sys._current_frames().get(self._thread.ident or 0)
            assert not self._thread.is_alive(), "".join(traceback.format_stack(stands))
            self._server = self._thread = None

    def close(self) -> None:
        self.shut()
        self.database.close()


@contextmanager
def small_office(folder: Path, port: int = 0) -> Iterator[Office]:
    """An open office; with the small company when the folder is new."""
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    office = Office(folder, Ticking(), port)
    if new:
        office.take_in(folder / "copy")
    office.open()
    try:
        yield office
    finally:
        office.close()


def enrolled(office: Office, folder: Path, login: str, device: str) -> None:
    """A profile in the folder becomes that person's laptop, with everything on it."""
    doors = ProfileDoors(Profile(folder), office.clock, os.urandom)
    doors.enrol(office.link(login), device, None)
    doors.let_in()
    receipt = doors.sync(lambda *_: None)
    assert receipt.digests_equal
    doors.close()
