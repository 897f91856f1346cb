"""Many laptops at one server while the server, its database and the laptops' own programs are killed again and again.

`python -m tests.torture.morning FOLDER sqlite|postgresql [LAPTOPS [EDITS]]` does it and prints a line of JSON. The
sync server is killed with -9 and started again at its port; on PostgreSQL, backends are terminated every 50 to
500 ms and all of the database's processes killed at once. In the end every change of every laptop must be in the
central store once, and every replica be the central store's. Must not know how laptops work; `laptops.py` does.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psycopg

from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollRequest
from sync_server.paths import Remembered, ServerHome
from sync_server.store.database import Database
from sync_server.store.devices.credentials import admit, make_code
from sync_server.store.proof.verify import verify as verify_store
from tests.bench.machine import ROOT, environment
from tests.helpers.held_port import held_port
from tests.helpers.served import clock, new_row
from tests.store_suite.databases import Databases, databases
from tests.torture.crowd import plain
from tests.torture.killed_at_steps import tell
from tests.torture.laptops import Member, Task, Told, phone

LAPTOPS_OF_ONE_REP = 10
PROGRAMS = 4
STARTS = 60
"""So often a server may fail to start because its database is dead."""

BACKENDS = (0.05, 0.5)
SERVERS = (1.0, 4.0)
WHOLE_DATABASES = (5.0, 12.0)
PROGRAMS_OF_LAPTOPS = (4.0, 15.0)
"""Seconds between two kills of a kind, from and to; of all but backends, as many times as long as there are hundreds
of laptops, or nothing would be done between two of them."""

TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1) AS one"
)
SERVE = "from sync_server.start import main; main()"


@dataclass
class Office:
    """The sync server as a service: killed, it is started again."""

    home: Path
    port: int
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it, again while its database is not there yet."""
        for _ in range(STARTS):
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, "serve", "--port", str(self.port)],
                env=environment(FIELDREP_SERVER_HOME=str(self.home)),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert self.process.stdout is not None
            if "http" in self.process.stdout.readline():
                return
            self.stop(signal.SIGKILL)
        raise RuntimeError("the server does not start any more")

    def stop(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            assert self.process.stdout is not None
            self.process.stdout.close()

    def kill(self) -> bool:
        """Dies at once and comes back."""
        self.stop(signal.SIGKILL)
        self.start()
        return True


@dataclass
class Program:
    """One program of laptops; killed, it is started again and goes on where its laptops are."""

    file: Path
    process: subprocess.Popen[str] = field(init=False)
    _between_lives: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.laptops", str(self.file)],
            env=environment(),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )

    def kill(self) -> bool:
        """Dies at once and begins again, unless it is done."""
        with self._between_lives:
            if self.process.poll() is not None:
                return False
            self.process.kill()
            self.process.communicate()
            self.start()
            return True

    @property
    def done(self) -> bool:
        with self._between_lives:
            return self.process.poll() is not None

    def told(self) -> Told:
        """What it says at its end."""
        said, _ = self.process.communicate()
        if self.process.returncode:
            return Told({}, [f"a program of laptops ended with {self.process.returncode}"])
        return msgspec.json.decode(said, type=Told)


@dataclass
class Trouble:
    """Everything that dies, each kind in its own rhythm, until the block ends.

    Attributes:
        killed: how often, by kind.
        enough: made once something of each kind was killed.
    """

    enough: Path
    end: threading.Event = field(default_factory=threading.Event)
    killed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def often(
        self, what: str, between: tuple[float, float], kill: Callable[[], bool], slower: int = 1
    ) -> None:
        """Begins one kind."""

        def go_on() -> None:
            chance = random.Random(what)
            try:
                while not self.end.wait(slower * chance.uniform(*between)):
                    self.killed[what] += kill()
                    if all(self.killed.values()):
                        self.enough.touch()
            except Exception as problem:  # noqa: BLE001 - told with what was wrong
                self.wrong.append(f"{what}: {problem}")

        self.killed[what] = 0
        self._threads.append(threading.Thread(target=go_on, name=what))
        self._threads[-1].start()

    def stop(self) -> None:
        self.end.set()
        for thread in self._threads:
            thread.join()


def terminate_one(url: str) -> bool:
    """Ends one of the server's connections, whatever is under way on it; False when the database is not there."""
    try:
        with psycopg.connect(plain(url), autocommit=True, connect_timeout=5) as line:
            return line.execute(TERMINATE).fetchone() is not None
    except psycopg.OperationalError:
        return False


def found(url: str, folder: Path, laptops: int) -> tuple[Member, ...]:
    """Reps, and their laptops as they are admitted."""
    database = Database.open(url, clock, os.urandom)
    chance = random.Random(laptops)
    members = []
    try:
        with database.write("office") as tx:
            reps = [
                new_row(tx, "user", login=f"rep{number}", name=f"Rep {number}", role="rep")
                for number in range(max(2, laptops // LAPTOPS_OF_ONE_REP))
            ]
        for number in range(laptops):
            with database.write("office") as tx:
                code = make_code(tx, os.urandom, reps[number % len(reps)])
            asked = EnrollRequest(code, f"Laptop {number}", "Linux", "1", PROTOCOL_VERSION, os.urandom(32))
            name = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=16))
            members.append(Member(str(folder / f"laptop-{number}"), name, admit(database, asked)))
    finally:
        database.close()
    return tuple(members)


@contextmanager
def programs(whole: Task, folder: Path) -> Iterator[list[Program]]:
    """The laptops' programs, each with its share of them; none is left over."""
    share = -(-len(whole.members) // PROGRAMS)
    running = []
    try:
        for at in range(0, len(whole.members), share):
            file = folder / f"program-{at}.json"
            task = msgspec.structs.replace(whole, members=whole.members[at : at + share])
            file.write_bytes(msgspec.json.encode(task))
            running.append(Program(file))
        yield running
    finally:
        for program in running:
            if program.process.poll() is None:
                program.process.kill()
                program.process.communicate()


def judged(url: str, members: tuple[Member, ...], edits: int) -> list[str]:
    """What is wrong with the central store: each change is there once, and the last value of each customer stands."""
    database = Database.open(url, clock, os.urandom)
    wrong = verify_store(database)
    with database.read() as reader:
        taken = Counter(bytes(device) for (device,) in reader.rows("SELECT device_id FROM applied_change"))
        names = {str(row["name"]): row["phone"] for row in reader.all("account")}
        notes = Counter(str(row["subject"]) for row in reader.all("activity"))
        beside = [(kind, len(list(reader.all(kind)))) for kind in ("conflict", "duplicate_candidate")]
        ((refused,),) = reader.rows("SELECT count(*) FROM refused_change")
        ((noted,),) = reader.rows(
            "SELECT count(*) FROM audit_entry WHERE device_id IS NOT NULL AND actor = 'device'"
        )
    database.close()
    wrong += [f"{refused} changes were refused"] * bool(refused)
    wrong += [f"{count} rows of {kind}" for kind, count in beside if count]
    if noted != edits * len(members):
        wrong.append(f"{noted} audit entries for {edits * len(members)} changes")
    if len(names) != len(members) or set(notes.values()) > {1}:
        wrong.append(
            f"{len(names)} accounts of {len(members)} laptops, notes doubled: {notes.most_common(2)}"
        )
    for member in members:
        if taken[member.admitted.device_id] != edits:
            wrong.append(f"{member.name}: {taken[member.admitted.device_id]} of {edits} changes are there")
        if edits > 1 and names.get(member.name) != phone(member.name, edits - edits % 2):
            wrong.append(f"{member.name}: the number to call is {names.get(member.name)}")
        wrong += [
            f"{member.name}: note {n} is lost"
            for n in range(3, edits + 1, 2)
            if not notes[f"{member.name} {n}"]
        ]
    return wrong


def morning(stores: Databases, kind: str, folder: Path, laptops: int, edits: int) -> list[str]:
    """All of it on one kind of database; what was wrong."""
    url = stores.new(kind)
    members = found(url, folder, laptops)
    home = ServerHome(folder / "server")
    home.make()
    home.remember(Remembered(database=url))
    begun, trouble, chance = time.monotonic(), Trouble(folder / "enough"), random.Random(kind)
    with ExitStack() as stack:
        port = stack.enter_context(held_port())
        office = Office(home.folder, port)
        office.start()
        stack.callback(office.stop, signal.SIGTERM)
        task = Task(f"http://127.0.0.1:{port}", edits, str(trouble.enough), members)
        running = stack.enter_context(programs(task, folder))
        stack.callback(trouble.stop)
        slower = max(1, laptops // 100)
        trouble.often("servers", SERVERS, office.kill, slower)
        trouble.often(
            "programs of laptops", PROGRAMS_OF_LAPTOPS, lambda: chance.choice(running).kill(), slower
        )
        if kind == "postgresql":
            trouble.often("backends", BACKENDS, lambda: terminate_one(url))
            trouble.often("whole databases", WHOLE_DATABASES, stores.crash_postgresql, slower)
        refused, wrong = _ended(running)
        trouble.stop()
        # once more with nobody killing: all of them meet what the others have done meanwhile
        with programs(task, folder) as again:
            later, differs = _ended(again)
    wrong += trouble.wrong + differs + [f"with nobody killing: {later}"] * bool(later)
    wrong += judged(url, members, edits)
    seconds = round(time.monotonic() - begun)
    tell(database=kind, laptops=laptops, edits=laptops * edits, seconds=seconds, killed=trouble.killed,
         refused=refused, wrong=wrong)  # fmt: skip
    return wrong


def _ended(running: list[Program]) -> tuple[Counter[str], list[str]]:
    """What all programs say at their ends; one that was killed is waited for in its next life."""
    refused: Counter[str] = Counter()
    wrong: list[str] = []
    for program in running:
        while not program.done:
            time.sleep(0.1)
        said = program.told()
        refused.update(said.refused)
        wrong += said.wrong
    return refused, wrong


def _empty(url: str) -> None:
    Database.create(url, clock, os.urandom).close()


def main(folder: Path, kind: str, laptops: int, edits: int) -> int:
    """1 when anything was lost, doubled or differs."""
    with databases(folder, _empty) as stores:
        return int(bool(morning(stores, kind, folder, laptops, edits)))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[3:]] + [12, 8][len(sys.argv) - 3 :]
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], *numbers))
