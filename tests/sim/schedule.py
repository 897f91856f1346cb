"""What happens in one history, drawn up front from a seed: who works, who syncs, what breaks, what the office does.

A step names what it picks by number, never by id, so that the same schedule can be played on another database, with
other clocks or without the faults. Must not know how a step is played.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from tests.sim.people import VERBS

WORK = {
    "edit_account": 10,
    "edit_contact": 5,
    "ask_about_marketing": 2,
    "edit_order": 8,
    "create_order": 5,
    "resolve_conflict": 6,
    "decide_proposal": 2,
    "undo_decision": 6,
    "edit_activity": 8,
    "log_activity": 3,
    "create_contact": 3,
    "submit_order": 2,
    "edit_site": 3,
    "archive": 2,
    "create_account": 1,
    "restore": 2,
    "cancel_order": 2,
    "decide_pair": 3,
    "add_file": 6,
    "let_go": 0,
    "send_again": 0,
}
"""How often somebody does what; of 0, only in histories of its own."""
OFFICE = {
    "edit_account": 6,
    "edit_contact": 3,
    "ask_about_marketing": 1,
    "move_owner": 4,
    "move_territory": 2,
    "assign": 2,
    "unassign": 1,
    "cover": 4,
    "lend": 2,
    "move_away": 1,
    "change_role": 1,
    "join_team": 2,
    "leave_team": 1,
    "change_manager": 1,
    "move_order": 3,
    "archive_account": 1,
    "restore_account": 1,
    "change_product": 1,
    "merge": 5,
    "unmerge": 5,
    "limit_files": 2,
}
PEOPLE = ("work", "sync", "office", "restart", "carry", "wait", "open")
MISHAPS = ("kill", "replay", "forge", "backup", "restore", "copy")
LINE_FAULTS = ("lost request", "lost reply", "twice", "cut reply", "cut request", "flipped", "work meanwhile")
FILE_FAULTS = (
    "lost request",
    "lost reply",
    "twice",
    "cut reply",
    "cut request",
    "flipped",
    "late",
    "kill after send",
    "kill after reply",
)
DISK_FAULTS = ("disk full", "disk error", "server disk full", "server disk error")
SERVER_FAULTS = ("before commit", "after commit", "before reply")
KILLS = (
    "kill before send",
    "kill after send",
    "kill after reply",
    "kill at statement",
    "kill after statement",
)
assert WORK.keys() == VERBS.keys(), "every action has a weight"

STORIES: tuple[tuple[tuple[str, str], ...], ...] = (
    # somebody loses an account with edits under way, and the new holder decides what becomes of them
    (
        ("everybody", ""),
        ("office", "move_owner"),
        ("one", "edit_account"),
        ("one", "edit_account"),
        ("one", "sync"),
        ("everybody", ""),
        ("other", "decide_proposal"),
        ("third", "decide_proposal"),
        ("everybody", ""),
    ),
    # a customer refuses marketing here, and has agreed there
    (
        ("everybody", ""),
        ("office", "ask_about_marketing"),
        ("one", "ask_about_marketing"),
        ("other", "ask_about_marketing"),
        ("third", "ask_about_marketing"),
        ("everybody", ""),
    ),
    # two customers of different people become one, and two again
    (
        ("office", "merge"),
        ("office", "merge"),
        ("everybody", ""),
        ("one", "edit_account"),
        ("other", "log_activity"),
        ("office", "unmerge"),
        ("everybody", ""),
        ("office", "unmerge"),
    ),
    # one deletes what the other edits, and it is brought back
    (
        ("everybody", ""),
        ("one", "archive"),
        ("other", "edit_contact"),
        ("other", "edit_account"),
        ("one", "sync"),
        ("other", "sync"),
        ("one", "sync"),
        ("one", "resolve_conflict"),
        ("third", "restore"),
    ),
    # photos of a customer who moves before they have gone up, and after
    (
        ("everybody", ""),
        ("one", "add_file"),
        ("one", "add_file"),
        ("one", "sync"),
        ("office", "move_owner"),
        ("one", "add_file"),
        ("other", "sync"),
        ("other", "open"),
        ("one", "sync"),
        ("one", "open"),
        ("everybody", ""),
        ("other", "open"),
    ),
    # the folder of a profile is copied, and somebody works on with both
    (
        ("everybody", ""),
        ("one", "copy"),
        ("one", "log_activity"),
        ("one", "edit_account"),
        ("one", "add_file"),
        ("one", "sync"),
        ("one", "sync"),
        ("one", "edit_contact"),
        ("one", "sync"),
        ("one", "edit_account"),
        ("one", "sync"),
    ),
    # two copies of a profile have one stick for the answers of both
    (
        ("everybody", ""),
        ("one", "copy"),
        *(("one", "edit_account"), ("one", "log_activity"), ("one", "carry")) * 5,
        ("one", "sync"),
        ("one", "sync"),
    ),
)
"""Steps that show something only in their order; other steps may come between any two of them."""
_NO_WORK = ("sync", "open", "copy", "carry")
SHUT_OUT_IN = 4
"""In one of so many histories the office locks or withdraws laptops."""

HURT_IN = 4
"""In one of so many histories disks damage replicas, and the office orders laptops to be wiped."""
WIPES = (("order",), ("order",), ("lost",), ("order", "cancel"), ("order", "lost"), ("lost", "cancel"))
"""What the office says of one laptop, one after the other."""

REPAIR_KILLS = (
    "",
    "",
    "REPAIR_BUILT",
    "REPAIR_READY",
    "DAMAGED_MOVED",
    "REPAIR_BUILT REPAIR_BUILT",
    "REPAIR_BUILT DAMAGED_MOVED",
    "REPAIR_READY DAMAGED_MOVED",
)
"""At which of its steps a repair is killed, one program after the other."""

SKEWED_IN = 4
"""In one of so many histories laptops begin with older programs, and are updated one after the other."""
AGES = ("not served", "three back", "two back", "one back", "newest", "ahead")
"""How old a laptop's program may be; the first is too old to be given anything, the last knows more than the office."""

DISKS_FAIL_IN = 4
"""In one of so many histories disks are full or fail at a write."""
STEPS_OF_A_DISK = 8
"""One of so many steps meets a disk that fails, then."""

LIMITED_IN = 10
"""In one of so many histories the office limits discounts, and decides about orders that go past a limit."""
LIMITS = (
    ("office", "limit_discount"),
    ("work", "create_order"),
    ("work", "submit_order"),
    ("sync", ""),
    ("work", "submit_order"),
    ("office", "decide_order"),
    ("sync", ""),
    ("office", "end_discount"),
)
"""What is done about one limit, by one person and the office; the last of it is often left out."""

DONE_WITH_IN = 4
"""In one of so many histories people look at what was refused, and send it again or let it go."""

STEPS_OF_A_STORY = 50
"""In so many steps, one story is told on the average."""


@dataclass(frozen=True)
class Step:
    """One step: `what` names it, see `PEOPLE` and `MISHAPS`; `pick` decides all choices inside.

    Attributes:
        fault: what breaks in a sync, "" for nothing; a save may be killed too.
        at: at which exchange, or at which statement, it breaks.
        files: what breaks on the way of files, "" for nothing.
    """

    what: str
    who: int = 0
    verb: str = ""
    pick: int = 0
    fault: str = ""
    at: int = 0
    pages: int = 0
    files: str = ""


def draw(seed: int, steps: int, laptops: int) -> list[Step]:
    """The schedule of a seed."""
    chance = random.Random(f"schedule/{seed}")
    schedule = [_step(chance, laptops) for _ in range(steps)]
    for _ in range(round(steps / STEPS_OF_A_STORY * 2 * chance.random())):
        _tell(chance, schedule, laptops)
    if seed % SHUT_OUT_IN == 0:
        _shut_out(random.Random(f"standing/{seed}"), schedule, laptops)
    if seed % HURT_IN == 1:
        _damage(random.Random(f"damage/{seed}"), schedule, laptops)
        _wipe(random.Random(f"wipe/{seed}"), schedule, laptops)
    if seed % SKEWED_IN == 2:
        _skew(random.Random(f"ages/{seed}"), schedule, laptops)
    if seed % DISKS_FAIL_IN == 3:
        chance = random.Random(f"disks/{seed}")
        schedule = [_on_a_bad_disk(chance, step) for step in schedule]
    if seed % LIMITED_IN == 6:
        _limit(random.Random(f"limits/{seed}"), schedule, laptops)
    if seed // LIMITED_IN % DONE_WITH_IN == 0:
        _be_done_with(random.Random(f"refused/{seed}"), schedule, laptops)
    return schedule[:steps]


def _be_done_with(chance: random.Random, schedule: list[Step], laptops: int) -> None:
    """People look at what was refused, now and then."""
    for _ in range(len(schedule) // 8):
        verb = chance.choice(("let_go", "send_again", "send_again"))
        at, who = chance.randrange(len(schedule)), chance.randrange(laptops)
        schedule.insert(at, Step("work", who, verb, chance.getrandbits(62)))


def _limit(chance: random.Random, schedule: list[Step], laptops: int) -> None:
    """The office limits discounts, and orders go past the limits."""
    for _ in range(1 + len(schedule) // 30):
        who, at = chance.randrange(laptops), chance.randrange(len(schedule))
        for what, verb in LIMITS[: chance.choice((7, 7, 8))]:
            schedule.insert(at, Step(what, who, verb, chance.getrandbits(62)))
            at += chance.randrange(1, 4)


def _skew(chance: random.Random, schedule: list[Step], laptops: int) -> None:
    """Some laptops begin with an older program; later ones follow, the newest at the end at the latest."""
    for who in range(laptops):
        ages = sorted(chance.sample(range(len(AGES)), 3))
        moments = sorted((0, *chance.sample(range(1, len(schedule)), 2)))
        if chance.randrange(4):
            for at, age in reversed(list(zip(moments, ages, strict=True))):
                schedule.insert(at, Step("update", who, AGES[age]))
    if chance.randrange(2):
        schedule.insert(chance.randrange(len(schedule)), Step("update_office"))


def _on_a_bad_disk(chance: random.Random, step: Step) -> Step:
    """The step, or the same one on a disk that fails at a write, where nothing else breaks in it."""
    fails, fault = chance.randrange(STEPS_OF_A_DISK) == 0, chance.choice(DISK_FAULTS)
    at = chance.randrange(1, chance.choice((6, 40)))
    possible = step.what in ("sync", "carry", "open") or (step.what == "work" and fault in DISK_FAULTS[:2])
    return replace(step, fault=fault, at=at) if fails and possible and not step.fault else step


def _shut_out(chance: random.Random, schedule: list[Step], laptops: int) -> None:
    """The office locks a laptop and lets it go on some time later, or never; it may withdraw one, locked or not."""
    for _ in range(1 + len(schedule) // 60):
        who, at, pick = chance.randrange(laptops), chance.randrange(len(schedule)), chance.getrandbits(62)
        verbs = chance.choice((("lock", "unlock"), ("lock", "unlock"), ("lock", "withdraw"), ("withdraw",)))
        for verb in verbs:
            schedule.insert(at, Step("shut_out", who, verb, pick))
            at += chance.randrange(1, 30)


def _damage(chance: random.Random, schedule: list[Step], laptops: int) -> None:
    """Disks damage replicas, most often when there was work since the last sync."""
    for _ in range(1 + len(schedule) // 80):
        at, who, pick = chance.randrange(len(schedule)), chance.randrange(laptops), chance.getrandbits(62)
        schedule.insert(at, Step("damage", who, "", pick, chance.choice(REPAIR_KILLS)))


def _wipe(chance: random.Random, schedule: list[Step], laptops: int) -> None:
    """The office orders a laptop to be wiped; it may take that back, or call it lost after all."""
    for _ in range(1 + len(schedule) // 100):
        who, at, pick = chance.randrange(laptops), chance.randrange(len(schedule)), chance.getrandbits(62)
        for verb in chance.choice(WIPES):
            schedule.insert(at, Step("wipe", who, verb, pick))
            at += chance.randrange(1, 20)


def _tell(chance: random.Random, schedule: list[Step], laptops: int) -> None:
    """Works a story into a schedule, its steps close to one another."""
    people = chance.sample(range(laptops), laptops) * 2
    roles = dict(zip(("one", "other", "third"), people, strict=False))
    at = chance.randrange(max(len(schedule) - 30, 1))
    for who, verb in chance.choice(STORIES):
        pick = chance.getrandbits(62)
        if who == "everybody":
            schedule[at:at] = [Step("sync", one) for one in people[:laptops]]
            at += laptops
            continue
        what = verb if verb in _NO_WORK else "office" if who == "office" else "work"
        files = _file_fault(chance) if what in ("sync", "open") else ""
        schedule.insert(
            at, Step(what, roles.get(who, 0), "" if what in _NO_WORK else verb, pick, files=files)
        )
        at += 1 + (chance.randrange(3) == 0)


def without_faults(schedule: list[Step]) -> list[Step]:
    """The same history on a good day: no sync is killed, no message lost."""
    calm = ("sync", "carry", "open")
    return [replace(step, fault="", files="") if step.what in calm else step for step in schedule]


def without_work_meanwhile(schedule: list[Step]) -> list[Step]:
    """The same history in which nobody works while his laptop syncs."""
    return [replace(step, fault="" if step.fault == "work meanwhile" else step.fault) for step in schedule]


def _step(chance: random.Random, laptops: int) -> Step:
    who, pick = chance.randrange(laptops), chance.getrandbits(62)
    what = chance.choices((*PEOPLE, *MISHAPS), (60, 14, 11, 2, 6, 2, 4, 2, 2, 2, 1, 1, 0.4))[0]
    if what == "work":
        verb = chance.choices(list(WORK), list(WORK.values()))[0]
        fault = chance.choice(KILLS[3:]) if chance.random() < 0.04 else ""
        return Step(what, who, verb, pick, fault, chance.randrange(1, 12))
    if what == "office":
        return Step(what, who, chance.choices(list(OFFICE), list(OFFICE.values()))[0], pick)
    if what == "sync":
        fault, at = _fault(chance)
        pages = chance.choice((0, 0, 0, 300, 1_500))
        return Step(what, who, "", pick, fault, at, pages, _file_fault(chance))
    if what == "carry":
        fault = chance.choice(SERVER_FAULTS + KILLS[3:]) if chance.random() < 0.2 else ""
        return Step(what, who, "", pick, fault, chance.randrange(1, 60), chance.choice((0, 0, 300)))
    return Step(what, who, "", pick, files=_file_fault(chance) if what == "open" else "")


def _file_fault(chance: random.Random) -> str:
    return chance.choice(FILE_FAULTS) if chance.random() < 0.4 else ""


def _fault(chance: random.Random) -> tuple[str, int]:
    if chance.random() < 0.5:
        return "", 0
    kind = chance.choice((LINE_FAULTS, SERVER_FAULTS, KILLS))
    fault = chance.choice(kind)
    if "statement" in fault:
        return fault, chance.randrange(1, 60)
    return fault, chance.choice((0, 0, 0, 1, 2))
