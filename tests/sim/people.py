"""What people do on their laptops: small units of work through the replica's one write path, chosen by number.

Every text a person writes carries the mark of its account, so that a leak can be found in any message. Must not know
the server or the oracle's judgement.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fieldrep.contract.errors import KnownError
from fieldrep.store.undo import undo
from fieldrep.store.unit_of_work import UnitOfWork
from tests.sim.judge.bodies import Bodies
from tests.sim.judge.rules import FLAGS, OBJECTS
from tests.sim.judge.values import line_total
from tests.sim.laptop import Laptop
from tests.sim.photos import add_file
from tests.sim.refused import let_go, send_again


@dataclass
class People:
    """The users at their laptops.

    Attributes:
        bodies: told of the bytes of every file that is added, and which nobody wants any more.
        names: every row by a name that does not depend on clocks or random ids, for choosing and for the log.
        marks: the account of each row.
        products: ids of what is sold.
    """

    bodies: Bodies
    names: dict[bytes, str] = field(default_factory=dict)
    marks: dict[bytes, str] = field(default_factory=dict)
    products: list[bytes] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)

    def act(self, laptop: Laptop, verb: str, pick: int, step: int) -> str:
        """One unit of work; says what came of it."""
        before = laptop.replica.state().highest_n
        try:
            with laptop.replica.begin(verb, verb) as uow:
                told = VERBS[verb](Hand(self, uow, pick, step))
        except KnownError as error:
            return f"{verb}: {error.code}"
        if uow.change_n is None:
            return f"{verb}: {told}, and nothing to send"
        assert uow.change_n == before + 1, "a change number was skipped or used twice"
        self._note(laptop, uow.change_n)
        self.done[verb] = self.done.get(verb, 0) + 1
        return f"{verb}: {told} as {uow.change_n}"

    def _note(self, laptop: Laptop, n: int) -> None:
        from fieldrep.store.outgoing import outbox

        with laptop.replica.read() as reader:
            found = outbox.find(reader.driver, n)
        assert found is not None, f"change {n} is not in the outbox"
        laptop.made[n] = found[0]
        for place, edit in enumerate(found[0].edits):
            if edit.kind == "create":
                self.names[edit.row_id] = f"{laptop.name}.{n}.{place}"
                account = edit.row_id if edit.entity == "account" else edit.after.get("account_id")
                self.marks[edit.row_id] = self.names.get(account, f"{laptop.name}'s own")


@dataclass
class Hand:
    """One person at work in one unit of work; `pick` decides what is chosen, the same in every run."""

    people: People
    uow: UnitOfWork
    pick: int
    step: int

    def draw(self, number: int) -> int:
        self.pick, drawn = divmod(self.pick, number)
        return drawn

    def choose(self, sql: str, *parameters: object) -> Any:
        """One of the rows a query gives, by its name; gives the row."""
        rows = self.uow.rows(sql, parameters)
        if not rows:
            return None
        ranked = sorted(rows, key=lambda row: natural(self.people.names.get(row[0], "?")))
        hot = 2 if self.draw(3) else len(ranked)  # everybody works on the same few customers
        return ranked[self.draw(min(hot, len(ranked)))]

    def account(self) -> Any:
        found = self.choose("SELECT id FROM account WHERE archived = 0")
        return found[0] if found else None

    def text(self, word: str, about: bytes) -> str:
        mark = self.people.marks.get(about, "new")
        return f"{word} {self.step}.{self.draw(3)} «{mark}»"

    def edit(self, entity: str, row_id: bytes, fields: tuple[str, ...]) -> str:
        """Changes one to three of the given text fields."""
        chosen = {fields[self.draw(len(fields))] for _ in range(1 + self.draw(3))}
        values: dict[str, object] = {name: self.text(name, row_id) for name in sorted(chosen)}
        self.uow.update(entity, row_id, values)
        return f"{self.people.names.get(row_id, '?')} {sorted(chosen)}"


def create_account(hand: Hand) -> str:
    account = hand.uow.create("account", {"name": f"Account {hand.step}", "lifecycle": "prospect"})
    if hand.draw(2):
        hand.uow.create("site", {"account_id": account, "city": f"City {hand.step}"})
        hand.uow.create("contact", {"account_id": account, "family_name": f"Person {hand.step}"})
    return "an account"


def edit_account(hand: Hand) -> str:
    account = hand.account()
    if account is None:
        return "none"
    kind = hand.draw(6)
    if kind == 0:
        row = hand.uow.row("account", account) or {}
        tier = ("key", "growth", "standard")[hand.draw(3)]
        hand.uow.update("account", account, {"tier": tier})
        return f"{hand.people.names.get(account)} tier from {row['tier']}"
    if kind == 1:
        return _custom(hand, "account", account, "consent")
    return hand.edit("account", account, ("phone", "note", "name"))


def _a_day(step: int, said: str) -> str:
    """A day of consent that no other step gives."""
    return date.fromordinal(730_000 + 3 * step + len(said) % 3).isoformat()


def _custom(hand: Hand, entity: str, row_id: bytes, name: str) -> str:
    row = hand.uow.row(entity, row_id) or {}
    now = json.loads(str(row[name] or "{}"))
    channel, said = "abc"[hand.draw(3)], hand.text("said", row_id)
    now[channel] = _a_day(hand.step, said) if name == "consent" else said
    text = json.dumps(now, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    hand.uow.update(entity, row_id, {name: text})
    return f"{hand.people.names.get(row_id)} {name}"


def archive(hand: Hand) -> str:
    entity = ("account", "contact", "site", "activity", "contact", "attachment")[hand.draw(6)]
    found = hand.choose(f"SELECT id FROM {entity} WHERE archived = 0")
    if not found:
        return "none"
    hand.uow.archive(entity, found[0])
    return f"{entity} {hand.people.names.get(found[0])}"


def restore(hand: Hand) -> str:
    entity = ("account", "contact", "site", "attachment")[hand.draw(4)]
    found = hand.choose(f"SELECT id FROM {entity} WHERE archived = 1")
    if not found:
        return edit_contact(hand)
    hand.uow.update(entity, found[0], {"archived": 0})
    return f"{entity} {hand.people.names.get(found[0])}"


def create_contact(hand: Hand) -> str:
    account = hand.account()
    if account is None:
        return "none"
    values = {"account_id": account, "family_name": hand.text("Person", account), "phone": "1"}
    hand.uow.create("contact", values)
    return f"at {hand.people.names.get(account)}"


def edit_contact(hand: Hand) -> str:
    found = hand.choose("SELECT id FROM contact WHERE archived = 0")
    if not found:
        return "none"
    return hand.edit("contact", found[0], ("family_name", "phone", "email"))


def ask_about_marketing(hand: Hand) -> str:
    """Most often of somebody who has not been asked yet."""
    asked = " AND opt_out IS NULL" if hand.draw(4) else ""
    found = hand.choose(f"SELECT id FROM contact WHERE archived = 0{asked}")
    if not found:
        return edit_contact(hand)
    hand.uow.update("contact", found[0], {"opt_out": hand.draw(2)})
    return f"{hand.people.names.get(found[0])}"


def edit_site(hand: Hand) -> str:
    found = hand.choose("SELECT id FROM site WHERE archived = 0")
    return hand.edit("site", found[0], ("city", "street")) if found else edit_account(hand)


def log_activity(hand: Hand) -> str:
    account = hand.account() if hand.draw(4) else None
    values: dict[str, object] = {"kind": ("note", "task")[hand.draw(2)], "assignee_id": hand.uow.user_id}
    values["subject"] = hand.text("Talk", account or b"")
    values["account_id"] = account
    if hand.draw(2):
        values["body"] = hand.text("Body", account or b"")
    hand.uow.create("activity", values)
    return f"at {hand.people.names.get(account or b'', 'nobody')}"


def edit_activity(hand: Hand) -> str:
    found = hand.choose("SELECT id, body, done_at FROM activity WHERE archived = 0")
    if not found:
        return log_activity(hand)
    kind = hand.draw(3)
    if kind == 0:
        done = None if found[2] else 1_700_000_000_000 + hand.step
        hand.uow.update("activity", found[0], {"done_at": done})
    elif kind == 1 and found[1] is None:
        hand.uow.update("activity", found[0], {"body": hand.text("Body", found[0])})
    else:
        return hand.edit("activity", found[0], ("subject", "channel"))
    return f"{hand.people.names.get(found[0])}"


def create_order(hand: Hand) -> str:
    account = hand.account()
    if account is None:
        return "none"
    values = {"account_id": account, "currency": "EUR", "number_local": hand.uow.next_number("sales_order")}
    order = hand.uow.create("sales_order", {**values, "note": hand.text("Order", account)})
    for seq in range(1 + hand.draw(3)):
        _line(hand, order, account, seq + 1)
    _totals(hand, order)
    if hand.draw(4) == 0:
        hand.uow.update("sales_order", order, {"status": "submitted"})
    return f"at {hand.people.names.get(account)}"


def _line(hand: Hand, order: bytes, account: bytes, seq: int) -> None:
    line: dict[str, object] = {"order_id": order, "account_id": account, "seq": seq, "kind": "item"}
    line.update(qty=(1 + hand.draw(9)) * 500_000, unit_price=1_335_001 * (1 + hand.draw(7)))
    line.update(discount_rate=hand.draw(4) * 25_000, description=hand.text("Line", account))
    line["product_id"] = hand.people.products[hand.draw(len(hand.people.products))]
    hand.uow.create("document_line", {**line, "line_amount": line_total({**line, "archived": 0})})


def _totals(hand: Hand, order: bytes) -> None:
    row = hand.uow.row("sales_order", order) or {}
    amounts = "SELECT line_amount FROM document_line WHERE order_id = ? AND archived = 0"
    goods = sum(amount for (amount,) in hand.uow.rows(amounts, (order,)))
    total = goods + int(row["freight_amount"] or 0)
    hand.uow.update("sales_order", order, {"goods_amount": goods, "total_amount": total})


def _draft(hand: Hand) -> Any:
    sql = "SELECT id, account_id FROM sales_order WHERE status = 'draft' AND archived = 0 AND created_by = ?"
    return hand.choose(sql, hand.uow.user_id)


def edit_order(hand: Hand) -> str:
    found = _draft(hand)
    if not found:
        return create_order(hand)
    order, account = found
    kind = hand.draw(5)
    line = hand.choose("SELECT id FROM document_line WHERE order_id = ? AND archived = 0", order)
    if kind == 0:
        _line(hand, order, account, 9)
    elif kind == 1 and line:
        row = dict(hand.uow.row("document_line", line[0]) or {}, qty=(1 + hand.draw(9)) * 250_000)
        hand.uow.update("document_line", line[0], {"qty": row["qty"], "line_amount": line_total(row)})
    elif kind == 2 and line:
        hand.uow.update("document_line", line[0], {"archived": 1, "line_amount": 0})
    elif kind == 3:
        hand.uow.update("sales_order", order, {"freight_amount": 100 * hand.draw(9)})
    else:
        return hand.edit("sales_order", order, ("note", "po_ref"))
    _totals(hand, order)
    return f"{hand.people.names.get(order)} kind {kind}"


def submit_order(hand: Hand) -> str:
    found = _draft(hand)
    if not found:
        return create_order(hand)
    hand.uow.update("sales_order", found[0], {"status": "submitted"})
    return str(hand.people.names.get(found[0]))


def cancel_order(hand: Hand) -> str:
    found = hand.choose(
        "SELECT id, status FROM sales_order WHERE status NOT IN ('cancelled', 'cancel_requested')"
    )
    if not found:
        return "none"
    wanted = "cancel_requested" if found[1] == "exported" else "cancelled"
    hand.uow.update("sales_order", found[0], {"status": wanted})
    return str(hand.people.names.get(found[0]))


def resolve_conflict(hand: Hand) -> str:
    return _decide(hand, "status = 'open'") or edit_account(hand)


def decide_proposal(hand: Hand) -> str:
    """What somebody entered who has lost the record; else any conflict."""
    return _decide(hand, "status = 'open' AND reason = 'moved'") or resolve_conflict(hand)


def _decide(hand: Hand, which: str) -> str:
    sql = f"SELECT id, entity, row_id, field, mine_value, reason FROM conflict WHERE {which}"
    found = hand.choose(sql)
    if not found:
        return ""
    conflict, entity, row_id, name, mine, reason = found
    chosen = ("mine", "theirs")[hand.draw(2)]
    hand.uow.update("conflict", conflict, {"status": "resolved", "chosen": chosen})
    if chosen == "mine" and hand.uow.row(entity, row_id) is not None:
        values: dict[str, object] = {name: _inner(name, mine)}
        if reason == "deleted":
            values["archived"] = 0
        hand.uow.update(entity, row_id, values)
    return f"{chosen} for {hand.people.names.get(row_id)}.{name}"


def undo_decision(hand: Hand) -> str:
    """Takes back a decision made on this laptop, sent or not."""
    sql = "SELECT n FROM {} WHERE command = 'resolve_conflict'"
    found = sorted(n for (n,) in hand.uow.rows(f"{sql.format('outbox')} UNION {sql.format('sent_log')}"))
    if not found:
        return resolve_conflict(hand)
    n = found[-1]
    undo(hand.uow, n)
    return f"the decision {n}"


def decide_pair(hand: Hand) -> str:
    found = hand.choose(
        "SELECT id, one_id, other_id FROM duplicate_candidate WHERE status IN ('open', 'not_duplicate', 'split')"
    )
    if not found:
        return _take_back_merge(hand)
    if hand.draw(4) == 0:
        hand.uow.update("duplicate_candidate", found[0], {"status": "not_duplicate"})
        return "two"
    survivor = found[1 + hand.draw(2)]
    hand.uow.update("duplicate_candidate", found[0], {"status": "merge_requested", "survivor_id": survivor})
    return f"one, {hand.people.names.get(survivor)}"


def _take_back_merge(hand: Hand) -> str:
    """As undo does it."""
    found = hand.choose(
        "SELECT id, survivor_id FROM duplicate_candidate WHERE status IN ('merge_requested', 'merged')"
    )
    if not found:
        return create_account(hand)
    hand.uow.update("duplicate_candidate", found[0], {"status": "open", "survivor_id": None})
    return "taken back"


def _inner(name: str, text: str) -> object:
    value = json.loads(text)
    if name in FLAGS and value is not None:
        return int(value)
    if name in OBJECTS:
        return text
    return value


def natural(name: str) -> tuple[object, ...]:
    """How names are put in order: numbers by their value."""
    parts = name.split(".")
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts)


VERBS: dict[str, Callable[[Hand], str]] = {
    action.__name__: action
    for action in (
        create_account,
        edit_account,
        archive,
        restore,
        create_contact,
        edit_contact,
        ask_about_marketing,
        edit_site,
        log_activity,
        edit_activity,
        create_order,
        edit_order,
        submit_order,
        cancel_order,
        decide_pair,
        resolve_conflict,
        decide_proposal,
        undo_decision,
        add_file,
        let_go,
        send_again,
    )
}
