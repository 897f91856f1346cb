"""What a planned change of scope would move: to whom, how many records and bytes, and who may hold unsent work there.

The change is made by the code that makes it for good, in a transaction that is then undone (`Database.rehearse`).
Must not print, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldrep.contract.ids import id_text
from fieldrep.contract.page import make_page
from fieldrep.contract.scope import account_of
from sync_server.store.feed.statements import COST_ROLES, feed_tables
from sync_server.store.reading import Reader
from sync_server.store.settling import Settlement

_ALL = 2**62
_KEYS = 400
"""Keys whose rows are looked at together; a person may hold tens of thousands."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rehearsed change came to.

    Attributes:
        settlement: what it changes in the ledger.
        roles: whose role it changes: before and after, by user.
    """

    settlement: Settlement
    roles: Mapping[bytes, tuple[str, str]]

    @property
    def moves(self) -> bool:
        """Whether it concerns anybody."""
        return bool(self.settlement.gained or self.settlement.lost or self.roles)


@dataclass(frozen=True, slots=True)
class Moved:
    """Records that enter or leave somebody's scope.

    Attributes:
        entities: per kind of record how many, and how many bytes their values take before compression.
    """

    accounts: int
    entities: Mapping[str, tuple[int, int]]

    @property
    def rows(self) -> int:
        """All records."""
        return sum(count for count, _ in self.entities.values())

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(size for _, size in self.entities.values())


@dataclass(frozen=True, slots=True)
class DeviceThere:
    """A device of somebody who would gain or lose something.

    Attributes:
        number_prefix: tells devices of one name apart.
        seen_at: when it was last in contact, None for never.
        waiting: how many changes it had made by then and not sent; what it has made since, nobody knows.
    """

    device_id: str
    name: str
    number_prefix: str
    state: str
    seen_at: int | None
    waiting: int | None


@dataclass(frozen=True, slots=True)
class Concerned:
    """What the change would mean to one person.

    Attributes:
        cost: True when he would see from now on what things cost, False when no longer, None for no change.
    """

    login: str
    name: str
    gains: Moved
    loses: Moved
    cost: bool | None
    devices: tuple[DeviceThere, ...]


def concerned(reader: Reader, plan: Plan) -> list[Concerned]:
    """Everybody a plan concerns, by login."""
    keys: dict[bytes, tuple[set[bytes], set[bytes]]] = {user: (set(), set()) for user in plan.roles}
    for place, grants in enumerate((plan.settlement.gained, plan.settlement.lost)):
        for user_id, key in grants:
            keys.setdefault(user_id, (set(), set()))[place].add(key)
    measured: dict[tuple[frozenset[bytes], bool], Moved] = {}
    found = []
    for user_id, sides in keys.items():
        user = reader.row("user", user_id) or {}
        before, after = plan.roles.get(user_id, (str(user.get("role")), str(user.get("role"))))
        sees, saw = after in COST_ROLES, before in COST_ROLES
        moved = []
        for side in sides:
            known = frozenset(side), sees
            if known not in measured:
                measured[known] = _measure(reader, known[0], sees_cost=sees)
            moved.append(measured[known])
        cost = None if sees == saw else sees
        login, name = str(user.get("login", "?")), str(user.get("name", "?"))
        found.append(Concerned(login, name, moved[0], moved[1], cost, _devices(reader, user_id)))
    return sorted(found, key=lambda one: one.login)


def _measure(reader: Reader, keys: Iterable[bytes], *, sees_cost: bool) -> Moved:
    """What all rows of the keys come to, in the columns their reader gets."""
    wanted = sorted(keys)
    present = reader.info().revision
    entities: dict[str, tuple[int, int]] = {}
    for name, table in feed_tables(sees_cost).items():
        some = [key for key in wanted if table.lowest < key < table.highest]
        rows = size = 0
        for start in range(0, len(some), _KEYS):
            known = (-1, present, _ALL)
            found = list(reader.session.chosen(table.in_keys, some[start : start + _KEYS], (), known))
            if found:
                page = make_page(name, table.names, found)
                rows, size = rows + len(found), size + sum(map(len, page.columns))
        if rows:
            entities[name] = rows, size
    return Moved(sum(account_of(key) is not None for key in wanted), entities)


def _devices(reader: Reader, user_id: bytes) -> tuple[DeviceThere, ...]:
    sql = (
        "SELECT d.id, d.name, d.number_prefix, d.state, k.seen_at, k.waiting FROM device AS d "
        "JOIN device_credential AS c ON c.device_id = d.id LEFT JOIN device_contact AS k ON k.device_id = d.id "
        "WHERE d.user_id = ? AND c.revoked_at IS NULL ORDER BY d.id"
    )
    return tuple(
        DeviceThere(id_text(device_id), name or "", prefix or "", state or "", seen_at, waiting)
        for device_id, name, prefix, state, seen_at, waiting in reader.rows(sql, (user_id,))
    )
