"""What the oracle knows of accounts that moved: edits that wait for the new holders, and what their author is told.

The second statement of the rule in the protocol's text. Must not import anything of the product.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Key = tuple[str, bytes]
QUARTER = 900_000
STATUS = {"mine": "taken", "theirs": "declined", "other": "other"}


@cache
def day_in(zone: str, quarter: int) -> str:
    """The day it is in a time zone in a quarter of an hour, counted from 1970; days begin with one everywhere."""
    return (
        datetime.fromtimestamp(quarter * QUARTER // 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")
    )


def in_force(row: Row, zone: str | None, now: int) -> bool:
    """Whether a span of days, both ends included, holds now in a time zone."""
    day = day_in(zone or "UTC", now // QUARTER)
    return (row["valid_from"] or day) <= day <= (row["valid_to"] or day)


def has_left(oracle: Any, who: Any, entity: str, row: Row) -> bool:
    """Whether the row is of an account that its editor holds no more."""
    kind, about = oracle.key(entity, row)
    return kind == "account" and about not in oracle._born and who.user not in oracle.holders((kind, about))


def waits(rule: str, after: Any) -> bool:
    """Whether a value by somebody who has left waits even where it fits: critical fields, and deleting."""
    return rule in ("F!", "D") or (rule == "N" and after != 1)


def offered(oracle: Any, who: Any, kept: list[tuple[str, bytes, str]], fresh: dict[Key, Row]) -> list[bytes]:
    """The conflicts a change leaves open whose author cannot see them; one it decided by the way is not offered."""
    fields = {(row_id, name) for _, row_id, name in kept}
    clashes: dict[tuple[bytes, str], list[bytes]] = {}
    for (entity, conflict_id), row in fresh.items():
        about = (row["row_id"], row["field"]) if entity == "conflict" and row["status"] == "open" else None
        if about in fields and row["mine_device_id"] == who.device and has_left(oracle, who, entity, row):
            clashes.setdefault(about, []).append(conflict_id)
    # beside one that the change opened again, it is the other one that its value went into
    return [
        conflict_id
        for ids in clashes.values()
        for conflict_id in ids
        if len(ids) == 1 or not opened_again(oracle, conflict_id)
    ]


def opened_again(oracle: Any, conflict_id: bytes) -> bool:
    """Whether a conflict was closed before the change that is judged."""
    before = oracle.rows["conflict"].get(conflict_id)
    return before is not None and before["status"] != "open"


def told(
    oracle: Any, who: Any, change: Any, kept: list[Any], fresh: dict[Key, Row], now: int
) -> dict[Key, Row]:
    """The rows that tell authors what became of their proposals, after a change of which `fresh` is all else."""
    rows: dict[Key, Row] = {}
    for conflict_id in offered(oracle, who, kept, fresh):
        conflict, row_id = fresh["conflict", conflict_id], told_of(conflict_id)
        known = oracle.row("proposal", row_id)
        row = dict(known) if known else dict.fromkeys(oracle.columns["proposal"])
        if not known:
            row.update(id=row_id, archived=0, custom="{}", created_at=now, created_by=who.user)
            row.update({name: conflict[name] for name in ("entity", "row_id", "field")})
            row.update(user_id=who.user, device_id=who.device)
        row.update(n=change.n, value=conflict["mine_value"], status="open", decided_by=None, decided_at=None)
        row.update(changed_at=now, changed_by=who.user)
        rows["proposal", row_id] = row
    for entity, conflict_id in fresh:
        row_id = told_of(conflict_id) if entity == "conflict" else b""
        known = rows.get(("proposal", row_id)) or oracle.row("proposal", row_id)
        if known is not None:
            rows.update(_in_step(known, fresh["conflict", conflict_id], who, now))
    return rows


def _in_step(row: Row, conflict: Row, who: Any, now: int) -> dict[Key, Row]:
    status = "open" if conflict["status"] == "open" else STATUS.get(conflict["chosen"], "declined")
    if row["status"] == status:
        return {}
    decided = status != "open"
    by, at = (conflict["resolved_by"], conflict["resolved_at"]) if decided else (None, None)
    changed = dict(row, status=status, decided_by=by, decided_at=at, changed_at=now, changed_by=who.user)
    return {("proposal", row["id"]): changed}


def told_of(conflict_id: bytes) -> bytes:
    """The id of the row that tells the author of a conflict's value, as the protocol makes it."""
    raw = bytearray(hashlib.blake2b(conflict_id, digest_size=16, person=b"proposal").digest())
    raw[6] = raw[6] & 15 | 128
    raw[8] = raw[8] & 63 | 128
    return bytes(raw)
