"""Who may hold what: the rule that turns owners, teams, territories and managers into the holders of a scope key.

Pure: it is given people, territories and assignments as they stand at one moment. A time that begins or ends on a day
does so where its person is. The server settles its scope ledger by it. Must not know how any of them is stored, nor
what a revision is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldrep.domain.days import day_at

Holders = frozenset[bytes]
NOBODY: Holders = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """A user: his manager, whether he works here at all, and the time zone his days are counted in."""

    manager_id: bytes | None
    active: bool
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A user covers a territory and its subtree; both days count, None is open."""

    user_id: bytes
    territory_id: bytes
    valid_from: str | None
    valid_to: str | None

    def holds_on(self, day: str) -> bool:
        """Whether the assignment is in force on an ISO day."""
        return (not self.valid_from or self.valid_from <= day) and (not self.valid_to or day <= self.valid_to)


class Coverage:
    """People, territories and assignments at one moment, in UTC. Immutable; answers are remembered.

    Cycles among managers or territories are data errors that must not hang a server: each is walked once.
    """

    def __init__(
        self,
        people: Mapping[bytes, Person],
        parents: Mapping[bytes, bytes | None],
        assignments: Iterable[Assignment],
        moment: str,
    ) -> None:
        self.people = people
        self.moment = moment
        self.days = {zone: day_at(moment, zone) for zone in {"UTC", *(one.zone for one in people.values())}}
        self._parents = parents
        self._covering: dict[bytes, set[bytes]] = {}
        for assignment in assignments:
            if assignment.holds_on(self.day_of(assignment.user_id)):
                self._covering.setdefault(assignment.territory_id, set()).add(assignment.user_id)
        self._upward: dict[bytes, Holders] = {}
        self._accounts: dict[tuple[bytes | None, bytes | None], Holders] = {}

    def day_of(self, user_id: bytes) -> str:
        """The day it is for a user."""
        person = self.people.get(user_id)
        return self.days[person.zone if person is not None else "UTC"]

    def is_overtaken(self, moment: str) -> bool:
        """Whether at another moment it is another day for anybody."""
        return any(day_at(moment, zone) != day for zone, day in self.days.items())

    def upward(self, user_id: bytes) -> Holders:
        """The user and all managers above him, those who are active; an inactive manager passes it on upwards."""
        known = self._upward.get(user_id)
        if known is not None:
            return known
        seen: set[bytes] = set()
        step: bytes | None = user_id
        while step is not None and step in self.people and step not in seen:
            seen.add(step)
            step = self.people[step].manager_id
        found = frozenset(one for one in seen if self.people[one].active)
        self._upward[user_id] = found
        return found

    def covering(self, territory_id: bytes | None) -> Holders:
        """The users assigned to a territory or to one it is part of."""
        found: set[bytes] = set()
        seen: set[bytes] = set()
        while territory_id is not None and territory_id not in seen:
            seen.add(territory_id)
            found |= self._covering.get(territory_id, NOBODY)
            territory_id = self._parents.get(territory_id)
        return frozenset(found)

    def account_holders(
        self, owner_id: bytes | None, territory_id: bytes | None, team: Iterable[bytes] = ()
    ) -> Holders:
        """Who holds an account: owner, team and territory's people, and every manager of each."""
        pair = (owner_id, territory_id)
        found = self._accounts.get(pair)
        if found is None:
            first = self.covering(territory_id) | (frozenset() if owner_id is None else {owner_id})
            found = frozenset().union(*map(self.upward, first)) if first else NOBODY
            self._accounts[pair] = found
        return found.union(*map(self.upward, team)) if team else found
