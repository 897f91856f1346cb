"""What befalls laptops and the office in a history apart from work and syncs: each a step of the schedule.

Owns what is done in such a step. Must not know when it comes, nor how work and syncs are played.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.sim.carrying import Carrying
from tests.sim.central import Central
from tests.sim.damage import Damage
from tests.sim.forgery import forge
from tests.sim.judge.watch import Watch
from tests.sim.laptop import Laptop
from tests.sim.people import People
from tests.sim.schedule import Step
from tests.sim.skew import Skew
from tests.sim.sticks import Sticks
from tests.sim.wiping import Wiping


class Mishaps:
    """The half of a history that is not work; `History` is the other."""

    folder: Path
    recover: bool
    step: int
    hours: int
    laptops: list[Laptop]
    sent: dict[str, list[tuple[str, bytes, bytes]]]
    twins: dict[str, Laptop]
    fired: dict[str, int]
    central: Central
    people: People
    carrying: Carrying
    watch: Watch
    sticks: Sticks
    skew: Skew
    damage: Damage
    wiping: Wiping
    look: Callable[[Laptop], None]

    def _whose(self, step: Step) -> Laptop:
        """Whose step it is; once a laptop has been copied, both go on."""
        laptop = self.laptops[step.who]
        return self.wiping.started(self.twins.get(laptop.name, laptop) if step.pick >> 8 & 1 else laptop)

    def _replaced(self, old: Laptop, new: Laptop) -> None:
        """Somebody has a new laptop for one that was wiped; what it had sent may arrive again."""
        self.laptops[:] = [new if laptop is old else laptop for laptop in self.laptops]
        self.twins = {
            new.name if name == old.name else name: new if twin is old else twin
            for name, twin in self.twins.items()
        }
        if self.central.standing.is_heard(old.device):  # until its receipt is there its files are answered
            self.sticks.asked.pop(old.name, None)
        for kept in (self.sent, self.carrying.sent, self.sticks.asked):
            kept[new.name] = kept.pop(old.name, [])  # type: ignore[attr-defined]

    def _fire(self, fault: str) -> None:
        if fault:
            self.fired[fault] = self.fired.get(fault, 0) + 1

    def _copy(self, step: Step) -> str:
        """Somebody copies the folder of a profile as it lies, and goes on with the copy as well; once a history."""
        laptop = self.wiping.started(self.laptops[step.who])
        ordered = self.central.standing.is_ordered(laptop.device)
        if self.twins or self.recover or ordered or laptop.replica.state().barred:
            return "nothing to copy"
        self._fire("copied")
        twin = self.twins[laptop.name] = laptop.copy(f"{laptop.name}c")
        self.laptops.append(twin)
        self.sticks.share(laptop, twin)
        self.watch.follow(laptop, twin)
        self.look(twin)
        return f"{laptop.name} is copied"

    def _shut_out(self, step: Step) -> str:
        """The office locks a laptop, lets it go on, or withdraws it."""
        if self.recover:
            return "nobody is locked"
        self._fire(step.verb)
        return self.central.standing.act(self._whose(step), step.verb)

    def _wipe(self, step: Step) -> str:
        """The office orders a laptop to be wiped, or takes that back."""
        if self.recover:
            return "nobody is wiped"
        self._fire(f"wipe, {step.verb}")
        return self.wiping.order(self._whose(step), step)

    def _wait(self, step: Step) -> str:
        """Nights pass, and with them days on which cover begins or ends."""
        self.hours += 1 + step.pick % 40
        return f"it is {self.hours} hours later"

    def _restart(self, step: Step) -> str:
        laptop = self._whose(step)
        laptop.restart()
        self.look(laptop)
        return f"{laptop.name} restarted"

    def _damage(self, step: Step) -> str:
        """The disk damages a replica, and the program repairs it."""
        laptop = self._whose(step)
        if self.recover:
            return "nothing is damaged"
        self._fire("damaged" + (f", {step.fault}" if step.fault else ""))
        told = self.damage.act(laptop, step)
        if not laptop.off:
            self.look(laptop)
        return told

    def _update(self, step: Step) -> str:
        """A laptop's program is replaced by one of another age; only before any work it may be an older one."""
        laptop = self._whose(step)
        self._fire(f"age, {step.verb}")
        laptop.update(step.verb)
        self.look(laptop)
        return f"{laptop.name} has the program that is {step.verb}"

    def _update_office(self, step: Step) -> str:
        """The server is replaced by one that knows what the laptops that are ahead of it know."""
        self._fire("age, office")
        self.skew.update_office()
        return "the office has a newer server"

    def _kill(self, step: Step) -> str:
        laptop = self._whose(step)
        laptop.kill()
        self._fire("kill idle")
        self.look(laptop)
        return f"{laptop.name} killed"

    def _replay(self, step: Step) -> str:
        """An old request arrives again, long after."""
        laptop = self._whose(step)
        kept = self.sent[laptop.name]
        if not kept:
            return "nothing to replay"
        self._fire("replay")
        token, device, body = kept[step.pick % len(kept)]
        known = self.central.again(token, body, device, laptop.user)
        return f"{laptop.name} an old request came again{'' if known else ', of a stranger'}"

    def _backup(self, step: Step) -> str:
        self.central.back_up(self.folder / "backup")
        return "the office makes a backup"

    def _restore(self, step: Step) -> str:
        """The office restores the last backup; the laptops do not know it yet."""
        if self.central.saved is None:
            return "there is no backup"
        self._fire("restore")
        self.central.restore(self.folder / "backup")
        return "the office restores the backup"

    def _forge(self, step: Step) -> str:
        """Somebody with a laptop's token writes a message of his own, on rows he does not hold or fields he may not."""
        laptop = self._whose(step)
        if not laptop.replica.state().complete or not self.central.standing.is_heard(laptop.device):
            return "nobody to forge"
        self._fire("forged")
        self.carrying.pry(laptop, step.pick)
        told = forge(self.central, laptop, 1_000_000 + self.step, step.pick, self.people.products)
        return f"{laptop.name} forged {told}"[:60]
