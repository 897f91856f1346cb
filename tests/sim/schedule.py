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
    "edit_contact": 6,
    "edit_order": 8,
    "create_order": 5,
    "resolve_conflict": 7,
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
}
OFFICE = {
    "edit_account": 6,
    "edit_contact": 3,
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
}
PEOPLE = ("work", "sync", "office", "restart", "carry", "wait")
MISHAPS = ("kill", "replay", "forge", "backup", "restore")
LINE_FAULTS = ("lost request", "lost reply", "twice", "cut reply", "cut request", "flipped", "work meanwhile")
SERVER_FAULTS = ("before commit", "after commit", "before reply")
KILLS = (
    "kill before send",
    "kill after send",
    "kill after reply",
    "kill at statement",
    "kill after statement",
)
assert WORK.keys() == VERBS.keys(), "every action has a weight"


@dataclass(frozen=True)
class Step:
    """One step: `what` names it, see `PEOPLE` and `MISHAPS`; `pick` decides all choices inside.

    Attributes:
        fault: what breaks in a sync, "" for nothing; a save may be killed too.
        at: at which exchange, or at which statement, it breaks.
    """

    what: str
    who: int = 0
    verb: str = ""
    pick: int = 0
    fault: str = ""
    at: int = 0
    pages: int = 0


def draw(seed: int, steps: int, laptops: int) -> list[Step]:
    """The schedule of a seed."""
    chance = random.Random(f"schedule/{seed}")
    return [_step(chance, laptops) for _ in range(steps)]


def without_faults(schedule: list[Step]) -> list[Step]:
    """The same history on a good day: no sync is killed, no message lost."""
    return [replace(step, fault="") if step.what in ("sync", "carry") else step for step in schedule]


def without_work_meanwhile(schedule: list[Step]) -> list[Step]:
    """The same history in which nobody works while his laptop syncs."""
    return [replace(step, fault="" if step.fault == "work meanwhile" else step.fault) for step in schedule]


def _step(chance: random.Random, laptops: int) -> Step:
    who, pick = chance.randrange(laptops), chance.getrandbits(62)
    what = chance.choices((*PEOPLE, *MISHAPS), (62, 14, 11, 2, 6, 2, 2, 2, 2, 1, 1))[0]
    if what == "work":
        verb = chance.choices(list(WORK), list(WORK.values()))[0]
        fault = chance.choice(KILLS[3:]) if chance.random() < 0.04 else ""
        return Step(what, who, verb, pick, fault, chance.randrange(1, 12))
    if what == "office":
        return Step(what, who, chance.choices(list(OFFICE), list(OFFICE.values()))[0], pick)
    if what == "sync":
        fault, at = _fault(chance)
        pages = chance.choice((0, 0, 0, 300, 1_500))
        return Step(what, who, "", pick, fault, at, pages)
    if what == "carry":
        fault = chance.choice(SERVER_FAULTS + KILLS[3:]) if chance.random() < 0.2 else ""
        return Step(what, who, "", pick, fault, chance.randrange(1, 60), chance.choice((0, 0, 300)))
    return Step(what, who, "", pick)


def _fault(chance: random.Random) -> tuple[str, int]:
    if chance.random() < 0.5:
        return "", 0
    kind = chance.choice((LINE_FAULTS, SERVER_FAULTS, KILLS))
    fault = chance.choice(kind)
    if "statement" in fault:
        return fault, chance.randrange(1, 60)
    return fault, chance.choice((0, 0, 0, 1, 2))
