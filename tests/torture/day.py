"""A rep's working day on a real replica and a real central store: the places, the work, and how it is judged.

Every part of the day can be done again: it looks first whether it was done. Must not know who kills it when.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from fieldrep.contract.errors import KnownError
from fieldrep.contract.files import FileReply, FileRequest
from fieldrep.contract.ids import Incarnation
from fieldrep.contract.messages import (
    PROTOCOL_VERSION,
    EnrollRequest,
    ExchangeReply,
    ExchangeRequest,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from fieldrep.contract.whole_file import whole_file
from fieldrep.contract.wiping import WipeReceipt
from fieldrep.paths import Profile
from fieldrep.store import migrate
from fieldrep.store.engine import PAGE_BYTES, connect
from fieldrep.store.export import export_lines
from fieldrep.store.incoming.apply import start_over
from fieldrep.store.repairing.repair import repair
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from fieldrep.store.wiping import marker_of
from fieldrep.sync.bundle import carry_in, carry_out
from fieldrep.sync.engine import sync
from fieldrep.sync.enrolment import device_keys
from fieldrep.sync.session import sync_now
from fieldrep.sync.wiping import carry_out as carry_out_wipe
from fieldrep.sync.wiping import tell as tell_wiped
from sync_server.admin.bundles import open_request, write_answer
from sync_server.reconcile.exchange import exchange
from sync_server.store.database import Database
from sync_server.store.devices.credentials import admit, identify, make_code
from sync_server.store.devices.wiping import note_wiped, order_wipe
from sync_server.store.office.admin import add_user
from sync_server.store.proof.export import export
from sync_server.store.proof.verify import verify as verify_store

KEY = bytes(range(32))
MORE = '''"""A revision behind the real ones."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE later (a INTEGER)")
'''
OF_THE_PROFILE = ("replica", "key", "settings", "logs", "wiping")
ACCOUNTS = ("first", "second", "third", "by stick", "before the damage", "after the repair")


def clock() -> int:
    return 1_800_000_000_000


@dataclass
class Direct:
    """A line of no length: the message is encoded, handled by the real server's code, and decoded."""

    database: Database
    token: str

    def wiped(self, receipt: WipeReceipt) -> None:
        note_wiped(self.database, receipt)

    def file(self, request: FileRequest) -> FileReply:
        raise AssertionError(request)

    def close(self) -> None:
        pass

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        device = identify(self.database, self.token)
        assert device is not None
        taken = decode_request(encode_request(request))
        return decode_reply(encode_reply(exchange(self.database, device, taken)))


class Day:
    """The places of one working day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "replica.db"
        address = folder / "address"
        self.url = (
            address.read_text(encoding="utf-8") if address.exists() else f"sqlite:///{folder / 'central.db'}"
        )
        self.chance = random.Random(os.getpid()).randbytes

    def acknowledge(self, what: str) -> None:
        """What a person has seen as done; written past the page cache of the program that dies."""
        with (self.folder / "seen").open("a", encoding="utf-8") as seen:
            seen.write(f"{what}\n")

    def seen(self) -> list[str]:
        path = self.folder / "seen"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def replica(self) -> Replica:
        return Replica.open(self.path, KEY, clock, self.chance, create=True)

    def central(self) -> Database:
        return Database.open(self.url, clock, self.chance)

    def prepare(self) -> None:
        """Makes the central store, where it is not there yet, and lets a rep in."""
        here = self.url.startswith("postgresql") or (self.folder / "central.db").exists()
        database = self.central() if here else Database.create(self.url, clock, self.chance)
        with database.write("admin") as tx:
            user = add_user(tx, login="rita", name="Rita", role="rep", email=None, manager_login=None)
            (self.folder / "code").write_text(make_code(tx, self.chance, user), encoding="ascii")
        (self.folder / "key.json").write_text('{"profile": "p", "kept": "passphrase"}', encoding="ascii")
        database.close()

    def work(self) -> None:
        """All of the day, from the top; what is done already is not done again.

        A laptop on which something was found wrong is looked at again, and not wiped before it is sound.
        """
        if self._found_wrong() != []:
            self._day()
        if not self._found_wrong():
            self._wipe()

    def _found_wrong(self) -> list[str] | None:
        """What was wrong with the replica when its work was done; None before that."""
        path = self.folder / "wrong"
        if not path.exists():
            return None
        found: list[str] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def _day(self) -> None:
        if not (self.folder / "damaged").exists():
            self._enrol()
            if self.seen():
                self._sync()  # a start over may have been cut: what is here must be here before it is looked for
            for names in (ACCOUNTS[:2], ACCOUNTS[2:3]):
                self._save(*names)
                self._sync()
            self._by_stick()
            self._start_over()
            self._save(ACCOUNTS[4])
        self._repair()
        self._save(ACCOUNTS[5])
        self._sync()
        self._migrate()
        self._look_at_replica()

    def _enrol(self) -> None:
        with self.replica() as replica:
            if replica.state().enrolled:
                return
            database = self.central()
            code = (self.folder / "code").read_text(encoding="ascii")
            keys = device_keys(replica, self.chance)
            asked = EnrollRequest(code, "Laptop", "Linux", "1", PROTOCOL_VERSION, keys.public)
            replica.enrolled(admit(database, asked), "https://sync.example", "", Incarnation(self.chance(16)))
            database.close()

    def _save(self, *names: str) -> None:
        with self.replica() as replica:
            for name in names:
                with replica.read() as reader:
                    known = reader.rows("SELECT id, phone FROM account WHERE name = ?", (name,))
                if not known:
                    with replica.begin("create_account", name) as unit:
                        unit.create("account", {"name": name})
                    self.acknowledge(name)
                with replica.read() as reader:
                    ((row_id, phone),) = reader.rows("SELECT id, phone FROM account WHERE name = ?", (name,))
                if phone is None:
                    with replica.begin("edit_account", name) as unit:
                        unit.update("account", row_id, {"phone": "1"})
                    self.acknowledge(f"{name} has a phone")

    def _sync(self) -> None:
        database = self.central()
        with self.replica() as replica:
            receipt = sync(replica, Direct(database, replica.secret("token")))
            assert receipt.digests_equal, receipt
        database.close()

    def _by_stick(self) -> None:
        self._save(ACCOUNTS[3])
        stick, answer = self.folder / "stick", self.folder / "answer"
        database = self.central()
        with self.replica() as replica:
            if replica.depth():
                carry_out(replica, stick)
                with stick.open("rb") as source, whole_file(answer, "") as out:
                    write_answer(database, open_request(database, source), out)
                carry_in(replica, answer)
        database.close()

    def _start_over(self) -> None:
        if not self._once("started over"):
            with self.replica() as replica:
                start_over(replica)
            self._sync()

    def _repair(self) -> None:
        """The first page is damaged, and with it every way into the file; the work not sent must come through."""
        if not self._once("damaged"):
            with self.path.open("r+b") as file:
                file.seek(PAGE_BYTES // 2)
                file.write(bytes(64))
        if not list(self.folder.glob("replica-damaged-*")) or list(self.folder.glob("*.repaired-*")):
            repair(self.path, KEY, clock())
        self._sync()

    def _migrate(self) -> None:
        folder, copy = self.folder / "migrations", self.folder / "older.db"
        if not copy.exists():
            passed_over = shutil.ignore_patterns("__pycache__")
            shutil.copytree(migrate.migrations_folder(), folder, ignore=passed_over, dirs_exist_ok=True)
            (folder / "versions" / "0002_more.py").write_text(MORE, encoding="utf-8")
            draft = self.folder / "older.part"
            shutil.copyfile(self.path, draft)
            draft.rename(copy)
        connection = connect(copy, KEY, writer=True)
        migrate.bring_up_to_date(connection, 2, folder)
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)
        connection.close()

    def _look_at_replica(self) -> None:
        """Notes what is wrong with the replica when its work is done; afterwards it is no more."""
        with self.replica() as replica, replica.read() as reader:
            wrong = [finding.sentence for finding in verify(reader)]
            wrong += [f"{replica.depth()} waiting"] * bool(replica.depth())
            mine = b"".join(export_lines(reader))
        theirs, draft = self.folder / "theirs", self.folder / "wrong.part"
        theirs.unlink(missing_ok=True)
        database = self.central()
        export(database, theirs, "rita")
        database.close()
        if mine != theirs.read_bytes():
            wrong.append("the replica and the central store differ")
        draft.write_text(json.dumps(wrong), encoding="utf-8")
        draft.rename(self.folder / "wrong")

    def _wipe(self) -> None:
        """The office has the laptop wiped; whatever begins after a kill goes on with that first."""
        profile = Profile(self.folder)
        database = self.central()
        if marker_of(profile) is None and self.path.exists():
            with self.replica() as replica:
                with database.write("admin") as tx, suppress(KnownError):
                    order_wipe(tx, replica.state().device_id, lost=False)
                direct = Direct(database, replica.secret("token"))
                with suppress(KnownError):
                    sync_now(replica, lender=lambda _: nullcontext(direct))  # type: ignore[arg-type,return-value]
        carry_out_wipe(profile)
        tell_wiped(profile, lambda _: Direct(database, ""))
        database.close()

    def _once(self, what: str) -> bool:
        mark = self.folder / what
        if mark.exists():
            return True
        mark.touch()
        return False

    def look(self) -> list[str]:
        """What is wrong right after a kill: both sides sound, and all that was acknowledged on one of them."""
        wrong: list[str] = []
        database = self.central()
        wrong += verify_store(database)
        with database.read() as reader:
            held = {f"{row['name']}{add}" for row in reader.all("account") for add in _marks(row["phone"])}
        database.close()
        there = {file.name for file in self.folder.iterdir()}
        if self.path.exists() and not there & {"damaged", "wiping.json"}:
            with self.replica() as replica, replica.read() as reader:
                wrong += [finding.sentence for finding in verify(reader)]
                for name, phone in reader.rows("SELECT name, phone FROM account"):
                    held |= {f"{name}{add}" for add in _marks(phone)}
            wrong += [f"lost: {seen}" for seen in self.seen() if seen not in held]
        return wrong

    def judge(self) -> list[str]:
        """What is wrong at the end of the day."""
        wrong: list[str] = []
        database = self.central()
        wrong += verify_store(database)
        with database.read() as reader:
            names = sorted(str(row["name"]) for row in reader.all("account"))
            phones = {row["phone"] for row in reader.all("account")}
            taken = reader.rows("SELECT n FROM applied_change")
            conflicts = list(reader.all("conflict"))
            states = [row["state"] for row in reader.all("device")]
        if names != sorted(ACCOUNTS) or phones != {"1"}:
            wrong.append(f"accounts: {names} {phones}")
        if len(taken) != 2 * len(ACCOUNTS) or conflicts:
            wrong.append(f"changes taken: {taken}, conflicts: {conflicts}")
        left = sorted(file.name for file in self.folder.iterdir() if file.name.startswith(OF_THE_PROFILE))
        if left or states != ["wiped"]:
            wrong.append(f"left after the wipe: {left}, device {states}")
        found = self._found_wrong()
        wrong += ["nobody looked at the replica"] if found is None else found
        database.close()
        return wrong


def _marks(phone: object) -> tuple[str, ...]:
    return ("", " has a phone") if phone else ("",)
