"""How people add files: photos and documents of customers, and of what belongs to them, some of them the same bytes.

Part of what people do on their laptops, see `people.py`. Must not know how files travel.
"""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

from tests.sim.judge.bodies import PART

if TYPE_CHECKING:
    from tests.sim.people import Hand

_OWNERS = (
    ("account", "account_id", "account_id"),
    ("contact", "contact_id", "account_id"),
    ("site", "site_id", "account_id"),
    ("activity", "activity_id", "account_id"),
    ("sales_order", "order_id", "account_id"),
)
SHARED = 3
"""So many pictures are on everybody's laptop: the same bytes, added again and again."""


def add_file(hand: Hand) -> str:
    """A file for a customer, or for a contact, an address, a visit or an order; or a visit with its photo."""
    kind = hand.draw(len(_OWNERS) + 2)
    if kind >= len(_OWNERS):
        return _visit(hand)
    entity, name, account = _OWNERS[kind]
    person = "assignee_id" if entity == "activity" else "NULL"
    account = "id" if entity == "account" else account
    found = hand.choose(f"SELECT id, {account}, {person} FROM {entity} WHERE archived = 0")
    if not found:
        return _visit(hand)
    owner, account_id, assignee = found
    _add(hand, {name: owner, "account_id": account_id, "user_id": None if account_id else assignee})
    return f"to {hand.people.names.get(owner)}"


def _visit(hand: Hand) -> str:
    """A visit and its photo, saved together."""
    account = hand.account()
    if account is None:
        return "none"
    values = {"kind": "note", "assignee_id": hand.uow.user_id, "account_id": account}
    visit = hand.uow.create("activity", {**values, "subject": hand.text("Visit", account)})
    _add(hand, {"activity_id": visit, "account_id": account, "user_id": None})
    return f"with a visit at {hand.people.names.get(account)}"


def _add(hand: Hand, belongs: dict[str, bytes | None]) -> None:
    body = _body(hand)
    account = belongs["account_id"] or b""
    values: dict[str, object] = {name: value for name, value in belongs.items() if value is not None}
    values.update(name=hand.text("Shelf", account), media_type="image/jpeg", size=len(body))
    if hand.draw(3) == 0:
        values["thumb"] = hand.text("small", account).encode()
    row_id = hand.uow.create("attachment", {**values, "sha256": hashlib.sha256(body).hexdigest()})
    hand.uow.keep_file(row_id, body)
    hand.people.bodies.add(row_id, body)


def _body(hand: Hand) -> bytes:
    """New bytes, or some that others add too."""
    if hand.draw(3) == 0:
        number = hand.draw(SHARED)
        return random.Random(f"shared/{number}").randbytes(1 + number * PART)
    chance = random.Random(f"photo/{hand.step}/{hand.draw(1000)}/{hand.uow.user_id.hex()}")
    return chance.randbytes(1 + chance.randrange(3 * PART + 20))
