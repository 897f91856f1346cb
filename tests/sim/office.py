"""The company at the beginning of a history, and what its office does while people are out.

Every edit goes through the central store's write transaction, as imports and the administration do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sim.central import Central
from tests.sim.judge.bodies import MOST, PART
from tests.sim.merger import Merger

Row = dict[str, Any]
USERS = (
    ("boss", "manager", ""),
    ("lead", "manager", "boss"),
    ("rita", "rep", "lead"),
    ("sam", "rep", "boss"),
)
ZONES = {"lead": "America/Los_Angeles", "rita": "Pacific/Auckland", "sam": "Europe/Amsterdam"}
OWNERS = ("rita", "sam", "rita", "lead", "", "sam")


@dataclass
class Office:
    """The office and its names for things; `ids` by name."""

    central: Central
    seed: int
    ids: dict[str, bytes] = field(default_factory=dict)
    made: int = 0
    done: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.merger = Merger(self.central)
        self._random = random.Random(f"office/{self.seed}")

    def make(self, entity: str, name: str, values: Row) -> bytes:
        """A new row of the office's, under a name."""
        row_id = self._random.randbytes(16)
        self.ids[name] = row_id
        self.central.names[row_id] = name
        account = row_id if entity == "account" else values.get("account_id")
        self.central.marks[row_id] = self.central.names.get(account, "office")
        self.central.office(entity, row_id, values, self.ids.get("olga"))
        return row_id

    def found(self) -> None:
        """The company: people, territories, accounts with a site and a contact each, things to sell."""
        self.make("user", "olga", {"login": "olga", "name": "Olga", "role": "office", "active": 1})
        for login, role, manager in USERS:
            values = {
                "login": login,
                "name": login.title(),
                "role": role,
                "active": 1,
                "tz": ZONES.get(login),
            }
            self.make("user", login, {**values, "manager_id": self.ids.get(manager)})
        self.make("territory", "north", {"name": "North", "kind": "sales"})
        self.make(
            "territory", "harbour", {"name": "Harbour", "kind": "sales", "parent_id": self.ids["north"]}
        )
        self.make("territory", "south", {"name": "South", "kind": "sales"})
        for number in range(3):
            values = {
                "sku": f"S{number}",
                "family": ("Even", "Odd")[number % 2],
                "name": f"Thing {number}",
                "status": "active",
                "cost_price": 7_000_000,
            }
            self.make("product", f"product.{number}", values)
        for number, owner in enumerate(OWNERS):
            self._account(number, owner)
        self._assign("sam", "north")
        self.central.founded()

    def _account(self, number: int, owner: str) -> None:
        name = f"w.{number}"
        values: Row = {"owner_user_id": self.ids.get(owner), "currency": "EUR", "consent": "{}"}
        values.update(lifecycle="customer", tier="standard", name=f"Shop «{name}»")
        values["territory_id"] = self.ids[("north", "harbour", "south")[number % 3]] if number > 2 else None
        account = self.make("account", name, values)
        site = {"account_id": account, "kind": "bill", "city": f"City «{name}»"}
        self.make("site", f"{name}.site", site)
        task = {"account_id": account, "kind": "task", "subject": f"Call «{name}»"}
        self.make("activity", f"{name}.task", {**task, "assignee_id": self.ids["rita"], "mentions": "[]"})
        contact = {"account_id": account, "family_name": f"Person «{name}»", "opt_out": None}
        self.make("contact", f"{name}.contact", contact)

    def _assign(self, user: str, territory: str, first: str | None = None, last: str | None = None) -> None:
        self.made += 1
        values: Row = {"valid_from": first, "valid_to": last}
        values |= {"user_id": self.ids[user], "territory_id": self.ids[territory], "kind": "cover"}
        self.make("territory_assignment", f"cover.{self.made}", values)

    def act(self, verb: str, pick: int, step: int) -> str:
        """One act of the office."""
        self.done[verb] = self.done.get(verb, 0) + 1
        return f"office {verb}: {getattr(self, '_do_' + verb)(_Pick(pick), step)}"

    def _choose(self, pick: _Pick, entity: str, archived: int = 0) -> bytes | None:
        rows = self.central.oracle.rows.get(entity, {})
        names = sorted(
            (self.central.names[i], i)
            for i, row in rows.items()
            if row["archived"] == archived and not row.get("merged_into_id")
        )
        hot = 3 if pick.draw(3) else len(names)
        return names[pick.draw(min(hot, len(names)))][1] if names else None

    def _edit(self, entity: str, row_id: bytes | None, values: Row) -> str:
        if row_id is None:
            return "none"
        row = self.central.oracle.rows[entity][row_id]
        if all(row[name] == value for name, value in values.items()):
            return "nothing to do"
        self.central.office(entity, row_id, values, self.ids["olga"])
        return f"{self.central.names[row_id]} {sorted(values)}"

    def _user(self, pick: _Pick) -> bytes:
        return self.ids[("boss", "lead", "rita", "sam")[pick.draw(4)]]

    def _do_edit_account(self, pick: _Pick, step: int) -> str:
        account = self._choose(pick, "account")
        name = ("phone", "note", "name")[pick.draw(3)]
        mark = self.central.marks.get(account or b"", "")
        return self._edit("account", account, {name: f"office {step} «{mark}»"})

    def _do_edit_contact(self, pick: _Pick, step: int) -> str:
        contact = self._choose(pick, "contact")
        mark = self.central.marks.get(contact or b"", "")
        return self._edit("contact", contact, {"phone": f"office {step} «{mark}»"})

    def _do_ask_about_marketing(self, pick: _Pick, step: int) -> str:
        contact = self._choose(pick, "contact")
        return self._edit("contact", contact, {"opt_out": int(pick.draw(4) > 0)})

    def _do_move_owner(self, pick: _Pick, step: int) -> str:
        return self._edit("account", self._choose(pick, "account"), {"owner_user_id": self._user(pick)})

    def _do_move_territory(self, pick: _Pick, step: int) -> str:
        territory = (None, self.ids["north"], self.ids["harbour"], self.ids["south"])[pick.draw(4)]
        return self._edit("account", self._choose(pick, "account"), {"territory_id": territory})

    def _do_assign(self, pick: _Pick, step: int) -> str:
        user = ("boss", "lead", "rita", "sam")[pick.draw(4)]
        territory = ("north", "harbour", "south")[pick.draw(3)]
        self._assign(user, territory)
        return f"{user} {territory}"

    def _day(self, away: int) -> str:
        moment = datetime.fromtimestamp(self.central.now() / 1000, UTC) + timedelta(days=away)
        return moment.date().isoformat()

    def _days(self, pick: _Pick) -> tuple[str, str]:
        """A few days that begin soon, or have begun."""
        first = pick.draw(4) - 1
        return self._day(first), self._day(first + pick.draw(3))

    def _do_cover(self, pick: _Pick, step: int) -> str:
        user = ("lead", "rita", "sam")[pick.draw(3)]
        territory, (first, last) = ("north", "harbour", "south")[pick.draw(3)], self._days(pick)
        self._assign(user, territory, first, last)
        return f"{user} {territory} {first} {last}"

    def _do_lend(self, pick: _Pick, step: int) -> str:
        account = self._choose(pick, "account")
        if account is None:
            return "none"
        self.made += 1
        first, last = self._days(pick)
        values = {"account_id": account, "user_id": self._user(pick), "team_role": "helps"}
        self.make("account_team", f"team.{self.made}", {**values, "valid_from": first, "valid_to": last})
        return f"{self.central.names[account]} {first} {last}"

    def _do_move_away(self, pick: _Pick, step: int) -> str:
        user = ("lead", "rita", "sam")[pick.draw(3)]
        zone = ("UTC", "Pacific/Auckland", "America/Los_Angeles")[pick.draw(3)]
        return self._edit("user", self.ids[user], {"tz": zone})

    def _do_change_role(self, pick: _Pick, step: int) -> str:
        user = ("lead", "rita", "sam")[pick.draw(3)]
        return self._edit("user", self.ids[user], {"role": ("rep", "manager", "tech")[pick.draw(3)]})

    def _do_unassign(self, pick: _Pick, step: int) -> str:
        return self._edit("territory_assignment", self._choose(pick, "territory_assignment"), {"archived": 1})

    def _do_join_team(self, pick: _Pick, step: int) -> str:
        account = self._choose(pick, "account")
        if account is None:
            return "none"
        self.made += 1
        values = {"account_id": account, "user_id": self._user(pick), "team_role": "helps"}
        self.make("account_team", f"team.{self.made}", values)
        return self.central.names[account]

    def _do_leave_team(self, pick: _Pick, step: int) -> str:
        return self._edit("account_team", self._choose(pick, "account_team"), {"archived": 1})

    def _do_change_manager(self, pick: _Pick, step: int) -> str:
        user, manager = (("rita", "lead"), ("rita", "sam"), ("sam", "lead"), ("sam", "boss"))[pick.draw(4)]
        return self._edit("user", self.ids[user], {"manager_id": self.ids[manager]})

    def _do_move_order(self, pick: _Pick, step: int) -> str:
        order = self._choose(pick, "sales_order")
        if order is None:
            return "none"
        status = self.central.oracle.rows["sales_order"][order]["status"]
        onward = {"received": "confirmed", "confirmed": "exported", "exported": "part_shipped"}
        return self._edit("sales_order", order, {"status": onward.get(status, status)})

    def _do_archive_account(self, pick: _Pick, step: int) -> str:
        return self._edit("account", self._choose(pick, "account"), {"archived": 1})

    def _do_restore_account(self, pick: _Pick, step: int) -> str:
        return self._edit("account", self._choose(pick, "account", 1), {"archived": 0})

    def _do_merge(self, pick: _Pick, step: int) -> str:
        entity = ("account", "account", "contact")[pick.draw(3)]
        one, other = self._choose(pick, entity), self._choose(pick, entity)
        return self.merger.merge(entity, one, other) if one and other else "none"

    def _do_unmerge(self, pick: _Pick, step: int) -> str:
        standing = [done for done in self.central.oracle.merges if not done.undone]
        return self.merger.unmerge(standing[pick.draw(len(standing))]) if standing else "none"

    def _do_limit_discount(self, pick: _Pick, step: int) -> str:
        """Most often for everybody, low enough for orders to go past it."""
        user = self._user(pick) if pick.draw(3) == 0 else None
        values: Row = {"user_id": user, "role": None if user else ("rep", "rep", "manager")[pick.draw(3)]}
        values |= {"family": (None, None, "Even")[pick.draw(3)], "max_rate": pick.draw(4) * 20_000}
        first, last = self._days(pick) if pick.draw(4) == 0 else (None, None)
        self.made += 1
        self.make("discount_policy", f"limit.{self.made}", {**values, "valid_from": first, "valid_to": last})
        return f"{self.central.names.get(user or b'')} {values['role']} {values['max_rate']} {first} {last}"

    def _do_end_discount(self, pick: _Pick, step: int) -> str:
        return self._edit("discount_policy", self._choose(pick, "discount_policy"), {"archived": 1})

    def _do_decide_order(self, pick: _Pick, step: int) -> str:
        """Approves or rejects an order that is held."""
        orders = self.central.oracle.rows["sales_order"].items()
        held = sorted((self.central.names[i], i) for i, row in orders if row["status"] == "held")
        if not held:
            return "none"
        order = held[pick.draw(len(held))][1]
        why = f"No, at {step} «{self.central.marks.get(order, '')}»"
        rejected: Row = {"status": "rejected", "reject_reason": why}
        return self._edit(
            "sales_order", order, ({"status": "received", "hold_reasons": "[]"}, rejected)[pick.draw(2)]
        )

    def _do_limit_files(self, pick: _Pick, step: int) -> str:
        name, limit = ("person", "company")[pick.draw(2)], (PART, 5 * PART, 20 * PART, MOST)[pick.draw(4)]
        self.central.limit_files(name, limit)
        return f"of the {name} to {limit}"

    def _do_change_product(self, pick: _Pick, step: int) -> str:
        values = {"name": f"Thing at {step}", "cost_price": step * 1_000_000}
        return self._edit("product", self._choose(pick, "product"), values)


@dataclass
class _Pick:
    """A number that decides choice after choice."""

    number: int

    def draw(self, among: int) -> int:
        self.number, drawn = divmod(self.number, among)
        return drawn
