"""Merging two records into one, and taking that back: on the server alone, whole, and in the merge log.

Owns the order of the steps and the rights of a request that comes from a device. The record that goes stays as an
archived stub that names the survivor; what belonged to it follows. Nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import msgspec

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.change import Change
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.scope import account_key
from sync_server.reconcile.author import Rights
from sync_server.reconcile.duplicates import CANDIDATE
from sync_server.reconcile.merge_plan import MergePlan, Move, plan_merge
from sync_server.reconcile.refusal import Refusal, row_id_of
from sync_server.reconcile.staying import Staying, staying
from sync_server.store.past.merge_log import (
    MergeEntry,
    has_undone,
    image_of,
    keep,
    mark_undone,
    standing_merge,
)
from sync_server.store.statements import bytes_of
from sync_server.store.transaction import Row, WriteTransaction

_NOT_KEPT = ("revision", "created_revision")
_TAKEN = msgspec.json.Decoder(tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Unmerged:
    """What undoing a merge came to.

    Attributes:
        back: rows that went back to the record restored, by entity.
        stay: what was entered since the merge and stays with the survivor.
        kept: fields that were changed since and keep their value, as entity and field.
    """

    entity: str
    survivor_id: bytes
    merged_id: bytes
    back: dict[str, int]
    stay: Staying
    kept: tuple[tuple[str, str], ...]


def merge(
    tx: WriteTransaction,
    entity: str,
    survivor_id: bytes,
    merged_id: bytes,
    take: Collection[str] = (),
    user_id: bytes | None = None,
) -> MergePlan:
    """Merges under the revision drawn last; gives the plan it followed.

    Raises:
        KnownError: as `plan_merge`; nothing is then staged.
    """
    plan = plan_merge(tx, entity, survivor_id, merged_id, take)
    stamps: Row = {"changed_at": tx.now, "changed_by": user_id}
    changed = plan.survivor.before != plan.survivor.after
    moves = [
        *plan.moves,
        _stamped(plan.merged, stamps),
        *([_stamped(plan.survivor, stamps)] if changed else []),
    ]
    _preload(tx, moves)
    for move in moves:
        move.after["revision"] = tx.revision
        _stage(tx, move.entity, move.before, move.after)
    if entity == "account" and has_undone(tx, row_id_of(plan.survivor.before)):
        moved = [row_id_of(move.before) for move in moves]
        tx.stay_in_account(moved, row_id_of(plan.survivor.before))
    for row in _pairs_of(tx, plan.survivor.before, plan.merged.before):
        _decide(tx, row, "merged", plan.survivor.before["id"], user_id)
    images = tuple(image_of(m.entity.name, row_id_of(m.before), m.before, m.after, _NOT_KEPT) for m in moves)
    entry = MergeEntry(
        id=tx.new_id(),
        entity=entity,
        survivor_id=row_id_of(plan.survivor.before),
        merged_id=row_id_of(plan.merged.before),
        actor=tx.actor.name,
        user_id=user_id,
        at=tx.now,
        revision=tx.revision,
        images=images,
    )
    keep(tx.session, entry)
    return plan


def _stage(tx: WriteTransaction, entity: Entity, before: Row, row: Row) -> None:
    """A record that changes is written as by a person; what only follows is written by nobody."""
    owner = {"account": "merged_into_id", "contact": "account_id"}.get(entity.name)
    written = owner is not None and before[owner] == row[owner]
    (tx.stage if written else tx.reparent)(entity, row)


def _preload(tx: WriteTransaction, moves: Iterable[Move]) -> None:
    """Reads the stored images in one go per entity."""
    ids: dict[str, list[bytes]] = {}
    for move in moves:
        ids.setdefault(move.entity.name, []).append(row_id_of(move.before))
    for name, wanted in ids.items():
        tx.preload(name, wanted)


def _stamped(move: Move, stamps: Row) -> Move:
    move.after.update(stamps)
    return move


def _pairs_of(tx: WriteTransaction, one: Row, other: Row, status: str | None = None) -> list[Row]:
    """The candidates that name exactly these two."""
    accounts = {row.get("account_id", row["id"]) for row in (one, other)}
    found = {
        row_id_of(row): row
        for account in accounts
        for name in ("account_id", "other_account_id")
        for row in tx.find(CANDIDATE, name, account)
        if {row["one_id"], row["other_id"]} == {one["id"], other["id"]} and status in (None, row["status"])
    }
    return [found[row_id] for row_id in sorted(found)]


def _decide(tx: WriteTransaction, row: Row, status: str, survivor_id: Value, user_id: bytes | None) -> None:
    row.update(status=status, survivor_id=survivor_id, decided_by=user_id, decided_at=tx.now)
    row.update(revision=tx.revision, changed_at=tx.now, changed_by=user_id)
    tx.stage(CANDIDATE, row)


# what devices ask for


def carry_out(tx: WriteTransaction, rights: Rights, change: Change) -> None:
    """Carries out the merges that a change asks for, and notes who decided on its pairs.

    Raises:
        Refusal: when a merge cannot be, or its author does not hold both records now.
    """
    ids = dict.fromkeys(edit.row_id for edit in change.edits if edit.entity == CANDIDATE.name)
    found = (tx.row(CANDIDATE, RowId(row_id)) for row_id in ids)
    pairs = [row for row in found if row is not None and row["revision"] == tx.revision]
    if sum(_asks(row) for row in pairs) > 1:
        # a merge is entered in the log at once, and nothing may be refused behind it
        sentence = "A change asks for one merge at most. Hand in each as a change of its own."
        raise Refusal(Code.INVALID_VALUE, sentence, CANDIDATE.name, row_id_of(pairs[0]), "status")
    for row in sorted(pairs, key=_asks):
        if not _asks(row):
            _decide(tx, row, str(row["status"]), None, rights.author.user_id)
        elif row["status"] == "merge_requested":
            _merge_as_asked(tx, rights, row)
        else:
            _take_back(tx, rights, row)


def _asks(row: Row) -> bool:
    """Whether a decision on a pair asks for a merge, or takes one back."""
    taken_back = row["status"] == "open" and row["survivor_id"] is not None
    return taken_back or row["status"] == "merge_requested"


def _merge_as_asked(tx: WriteTransaction, rights: Rights, row: Row) -> None:
    user_id, row_id = rights.author.user_id, row_id_of(row)
    for name in ("account_id", "other_account_id"):
        account_id = row[name]
        if not isinstance(account_id, bytes) or not tx.holds(user_id, account_key(account_id)):
            sentence = (
                "Only somebody who holds both records may merge them; one of them has moved to a colleague."
            )
            raise Refusal(Code.OUT_OF_SCOPE, sentence, CANDIDATE.name, row_id)
    pair = [row["one_id"], row["other_id"]]
    if row["survivor_id"] not in pair:
        sentence = "Say which of the two records stays."
        raise Refusal(Code.INVALID_VALUE, sentence, CANDIDATE.name, row_id, "survivor_id")
    pair.remove(row["survivor_id"])
    try:
        take = _TAKEN.decode(str(row["take"] or "[]"))
        merge(tx, str(row["entity"]), bytes_of(row["survivor_id"]), bytes_of(pair[0]), take, user_id)
    except KnownError as error:
        raise Refusal.of(error, CANDIDATE.name, row_id) from error
    except msgspec.DecodeError as error:
        sentence = "The fields to take from the other record are not a list of names."
        raise Refusal(Code.INVALID_VALUE, sentence, CANDIDATE.name, row_id, "take") from error
    # a pair may have been raised under other names, before one of its records was merged itself
    now = tx.row(CANDIDATE, row_id) or row
    if now["status"] != "merged":
        _decide(tx, now, "merged", row["survivor_id"], user_id)


def _take_back(tx: WriteTransaction, rights: Rights, row: Row) -> None:
    """Whoever asked for a merge undoes it; anybody else asks the admin."""
    row_id = row_id_of(row)
    if row["decided_by"] != rights.author.user_id:
        sentence = "A colleague merged these two records. Ask your admin to undo that if they are not one."
        raise Refusal(Code.MOVE_NOT_ALLOWED, sentence, CANDIDATE.name, row_id, "status")
    tx.stage(CANDIDATE, {**row, "status": "merged"})
    merged = next(row[name] for name in ("one_id", "other_id") if row[name] != row["survivor_id"])
    try:
        unmerge(tx, bytes_of(merged), rights.author.user_id)
    except KnownError as error:
        raise Refusal.of(error, CANDIDATE.name, row_id) from error


# taking back


def unmerge(tx: WriteTransaction, merged_id: bytes, user_id: bytes | None = None) -> Unmerged:
    """Restores a merged record and what belongs to it; what was entered since stays with the record it was entered on.

    Raises:
        KnownError: `nothing_to_change` when it stands for itself, `move_not_allowed` when the survivor was merged on.
    """
    entry = standing_merge(tx, merged_id)
    if entry is None:
        raise KnownError(Code.NOTHING_TO_CHANGE, "This record is not merged into another one.")
    entity = CATALOGUE[entry.entity]
    survivor = tx.row(entity, entry.survivor_id)
    if survivor is None or survivor["merged_into_id"] is not None:
        sentence = "The record it became part of was merged into another one since. Undo that merge first."
        raise KnownError(Code.MOVE_NOT_ALLOWED, sentence)
    back = _Restored(tx, entry)
    back.restore()
    if entity.name == "account":
        back.take_along()
        back.let_go()
    back.place_pairs()
    two = [tx.row(entity, row_id) or {} for row_id in (entry.survivor_id, entry.merged_id)]
    for row in _pairs_of(tx, two[0], two[1], "merged"):
        _decide(tx, row, "split", None, user_id)
    mark_undone(tx.session, merged_id, tx.now)
    return Unmerged(
        entry.entity,
        entry.survivor_id,
        entry.merged_id,
        back.counts(),
        staying(
            tx, entry, back.moved, [name for entity_name, name in back.kept if entity_name == entity.name]
        ),
        tuple(back.kept),
    )


class _Restored:
    """The rows that go back, image by image."""

    def __init__(self, tx: WriteTransaction, entry: MergeEntry) -> None:
        self._tx, self._entry = tx, entry
        self.moved: dict[str, set[bytes]] = {}
        self.kept: list[tuple[str, str]] = []

    def counts(self) -> dict[str, int]:
        """How many rows of each entity belong to the restored record again, without that one itself."""
        back = {name: len(ids - {self._entry.merged_id}) for name, ids in self.moved.items()}
        return {name: count for name, count in back.items() if count}

    def restore(self) -> None:
        """Each field that still has the value the merge gave it gets back the one it had."""
        for image in self._entry.images:
            row = self._tx.row(image.entity, image.row_id)
            if row is None:
                continue
            values: Row = {}
            for name, given in image.after.items():
                if row[name] == given:
                    values[name] = image.before[name]
                elif name not in ("changed_at", "changed_by"):
                    self.kept.append((image.entity, name))
            self._stage(CATALOGUE[image.entity], row, values)

    def take_along(self) -> None:
        """What was added since to a document that goes back, or is about a row that does, goes with it."""
        for entity in ENTITIES:
            account = entity.scope.account
            for name, field in entity.fields.items():
                if field.parent and account and name != account and field.to in self.moved:
                    self._follow(entity, account, name, self.moved[field.to])
        everything = set().union(*self.moved.values())
        self._follow(CATALOGUE["conflict"], "account_id", "row_id", everything)

    def place_pairs(self) -> None:
        """A pair of people names the accounts they are at now."""
        tx, entry = self._tx, self._entry
        two = [tx.row(entry.entity, row_id) or {} for row_id in (entry.survivor_id, entry.merged_id)]
        accounts = dict.fromkeys(row.get("account_id", row["id"]) for row in two if row)
        for account in accounts:
            for name in ("account_id", "other_account_id"):
                for row in tx.find(CANDIDATE, name, account):
                    self._place(row)

    def _place(self, row: Row) -> None:
        if row["entity"] != "contact":
            return
        values: Row = {}
        for name, account in (("one_id", "account_id"), ("other_id", "other_account_id")):
            person = self._tx.row("contact", bytes_of(row[name]))
            if person is not None:
                values[account] = person["account_id"]
        if any(row[name] != value for name, value in values.items()):
            self._tx.reparent(CANDIDATE, {**row, **values, "revision": self._tx.revision})

    def _follow(self, entity: Entity, account: str, name: str, parents: Iterable[bytes]) -> None:
        for parent_id in sorted(parents):
            for row in self._tx.find(entity, name, parent_id):
                if row[account] == self._entry.survivor_id:
                    self._stage(entity, row, {account: self._entry.merged_id})

    def let_go(self) -> None:
        """Whoever holds the survivor, or lost it since the merge, lets go of these rows one by one.

        He may get the survivor back, or lose the restored account again, before his device hears of either. A device
        lets go only of rows that are still the survivor's there, so that who keeps both loses nothing.
        """
        tx, entry = self._tx, self._entry
        sql = "SELECT user_id FROM scope_ledger WHERE scope_key = ? AND (lost_revision IS NULL OR lost_revision > ?)"
        held = tx.session.rows(sql, (account_key(entry.survivor_id), entry.revision))
        users = sorted({user for (user,) in held})
        rows = [row_id for name in sorted(self.moved) for row_id in sorted(self.moved[name])]
        tx.leave_account(rows, entry.survivor_id, users)

    def _stage(self, entity: Entity, row: Row, values: Row) -> None:
        if not values:
            return
        account = "merged_into_id" if entity.name == "account" else entity.scope.account
        if account in values:
            self.moved.setdefault(entity.name, set()).add(row_id_of(row))
        _stage(self._tx, entity, row, {**row, **values, "revision": self._tx.revision})
