"""A rep's working day on a real replica and a real central store, killed at a named step, begun again, and judged.

Run as a program: prints a line of JSON for the undisturbed day and one for each kill; with `every` each step is met at
its first and at its last time. Every part of the day can be done again: it looks first whether it was done. What was
acknowledged before a kill must be there after it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fieldrep.contract import steps
from fieldrep.contract.errors import KnownError
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
from fieldrep.contract.steps import Step
from fieldrep.store import migrate
from fieldrep.store.apply import start_over
from fieldrep.store.engine import PAGE_BYTES, connect
from fieldrep.store.export import export_lines
from fieldrep.store.repair import repair
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from fieldrep.sync.bundle import carry_in, carry_out
from fieldrep.sync.engine import sync
from fieldrep.sync.enrolment import device_keys
from sync_server.admin.bundles import open_request, write_answer
from sync_server.reconcile.exchange import exchange
from sync_server.store.admin import add_user
from sync_server.store.credentials import admit, identify, make_code
from sync_server.store.database import Database
from sync_server.store.export import export
from sync_server.store.verify import verify as verify_store

KEY = bytes(range(32))
MORE = '''"""A revision behind the real ones."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE later (a INTEGER)")
'''
ACCOUNTS = ("first", "second", "third", "by stick", "before the damage", "after the repair")


def clock() -> int:
    return 1_800_000_000_000


@dataclass
class Direct:
    """A line of no length: the message is encoded, handled by the real server's code, and decoded."""

    database: Database
    token: str

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
        self.url = f"sqlite:///{folder / 'central.db'}"
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
        database = Database.create(self.url, clock, self.chance)
        with database.write("admin") as tx:
            user = add_user(tx, login="rita", name="Rita", role="rep", email=None, manager_login=None)
            (self.folder / "code").write_text(make_code(tx, self.chance, user), encoding="ascii")
        database.close()

    def work(self) -> None:
        """All of the day, from the top; what is done already is not done again."""
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
                with stick.open("rb") as source, answer.open("wb") as out:
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
        if not folder.exists():
            shutil.copytree(migrate.migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
            (folder / "versions" / "0002_more.py").write_text(MORE, encoding="utf-8")
            shutil.copyfile(self.path, copy)
        connection = connect(copy, KEY, writer=True)
        migrate.bring_up_to_date(connection, 2, folder)
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)
        connection.close()

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
        if self.path.exists() and "damaged" not in {file.name for file in self.folder.iterdir()}:
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
        if names != sorted(ACCOUNTS) or phones != {"1"}:
            wrong.append(f"accounts: {names} {phones}")
        if len(taken) != 2 * len(ACCOUNTS) or conflicts:
            wrong.append(f"changes taken: {taken}, conflicts: {conflicts}")
        with self.replica() as replica, replica.read() as reader:
            wrong += [finding.sentence for finding in verify(reader)]
            wrong += [f"{replica.depth()} waiting"] * bool(replica.depth())
            mine = b"".join(export_lines(reader))
        theirs = self.folder / "theirs"
        theirs.unlink(missing_ok=True)
        export(database, theirs, "rita")
        database.close()
        if mine != theirs.read_bytes():
            wrong.append("the replica and the central store differ")
        return wrong


def _marks(phone: object) -> tuple[str, ...]:
    return ("", " has a phone") if phone else ("",)


def forked(work: Callable[[], None]) -> int:
    """Runs a piece of work in a process of its own; its exit code, -9 when it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told by the exit code; the parent says which step it was
            sys.stderr.write(
                f"{type(error).__name__}: {error.sentence if isinstance(error, KnownError) else error}\n"
            )
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def day_killed_at(folder: Path, step: Step, nth: int) -> Callable[[], None]:
    """A day that dies when it reaches the step for the nth time."""

    def work() -> None:
        left = nth

        def listen(now: Step) -> None:
            nonlocal left
            left -= now is step
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        steps.listener = listen
        Day(folder).work()

    return work


def counted(folder: Path) -> Counter[str]:
    """How often an undisturbed day reaches each step."""

    def work() -> None:
        found: Counter[str] = Counter()
        steps.listener = lambda step: found.update([step.name])
        Day(folder).work()
        (folder / "counts").write_text(json.dumps(found), encoding="ascii")

    assert forked(work) == 0
    return Counter(json.loads((folder / "counts").read_text(encoding="ascii")))


def tell(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def judged(folder: Path, work: str) -> list[str]:
    """`look` or `judge`, in a process of its own; what it found wrong."""
    answer = folder / f"{work} says"

    def write() -> None:
        answer.write_text(json.dumps(getattr(Day(folder), work)()), encoding="utf-8")

    if forked(write):
        return [f"{work} failed"]
    found: list[str] = json.loads(answer.read_text(encoding="utf-8"))
    return found


def main() -> None:
    root = Path(sys.argv[1])
    start = root / "start"
    start.mkdir()
    assert forked(Day(start).prepare) == 0
    quiet = root / "quiet"
    shutil.copytree(start, quiet)
    counts = counted(quiet)
    tell(counts=counts, wrong=judged(quiet, "judge"))
    for step in Step:
        times = {1, counts[step.name]} if "every" in sys.argv else {1}
        for nth in sorted(times) if counts[step.name] else ():
            folder = root / f"{step.name} {nth}"
            shutil.copytree(start, folder)
            kills = [forked(day_killed_at(folder, step, nth))]
            wrong = judged(folder, "look")
            # killed again while it recovers, where it comes by there once more
            kills.append(forked(day_killed_at(folder, step, 1)))
            wrong += judged(folder, "look")
            kills.append(forked(Day(folder).work))
            wrong += judged(folder, "judge")
            tell(step=step.name, nth=nth, kills=kills, wrong=wrong)
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
