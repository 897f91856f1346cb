"""A laptop in the suite: a real replica of a user of the world, which reaches the store directly or by files.

Its files are bytes, so that they can be lost, doubled, late and altered.
"""

from __future__ import annotations

import copy
import io
import shutil
from pathlib import Path

from fieldrep.contract.fields import Value
from fieldrep.contract.ids import Incarnation, RowId
from fieldrep.contract.messages import PAGE_BYTES, PROTOCOL_VERSION, EnrollRequest
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.replica import NEXT_DEVICE_KEY, Replica
from fieldrep.sync.bundle import read_reply, write_request
from fieldrep.sync.engine import sync
from fieldrep.sync.enrolment import device_keys
from sync_server.admin.bundles import open_request, write_answer
from sync_server.store.devices.credentials import admit, make_code
from sync_server.store.restoring.backup import backup, restore
from sync_server.store.restoring.returns import RestoreReport, restore_report
from tests.helpers.in_process import InProcess
from tests.store_suite.world import SeededBytes, World

KEY = bytes(range(32))


class Laptop:
    """An enrolled replica of a user."""

    def __init__(self, folder: Path, world: World, user: bytes, name: str, seed: int = 0) -> None:
        self.name, self.world = name, world
        self.random = SeededBytes(sum(name.encode()) + seed)
        folder.mkdir(exist_ok=True)
        self.replica = Replica.open(folder / f"{name}.db", KEY, world.clock, self.random, create=True)
        with world.write() as tx:
            code = make_code(tx, self.random, user)
        public = device_keys(self.replica, self.random).public
        self.admission = admit(
            world.database, EnrollRequest(code, name, "test", "1", PROTOCOL_VERSION, public)
        )
        self.replica.enrolled(self.admission, "http://127.0.0.1:1", "", Incarnation(self.random(16)))

    def enrol_again(self, name: str) -> None:
        """Enrols the profile in place as a new device of the same person."""
        state = self.replica.state()
        with self.world.write() as tx:
            code = make_code(tx, self.random, self.admission.user_id)
        public = device_keys(self.replica, self.random, NEXT_DEVICE_KEY).public
        request = EnrollRequest(
            code,
            name,
            "test",
            "1",
            PROTOCOL_VERSION,
            public,
            server_id=state.server_id,
            user_id=state.user_id,
            former_device=state.device_id,
            former_incarnation=state.incarnation,
            earlier=self.replica.formers(),
        )
        self.admission = admit(self.world.database, request)
        self.replica.enrolled(self.admission, "http://127.0.0.1:1", "", Incarnation(self.random(16)))

    def copied(self, folder: Path, seed: int = 77) -> Laptop:
        """The same profile a second time, as its files lie in the folder now; nobody has noticed it yet."""
        twin = copy.copy(self)
        twin.random = SeededBytes(seed)
        for file in folder.glob(f"{self.name}.db*"):
            shutil.copy(file, folder / file.name.replace(self.name, f"{self.name}-copy", 1))
        path = folder / f"{self.name}-copy.db"
        twin.replica = Replica.open(path, KEY, self.world.clock, twin.random)
        return twin

    def create(self, name: str) -> RowId:
        with self.replica.begin("create_account", name) as uow:
            return uow.create("account", {"name": name, "lifecycle": "prospect"})

    def edit(self, row_id: RowId, **values: str) -> None:
        with self.replica.begin("edit_account", "edit") as uow:
            uow.update("account", row_id, values)

    def draft(self, account: bytes, **values: Value) -> RowId:
        """Enters an order with one line; the line's values may be others."""
        with self.replica.begin("create_order", "order") as uow:
            number = uow.next_number("order")
            order = {"account_id": account, "currency": "EUR", "number_local": number}
            head = uow.create("sales_order", order)
            line = {"order_id": head, "account_id": account, "description": "Tea", "qty": 1_000_000, "seq": 1}
            uow.create("document_line", {**line, "unit_price": 5_000_000, **values})
        return head

    def submit(self, order: RowId) -> None:
        with self.replica.begin("submit_order", "submit") as uow:
            uow.update("sales_order", order, {"status": "submitted"})

    def order(self, account: bytes) -> RowId:
        """Enters and submits an order."""
        head = self.draft(account)
        self.submit(head)
        return head

    def out(self, most_changes: int = 2_000, page_bytes: int = 1_000_000) -> bytes:
        file = io.BytesIO()
        write_request(self.replica, file, most_changes=most_changes, page_bytes=page_bytes)
        return file.getvalue()

    def into(self, reply: bytes) -> Receipt:
        return read_reply(self.replica, io.BytesIO(reply))

    def sync(self, page_bytes: int = PAGE_BYTES) -> Receipt:
        return sync(self.replica, InProcess(self.world.database, self.admission.token, page_bytes))

    def names(self) -> set[object]:
        with self.replica.read() as reader:
            return {row[0] for row in reader.rows("SELECT name FROM account")}

    def image(self) -> tuple[object, ...]:
        """Everything a refused file must leave alone."""
        with self.replica.read() as reader:
            tables = ("account", "outbox", "sent_log", "refused_change", "base_row", "sync_state")
            return tuple(reader.rows(f"SELECT * FROM {table}") for table in tables)  # noqa: S608


def office(world: World, request: bytes) -> bytes:
    """The file of a laptop taken, and the answer written."""
    answer = io.BytesIO()
    write_answer(world.database, open_request(world.database, io.BytesIO(request)), answer)
    return answer.getvalue()


def keep(world: World, folder: Path) -> None:
    """Makes the backup that `go_back` restores."""
    backup(world.database, folder / "kept")


def go_back(world: World, folder: Path, seed: int = 9) -> None:
    """Restores the backup; another `seed` makes another epoch of it."""
    restore(world.url, folder / "kept", world.clock, SeededBytes(seed))


def with_shop(folder: Path, world: World, name: str = "ana") -> tuple[Laptop, RowId]:
    """A laptop that has synced, with a shop that lies in the backup made then."""
    laptop = Laptop(folder, world, world.user(name), name)
    shop = laptop.create("Shop")
    laptop.sync()
    keep(world, folder)
    return laptop, shop


def report(world: World) -> RestoreReport:
    """What the store says of its last restore."""
    with world.database.read() as reader:
        found = restore_report(reader)
    assert found is not None
    return found
