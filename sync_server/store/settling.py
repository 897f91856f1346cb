"""Settling the scope ledger: who gains and who loses which keys through what a transaction staged, or a new day.

Owns the way from rows to the rule in `fieldrep/domain/holders.py` and the comparison with the ledger, which stays the
truth about who holds what. Only accounts and users the transaction can have touched are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fieldrep.contract.scope import (
    ACCOUNT_PREFIX,
    EVERYBODY_KEY,
    account_key,
    pair_key,
    team_key,
    user_key,
)
from fieldrep.domain.holders import Assignment, Coverage, Person
from sync_server.store.reading import Reader
from sync_server.store.statements import Row
from sync_server.store.workspace import Workspace

DECIDE_HOLDERS = frozenset({"owner_user_id", "territory_id", "merged_into_id"})
"""Fields of an account that decide who holds it; one that is merged into another is held by nobody any more."""

STRUCTURAL = ("user", "territory", "territory_assignment")
_CHUNK = 2_000
_OWNED = "SELECT id, territory_id FROM account WHERE owner_user_id = ?"
_UNOWNED = "SELECT id, territory_id FROM account WHERE owner_user_id IS NULL"

_EVERY_PAIR = "SELECT id, account_id, other_account_id FROM duplicate_candidate"
_PAIRS_OF_ONE = _EVERY_PAIR + " WHERE account_id IN :members"
_PAIRS_OF_OTHER = _EVERY_PAIR + " WHERE other_account_id IN :members"

Pairs = dict[bytes, tuple[bytes, bytes]]
"""Per row that names two accounts, these."""

Grant = tuple[bytes, bytes]
"""A user and a scope key."""


@dataclass(slots=True)
class Settlement:
    """What changes in the ledger."""

    gained: list[Grant] = field(default_factory=list)
    lost: list[Grant] = field(default_factory=list)


def coverage(reader: Reader, moment: str) -> Coverage:
    """People, territories and assignments as stored."""
    users = reader.rows("SELECT id, manager_id, active, archived, tz FROM app_user")
    territories = reader.rows("SELECT id, parent_id FROM territory")
    assignments = reader.rows(
        "SELECT user_id, territory_id, valid_from, valid_to FROM territory_assignment WHERE archived = 0"
    )
    return Coverage(
        {
            row_id: Person(manager, bool(active) and not archived, zone or "UTC")
            for row_id, manager, active, archived, zone in users
        },
        dict(territories),
        [Assignment(*row) for row in assignments],
        moment,
    )


def staged_coverage(workspace: Workspace, moment: str) -> Coverage:
    """People, territories and assignments as they will be after the flush."""
    users = _overlaid(workspace, "user")
    territories = _overlaid(workspace, "territory")
    assignments = _overlaid(workspace, "territory_assignment")
    return Coverage(
        {
            _id(row): Person(
                _ref(row, "manager_id"), bool(row["active"]) and not row["archived"], str(row["tz"] or "UTC")
            )
            for row in users
        },
        {_id(row): _ref(row, "parent_id") for row in territories},
        [_assignment(row) for row in assignments if not row["archived"]],
        moment,
    )


def settle(workspace: Workspace, before: Coverage, after: Coverage) -> Settlement:
    """What the staged rows, and the step from one coverage to the next, change in the ledger."""
    settlement = Settlement()
    accounts = set(_staged_accounts(workspace))
    if after is not before:
        _settle_people(workspace, before, after, settlement)
        accounts |= set(_moved_accounts(workspace, before, after))
    _settle_accounts(workspace, after, sorted(accounts), settlement)
    _settle_pairs(workspace, after, _pairs(workspace, accounts), settlement)
    return settlement


def settle_all(workspace: Workspace, after: Coverage) -> Settlement:
    """What it takes to bring the whole ledger in line with the rule; nothing, unless something is wrong."""
    settlement = Settlement()
    nobody = Coverage({}, {}, (), after.moment)
    _settle_people(workspace, nobody, after, settlement)
    accounts = [row_id for (row_id,) in workspace.rows("SELECT id FROM account ORDER BY id")]
    _settle_accounts(workspace, after, accounts, settlement)
    _settle_pairs(workspace, after, dict(_stored_pairs(workspace, _EVERY_PAIR)), settlement)
    return settlement


def _settle_people(workspace: Workspace, before: Coverage, after: Coverage, settlement: Settlement) -> None:
    """The keys that belong to people: everybody's, each user's own, each user's team's."""
    touched = [
        user_id
        for user_id in after.people
        if user_id not in before.people or before.upward(user_id) != after.upward(user_id)
    ]
    wanted: dict[bytes, set[bytes]] = {}
    for user_id in touched:
        alone = after.upward(user_id) & {user_id}
        wanted[team_key(user_id)] = set(after.upward(user_id))
        wanted[user_key(user_id)] = set(alone)
    _compare(workspace, wanted, settlement)
    everybody = set(workspace.holders(EVERYBODY_KEY))
    for user_id in touched:
        _note(user_id, EVERYBODY_KEY, user_id in after.upward(user_id), user_id in everybody, settlement)


def _settle_accounts(
    workspace: Workspace, after: Coverage, accounts: list[bytes], settlement: Settlement
) -> None:
    for start in range(0, len(accounts), _CHUNK):
        holders = _holders(workspace, after, accounts[start : start + _CHUNK])
        wanted: dict[bytes, set[bytes]] = {account_key(account): users for account, users in holders.items()}
        _compare(workspace, wanted, settlement)


def _holders(workspace: Workspace, after: Coverage, accounts: list[bytes]) -> dict[bytes, set[bytes]]:
    """Who shall hold each of the accounts; nobody one that was merged into another."""
    teams = _teams(workspace, accounts, after)
    return {
        account_id: set(after.account_holders(owner, territory, teams.get(account_id, ())))
        for account_id, owner, territory in _owners(workspace, accounts)
    }


def _settle_pairs(workspace: Workspace, after: Coverage, pairs: Pairs, settlement: Settlement) -> None:
    """The keys of rows that name two accounts: held by whoever holds both."""
    accounts = sorted({account for pair in pairs.values() for account in pair})
    holders = _holders(workspace, after, accounts) if accounts else {}
    nobody: set[bytes] = set()
    wanted: dict[bytes, set[bytes]] = {
        pair_key(row_id): holders.get(one, nobody) & holders.get(other, nobody)
        for row_id, (one, other) in pairs.items()
    }
    _compare(workspace, wanted, settlement)


def _pairs(workspace: Workspace, accounts: Iterable[bytes]) -> Pairs:
    """The rows that name two accounts, of those that are staged or name an account whose holders may change."""
    known = workspace.images.get("account", {})
    stored = [account for account in accounts if known.get(account, True)]
    found = dict(_stored_pairs(workspace, _PAIRS_OF_ONE, stored))
    found.update(_stored_pairs(workspace, _PAIRS_OF_OTHER, stored))
    for row, _ in workspace.staged_rows("duplicate_candidate"):
        found[_id(row)] = _ref(row, "account_id") or b"", _ref(row, "other_account_id") or b""
    return found


def _stored_pairs(
    workspace: Workspace, sql: str, accounts: list[bytes] | None = None
) -> Iterator[tuple[bytes, tuple[bytes, bytes]]]:
    rows = workspace.rows(sql) if accounts is None else workspace.session.chosen(sql, accounts)
    yield from ((row_id, (one, other)) for row_id, one, other in rows)


def _compare(workspace: Workspace, wanted: dict[bytes, set[bytes]], settlement: Settlement) -> None:
    """Notes the difference between who shall hold keys and who does."""
    sql = "SELECT scope_key, user_id FROM scope_ledger WHERE scope_key IN :members AND lost_revision IS NULL"
    present: dict[bytes, set[bytes]] = {}
    accounts = workspace.images.get("account", {})
    known = [key for key in wanted if key[:1] != ACCOUNT_PREFIX or accounts.get(key[1:], True)]
    for key, user_id in workspace.session.chosen(sql, known):
        present.setdefault(key, set()).add(user_id)
    for key, holders in wanted.items():
        now = present.get(key, set())
        for user_id in sorted(holders ^ now):
            _note(user_id, key, user_id in holders, user_id in now, settlement)


def _note(user_id: bytes, key: bytes, wanted: bool, held: bool, settlement: Settlement) -> None:
    if wanted and not held:
        settlement.gained.append((user_id, key))
    elif held and not wanted:
        settlement.lost.append((user_id, key))


def _staged_accounts(workspace: Workspace) -> Iterator[bytes]:
    """Accounts whose owner, territory or team the transaction touched."""
    for row_id, names, is_new in workspace.written("account"):
        if is_new or not DECIDE_HOLDERS.isdisjoint(names):
            yield row_id
    for row, image in workspace.staged_rows("account_team"):
        accounts = {_ref(row, "account_id"), _ref(image.row, "account_id") if image else None}
        yield from (account_id for account_id in accounts if account_id is not None)


def _moved_accounts(workspace: Workspace, before: Coverage, after: Coverage) -> Iterator[bytes]:
    """Stored accounts whose holders differ between two coverages; found by owner and territory, not one by one."""
    pairs = workspace.rows("SELECT DISTINCT owner_user_id, territory_id FROM account")
    for owner, territory in pairs:
        if before.account_holders(owner, territory) != after.account_holders(owner, territory):
            sql = _UNOWNED if owner is None else _OWNED
            found = workspace.rows(sql, () if owner is None else (owner,))
            yield from (row_id for row_id, lies_in in found if lies_in == territory)
    members = workspace.rows("SELECT DISTINCT user_id FROM account_team WHERE archived = 0")
    moved = [user_id for (user_id,) in members if _differs(before, after, user_id)]
    sql = "SELECT account_id FROM account_team WHERE archived = 0 AND user_id IN :members"
    yield from (row_id for (row_id,) in workspace.session.chosen(sql, moved))
    if before.moment != after.moment:
        yield from _teams_of_another_day(workspace, {*before.days.values(), *after.days.values()})


def _differs(before: Coverage, after: Coverage, user_id: bytes) -> bool:
    """Whether a user's managers or his time zone are others."""
    zones = {coverage.people[user_id].zone for coverage in (before, after) if user_id in coverage.people}
    return before.upward(user_id) != after.upward(user_id) or len(zones) > 1


def _teams_of_another_day(workspace: Workspace, days: set[str]) -> Iterator[bytes]:
    """Accounts with a team member whose time begins or ends among those days."""
    sql = (
        "SELECT account_id FROM account_team WHERE archived = 0 "
        "AND ((valid_from > ? AND valid_from <= ?) OR (valid_to >= ? AND valid_to < ?))"
    )
    first, last = min(days), max(days)
    yield from (row_id for (row_id,) in workspace.rows(sql, (first, last, first, last)))


def _owners(
    workspace: Workspace, accounts: list[bytes]
) -> Iterator[tuple[bytes, bytes | None, bytes | None]]:
    staged = workspace.staged.get("account", {})
    for account_id in accounts:
        if account_id in staged:
            row = staged[account_id].row
            merged = row["merged_into_id"] is not None
            yield (
                account_id,
                *((None, None) if merged else (_ref(row, "owner_user_id"), _ref(row, "territory_id"))),
            )
    stored = [account_id for account_id in accounts if account_id not in staged]
    sql = "SELECT id, owner_user_id, territory_id, merged_into_id FROM account WHERE id IN :members"
    for account_id, owner, territory, merged_into in workspace.session.chosen(sql, stored):
        yield account_id, *((None, None) if merged_into is not None else (owner, territory))


def _teams(workspace: Workspace, accounts: list[bytes], after: Coverage) -> dict[bytes, set[bytes]]:
    """The team members of accounts whose time it is, staged ones included."""
    staged = workspace.staged.get("account_team", {})
    sql = (
        "SELECT id, scope_key, user_id, valid_from, valid_to FROM account_team "
        "WHERE archived = 0 AND scope_key IN :members"
    )
    teams: dict[bytes, set[bytes]] = {}
    new = {
        account_id for account_id in accounts if not workspace.images.get("account", {}).get(account_id, True)
    }
    keys = [account_key(account_id) for account_id in accounts if account_id not in new]
    for row_id, key, user_id, valid_from, valid_to in workspace.session.chosen(sql, keys):
        if row_id not in staged and Assignment(user_id, b"", valid_from, valid_to).holds_on(
            after.day_of(user_id)
        ):
            teams.setdefault(key[1:], set()).add(user_id)
    for entry in staged.values():
        member = _assignment(entry.row | {"territory_id": None})
        if not entry.row["archived"] and member.holds_on(after.day_of(member.user_id)):
            teams.setdefault(entry.key[1:], set()).add(member.user_id)
    return teams


def _overlaid(workspace: Workspace, entity: str) -> Iterable[Row]:
    """All rows of a small entity as they will be after the flush."""
    staged = workspace.staged.get(entity, {})
    yield from (row for row in workspace.all(entity) if row["id"] not in staged)
    yield from (entry.row for entry in staged.values())


def _assignment(row: Row) -> Assignment:
    valid_from, valid_to = row["valid_from"], row["valid_to"]
    return Assignment(
        _ref(row, "user_id") or b"",
        _ref(row, "territory_id") or b"",
        valid_from if isinstance(valid_from, str) else None,
        valid_to if isinstance(valid_to, str) else None,
    )


def within(row: Row, day: str) -> bool:
    """Whether the time of a team member or an assignment covers a day."""
    start, end = row["valid_from"], row["valid_to"]
    return (not start or str(start) <= day) and (not end or day <= str(end))


def _id(row: Row) -> bytes:
    row_id = row["id"]
    assert isinstance(row_id, bytes)  # noqa: S101 - checked when staged
    return row_id


def _ref(row: Row, name: str) -> bytes | None:
    value = row[name]
    return value if isinstance(value, bytes) else None
