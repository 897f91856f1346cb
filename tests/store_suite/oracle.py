"""An independent judge: who must hold which rows, worked out from the tables alone by plain loops.

Shares no code with `fieldrep/domain/holders.py`, the settling or the feed.
"""

from __future__ import annotations

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.fields import Value
from sync_server.store.reading import Reader

Table = dict[bytes, dict[str, Value]]


def tables(reader: Reader) -> dict[str, Table]:
    """All rows of all entities, by id."""
    found: dict[str, Table] = {}
    for entity in ENTITIES:
        rows: Table = {}
        for row in reader.all(entity.name):
            assert isinstance(row["id"], bytes)
            rows[row["id"]] = row
        found[entity.name] = rows
    return found


def above(users: Table, user_id: Value) -> set[bytes]:
    """The user and those above him, who are active."""
    found: set[bytes] = set()
    chain: list[bytes] = []
    while isinstance(user_id, bytes) and user_id in users and user_id not in chain:
        chain.append(user_id)
        user_id = users[user_id]["manager_id"]
    for one in chain:
        if users[one]["active"] and not users[one]["archived"]:
            found.add(one)
    return found


def valid(row: dict[str, Value], day: str) -> bool:
    start, end = row["valid_from"], row["valid_to"]
    return not row["archived"] and (not start or str(start) <= day) and (not end or day <= str(end))


def account_holders(all_rows: dict[str, Table], account_id: Value, day: str) -> set[bytes]:
    """Owner, team, territory's people, and the managers of each."""
    if not isinstance(account_id, bytes) or account_id not in all_rows["account"]:
        return set()
    account = all_rows["account"][account_id]
    first: set[Value] = {account["owner_user_id"]}
    for row in all_rows["account_team"].values():
        if row["account_id"] == account_id and valid(row, day):
            first.add(row["user_id"])
    territory, seen = account["territory_id"], set()
    while isinstance(territory, bytes) and territory not in seen:
        seen.add(territory)
        for row in all_rows["territory_assignment"].values():
            if row["territory_id"] == territory and valid(row, day):
                first.add(row["user_id"])
        parent = all_rows["territory"].get(territory)
        territory = parent["parent_id"] if parent else None
    return {holder for one in first for holder in above(all_rows["user"], one)}


def must_hold(reader: Reader, user_id: bytes, day: str) -> dict[tuple[str, bytes], dict[str, Value]]:
    """Every row the user must hold, with its values; nothing else may be on his devices (I1, I5)."""
    all_rows = tables(reader)
    if user_id not in above(all_rows["user"], user_id):
        return {}
    held: dict[bytes, bool] = {}
    found = {}
    for entity in ENTITIES:
        rule = entity.scope
        for row_id, row in all_rows[entity.name].items():
            account = row[rule.account] if rule.account else None
            person = row[rule.user] if rule.user else None
            if isinstance(account, bytes):
                if account not in held:
                    held[account] = user_id in account_holders(all_rows, account, day)
                mine = held[account]
            elif isinstance(person, bytes):
                mine = user_id in (above(all_rows["user"], person) if rule.team else {person})
            else:
                mine = True
            if mine:
                found[entity.name, row_id] = {name: row[name] for name in entity.column_names}
    return found
