"""Replicas that the disk damages, and their repair: what only the laptop had is saved, or the person is told.

Bits flip on pages of the file while no program has it open, the program finds that and repairs it, and may be killed at
each step of that. Looks at both by plain SQL. Must not know how pages are read.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fieldrep.store import drafts
from fieldrep.store.drafts import Draft
from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.outgoing import outbox
from fieldrep.store.repairing import repaired
from fieldrep.store.repairing.pages import Pages
from fieldrep.store.repairing.repair import repair
from fieldrep.store.repairing.repaired import Repaired
from tests.sim.central import Central
from tests.sim.dying import dying_at
from tests.sim.enrolling import Enrolling
from tests.sim.judge.oracle import Wrong
from tests.sim.judge.watch import Watch
from tests.sim.laptop import KEY, Laptop
from tests.sim.schedule import Step
from tests.sim.sticks import Sticks
from tests.sim.tap import Killed

_WRITE, _ANSWER, _READ = 0, 3, 6
"""What is done with a stick, by the last digit of a step's choice; the newest file of each."""

MOST_ON_A_PAGE = 64
"""Changes that a page may hold."""


@dataclass(frozen=True)
class OnlyHere:
    """What a laptop alone has.

    Attributes:
        waiting: the numbers of changes in the outbox; sent, refused: those that were answered; done_with: refused ones
            that were sent again or let go.
        files: what waits to go up, with its bytes' name.
        given: the last number of each series.
        newest: the number of the newest change.
        who: the device, its user and its token.
    """

    waiting: set[int]
    sent: set[int]
    refused: set[int]
    done_with: set[int]
    drafts: set[tuple[Any, ...]]
    files: set[tuple[Any, ...]]
    given: int
    newest: int
    who: list[tuple[Any, ...]]

    @classmethod
    def of(cls, laptop: Laptop) -> OnlyHere:
        """As it is now."""
        return cls(
            set(laptop.numbers("SELECT n FROM outbox")),
            set(laptop.numbers("SELECT n FROM sent_log")),
            set(laptop.numbers("SELECT n FROM refused_change")),
            set(laptop.numbers("SELECT n FROM past_refusal")),
            set(laptop.asked("SELECT kind, key, text FROM draft")),
            set(laptop.asked("SELECT row_id, sha256 FROM file_upload")),
            max(laptop.numbers("SELECT last FROM number_series"), default=0),
            laptop.replica.state().highest_n,
            laptop.asked(
                "SELECT device_id, user_id, incarnation, value FROM sync_state, secret WHERE name = 'token'"
            ),
        )

    @property
    def numbers(self) -> set[int]:
        """All changes it accounts for."""
        return self.waiting | self.sent | self.refused | self.done_with


@dataclass
class Damage:
    """The disks of one history.

    Attributes:
        done: how often what was found and saved.
    """

    central: Central
    enrolling: Enrolling
    sticks: Sticks
    watch: Watch
    done: dict[str, int] = field(default_factory=dict)

    def act(self, laptop: Laptop, step: Step) -> str:
        """A disk damages pages of a laptop's replica, and the next program that starts repairs it."""
        chance = random.Random(step.pick)
        type_something(laptop, step)
        if carries := chance.random() < 0.5:
            self._carry(laptop, step, _WRITE, _ANSWER)
        had = OnlyHere.of(laptop)
        if chance.random() < 0.5:
            laptop.close()
        else:
            laptop.lie_still()
        hurt = spoil(laptop, had, chance)
        told = in_all(self._repair(laptop, step))
        laptop.open()
        repaired.told(laptop.replica)
        lost = self._judge(laptop, had, told)
        if not told.sound:
            self.watch.begin_anew(laptop)
            laptop.whole, laptop.repaired = False, True
        self._count(told, lost)
        if not told.known:
            return f"{hurt}; its owner is lost; enrols again as {self._enrol_again(laptop)}"
        if carries:
            self._carry(laptop, step, _READ)
        return f"{hurt}; repaired: {told.sentence if told.sound else f'lost {sorted(lost)}'}"

    def _enrol_again(self, laptop: Laptop) -> str:
        """Who it belongs to cannot be read: it gets a new link, and the office withdraws what it was."""
        if not laptop.numbers("SELECT 1 FROM secret WHERE name = 'server_key'"):
            self.sticks.refuse(laptop)
        self.central.standing.withdraw_former(laptop.device)
        self.sticks.forget(laptop)
        return self.enrolling.again(laptop)

    def _carry(self, laptop: Laptop, step: Step, *what: int) -> None:
        for kind in what:
            self.sticks.act(laptop, replace(step, pick=step.pick // 10 * 10 + kind, fault=""))

    def _repair(self, laptop: Laptop, step: Step) -> Repaired:
        """The repair, begun again by the next program after each kill; what the last one tells the person."""
        now = laptop.clock()
        for moment in (*step.fault.split(), ""):
            with suppress(Killed), dying_at(moment):
                told = repair(laptop.path, KEY, now)
        return told

    def _judge(self, laptop: Laptop, had: OnlyHere, told: Repaired) -> set[int]:
        """I2: all that only this laptop had is there, or the person is told; says which changes are lost."""
        has, name = OnlyHere.of(laptop), laptop.name
        lost = had.numbers - has.numbers
        if told.sound and replace(has, newest=0) != replace(had, newest=0):
            raise Wrong(f"I2: the replica of {name} is called sound, and {had} became {has}")
        # where a change can no longer be told from one that waits it is sent again, and hears the same answer
        kept: tuple[tuple[set[Any], set[Any]], ...] = (
            (had.waiting | had.sent | had.done_with, has.waiting),
            (had.sent, has.sent),
            (had.refused | had.done_with, has.refused),
            (had.done_with, has.done_with),
            (had.drafts, has.drafts),
            (had.files, has.files),
        )
        for before, after in kept:
            if after - before:
                raise Wrong(f"I2: a repair of {name} made up {after - before}")
        unnamed = (had.waiting - has.waiting) - told.lost.keys()
        if not told.doubtful and (unnamed or had.drafts - has.drafts or had.refused - has.refused):
            raise Wrong(f"I2: a repair of {name} left out {had} of {has} and says {told.sentence}")
        gone = had.files - has.files
        if len(gone) > told.files_lost and not told.doubtful:
            raise Wrong(f"I2: a repair of {name} left out files {gone} and says {told.sentence}")
        if len(had.sent - has.sent) > MOST_ON_A_PAGE * told.unreadable:
            raise Wrong(f"I2: a repair of {name} left out {had.sent - has.sent} and says {told.sentence}")
        if has.newest < max(had.newest, *laptop.made, 0) or has.given < had.given:
            raise Wrong(f"I3: {name} goes back from {had.newest} to {has.newest} after a repair")
        if told.known and has.who != had.who:
            raise Wrong(f"{name} is somebody else after a repair")
        self._is_what_was_entered(laptop, has.waiting)
        for n in lost:
            del laptop.made[n]
        laptop.lost |= lost
        self.central.bodies.lost |= {row_id for row_id, _ in gone}
        return lost

    def _is_what_was_entered(self, laptop: Laptop, waiting: set[int]) -> None:
        with laptop.replica.read() as reader:
            for n in waiting:
                found = outbox.find(reader.driver, n)
                if found is None or found[0] != laptop.made[n]:
                    raise Wrong(f"I2: change {n} of {laptop.name} is not what was entered after a repair")

    def _count(self, told: Repaired, lost: set[int]) -> None:
        what = "sound" if told.sound else "nothing lost" if not lost else "changes lost"
        self.done[what] = self.done.get(what, 0) + 1
        if not told.known:
            self.done["owner lost"] = self.done.get("owner lost", 0) + 1


def type_something(laptop: Laptop, step: Step) -> None:
    """Somebody has a form open, which was not saved yet."""
    key, text = ("sim", f"{step.pick % 5}"), f"typed {step.pick}" * (1 + step.pick % 300)
    with laptop.replica.write() as connection:
        drafts.keep(connection, key, Draft(text, laptop.clock()))


def in_all(told: Repaired) -> Repaired:
    """What was told of a repair and of one before it, whose program was killed before it told anybody."""
    if told.before is None:
        return told
    before = in_all(told.before)
    return replace(
        told,
        known=told.known and before.known,
        lost=before.lost | told.lost,
        doubtful=told.doubtful or before.doubtful,
        files_lost=told.files_lost + before.files_lost,
        unreadable=told.unreadable + before.unreadable,
    )


def spoil(laptop: Laptop, had: OnlyHere, chance: random.Random) -> str:
    """Bits flip on some pages, pages are empty, or the end of the file is missing; says what was done."""
    path = laptop.path
    content = bytearray(path.read_bytes())
    pages = len(content) // PAGE_BYTES
    if chance.random() < 0.1 and pages > 20:
        kept = pages - chance.randrange(1, 10)
        path.write_bytes(content[: kept * PAGE_BYTES])
        return f"{laptop.name} lost {pages - kept} of {pages} pages"
    aimed = _pages_with(path, laptop, had) if chance.random() < 0.6 else []
    among = aimed or range(pages)
    hurt = sorted({chance.choice(among) for _ in range(chance.choice((1, 1, 1, 2, 5)))})
    for number in hurt:
        start = number * PAGE_BYTES
        if chance.random() < 0.2:
            content[start : start + PAGE_BYTES] = bytes(PAGE_BYTES)
        else:
            content[start + 16 + chance.randrange(PAGE_BYTES - 16)] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    return f"{laptop.name} is damaged on pages {hurt} of {pages}"


def _pages_with(path: Path, laptop: Laptop, had: OnlyHere) -> list[int]:
    """The pages that hold something of what waits."""
    marks = [edit.row_id for n in had.waiting for edit in laptop.made[n].edits]
    marks += [text[:20].encode() for _, _, text in had.drafts]
    pages = Pages(path, KEY)
    plain = ((number, pages.read(number + 1) or b"") for number in range(path.stat().st_size // PAGE_BYTES))
    return [number for number, page in plain if any(mark in page for mark in marks)]
