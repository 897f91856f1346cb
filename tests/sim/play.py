"""Plays a schedule: laptops, one central store, one oracle, virtual clocks; ends when everybody is quiet.

Deterministic: ids come from seeded randomness, time from the step number, so a seed gives the same log again.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from fieldrep.contract.change import Refused
from fieldrep.contract.errors import KnownError
from fieldrep.contract.messages import ExchangeReply
from fieldrep.store.incoming.receipt import what_was_done
from fieldrep.sync import poison
from fieldrep.sync.files import FilePolicy
from fieldrep.sync.wiping import WipeOrdered
from sync_server.store.database import Database
from tests.sim.ageing import Ageing, grow_old
from tests.sim.carrying import ALL, Carrying, small_parts
from tests.sim.central import Central
from tests.sim.damage import Damage
from tests.sim.enrolling import LOCKED, Enrolling
from tests.sim.full import disk_of, require_told
from tests.sim.judge.bodies import MOST
from tests.sim.judge.oracle import Key, Wrong
from tests.sim.judge.watch import Watch
from tests.sim.laptop import Laptop
from tests.sim.line import Line
from tests.sim.looking import with_names
from tests.sim.mishaps import Mishaps
from tests.sim.office import Office
from tests.sim.people import VERBS, People
from tests.sim.schedule import Step, draw
from tests.sim.skew import Skew
from tests.sim.sticks import Sticks
from tests.sim.tap import Killed
from tests.sim.wiping import Wiping

START = 1_795_000_000_000
MINUTE = 60_000
YEAR = 365 * 24 * 60 * MINUTE
OWNERS = ("rita", "lead", "rita", "sam")
QUIET_ROUNDS = 20
"""More than any chain of changes that wait for one another after a restore."""


@dataclass
class History(Mishaps):
    """One simulated history and what is left of it.

    Attributes:
        skewed: whether the laptops' clocks are off by years.
        recover: whether a sync that broke is repeated at once, so that faults leave no trace (I20).
    """

    seed: int
    folder: Path
    url: str
    laptops_wanted: int = 3
    skewed: bool = True
    recover: bool = False
    log: list[str] = field(default_factory=list)
    step: int = 0
    hours: int = 0
    laptops: list[Laptop] = field(default_factory=list)
    sent: dict[str, list[tuple[str, bytes, bytes]]] = field(default_factory=lambda: defaultdict(list))
    twins: dict[str, Laptop] = field(default_factory=dict)
    fired: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._patched = ExitStack()
        self.central = Central(self.url, self.now, self.seed)
        self.office = Office(self.central, self.seed)
        self.people = People(self.central.bodies, self.central.names, self.central.marks)
        self.carrying = Carrying(self.central)
        self.watch = Watch(self.central)
        self.skew = Skew(self.central, self._patched)
        self.sticks = Sticks(self.central, self._look_after_reading, self._obey_file)
        self.ageing = Ageing(self.central)
        self.enrolling = Enrolling(self.central, self.folder, self.now, self.seed)
        self.damage = Damage(self.central, self.enrolling, self.sticks, self.watch)
        mine = self.enrolling, self.carrying, self.sticks, self.folder, self.laptops, self._replaced
        self.wiping = Wiping(self.central, *mine)
        self.office.found()
        self.people.products = [row_id for name, row_id in self.office.ids.items() if "product" in name]
        chance = random.Random(f"laptops/{self.seed}")
        for number in range(self.laptops_wanted):
            skew = chance.randrange(-30, 31) * YEAR + chance.randrange(YEAR)
            self.enrol(f"L{number}", OWNERS[number], skew if self.skewed else 0)
        self._patched.enter_context(small_parts())

    def now(self) -> int:
        return START + self.step * MINUTE + self.hours * 60 * MINUTE

    def enrol(self, name: str, user: str, skew: int) -> None:
        """A new laptop for a user."""
        self.laptops.append(self.enrolling.enrol(name, self.office.ids[user], skew))

    def close(self) -> None:
        for laptop in self.laptops:
            laptop.close()
        self.central.close()
        self._patched.close()

    def play(self, schedule: list[Step]) -> None:
        """Every step, then quiet; most histories begin with a morning's sync."""
        if self.seed % 5:
            for number, laptop in enumerate(self.laptops):
                self.sync(laptop, Step("sync", number))
        for step in schedule:
            self.step += 1
            told = getattr(self, "_" + step.what)(step)
            self.note(f"{self.step} {told}")
        self.quiet()

    def note(self, text: str) -> None:
        self.log.append(text)

    def fingerprint(self) -> str:
        """The hash of everything that happened."""
        return hashlib.sha256("\n".join(self.log).encode()).hexdigest()

    # -- steps

    def _work(self, step: Step) -> str:
        laptop = self._whose(step)
        self._fire(step.fault)
        self._arm(laptop, step)
        before = laptop.replica.state().highest_n
        try:
            told = self.people.act(laptop, step.verb, step.pick, self.step)
        except Killed:
            laptop.kill()
            told = self._saved_or_not(laptop, before)
        self.look(laptop)
        if self._disarm(laptop, told):  # who was told so makes room, and saves once more
            told += f", then {self.people.act(laptop, step.verb, step.pick, self.step)}"
            self.look(laptop)
        return f"{laptop.name} {told}"

    def _saved_or_not(self, laptop: Laptop, before: int) -> str:
        """After a kill in the middle of saving: there whole, or not at all."""
        n = laptop.replica.state().highest_n
        if n == before:
            return "killed before it was saved"
        if n != before + 1:
            raise Wrong(f"I2: {laptop.name} came back with change {n} after {before}")
        self.people._note(laptop, n)
        return f"killed after it was saved as {n}"

    def _sync(self, step: Step) -> str:
        laptop = self._whose(step)
        self._fire(step.fault)
        self._fire(f"files, {step.files}" if step.files else "")
        told = self.sync(laptop, step)
        if self.recover and (step.fault or step.files):
            self.sync(laptop, Step("sync", step.who, pages=step.pages))
            return f"{laptop.name} synced, recovering"
        if self.recover:
            return f"{laptop.name} synced, recovering"
        return f"{laptop.name} sync {step.fault}: {told}"

    def sync(self, laptop: Laptop, step: Step, policy: FilePolicy | None = None) -> str:
        """One sync over a bad line, looked at after each reply; files follow, by a policy that the step chooses."""

        def meanwhile() -> None:
            verb = list(VERBS)[step.pick % len(VERBS)]
            self.note(f"meanwhile {self.people.act(laptop, verb, step.pick // 100, self.step)}")

        is_barred = laptop.replica.state().barred and not laptop.is_locked
        if is_barred and self._enrol_again(laptop) == LOCKED:
            return LOCKED
        new_epoch = laptop.replica.state().epoch not in (b"", self.central.epoch)
        look = partial(self._look_after_reading, laptop)
        line = Line(self.central, laptop, step, look, meanwhile, self.sent[laptop.name])
        self._arm(laptop, step)
        try:
            receipt = laptop.program.sync(laptop.replica, line)
            told = what_was_done(receipt)
            afresh = receipt.started_over and not new_epoch and not self.ageing.tidied
            if (afresh or receipt.repaired or receipt.digests_equal is False) and not laptop.lags:
                raise Wrong(f"{laptop.name} and the central store differed: {receipt}")
            self.skew.synced(laptop, receipt)
            if receipt.whole:
                told += self.carrying.after_sync(laptop, step, policy=policy)
                self.wiping.tell_late(laptop)
        except WipeOrdered as ordered:
            return self._to_be_wiped(laptop, self.wiping.obey(laptop, line, ordered.manner, step))
        except KnownError as error:
            told = error.code.value
        except Killed:
            laptop.kill()
            told = "killed"
        self._disarm(laptop, told)
        self._fire(require_told(line.disk, laptop.name, told, server=True))
        look(line.last)
        return f"{told} ({line.exchanges} exchanges)"

    def _enrol_again(self, laptop: Laptop) -> str:
        was = laptop.device
        told = self.enrolling.again(laptop)
        if told == LOCKED:
            return told
        if self.central.knows(was) and all(one.device != was for one in self.laptops):
            self.central.standing.withdraw_former(was)  # of two copies both are others now, and it is awaited
        self.note(f"{laptop.name} enrols again as {told}")
        self.sticks.forget(laptop)
        return told

    def _to_be_wiped(self, laptop: Laptop, told: str) -> str:
        laptop.tap.fuse = 0
        if not laptop.off:
            self.look(laptop)
        return told

    def _obey_file(self, laptop: Laptop, answer: bytes) -> str:
        return self._to_be_wiped(laptop, self.wiping.obey_file(laptop, answer))

    def _carry(self, step: Step) -> str:
        laptop = self._whose(step)
        self._fire(f"stick, {step.fault}" if step.fault else "")
        return f"{laptop.name} stick: {self.sticks.act(laptop, step)}"

    def _look_after_reading(self, laptop: Laptop, reply: ExchangeReply | None) -> None:
        self._applied(laptop, reply)
        self.look(laptop, reply)

    def look(self, laptop: Laptop, reply: ExchangeReply | None = None) -> None:
        """Everything that must hold on a laptop right now."""
        self.watch.look(laptop, self._units(), reply)
        self.carrying.look(laptop)

    def _open(self, step: Step) -> str:
        """Somebody opens a file; the line it comes by may break, and the laptop may die."""
        laptop = self._whose(step)
        self._fire(f"opened, {step.files}" if step.files else "")
        self._arm(laptop, step)
        try:
            told = self.carrying.open(laptop, step)
        except Killed:
            laptop.kill()
            told = "opens a file: killed"
        self._disarm(laptop, told)
        self.look(laptop)
        return f"{laptop.name} {told}"

    def _applied(self, laptop: Laptop, reply: ExchangeReply | None) -> None:
        if reply is not None and laptop.replica.state().cursor == reply.cursor:
            laptop.whole = not reply.more
        if not laptop.replica.state().cursor:
            laptop.whole = False

    def _office(self, step: Step) -> str:
        return self.office.act(step.verb, step.pick, self.step)

    def _arm(self, laptop: Laptop, step: Step) -> None:
        if "statement" in step.fault:
            laptop.tap.fuse, laptop.tap.after = step.at, step.fault == "kill after statement"
        laptop.tap.disk = disk_of(step)

    def _disarm(self, laptop: Laptop, told: str) -> str:
        """From here on nothing breaks; what its disk did, if it failed."""
        failed = require_told(laptop.tap.disk, laptop.name, told)
        laptop.tap.fuse, laptop.tap.disk = 0, None
        self._fire(failed)
        return failed

    def _units(self) -> list[set[Key]]:
        """The rows each accepted unit of work made, of those that made more than one."""
        return [
            unit
            for laptop in (*self.laptops, *self.wiping.gone)
            for n, unit in laptop.units().items()
            if not isinstance(self.central.copies.answered_as(laptop, n)[1], Refused | None)
        ]

    # -- the end

    def _stand(self) -> list[Any]:
        """All that a sync may still move."""
        laptops = [(one, one.replica, one.replica.state()) for one in self.laptops]
        return [
            (state.cursor, state.barred, here.depth(), here.told_to_wait(), self.carrying.queue(one))
            for one, here, state in laptops
        ]

    def quiet(self) -> None:
        """Everybody syncs until nothing moves; then all must be equal."""
        for name in self.central.bodies.limits:
            self.central.limit_files(name, MOST)
        self.central.standing.let_all_go_on(self.laptops)
        for laptop in tuple(self.laptops):
            self.wiping.started(laptop)
        self.skew.end(self.laptops)
        before = self._stand()
        for _ in range(QUIET_ROUNDS):
            self.step += 1
            for number, laptop in enumerate(self.laptops):
                self.sync(laptop, Step("sync", number), ALL)
                self.wiping.started(laptop)
            here = self._stand()
            if here == before:
                break
            before = here
        else:
            raise Wrong(f"nobody comes to rest: {here}")
        self.wiping.all_done()
        self.central.compare_all()
        for laptop in self.laptops:
            self.watch.converged(laptop)
        self.carrying.arrived(self.laptops)
        if not self.ageing.tidied:
            self.watch.answered(self.laptops)
        self.note(with_names(self.central.dump(), self.central.names))

    def afresh(self) -> None:
        """I22: a replica fetched afresh equals the one synced step by step."""
        for user in dict.fromkeys(OWNERS[: self.laptops_wanted]):
            self.enrol(f"fresh-{user}", user, 0)
        self.quiet()


def make_store(url: str) -> None:
    """An empty central store, the same each time; histories begin with copies of it."""
    chance = random.Random("store")
    Database.create(url, lambda: START, chance.randbytes).close()


def play(
    seed: int,
    folder: Path,
    *,
    steps: int = 60,
    url: str = "",
    change: Callable[[list[Step]], list[Step]] = lambda schedule: schedule,
    **options: Any,
) -> History:
    """A whole history of a seed, judged; raises `Wrong` where a promise is broken."""
    laptops = 2 + seed % 3
    schedule = change(draw(seed, steps, laptops))
    grows_old = seed % 4 == 2
    if grows_old:  # a forger's high number, or a copy's, would be the last that is remembered of his laptop
        schedule = [step for step in schedule if step.what not in ("forge", "copy")]
    history = History(seed, folder, url or f"sqlite:///{folder}/central.db", laptops, **options)
    most = poison.MAX_CHANGES
    try:
        poison.MAX_CHANGES = most if seed % 3 else 1 + seed % 5  # an outbox that takes several requests
        history.play(schedule)
        if seed % 4 == 0:
            history.afresh()
        if grows_old:
            grow_old(history)
    except BaseException:
        history.close()
        raise
    finally:
        poison.MAX_CHANGES = most
    return history
