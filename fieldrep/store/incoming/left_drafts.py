"""Drafts of this person that go with their account: whose they are now is told once, since she cannot look it up.

Owns which orders those are, before a reply is applied and after it. What becomes of a draft is the server's rule
(`may_write_draft`): its author may finish it no more, the account's new owner may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from fieldrep.contract.change import Change, Outcome, Refused
from fieldrep.contract.scope import ACCOUNT_PREFIX
from fieldrep.store.engine import Connection
from fieldrep.store.outgoing.pending import Standing


class LeftDraft(msgspec.Struct, frozen=True):
    """A draft that went with its account: its number, whose account it was and whose it is, "" where nobody is told."""

    number: str
    account: str
    owner: str


@dataclass(frozen=True, slots=True)
class _Draft:
    row_id: bytes
    number: str
    account: str
    owner_id: bytes


_OF_ACCOUNT = (
    "SELECT o.id, coalesce(o.number_official, o.number_local, ''), coalesce(a.name, '') FROM sales_order AS o "
    "LEFT JOIN account AS a ON a.id = o.account_id "
    "WHERE o.account_id = ? AND o.status = 'draft' AND o.archived = 0 AND o.created_by = ?"
)
_LEFT_BEFORE = (
    "SELECT o.id, coalesce(o.number_official, o.number_local, ''), coalesce(a.name, ''), b.moved_to FROM base_row AS b "
    "JOIN sales_order AS o ON o.id = b.row_id LEFT JOIN account AS a ON a.id = o.account_id "
    "WHERE b.standing = ? AND b.entity = 'sales_order' AND o.status = 'draft' AND o.archived = 0 AND o.created_by = ?"
)


def drafts_leaving(connection: Connection, keys: Mapping[bytes, bytes], user_id: bytes) -> list[_Draft]:
    """This person's drafts on accounts that leave now, or left before while something of the draft still waited."""
    found = [
        _Draft(row_id, number, name, owner)
        for key, owner in keys.items()
        if key[:1] == ACCOUNT_PREFIX
        for row_id, number, name in connection.execute(_OF_ACCOUNT, (key[1:], user_id))
    ]
    before = connection.execute(_LEFT_BEFORE, (int(Standing.LEFT), user_id))
    return found + [_Draft(row_id, number, name, owner or b"") for row_id, number, name, owner in before]


def drafts_left(
    connection: Connection, leaving: Sequence[_Draft], outcomes: Iterable[Outcome], sent: Iterable[Change]
) -> tuple[LeftDraft, ...]:
    """Those that are here no more; one that was refused lies among the refused changes, and went nowhere."""
    refused = {outcome.n for outcome in outcomes if isinstance(outcome, Refused)} if leaving else ()
    kept = (
        {edit.row_id for change in sent if change.n in refused for edit in change.edits} if refused else set()
    )
    told = []
    for draft in leaving:
        here = connection.execute("SELECT 1 FROM sales_order WHERE id = ?", (draft.row_id,)).fetchone()
        if here is None and draft.row_id not in kept:
            name = connection.execute("SELECT name FROM app_user WHERE id = ?", (draft.owner_id,)).fetchone()
            told.append(LeftDraft(draft.number, draft.account, name[0] if name else ""))
    return tuple(told)


def left_words(drafts: Sequence[LeftDraft]) -> str:
    """What became of them, in one sentence; "" for none."""
    if not drafts:
        return ""
    owners = list(dict.fromkeys(draft.owner or "a colleague" for draft in drafts))
    if len(drafts) == 1:
        which = f"Your draft order {drafts[0].number} of {drafts[0].account} went with its account"
        return f"{which} to {owners[0]}, who can finish it."
    who = owners[0] if len(owners) == 1 else f"{owners[0]} and other colleagues"
    return f"{len(drafts)} of your draft orders went with their accounts to {who}, who can finish them."
