"""Proposals: edits whose author no longer holds the record, where they do not simply fit; its new holders decide.

To them a proposal is a conflict like any other. Its author may not look there any more, so a row of his own tells him
what was offered and what was decided, and nothing of the record itself (I5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, KeptField
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Field, Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.merge import waits
from fieldrep.contract.scope import account_of, scope_key
from sync_server.reconcile.author import Author
from sync_server.reconcile.refusal import row_id_of
from sync_server.store.transaction import Row, WriteTransaction

PROPOSAL = CATALOGUE["proposal"]
_DECIDED = {"mine": "taken", "theirs": "declined", "other": "other"}


def has_left(tx: WriteTransaction, author: Author, entity: Entity, row: Row) -> bool:
    """Whether a row belongs to an account that its editor does not hold any more."""
    key = scope_key(entity, row)
    return account_of(key) is not None and not tx.holds(author.user_id, key)


def waits_for_holder(field: Field, after: Value) -> bool:
    """Whether a value from somebody who has left the record waits for its holders even where it fits.

    That is so for critical fields and for deleting. A customer who refuses marketing never waits.
    """
    return field.name == "archived" or (waits(field) and not (field.name == "opt_out" and after == 1))


def hand_over(
    tx: WriteTransaction,
    author: Author,
    change: Change,
    kept: Iterable[KeptField],
    closed: Iterable[bytes] = (),
) -> str:
    """Makes proposals of those clashes of a change that its author cannot see, and keeps all it touched in step.

    `closed` are conflicts that were closed without being named in it. Gives what the author is told, "" when nothing
    was proposed.
    """
    offered = []
    for one in kept:
        conflict = tx.row("conflict", one.conflict_id)
        if conflict is None or conflict["mine_device_id"] != author.device_id:
            continue
        if has_left(tx, author, CATALOGUE["conflict"], conflict):
            _propose(tx, author, conflict, change.n)
            offered.append(one)
    touched = [edit.row_id for edit in change.edits if edit.entity == "conflict"]
    for conflict_id in dict.fromkeys((*touched, *closed, *(one.conflict_id for one in kept))):
        _settle(tx, author, conflict_id)
    return _told(tx, offered) if offered else ""


def _propose(tx: WriteTransaction, author: Author, conflict: Row, n: int) -> None:
    """Tells the author of a value what was offered; a later value of the same clash replaces it."""
    row_id = proposal_of(row_id_of(conflict))
    known = tx.row(PROPOSAL, row_id)
    row: Row = known or {column.name: column.default for column in PROPOSAL.columns}
    if known is None:
        row.update(id=row_id, created_at=tx.now, created_by=author.user_id, user_id=author.user_id)
        row.update({name: conflict[name] for name in ("entity", "row_id", "field")})
        row["device_id"] = author.device_id
    row.update(n=n, value=conflict["mine_value"], status="open", decided_by=None, decided_at=None)
    _stage(tx, row, author.user_id)


def _settle(tx: WriteTransaction, author: Author, conflict_id: bytes) -> None:
    """Brings the proposal of a conflict that was decided, or opened again, in line with it."""
    proposal_id = proposal_of(conflict_id)
    if conflict_id in tx.fresh_ids:
        tx.fresh_ids.add(proposal_id)  # of a conflict that has just been made nobody was told before
    row, conflict = tx.row(PROPOSAL, proposal_id), tx.row("conflict", conflict_id)
    if row is None or conflict is None:
        return
    status = "open" if conflict["status"] == "open" else _DECIDED.get(str(conflict["chosen"]), "declined")
    if row["status"] != status:
        row.update(status=status, decided_by=None, decided_at=None)
        if status != "open":
            row.update(decided_by=conflict["resolved_by"], decided_at=conflict["resolved_at"])
        _stage(tx, row, author.user_id)


def _told(tx: WriteTransaction, offered: list[KeptField]) -> str:
    first = offered[0]
    entity = CATALOGUE[first.entity]
    titles = dict.fromkeys(CATALOGUE[one.entity].field(one.field).title for one in offered)
    sentence = f"This {entity.title.lower()} now belongs to {_owner(tx, entity, RowId(first.row_id))}"
    return f"{sentence}; what you entered ({', '.join(titles)}) was handed over as a proposal."


def proposal_of(conflict_id: bytes) -> RowId:
    """The id of the row that tells the author of a conflict's value: it follows from the conflict (I23)."""
    raw = bytearray(hashlib.blake2b(conflict_id, digest_size=16, person=b"proposal").digest())
    raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
    return RowId(bytes(raw))


def _owner(tx: WriteTransaction, entity: Entity, row_id: RowId) -> str:
    row = tx.row(entity, row_id)
    account_id = account_of(scope_key(entity, row)) if row is not None else None
    account = tx.row("account", account_id) if account_id else None
    owner = account["owner_user_id"] if account is not None else None
    person = tx.row("user", owner) if isinstance(owner, bytes) else None
    return str(person["name"]) if person is not None else "somebody else"


def _stage(tx: WriteTransaction, row: Row, user_id: bytes) -> None:
    row.update(revision=tx.revision, changed_at=tx.now, changed_by=user_id)
    tx.stage(PROPOSAL, row)
