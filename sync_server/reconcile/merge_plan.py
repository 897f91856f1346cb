"""What a merge would do, row by row: the preview, and the plan that `merges.py` carries out.

Owns which rows follow the survivor and which fields change. Reads one state of the store and stages nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.scope import account_key
from fieldrep.domain.merging import LONGEST_CHAIN, FieldMerge, end_of_chain, merged_fields, takeable
from sync_server.reconcile.conflicts import label_of
from sync_server.reconcile.refusal import row_id_of
from sync_server.store.reading import Reader
from sync_server.store.statements import Row, bytes_of

_CANDIDATE = CATALOGUE["duplicate_candidate"]
_OWN = "id"
_OF_CONTACT = ("account_contact", "activity", "sales_order", "attachment")


@dataclass(frozen=True, slots=True)
class Move:
    """One row before and after."""

    entity: Entity
    before: Row
    after: Row


@dataclass(slots=True)
class MergePlan:
    """A merge worked out.

    Attributes:
        fields: what becomes of each field on which the two differ.
        moves: every row that changes but the two themselves.
    """

    entity: Entity
    survivor: Move
    merged: Move
    fields: tuple[FieldMerge, ...]
    moves: list[Move] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many rows follow the survivor, by entity."""
        return dict(Counter(move.entity.name for move in self.moves if move.entity is not _CANDIDATE))

    def label(self, which: Move) -> str:
        """What a person calls one of the two."""
        return label_of(self.entity, which.before)


def standing_for(reader: Reader, entity: str, row_id: bytes) -> RowId:
    """The record that stands for this one: itself, or the one it became part of, at the end of the chain."""
    return end_of_chain(row_id, lambda at: (reader.row(entity, at) or {}).get("merged_into_id"))


def merged_records(reader: Reader) -> dict[bytes, bytes]:
    """Every merged record with the one it is now."""
    accounts = reader.rows("SELECT id, merged_into_id FROM account WHERE merged_into_id IS NOT NULL")
    contacts = reader.rows("SELECT id, merged_into_id FROM contact WHERE merged_into_id IS NOT NULL")
    return dict([*accounts, *contacts])


def plan_merge(
    reader: Reader, entity_name: str, survivor_id: bytes, merged_id: bytes, take: Collection[str] = ()
) -> MergePlan:
    """Works out the merge of one record into another; each may have been merged before and is found by its chain.

    Raises:
        KnownError: `not_found`, `nothing_to_change` when both are one already, `move_not_allowed`, `unknown_field`.
    """
    entity = CATALOGUE[entity_name]
    survivor, merged = (_standing(reader, entity, row_id) for row_id in (survivor_id, merged_id))
    if survivor["id"] == merged["id"]:
        raise KnownError(Code.NOTHING_TO_CHANGE, f"{label_of(entity, survivor)} is one record already.")
    if entity_name == "contact" and survivor["account_id"] != merged["account_id"]:
        sentence = "These two people are at different accounts. Merge the accounts first, if they are one."
        raise KnownError(Code.MOVE_NOT_ALLOWED, sentence)
    for name in take:
        if name not in takeable(entity):
            raise KnownError(
                Code.UNKNOWN_FIELD,
                f"“{name[:60]}” cannot be taken from the record that goes. Known are: {', '.join(takeable(entity))}.",
                field=name[:60],
            )
    fields = merged_fields(entity, survivor, merged, take)
    after = {**survivor, **{one.field.name: one.result for one in fields}}
    gone: Row = {**merged, "archived": 1, "merged_into_id": survivor["id"]}
    if entity_name == "account":
        gone.update({name: survivor[name] for name in ("owner_user_id", "territory_id")})
        _keep_the_tree(reader, after, merged)
    followers = _Followers(reader, survivor, merged)
    (followers.of_account if entity_name == "account" else followers.of_contact)()
    return MergePlan(
        entity, Move(entity, survivor, after), Move(entity, merged, gone), fields, list(followers.moves())
    )


def _standing(reader: Reader, entity: Entity, row_id: bytes) -> Row:
    row = reader.row(entity, standing_for(reader, entity.name, row_id))
    if row is None:
        raise KnownError(Code.NOT_FOUND, f"There is no such {entity.title.lower()} in the central store.")
    return row


def _keep_the_tree(reader: Reader, survivor: Row, merged: Row) -> None:
    """No account stands above itself: one that stood below the other takes that one's place in the tree."""
    if survivor["reseller_id"] in (survivor["id"], merged["id"]):
        survivor["reseller_id"] = None
    at, below = survivor["parent_id"], False
    for _ in range(LONGEST_CHAIN):
        if not isinstance(at, bytes):
            break
        below = at == merged["id"]
        row = None if below else reader.row("account", at)
        at = row["parent_id"] if row is not None else None
    if below:
        survivor["parent_id"] = merged["parent_id"] if merged["parent_id"] != survivor["id"] else None


class _Followers:
    """The rows that named the record that goes, each with all that changes in it."""

    def __init__(self, reader: Reader, survivor: Row, merged: Row) -> None:
        self._reader = reader
        self._survivor, self._merged = row_id_of(survivor), row_id_of(merged)
        self._account = merged.get("account_id")
        self._rows: dict[tuple[str, bytes], Move] = {}

    def moves(self) -> Iterator[Move]:
        """Parents before children, as everywhere."""
        for entity in ENTITIES:
            yield from (move for (name, _), move in self._rows.items() if name == entity.name)

    def of_account(self) -> None:
        """All that belongs to the account, the accounts below it, and those merged into it before."""
        for entity in ENTITIES:
            name = entity.scope.account
            if name and name != _OWN:
                for row in self._reader.find(entity, name, self._merged):
                    self._change(entity, row, {name: self._survivor})
        account = CATALOGUE["account"]
        for name in ("parent_id", "reseller_id", "merged_into_id"):
            for row in self._reader.find(account, name, self._merged):
                if row["id"] != self._survivor:
                    self._change(account, row, {name: self._survivor})
        self._one_place_in_the_team()
        self._conflicts()
        for name in ("account_id", "other_account_id"):
            for row in self._reader.find(_CANDIDATE, name, self._merged):
                self._change(_CANDIDATE, row, {name: self._survivor})
                self._candidate(row)

    def of_contact(self) -> None:
        """What names the person at this account; what names him elsewhere finds the survivor by the redirect."""
        for name in _OF_CONTACT:
            entity = CATALOGUE[name]
            for row in self._reader.find(entity, "account_id", self._account):
                if row["contact_id"] == self._merged:
                    self._change(entity, row, {"contact_id": self._survivor})
        contact = CATALOGUE["contact"]
        for row in self._reader.find(contact, "account_id", self._account):
            if row["merged_into_id"] == self._merged:
                self._change(contact, row, {"merged_into_id": self._survivor})
        self._conflicts()
        for name in ("account_id", "other_account_id"):
            for row in self._reader.find(_CANDIDATE, name, self._account):
                self._candidate(row)

    def _change(self, entity: Entity, row: Row, values: Row) -> None:
        key = entity.name, row_id_of(row)
        known = self._rows.get(key)
        before, after = (known.before, known.after) if known else (row, dict(row))
        after.update(values)
        self._rows[key] = Move(entity, before, after)

    def _one_place_in_the_team(self) -> None:
        """Who was in both teams is in one of them once."""
        team = CATALOGUE["account_team"]
        there = {
            row["user_id"]
            for row in self._reader.find(team, "account_id", self._survivor)
            if not row["archived"]
        }
        for move in [move for (name, _), move in self._rows.items() if name == team.name]:
            if not move.before["archived"] and move.before["user_id"] in there:
                self._change(team, move.before, {"archived": 1})

    def _conflicts(self) -> None:
        for row in self._reader.find("conflict", "row_id", self._merged):
            self._change(CATALOGUE["conflict"], row, {"row_id": self._survivor})

    def _candidate(self, row: Row) -> None:
        """Another pair that names the record that goes names the survivor; one that is known already is closed."""
        named = {row["one_id"], row["other_id"]}
        if self._merged not in named or self._survivor in named:
            return
        values: Row = {n: self._survivor for n in ("one_id", "other_id") if row[n] == self._merged}
        pair = {values.get(n, row[n]) for n in ("one_id", "other_id")}
        if row["status"] != "merged" and self._is_known(pair):
            values["status"] = "merged"
        self._change(_CANDIDATE, row, values)

    def _is_known(self, pair: set[Value]) -> bool:
        found = (
            {row["one_id"], row["other_id"]} == pair
            for name in ("account_id", "other_account_id")
            for row in self._reader.find(_CANDIDATE, name, self._account_of_survivor())
        )
        return any(found)

    def _account_of_survivor(self) -> Value:
        return self._survivor if self._account is None else self._account


def holders(reader: Reader, plan: MergePlan) -> tuple[list[bytes], list[bytes]]:
    """Users who hold the record that stays, and those who hold only the one that goes and so lose it."""
    name = "id" if plan.entity.name == "account" else "account_id"
    staying, going = (
        reader.holders(account_key(bytes_of(move.before[name]))) for move in (plan.survivor, plan.merged)
    )
    return staying, [user for user in going if user not in staying]
