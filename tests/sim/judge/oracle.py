"""The oracle: a slow second opinion on what the central store holds, who may see it, and what each push becomes.

It is told what happened (a push arrived, the office edited a row) and says what must be true now. It merges, adds up
and decides scope by its own code and shares none with the product.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.sim.judge import merging
from tests.sim.judge.adding_up import No, settle_orders
from tests.sim.judge.deciding import open_clash, without_decisions
from tests.sim.judge.handover import has_left, offered, waits
from tests.sim.judge.holding import Holding
from tests.sim.judge.latecomers import note_latecomers
from tests.sim.judge.rules import DEVICE_MOVES, FILLED_IN, OFFICE_FIELDS, RULES
from tests.sim.judge.values import as_json, joined

Row = dict[str, Any]
Key = tuple[str, bytes]
UNKNOWN = "whatever the store says"
"""In place of who gave a value where no person at a laptop did: the office's own stamps are not the oracle's matter."""


class Wrong(AssertionError):
    """The product did something the oracle does not allow."""


@dataclass(frozen=True)
class Sender:
    """Who pushed, and between which ticks of the oracle's own clock he can have made what he pushes.

    `stood` is the tick he had heard of when he was last in contact, `since` the same, or the first he was told of where
    he never was; up to `heard` he is known to have heard the news, in the middle of a pull a part of it.
    """

    device: bytes
    user: bytes
    heard: int
    stood: int
    since: int


@dataclass
class Verdict:
    """What a change must become."""

    kind: str
    code: str = ""
    kept: list[tuple[str, bytes, str]] = field(default_factory=list)


@dataclass
class Oracle(Holding):
    """Everything that must be in the central store, row by row.

    Attributes:
        tick: counts the events so far; grants are remembered by it.
        now: the office's clock, by which temporary cover begins and ends.
        writers: per row, who wrote it and the revision the store then gave it.
        pushed: by device, what it showed to have heard of with a part of a push.
        stands: how each device that the office acted on stands in the store.
        made_at: the tick from which each account is there that was made on a laptop.
        given: per field, which person gave it its value and when; nothing where the office or nobody did.
    """

    columns: dict[str, list[str]]
    rows: dict[str, dict[bytes, Row]] = field(init=False)
    tick: int = 0
    now: int = 0
    grants: dict[tuple[bytes, tuple[str, bytes]], list[list[int]]] = field(default_factory=dict)
    writers: dict[Key, list[tuple[int, bytes]]] = field(default_factory=dict)
    refused_births: dict[bytes, set[bytes]] = field(default_factory=dict)
    orders_numbered: int = 0
    given: dict[tuple[str, bytes, str], tuple[bytes, int]] = field(default_factory=dict)
    merges: list[merging.Done] = field(default_factory=list)
    carried: set[Key] = field(default_factory=set)
    let_go: dict[tuple[bytes, bytes, bytes], int] = field(default_factory=dict)
    settled_for: list[Any] = field(default_factory=list)
    holding: dict[tuple[str, bytes], set[bytes]] = field(default_factory=dict)
    stands: dict[bytes, str] = field(default_factory=dict)
    pushed: dict[bytes, int] = field(default_factory=dict)
    made_at: dict[bytes, int] = field(default_factory=dict)
    _fresh: dict[Key, Row] = field(default_factory=dict)
    _born: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rows = {entity: {} for entity in self.columns}

    # -- reading

    def row(self, entity: str, row_id: bytes) -> Row | None:
        found = self._fresh.get((entity, row_id))
        return found if found is not None else self.rows.get(entity, {}).get(row_id)

    def all(self, entity: str) -> Iterable[Row]:
        fresh = {row_id: row for (kind, row_id), row in self._fresh.items() if kind == entity}
        return {**self.rows.get(entity, {}), **fresh}.values()

    def covers(self, who: Sender, key: tuple[str, bytes]) -> bool:
        kind, about = key
        if kind == "everybody":
            return False
        if kind == "user" or about == who.user:
            return about == who.user
        if about in self._born or who.user in self.holders(key):
            return True
        return self.held_between(who.user, key, who.since, who.heard) or self._made(who, about)

    def _made(self, who: Sender, about: bytes) -> bool:
        """Whether he made the account himself and has not even heard that it was taken."""
        row = self.row("account", about)
        return row is not None and row["created_by"] == who.user and self.made_at.get(about, 0) > who.heard

    def _reaches(self, who: Sender, entity: str, row: Row) -> bool:
        key, owners = self.key(entity, row), merging.hung_on(self, entity, row)
        held_with = [one["id"] for one in owners if one["account_id"] == row["account_id"]]
        return any(merging.reaches(self, who, key, row_id) for row_id in (row["id"], *held_with))

    # -- judging

    def judge(self, who: Sender, change: Any, now: int) -> tuple[Verdict, dict[Key, Row]]:
        """What one change must become, and the rows it leaves behind; nothing is kept yet."""
        self._fresh, born, self.carried = {}, set(self._born), set()
        kept: list[tuple[str, bytes, str]] = []
        beside, merged = False, len(self.merges)
        try:
            if not change.edits:
                raise No("nothing_to_change")
            arrived, change = change, merging.redirected(self, change)
            for edit in without_decisions(self, who, change, now, kept):
                beside = self._edit(who, edit, now, kept) or beside
            settle_orders(self, who, change, now)
            try:
                merging.carry_out(self, who, change, now)
            except merging.Cannot as cannot:
                raise No(str(cannot)) from cannot
        except No as no:
            self._fresh, self._born = {}, born
            del self.merges[merged:]
            return Verdict("refused", self._reason(who, change, no.code)), {}
        note_latecomers(self, arrived, change)
        if offered(self, who, kept, self._fresh):
            return Verdict("held", kept=kept), self.take_changed()
        fresh = self.take_changed()
        return Verdict("merged" if beside or kept else "accepted", kept=kept), fresh

    def keep(self, fresh: dict[Key, Row], by: tuple[bytes, int]) -> None:
        """Takes the rows of a change that was not refused; who made it, and when."""
        for (entity, row_id), row in fresh.items():
            self.note_given(entity, row_id, row, None if (entity, row_id) in self.carried else by)
            self.rows.setdefault(entity, {})[row_id] = row
            if entity == "sales_order" and row["number_official"]:
                self.orders_numbered = max(self.orders_numbered, int(row["number_official"][3:]))

    def step_on(self, given: int) -> None:
        """A restore leaves numbers out; `given` is the last one of the store it replaced."""
        self.orders_numbered = max(-(-(self.orders_numbered + 10_000) // 1_000) * 1_000, given)

    def note_given(self, entity: str, row_id: bytes, row: Row, who: tuple[bytes, int] | None) -> None:
        """Remembers who gave each field that differs its value; None for the office."""
        before = self.rows.get(entity, {}).get(row_id)
        for name in [name for name in row if before is not None and row[name] != before[name]]:
            if who is None:
                self.given.pop((entity, row_id, name), None)
            else:
                self.given[entity, row_id, name] = who

    def take_changed(self) -> dict[Key, Row]:
        """The rows a change leaves behind; which of them were only carried along is still known."""
        fresh, self._fresh = self._fresh, {}
        return fresh

    def take_fresh(self) -> dict[Key, Row]:
        """The rows worked on, for keeping or for nothing."""
        fresh, self._fresh, self.carried = self._fresh, {}, set()
        return fresh

    def end_of_push(self) -> None:
        """The accounts made in this push now belong to their author by the ledger."""
        self._born = set()

    def _reason(self, who: Sender, change: Any, code: str) -> str:
        if code not in ("not_found", "parent_missing", "out_of_scope"):
            return code
        needed = {edit.row_id for edit in change.edits if edit.kind == "update"}
        needed |= {
            value for edit in change.edits for value in edit.after.values() if isinstance(value, bytes)
        }
        lost = self.refused_births.get(who.device, set())
        return "depends_on_refused" if lost & needed else code

    def _edit(self, who: Sender, edit: Any, now: int, kept: list[tuple[str, bytes, str]]) -> bool:
        if any(name in OFFICE_FIELDS for name in edit.after):
            raise No("field_protected")
        if edit.kind == "create":
            self._create(who, edit, now)
            return False
        return self._update(who, edit, now, kept)

    def _create(self, who: Sender, edit: Any, now: int) -> None:
        entity, row_id = edit.entity, edit.row_id
        if self.row(entity, row_id) is not None:
            raise No("already_exists")
        row: Row = dict.fromkeys(self.columns[entity])
        row.update(FILLED_IN[entity], archived=0, id=row_id)
        row.update(edit.after)
        row.update(created_at=now, created_by=who.user, changed_at=now, changed_by=who.user)
        if entity == "account":
            row["owner_user_id"] = who.user
            self._born.add(row_id)
            self.made_at[row_id] = self.tick + 1
        if not self._reaches(who, entity, row):
            raise No("out_of_scope")
        for name, target in (
            ("contact_id", "contact"),
            ("order_id", "sales_order"),
            ("site_id", "site"),
            ("activity_id", "activity"),
            ("account_id", "account"),
        ):
            if row.get(name) is not None and name in edit.after:
                other = self.row(target, row[name])
                if other is None or not self._reaches(who, target, other):
                    raise No("parent_missing")
        if entity == "document_line":
            self._draft_of(who, row["order_id"])
        if entity == "attachment" and not self._belongs(row):
            raise No("invalid_value")
        if entity == "sales_order" and row["status"] not in ("draft", "submitted"):
            raise No("move_not_allowed")
        self._fresh[entity, row_id] = row

    def _belongs(self, row: Row) -> bool:
        """Whether a file names the account, or the person, of the record it belongs to."""
        for owner in merging.hung_on(self, "attachment", row):
            person = owner["assignee_id"] if owner["account_id"] is None else None
            return bool((row["account_id"], row["user_id"]) == (owner["account_id"], person))
        return row["account_id"] is not None

    def _draft_of(self, who: Sender, order_id: bytes) -> None:
        order = self.row("sales_order", order_id)
        if order is None:
            raise No("parent_missing")
        if order["status"] != "draft" or not self.continues(who.user, order):
            raise No("read_only")

    def others_since(self, entity: str, row_id: bytes, base: int, device: bytes) -> bool:
        """Whether somebody else wrote the row after the state its editor saw."""
        wrote = self.writers.get((entity, row_id), [])
        return base < 0 or any(at > base and who != device for at, who in wrote)

    def _update(self, who: Sender, edit: Any, now: int, kept: list[tuple[str, bytes, str]]) -> bool:
        entity, row_id = edit.entity, edit.row_id
        found = self.row(entity, row_id)
        if found is None or not self._reaches(who, entity, found):
            raise No("not_found")
        if entity == "document_line":
            self._draft_of(who, found["order_id"])
        row = dict(found)
        left = has_left(self, who, entity, found)
        beside = self.others_since(entity, row_id, edit.base_revision, who.device)
        for name, after in edit.after.items():
            rule = RULES[entity][name]
            if rule == "=":
                continue
            if found["archived"] and "archived" not in edit.after:
                if after != found[name]:
                    kept.append((entity, row_id, name))
                    self.clash(who, entity, row, name, edit, now, "deleted")
                continue
            taken, value = self._merged(rule, entity, found, name, edit, beside)
            if not taken or (left and value != found[name] and waits(rule, after)):
                kept.append((entity, row_id, name))
                self.clash(who, entity, row, name, edit, now, "moved" if left else "clash")
            else:
                row[name] = value
        if row != found:
            row.update(changed_at=now, changed_by=who.user)
            if entity == "conflict":
                decided = row["status"] == "resolved"
                row.update(resolved_at=now if decided else None, resolved_by=who.user if decided else None)
            self._fresh[entity, row_id] = row
        return beside

    def _merged(
        self, rule: str, entity: str, row: Row, name: str, edit: Any, beside: bool
    ) -> tuple[bool, Any]:
        """Whether a value is taken (or makes no difference), and the field's value then."""
        before, after, present = edit.before.get(name), edit.after[name], row[name]
        if rule == "G":
            return True, self._moved(entity, row, name, after)
        if rule == "L" and present not in (None, after):
            raise No("append_only")
        if rule == "O" and entity == "sales_order" and row["status"] != "draft":
            raise No("read_only")
        if rule == "D" and after == 1 and beside and present == 0:
            return False, present
        if after == present or before == present:
            return True, after
        if rule == "N":
            return True, 1
        if rule == "J":
            return joined(before, after, present)
        return False, present

    def _moved(self, entity: str, row: Row, name: str, after: Any) -> Any:
        present = row[name]
        if after == present:
            return present
        if entity == "sales_order":
            if (present, after) not in DEVICE_MOVES:
                raise No("move_not_allowed")
            return after
        if entity == "conflict":
            return after
        if entity == "duplicate_candidate":
            value = merging.moved_pair(row, name, after)
            if value is None and name == "status":
                raise No("move_not_allowed")
            return value
        return after if present is None or after is None else present

    def fits(self, entity: str, row: Row, name: str, edit: Any) -> bool:
        """Whether a value goes beside what stands by now."""
        if row["archived"] and "archived" not in edit.after and edit.after[name] != row[name]:
            return False
        before, after, present = edit.before.get(name), edit.after[name], row[name]
        rule = RULES[entity][name]
        if after == present or before == present or rule == "N":
            return True
        return rule == "J" and joined(before, after, present)[0]

    def standing(self, entity: str, row: Row, name: str) -> Row:
        """The value that stands, and which person at a laptop gave it when."""
        by, at = self.given.get((entity, row["id"], name), (UNKNOWN, UNKNOWN))
        return {"theirs_value": as_json(name, row[name]), "theirs_by": by, "theirs_at": at,
                "theirs_source": UNKNOWN if by is UNKNOWN else None}  # fmt: skip

    def clash(self, who: Sender, entity: str, row: Row, name: str, edit: Any, now: int, reason: str) -> None:
        """Keeps a value that did not stand, once."""
        mine = as_json(name, edit.after[name])
        before = as_json(name, edit.before.get(name))
        if (conflict := open_clash(self, who, row["id"], name, before)) is not None:
            fresh = dict(conflict, mine_value=mine, mine_at=now, mine_by=who.user)
            fresh.update(changed_at=now, changed_by=who.user)
            self._fresh["conflict", conflict["id"]] = fresh
            return
        new: Row = dict.fromkeys(self.columns["conflict"])
        new.update(FILLED_IN["conflict"], archived=0, created_at=now, created_by=who.user)
        new.update(changed_at=now, changed_by=who.user, entity=entity, row_id=row["id"], field=name)
        new.update(account_id=row["id"] if entity == "account" else row.get("account_id"), user_id=who.user)
        new.update(reason=reason, critical=int(RULES[entity][name] in ("F!", "N")), status="open")
        new.update(base_value=before, mine_value=mine, mine_by=who.user)
        new.update(mine_at=now, mine_device_id=who.device, **self.standing(entity, row, name))
        placeholder = b"?%d" % len(self._fresh)
        new["id"] = placeholder
        self._fresh["conflict", placeholder] = new
