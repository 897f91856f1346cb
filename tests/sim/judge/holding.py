"""Who holds what, as the oracle says: owners, teams, territories and managers, and who held it at any time before.

Shares no code with the product. Must not know what a change becomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.sim.judge.handover import QUARTER, day_in, in_force

Row = dict[str, Any]
Key = tuple[str, bytes]
DECIDING = ("user", "territory", "territory_assignment", "account_team", "account", "duplicate_candidate")
"""Whose rows decide who holds what."""


class Holding:
    """The oracle's rows as people may hold them."""

    rows: dict[str, dict[bytes, Row]]
    tick: int
    now: int
    grants: dict[tuple[bytes, tuple[str, bytes]], list[list[int]]]
    settled_for: list[Any]
    holding: dict[tuple[str, bytes], set[bytes]]

    def key(self, entity: str, row: Mapping[str, Any]) -> tuple[str, bytes]:
        """Who holds a row: everybody, an account's people, a user, or a user and his managers."""
        if entity == "account":
            return "account", row["merged_into_id"] or row["id"]
        if entity == "duplicate_candidate":
            return "pair", row["id"]
        if row.get("account_id") is not None and entity != "device":
            return "account", row["account_id"]
        if entity == "activity":
            return "user", row["assignee_id"]
        if entity in ("device", "proposal", "attachment"):
            return "user", row["user_id"]
        if entity in ("territory_assignment", "conflict"):
            return "team", row["user_id"]
        return "everybody", b""

    def above(self, user_id: bytes | None) -> set[bytes]:
        """A user and his managers, those who still work here."""
        chain: list[bytes] = []
        users = self.rows["user"]
        while user_id is not None and user_id in users and user_id not in chain:
            chain.append(user_id)
            user_id = users[user_id]["manager_id"]
        return {one for one in chain if users[one]["active"] and not users[one]["archived"]}

    def holders(self, key: tuple[str, bytes]) -> set[bytes]:
        """The users who may hold rows of a key now."""
        kind, about = key
        working = {row["id"] for row in self.rows["user"].values() if row["active"] and not row["archived"]}
        if kind == "everybody":
            return working
        if kind == "user":
            return {about} & working
        if kind == "team":
            return self.above(about)
        if kind == "pair":
            pair = self.rows["duplicate_candidate"].get(about)
            sides = [pair["account_id"], pair["other_account_id"]] if pair else []
            return set.intersection(*(self.holders(("account", one)) for one in sides)) if pair else set()
        account = self.rows["account"].get(about)
        return self._account_holders(account) if account and not account["merged_into_id"] else set()

    def _account_holders(self, account: Row) -> set[bytes]:
        first: list[bytes | None] = [account["owner_user_id"]]
        first += [
            row["user_id"]
            for row in self.rows["account_team"].values()
            if row["account_id"] == account["id"] and not row["archived"] and self._is_time(row)
        ]
        territory, seen = account["territory_id"], set()
        while territory is not None and territory not in seen:
            seen.add(territory)
            first += [
                row["user_id"]
                for row in self.rows["territory_assignment"].values()
                if row["territory_id"] == territory and not row["archived"] and self._is_time(row)
            ]
            territory = self.rows["territory"][territory]["parent_id"]
        return set().union(*(self.above(one) for one in first))

    def continues(self, user_id: bytes, order: Row) -> bool:
        """Whether a draft is a user's own, or one whose author has nothing to do any more with an account of his."""
        author, account = order["created_by"], self.rows["account"].get(order["account_id"])
        if author in (None, user_id):
            return True
        if account is None or account["owner_user_id"] != user_id:
            return False
        chain, boss = {user_id}, self.rows["user"][user_id]["manager_id"]
        while boss is not None and boss not in chain:
            chain.add(boss)
            boss = self.rows["user"][boss]["manager_id"]
        return author not in chain and not any(
            (row["account_id"], row["user_id"]) == (account["id"], author) and self._is_time(row)
            for row in self.rows["account_team"].values()
            if not row["archived"]
        )

    def _is_time(self, row: Row) -> bool:
        """Whether a time of a team member or a cover holds: from its first day to its last, where the person is."""
        return in_force(row, self.rows["user"][row["user_id"]]["tz"], self.now)

    def visible(self, user_id: bytes) -> dict[Key, Row]:
        """Every row a user may hold, as it was settled after the last event."""
        known: dict[tuple[str, bytes], bool] = {}
        found = {}
        for entity, rows in self.rows.items():
            for row_id, row in rows.items():
                key = self.key(entity, row)
                if key not in known:
                    settled = self.holding.get(key)
                    known[key] = user_id in (self.holders(key) if settled is None else settled)
                if known[key]:
                    found[entity, row_id] = row
        return found

    def settle_grants(self) -> None:
        """After each event: who holds which account, pair or report's own rows from now on."""
        self.tick += 1
        if (state := self._all_that_counts()) == self.settled_for:
            return
        self.settled_for = state
        keys = [("account", row_id) for row_id in self.rows["account"]]
        keys += [("pair", row_id) for row_id in self.rows["duplicate_candidate"]]
        keys += [("team", row_id) for row_id in self.rows["user"]]
        for key in keys:
            now = self.holding[key] = self.holders(key)
            for user_id in self.rows["user"]:
                spans = self.grants.setdefault((user_id, key), [])
                held = bool(spans) and spans[-1][1] < 0
                if user_id in now and not held:
                    spans.append([self.tick, -1])
                elif user_id not in now and held:
                    spans[-1][1] = self.tick

    def _all_that_counts(self) -> list[Any]:
        """What holding depends on; rows are never altered in place, so that comparing these is quick."""
        zones = {row["tz"] or "UTC" for row in self.rows["user"].values()}
        days = [day_in(zone, self.now // QUARTER) for zone in sorted(zones)]
        return [days, *(list(self.rows[entity].values()) for entity in DECIDING)]

    def held_between(self, user_id: bytes, key: tuple[str, bytes], first: int, last: int) -> bool:
        return any(a <= last and (b < 0 or first < b) for a, b in self.grants.get((user_id, key), []))
