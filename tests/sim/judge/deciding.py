"""What the oracle says of decisions on conflicts: it rewrites a change to what may go its usual way, and does the rest.

Written from the protocol's text alone, with no code of the product in it. Must not decide anything else.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from tests.sim.judge.values import as_json, stored

Row = dict[str, Any]
Kept = list[tuple[str, bytes, str]]


class Judge(Protocol):
    """The oracle, as far as decisions need it."""

    _fresh: dict[tuple[str, bytes], Row]

    def row(self, entity: str, row_id: bytes) -> Row | None: ...
    def all(self, entity: str) -> Any: ...
    def fits(self, entity: str, row: Row, name: str, edit: Any) -> bool: ...
    def standing(self, entity: str, row: Row, name: str) -> Row: ...
    def clash(self, who: Any, entity: str, row: Row, name: str, edit: Any, now: int, why: str) -> None: ...


def without_decisions(judge: Judge, who: Any, change: Any, now: int, kept: Kept) -> list[Any]:
    """The edits of a change, less what a decision in it may not do any more."""
    edits = {edit.row_id: edit for edit in change.edits}
    for decision in change.edits:
        conflict = judge.row("conflict", decision.row_id) if decision.entity == "conflict" else None
        if conflict is None or decision.kind != "update":
            continue
        if "status" not in decision.after:
            edits[decision.row_id] = _less(decision, set(decision.after))
            continue
        beside = edits.get(conflict["row_id"])
        if beside is not None and (beside.entity, beside.kind) != (conflict["entity"], "update"):
            beside = None
        value = beside if beside is not None and conflict["field"] in beside.after else None
        if _stands(judge, who, conflict, decision, value, now, kept):
            continue
        edits[decision.row_id] = _less(edits[decision.row_id], {"status", "chosen"})
        if beside is not None:  # bringing a record back, or not, belongs to the decision as its value does
            edits[beside.row_id] = _less(edits[beside.row_id], {conflict["field"], "archived"})
    return list(edits.values())


def _stands(judge: Judge, who: Any, conflict: Row, decision: Any, value: Any, now: int, kept: Kept) -> bool:
    """Whether decision and value go their usual way; else what becomes of them has been done here."""
    entity, name = conflict["entity"], conflict["field"]
    row = judge.row(entity, conflict["row_id"])
    fits = row is None or value is None or judge.fits(entity, row, name, value)
    undecided, back = conflict["status"] == "open", decision.after["status"] == "open"
    own = conflict["resolved_by"] == who.user and conflict["chosen"] == decision.before.get("chosen")
    if row is None:
        return undecided != back if undecided or own or not back else False
    if back and undecided:
        return False
    if (not back and undecided) or (back and own):
        if fits:
            return True
        _against_the_third(judge, who, conflict, row, None if back else value.after[name], now, kept)
        return False
    if back and value is not None and _withdrawn(judge, who, row["id"], name, value, now):
        return False
    wanted = _wanted(conflict, decision, value, back=back)
    if wanted is not None and wanted != as_json(name, row[name]):
        _keep_late(judge, who, conflict, row, value, wanted, now)
        kept.append((entity, row["id"], name))
    return False


def _wanted(conflict: Row, decision: Any, value: Any, *, back: bool) -> str | None:
    if value is not None:
        return as_json(conflict["field"], value.after[conflict["field"]])
    if back or conflict["reason"] == "deleted":
        return None
    chosen = decision.after.get("chosen")
    kept: str | None = conflict[f"{chosen}_value"] if chosen in ("mine", "theirs") else None
    return kept


def _against_the_third(
    judge: Judge, who: Any, conflict: Row, row: Row, wanted: Any, now: int, kept: Kept
) -> None:
    """The field holds a third value by now: the conflict is open, against that one."""
    entity, name = conflict["entity"], conflict["field"]
    fresh = dict(conflict, status="open", chosen=None, resolved_by=None, resolved_at=None)
    fresh.update(judge.standing(entity, row, name), changed_at=now, changed_by=who.user)
    if wanted is not None and as_json(name, wanted) != conflict["mine_value"]:
        fresh.update(mine_value=as_json(name, wanted), mine_by=who.user, mine_at=now)
    judge._fresh["conflict", conflict["id"]] = fresh
    kept.append((entity, row["id"], name))


def open_clash(judge: Judge, who: Any, row_id: bytes, name: str, before: str | None) -> Row | None:
    """The open conflict in which a device goes on with a field; of several, the one with the value it began with."""
    found = [
        row
        for row in judge.all("conflict")
        if (row["row_id"], row["field"], row["mine_device_id"]) == (row_id, name, who.device)
        and row["status"] == "open"
    ]
    return min(
        found,
        key=lambda row: (row["mine_value"] != before, row["theirs_value"] != before, row["id"]),
        default=None,
    )


def _withdrawn(judge: Judge, who: Any, row_id: bytes, name: str, value: Any, now: int) -> bool:
    """A late decision was kept as a conflict, and its author takes it back: that conflict is closed."""
    began = as_json(name, value.before.get(name))
    found = open_clash(judge, who, row_id, name, began)
    if found is None or found["mine_value"] != began:
        return False
    closed = dict(found, status="resolved", chosen="theirs", resolved_by=who.user, resolved_at=now)
    closed.update(changed_at=now, changed_by=who.user)
    judge._fresh["conflict", found["id"]] = closed
    return True


def _keep_late(judge: Judge, who: Any, conflict: Row, row: Row, value: Any, wanted: str, now: int) -> None:
    name = conflict["field"]
    edit = value
    if edit is None:
        edit = _Said({name: row[name]}, {name: stored(name, wanted)})
    why = "deleted" if row["archived"] else "decided"
    judge.clash(who, conflict["entity"], row, name, edit, now, why)


class _Said(msgspec.Struct):
    before: dict[str, Any]
    after: dict[str, Any]


def _less(edit: Any, names: set[str]) -> Any:
    return msgspec.structs.replace(edit, after={n: v for n, v in edit.after.items() if n not in names})
