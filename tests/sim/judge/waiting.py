"""After a restore: changes told to wait for what others give back, and that none is refused which should have waited.

Must not know how the server finds out whether anybody may still bring what a change needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from fieldrep.contract.change import Edit, Outcome, Refused
from tests.sim.judge.early import LACKS_A_STATE, Early
from tests.sim.judge.oracle import Oracle, Sender, Wrong

if TYPE_CHECKING:
    from tests.sim.central import Central

LACKS_A_RECORD = ("not_found", "parent_missing", "out_of_scope")


@dataclass
class Waiting:
    """What waits, by device and number.

    Attributes:
        waits: the changes that were told to wait and have no answer yet.
        lacked: per refused change the ids it names that no record had then.
        times: how often a change was told to wait.
    """

    central: Central
    waits: dict[bytes, dict[int, Any]] = field(default_factory=dict)
    lacked: dict[tuple[bytes, int], set[bytes]] = field(default_factory=dict)
    times: int = 0
    early: Early = field(init=False)

    def __post_init__(self) -> None:
        self.early = Early(self.central)

    def restored(self) -> None:
        """All is given back anew."""
        self.waits, self.lacked, self.early = {}, {}, Early(self.central)

    def listed(self, device: bytes) -> dict[int, tuple[Edit, ...]]:
        """The changes of a device that the store lists as waiting."""
        sql = (
            "SELECT device_id, n, edits FROM returned_change WHERE result LIKE 'waits%' "
            "AND epoch = (SELECT epoch FROM store_info)"
        )
        waiting = [
            (n, bytes(edits)) for who, n, edits in self.central.sql.rows(sql)[1] if bytes(who) == device
        ]
        return {n: msgspec.msgpack.decode(edits, type=tuple[Edit, ...]) for n, edits in waiting}

    def told(self, who: Sender, change: Any, *, heard: bool) -> None:
        """A change was told to wait: it builds on another one that waits, or on what is not there.

        Where nothing of its request was taken nobody `heard` of it: it is listed from before, and may by now be taken.
        """
        mine = self.waits.setdefault(who.device, {})
        if not heard:
            mine[change.n] = change
            return
        if not any(n < change.n and builds_on(self.central.oracle, change, one) for n, one in mine.items()):
            self._require_reason(who, change)
        if not self.central.restored:
            raise Wrong(f"change {change.n} was told to wait, and nobody gives anything back")
        mine[change.n] = change
        self.times += 1

    def _require_reason(self, who: Sender, change: Any) -> None:
        """It lacks a record, or was taken before and does not fit as records are now, or moves on what they are not."""
        given_back = self.early.is_given_back(who.device, change.n)
        early = self.early
        reasons = (
            early.found_otherwise,
            early.seen_later,
            early.held_otherwise,
            early.is_of_before_a_split,
            early.takes_out,
        )
        if given_back and any(reason(change) for reason in reasons):
            return
        verdict, _ = self.central.oracle.judge(who, change, self.central.now())
        codes = LACKS_A_RECORD + (LACKS_A_STATE if given_back else ())
        if verdict.kind != "refused" or verdict.code not in codes:
            raise Wrong(f"change {change.n} was told to wait, the oracle says {verdict}; {change}")

    def answered(self, who: Sender, change: Any, outcome: Outcome) -> None:
        """I21: what a change given back makes, nobody was refused a change for before."""
        code = outcome.code if isinstance(outcome, Refused) else ""
        given_back = (who.device, change.n) in self.central.ever_answered
        self.waits.get(who.device, {}).pop(change.n, None)
        waits = frozenset((device, n) for device, mine in self.waits.items() for n in mine)
        self.early.answered(who, change, code, waits)
        may_wait = who.device not in self.central.standing.sending  # one that is to be wiped is told at once
        if code in LACKS_A_RECORD and self.central.restored and may_wait:
            there = {row_id for rows in self.central.oracle.rows.values() for row_id in rows}
            self.lacked[who.device, change.n] = named(change) - there
        made = {edit.row_id for edit in change.edits if edit.kind == "create"}
        for (device, n), ids in self.lacked.items():
            if given_back and not code and device != who.device and ids & made:
                names = [self.central.names.get(one) for one in ids & made]
                raise Wrong(
                    f"I21: change {n} of {self.central.names.get(device)} lacked {names}, now given back"
                )


def builds_on(oracle: Oracle, change: Any, waiting: Any) -> bool:
    """Whether a change edits a record of another one, names one that is made there, or decides after it.

    Which two a pair names that is not there nobody knows.
    """
    pairs = oracle.rows["duplicate_candidate"]
    unknown = any(edit.entity == "duplicate_candidate" and edit.row_id not in pairs for edit in waiting.edits)
    if unknown and any(edit.entity == "duplicate_candidate" for edit in change.edits):
        return True
    made = {edit.row_id for edit in waiting.edits if edit.kind == "create"}
    return bool(about(oracle, waiting) & about(oracle, change) or made & named(change))


def about(oracle: Oracle, change: Any) -> set[bytes]:
    """The records a change edits, and the two of each pair of which it decides."""
    ids = {edit.row_id for edit in change.edits}
    known = oracle.rows["duplicate_candidate"]
    pairs = [row for row_id, row in known.items() if row_id in ids]
    stays = {
        edit.after.get("survivor_id")
        for edit in change.edits
        if edit.entity == "duplicate_candidate" and edit.row_id not in known
    }
    return ids.union(stays - {None}, *({row["one_id"], row["other_id"]} for row in pairs))


def named(change: Any) -> set[bytes]:
    """The ids a change names."""
    values = {value for edit in change.edits for value in (edit.row_id, *edit.after.values())}
    return {value for value in values if isinstance(value, bytes) and len(value) == 16}
