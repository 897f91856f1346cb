"""After a restore: that no change given back is judged before what another laptop gives back brings its records to it.

It had been taken once, on records as they were then. Must not know how the server finds out whether anybody may come.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from fieldrep.contract.change import Edit, Outcome, Refused
from tests.sim.judge.oracle import Oracle, Sender, Wrong
from tests.sim.judge.rules import RULES

if TYPE_CHECKING:
    from tests.sim.central import Central

LACKS_A_STATE = ("move_not_allowed", "nothing_to_change", "invalid_value")
STATES = {"sales_order": "status", "duplicate_candidate": "status", "activity": "done_at"}

_ANYWAY = ("archived", "merged_into_id")
"""What an archiving itself is about, and what the server alone writes."""

_Numbered = tuple[bytes, int]
_State = tuple[str, bytes, Any]


@dataclass
class Judged:
    """A change given back that did not fit, or moved on states that were not there, and was judged all the same.

    Attributes:
        states: the states it moved on and did not find, each with its entity and row.
        later: the records whose state it moved on though it had been made on a later form of them.
        waited: what had been told to wait by then: of those that need each other one is judged first.
    """

    who: Sender
    change: Any
    refused: bool
    states: list[_State]
    later: set[bytes]
    waited: frozenset[_Numbered]


@dataclass
class Early:
    """What was given back and judged though the records were not as they had been, by device and number.

    Attributes:
        unfit: those refused that a change which is being taken finds unfit still.
        awaited: whether that change comes from the very device it had been answered to: who was withdrawn, and gives
            back as another one, is not awaited.
    """

    central: Central
    judged: dict[_Numbered, Judged] = field(default_factory=dict)
    unfit: list[Judged] = field(default_factory=list)
    awaited: bool = False

    def is_given_back(self, device: bytes, n: int) -> bool:
        """Whether a device had shown to have the answer to a change, as the store noted it."""
        return n <= self._told_on_return(device, "answered_to")

    def _told_on_return(self, device: bytes, name: str) -> int:
        """A number that a device told when it came back to the restored store, 0 where it has not come or none is."""
        sql = f"SELECT device_id, {name} FROM device_return WHERE epoch = (SELECT epoch FROM store_info)"
        told = {bytes(who): number for who, number in self.central.sql.rows(sql)[1]}
        return int(told.get(device, 0)) if self.central.restored else 0

    def answered(self, who: Sender, change: Any, code: str, waits: frozenset[_Numbered]) -> None:
        """A change has its answer, and the oracle has not taken it yet; `code` says why it was refused, if so."""
        self.unfit, self.awaited = [], (who.device, change.n) in self.central.ever_answered
        if not self.is_given_back(who.device, change.n):
            return
        shut = [one for one in self._of_others(who, change) if one.later & self._orders_of(change)]
        if code == "read_only" and shut:
            raise Wrong(
                f"I21: change {change.n} came back to an order that {shut[0].change.n} was the end of"
            )
        if not code:
            self.unfit = [
                one for one in self._of_others(who, change) if one.refused and self._is_refused(one)
            ]
        states, refused = self.found_otherwise(change), code in LACKS_A_STATE
        later = self.seen_later(change)
        if (states or refused or later) and who.device not in self.central.standing.sending:
            self.judged[who.device, change.n] = Judged(who, change, refused, states, later, waits)

    def taken(self, who: Sender, change: Any, outcome: Outcome) -> None:
        """I21: what a change given back brings about, nobody was judged without before."""
        given_back = self.awaited and self.is_given_back(who.device, change.n)
        if isinstance(outcome, Refused) or not given_back:
            return
        fits = [one for one in self.unfit if not self._is_refused(one)]
        made = [*_states_after(self.central.oracle, change), *_values_after(self.central.oracle, change)]
        early = [one for one in self._of_others(who, change) if any(at in made for at in one.states)]
        for one in [*fits, *early]:
            name = self.central.names.get(one.who.device)
            raise Wrong(f"I21: change {one.change.n} of {name} was judged before {change.n}, now given back")

    def as_seen(self, who: Sender, change: Any) -> Any:
        """A change made before a restore, of which the author saw nothing that was entered anew since."""
        if change.n > self._told_on_return(who.device, "newest"):
            return change
        edits = [
            msgspec.structs.replace(edit, base_revision=self._backup) if self._is_unseen(edit) else edit
            for edit in change.edits
        ]
        return msgspec.structs.replace(change, edits=tuple(edits))

    def _is_unseen(self, edit: Edit) -> bool:
        row = self.central.oracle.rows.get(edit.entity, {}).get(edit.row_id)
        if row is None or edit.kind != "update" or edit.after.get("archived") != 1:
            return False
        if not edit.base_revision >= self._written_at(edit.entity, edit.row_id) > self._backup:
            return False
        held = self._held(edit.entity).get(edit.row_id)
        if not held:
            return row["changed_by"] is None
        return any(value != row[name] for name, value in held.items() if name not in _ANYWAY)

    def _held(self, entity: str) -> dict[bytes, Any]:
        """What laptops told that they had held of records of a kind when the store was restored."""
        sql = (
            "SELECT row_id, held FROM row_after_backup "
            f"WHERE entity = '{entity}' AND epoch = (SELECT epoch FROM store_info)"
        )
        return {bytes(row_id): msgspec.msgpack.decode(held) for row_id, held in self.central.sql.rows(sql)[1]}

    @property
    def _backup(self) -> int:
        return self.central.restored_to[-1][1] if self.central.restored else 0

    @property
    def _oldest_backup(self) -> int:
        """Whoever gives back may have been away through all restores: what he saw may be of before the first."""
        return min((at for _, at in self.central.restored_to), default=0) if self.central.restored else 0

    def found_otherwise(self, change: Any) -> list[_State]:
        """The states, and the values put back, that a change was made on and does not find."""
        return found_otherwise(self.central.oracle, change) + taken_back(
            self.central.oracle, change, self._oldest_backup
        )

    def held_otherwise(self, change: Any) -> bool:
        """Whether a change moves a draft of which laptops had held another sum."""
        told = self._held("sales_order")
        orders = self.central.oracle.rows["sales_order"]
        return any(
            present == "draft" and told.get(edit.row_id, {}).get(name, sum_now) != sum_now
            for edit, present in _moves(self.central.oracle, change)
            if edit.entity == "sales_order"
            for name in ("goods_amount", "total_amount")
            for sum_now in (orders[edit.row_id][name],)
        )

    def is_of_before_a_split(self, change: Any) -> bool:
        """Whether a change edits what is part of another record, and its author may have seen that taken back."""
        return any(
            edit.base_revision > self._oldest_backup and row.get("merged_into_id") is not None
            for edit, row in self._edited(change)
        )

    def takes_out(self, change: Any) -> bool:
        """Whether a change takes out keys that are not there, of a field whose keys are joined one by one."""
        return any(
            edit.base_revision > self._oldest_backup
            and not _keys(edit.before.get(name)) - _keys(after) <= _keys(row[name])
            for edit, row in self._edited(change)
            for name, after in edit.after.items()
            if RULES.get(edit.entity, {}).get(name) == "J"
        )

    def _edited(self, change: Any) -> list[tuple[Edit, Any]]:
        rows = self.central.oracle.rows
        found = [(edit, rows.get(edit.entity, {}).get(edit.row_id)) for edit in change.edits]
        return [(edit, row) for edit, row in found if row is not None and edit.kind == "update"]

    def seen_later(self, change: Any) -> set[bytes]:
        """The records whose state a change moves on from more than the backup has of them, untouched since."""
        backup = self._backup
        return {
            edit.row_id
            for edit, present in _moves(self.central.oracle, change)
            if (edit.entity != "sales_order" or present == "draft")
            and edit.base_revision > self._written_at(edit.entity, edit.row_id) <= backup
        }

    def _written_at(self, entity: str, row_id: bytes) -> int:
        """The newest revision of a record, be it of this very request."""
        writers = self.central.oracle.writers.get((entity, row_id), [])
        return max([self.central.revisions.get((entity, row_id), 0), *(at for at, _ in writers)])

    def _orders_of(self, change: Any) -> set[bytes]:
        lines = self.central.oracle.rows["document_line"]
        named = {edit.row_id for edit in change.edits} | {edit.after.get("order_id") for edit in change.edits}
        return named | {row["order_id"] for row_id, row in lines.items() if row_id in named}

    def _of_others(self, who: Sender, change: Any) -> list[Judged]:
        """Those of other devices, but for what was judged because this change waited, too."""
        numbered = (who.device, change.n)
        return [
            one
            for (device, _), one in self.judged.items()
            if device != who.device and numbered not in one.waited
        ]

    def _is_refused(self, one: Judged) -> bool:
        oracle = copy.deepcopy(self.central.oracle)
        return oracle.judge(one.who, one.change, self.central.now())[0].kind == "refused"


def found_otherwise(oracle: Oracle, change: Any) -> list[_State]:
    """The states that a change moves on and does not find; of an order only that it is a draft still."""
    return [
        (edit.entity, edit.row_id, began)
        for edit, present in _moves(oracle, change)
        if (began := state(edit.entity, edit.before.get(STATES[edit.entity]))) != present
        and (edit.entity != "sales_order" or present == "draft")
    ]


def taken_back(oracle: Oracle, change: Any, backup: int) -> list[_State]:
    """The values that a change replaced and does not find, seen since the backup; outside a draft only those in whose
    place is what it brings.
    """
    return [
        (edit.entity, edit.row_id, (name, edit.before.get(name)))
        for edit in change.edits
        if edit.kind == "update" and edit.base_revision > backup and edit.entity != "duplicate_candidate"
        for row in (oracle.rows.get(edit.entity, {}).get(edit.row_id),)
        for name, after in edit.after.items()
        if row is not None
        and name in row
        and (edit.entity, name) not in _DERIVED
        and edit.before.get(name) not in (after, row[name])
        and (after == row[name] or _is_drafted(oracle, edit.entity, row))
    ]


def _keys(text: Any) -> set[str]:
    return set(msgspec.json.decode(text or "{}"))


def _is_drafted(oracle: Oracle, entity: str, row: Any) -> bool:
    order = oracle.rows["sales_order"].get(row["order_id"]) if entity == "document_line" else row
    return entity in ("document_line", "sales_order") and order is not None and order["status"] == "draft"


_DERIVED = {
    ("sales_order", "goods_amount"),
    ("sales_order", "total_amount"),
    ("document_line", "line_amount"),
}


def _values_after(oracle: Oracle, change: Any) -> Iterator[_State]:
    """What a change brought about, as far as it stands."""
    for edit in change.edits:
        row = oracle.rows.get(edit.entity, {}).get(edit.row_id, {})
        yield from (
            (edit.entity, edit.row_id, (name, value))
            for name, value in edit.after.items()
            if name in row and row[name] == value
        )


def _states_after(oracle: Oracle, change: Any) -> Iterator[_State]:
    for edit, present in _moves(oracle, change):
        yield edit.entity, edit.row_id, present


def _moves(oracle: Oracle, change: Any) -> Iterator[tuple[Edit, Any]]:
    """The edits that move the state of a record that is there, each with that state as it is."""
    for edit in change.edits:
        name = STATES.get(edit.entity, "")
        row = oracle.rows.get(edit.entity, {}).get(edit.row_id)
        if row is not None and edit.kind == "update" and name in edit.after:
            yield edit, state(edit.entity, row[name])


def state(entity: str, value: Any) -> Any:
    """A state as whoever moves it on sees it: the store makes more of an order submitted, and of a merge asked for."""
    if entity == "sales_order":
        return "draft" if value == "draft" else "submitted"
    return "merged" if value == "merge_requested" else value
