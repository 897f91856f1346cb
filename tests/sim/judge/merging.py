"""What the oracle says of merges: which rows follow, what fields become, what late edits mean, and how it is undone.

Written from the protocol's text alone, with no code of the product in it. Works on the oracle's rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from tests.sim.judge.rules import FILE_OWNERS

Row = dict[str, Any]
Key = tuple[str, bytes]

BELONGING = (
    "site",
    "contact",
    "account_contact",
    "account_team",
    "price_list_item",
    "ar_document",
    "sales_order",
    "document_line",
    "activity",
    "attachment",
    "conflict",
)
NAMES = {"account_id": "account", "contact_id": "contact", "parent_id": "account", "reseller_id": "account"}
STAYS = {
    "account": {"owner_user_id", "territory_id", "number", "erp_ref", "parent_id", "currency"},
    "contact": {"account_id", "erp_ref"},
}
STANDARD = {"tier": "standard", "lifecycle": "prospect", "opt_out": 0}
SYSTEM = {
    "id",
    "revision",
    "created_at",
    "created_by",
    "changed_at",
    "changed_by",
    "archived",
    "merged_into_id",
}
MOVES = {
    ("open", "not_duplicate"),
    ("open", "merge_requested"),
    ("not_duplicate", "open"),
    ("not_duplicate", "merge_requested"),
    ("split", "merge_requested"),
}


class Cannot(Exception):
    """The merge cannot be; the code a device would be told."""


@dataclass
class Done:
    """A merge as the oracle carried it out: per row what it changed, before and after."""

    entity: str
    stays: bytes
    goes: bytes
    images: dict[Key, tuple[Row, Row]] = field(default_factory=dict)
    undone: bool = False
    tick: int = 0


class Judge(Protocol):
    """The oracle, as far as merges need it."""

    _fresh: dict[Key, Row]
    merges: list[Done]
    carried: set[Key]
    let_go: dict[tuple[bytes, bytes, bytes], int]
    tick: int
    grants: dict[tuple[bytes, tuple[str, bytes]], list[list[int]]]

    def row(self, entity: str, row_id: bytes) -> Row | None: ...
    def all(self, entity: str) -> Any: ...
    def holders(self, key: tuple[str, bytes]) -> set[bytes]: ...
    def covers(self, who: Any, key: tuple[str, bytes]) -> bool: ...


def standing(judge: Judge, entity: str, row_id: bytes) -> bytes:
    """The record that stands for this one."""
    while (row := judge.row(entity, row_id)) is not None and row["merged_into_id"] is not None:
        row_id = row["merged_into_id"]
    return row_id


def redirected(judge: Judge, change: Any) -> Any:
    """The change as if it had named the survivors."""
    edits = []
    for given in change.edits:
        edit = given
        if edit.entity in STAYS and edit.kind == "update":
            survivor = standing(judge, edit.entity, edit.row_id)
            if survivor != edit.row_id:
                edit = msgspec.structs.replace(edit, row_id=survivor, base_revision=-1)
        named = {
            n: standing(judge, NAMES[n], v) for n, v in edit.after.items() if n in NAMES and v is not None
        }
        before = {
            n: standing(judge, NAMES[n], v) for n, v in edit.before.items() if n in NAMES and v is not None
        }
        for held_with in (
            hung_on(judge, edit.entity, {**edit.after, **named}) if edit.kind == "create" else ()
        ):
            if held_with["account_id"] is not None:
                named["account_id"] = held_with["account_id"]
        edits.append(
            msgspec.structs.replace(edit, after={**edit.after, **named}, before={**edit.before, **before})
        )
    return msgspec.structs.replace(change, edits=tuple(edits))


def hung_on(judge: Judge, entity: str, values: Row) -> list[Row]:
    """The records with which a line of an order, or a file, is held."""
    owners = {"document_line": {"order_id": "sales_order"}, "attachment": FILE_OWNERS}.get(entity, {})
    found = (judge.row(kind, values[name]) for name, kind in owners.items() if values.get(name) is not None)
    return [row for row in found if row is not None]


def reaches(judge: Judge, who: Any, key: tuple[str, bytes], row_id: bytes) -> bool:
    """Whether somebody may touch a row, be it because he held it before a merge, or its undoing, moved it."""
    if judge.covers(who, key) or key[0] != "account":
        return judge.covers(who, key)
    stubs = [one["id"] for one in judge.all("account") if one["merged_into_id"] == key[1]]
    if any(judge.covers(who, ("account", stub)) for stub in stubs):
        return True
    return any(
        (user, one) == (who.user, row_id) and tick >= who.since and judge.covers(who, ("account", stays))
        for (user, one, stays), tick in judge.let_go.items()
    )


def moved_pair(row: Row, name: str, after: Any) -> Any:
    """What a decision on a pair comes to: its field's value; None stands for a refusal of the move."""
    done = row["status"] in ("merge_requested", "merged")
    if name != "status":
        return row[name] if done else after
    if (row["status"], after) in MOVES or (row["status"], after) == ("merged", "open"):
        return after
    return row["status"] if done and after in ("merge_requested", "merged") else None


def carry_out(judge: Judge, who: Any, change: Any, now: int) -> None:
    """The merges that a change asks for."""
    for edit in change.edits:
        row = judge._fresh.get((edit.entity, edit.row_id)) if edit.entity == "duplicate_candidate" else None
        if row is None:
            continue
        if row["status"] == "open" and row["survivor_id"] is not None:
            _taken_back(judge, who, row, now)
            continue
        if row["status"] != "merge_requested":
            _decided(row, row["status"], None, who.user, now)
            continue
        for name in ("account_id", "other_account_id"):
            born = (judge.row("account", row[name]) or {}).get("owner_user_id") == who.user
            if who.user not in judge.holders(("account", row[name])) and not born:
                raise Cannot("out_of_scope")
        pair = [row["one_id"], row["other_id"]]
        if row["survivor_id"] not in pair:
            raise Cannot("invalid_value")
        pair.remove(row["survivor_id"])
        merge(judge, row["entity"], row["survivor_id"], pair[0], who.user, now)
        last = judge._fresh[edit.entity, edit.row_id]
        if last["status"] != "merged":
            _decided(last, "merged", row["survivor_id"], who.user, now)


def _taken_back(judge: Judge, who: Any, row: Row, now: int) -> None:
    """The one who asked for a merge undoes it."""
    if row["decided_by"] != who.user:
        raise Cannot("move_not_allowed")
    row["status"] = "merged"
    goes = row["other_id"] if row["one_id"] == row["survivor_id"] else row["one_id"]
    done = next((one for one in reversed(judge.merges) if one.goes == goes and not one.undone), None)
    if done is None:
        raise Cannot("nothing_to_change")
    survivor = judge.row(done.entity, done.stays)
    if survivor is None or survivor["merged_into_id"] is not None:
        raise Cannot("move_not_allowed")
    unmerge(judge, done, now, who.user)


def _decided(row: Row, status: str, survivor: bytes | None, by: bytes | None, now: int) -> None:
    row.update(
        status=status, survivor_id=survivor, decided_by=by, decided_at=now, changed_at=now, changed_by=by
    )


def merge(judge: Judge, entity: str, stays: bytes, goes: bytes, by: bytes | None, now: int) -> Done:
    """Makes one record part of another, in the rows that are fresh."""
    stays, goes = standing(judge, entity, stays), standing(judge, entity, goes)
    if stays == goes:
        raise Cannot("nothing_to_change")
    survivor, merged = judge.row(entity, stays), judge.row(entity, goes)
    assert survivor is not None
    assert merged is not None
    if entity == "contact" and survivor["account_id"] != merged["account_id"]:
        raise Cannot("move_not_allowed")
    done = Done(entity, stays, goes, tick=judge.tick)
    account = stays if entity == "account" else survivor["account_id"]
    known = [{row["one_id"], row["other_id"]} for row in judge.all("duplicate_candidate")
             if account in (row["account_id"], row["other_account_id"])]  # fmt: skip
    becomes = {
        name: _value(entity, name, survivor[name], merged[name]) for name in survivor if name not in SYSTEM
    }
    if entity == "account":
        _of_account(judge, done, survivor, merged, becomes)
    else:
        _of_contact(judge, done, account)
    for row in list(judge.all("duplicate_candidate")):
        _pair(judge, done, row, known, by, now)
    gone = {"archived": 1, "merged_into_id": stays, "changed_at": now, "changed_by": by}
    if entity == "account":
        gone.update(owner_user_id=survivor["owner_user_id"], territory_id=survivor["territory_id"])
    _change(judge, done, entity, goes, gone)
    judge.carried.discard((entity, goes)) if entity == "contact" else judge.carried.add((entity, goes))
    if any(survivor[name] != value for name, value in becomes.items()):
        becomes.update(changed_at=now, changed_by=by)
        _change(judge, done, entity, stays, becomes)
    judge.carried.discard((entity, stays))
    for key in [
        key for key in judge.let_go if key[2] == stays and any(key[1] == row for _, row in done.images)
    ]:
        del judge.let_go[key]
    judge.merges.append(done)
    return done


def _value(entity: str, name: str, mine: Any, theirs: Any) -> Any:
    empty = (None, "", "{}", "[]", STANDARD.get(name))
    if name == "opt_out":
        return 1 if 1 in (mine, theirs) and mine != theirs else mine
    if name in STAYS[entity] or mine == theirs or theirs in empty:
        return mine
    if mine in empty:
        return theirs
    if name == "note":
        return mine if theirs in mine else f"{mine}\n\n{theirs}"
    if name in ("consent", "custom"):
        both = {**json.loads(theirs), **json.loads(mine)}
        return json.dumps(both, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return mine


def _change(judge: Judge, done: Done, entity: str, row_id: bytes, values: Row) -> None:
    key = (entity, row_id)
    row = judge.row(entity, row_id)
    assert row is not None
    if key not in judge._fresh:
        row = judge._fresh[key] = dict(row)
    before, after = done.images.get(key, ({}, {}))
    for name, value in values.items():
        if row[name] != value or name in after:
            before.setdefault(name, row[name])
            after[name] = value
    done.images[key] = before, after
    row.update(values)
    judge.carried.add(key)


def _of_account(judge: Judge, done: Done, survivor: Row, merged: Row, becomes: Row) -> None:
    stays, goes = done.stays, done.goes
    team = {
        row["user_id"]
        for row in judge.all("account_team")
        if row["account_id"] == stays and not row["archived"]
    }
    for entity in BELONGING:
        for row in [row for row in judge.all(entity) if row.get("account_id") == goes]:
            twice = entity == "account_team" and not row["archived"] and row["user_id"] in team
            _change(
                judge, done, entity, row["id"], {"account_id": stays, **({"archived": 1} if twice else {})}
            )
    for row in list(judge.all("account")):
        values = {n: stays for n in ("parent_id", "reseller_id", "merged_into_id") if row[n] == goes}
        if values and row["id"] != stays:
            _change(judge, done, "account", row["id"], values)
            if "merged_into_id" not in values:
                judge.carried.discard(("account", row["id"]))
    _conflicts(judge, done)


def _of_contact(judge: Judge, done: Done, account: bytes) -> None:
    for entity in ("account_contact", "activity", "sales_order", "attachment"):
        for row in [row for row in judge.all(entity) if row["contact_id"] == done.goes]:
            if row["account_id"] == account:
                _change(judge, done, entity, row["id"], {"contact_id": done.stays})
    for row in list(judge.all("contact")):
        if row["merged_into_id"] == done.goes and row["account_id"] == account:
            _change(judge, done, "contact", row["id"], {"merged_into_id": done.stays})
            judge.carried.discard(("contact", row["id"]))
    _conflicts(judge, done)


def _conflicts(judge: Judge, done: Done) -> None:
    for row in [row for row in judge.all("conflict") if row["row_id"] == done.goes]:
        _change(judge, done, "conflict", row["id"], {"row_id": done.stays})


def _pair(judge: Judge, done: Done, row: Row, known: list[set[bytes]], by: bytes | None, now: int) -> None:
    """A pair that names the record that goes, its account, or exactly these two."""
    values: Row = {}
    if done.entity == "account":
        values = {n: done.stays for n in ("account_id", "other_account_id") if row[n] == done.goes}
    pair = {row["one_id"], row["other_id"]}
    if done.goes in pair and done.stays not in pair:
        values.update({n: done.stays for n in ("one_id", "other_id") if row[n] == done.goes})
        if row["status"] != "merged" and (pair - {done.goes}) | {done.stays} in known:
            values["status"] = "merged"
    if values:
        _change(judge, done, "duplicate_candidate", row["id"], values)
    if pair == {done.stays, done.goes}:
        key = ("duplicate_candidate", row["id"])
        fresh = judge._fresh.setdefault(key, dict(judge.row(*key) or {}))
        _decided(fresh, "merged", done.stays, by, now)
        judge.carried.discard(key)


def unmerge(judge: Judge, done: Done, now: int, by: bytes | None = None) -> None:
    """Takes a merge back, in the rows that are fresh."""
    back: dict[str, set[bytes]] = {}
    for (entity, row_id), (before, after) in done.images.items():
        row = judge.row(entity, row_id)
        assert row is not None
        values = {name: before[name] for name, given in after.items() if row[name] == given}
        if values:
            _put(judge, entity, row_id, values)
            owner = "merged_into_id" if entity == "account" else "account_id"
            if owner in values:
                back.setdefault(entity, set()).add(row_id)
            written = entity in ("account", "contact") and owner not in values
            (judge.carried.discard if written else judge.carried.add)((entity, row_id))
    if done.entity == "account":
        _take_along(judge, done, back)
    _place_pairs(judge)
    for row in list(judge.all("duplicate_candidate")):
        if {row["one_id"], row["other_id"]} == {done.stays, done.goes} and row["status"] == "merged":
            key = ("duplicate_candidate", row["id"])
            fresh = judge._fresh.setdefault(key, dict(row))
            _decided(fresh, "split", None, by, now)
            judge.carried.discard(key)
    done.undone = True
    lost = {
        user
        for (user, key), spans in judge.grants.items()
        if key == ("account", done.stays) and any(until > done.tick + 1 for _, until in spans)
    }
    for user in judge.holders(("account", done.stays)) | lost:
        for row_id in set().union(*back.values()) if done.entity == "account" else ():
            judge.let_go[user, row_id, done.stays] = judge.tick


def _put(judge: Judge, entity: str, row_id: bytes, values: Row) -> None:
    row = judge.row(entity, row_id)
    assert row is not None
    judge._fresh.setdefault((entity, row_id), dict(row)).update(values)


def _take_along(judge: Judge, done: Done, back: dict[str, set[bytes]]) -> None:
    """Lines and files go with their records, conflicts with what they are about."""
    follow = [("document_line", "order_id", "sales_order")]
    follow += [("attachment", name, kind) for name, kind in FILE_OWNERS.items()]
    for entity, name, kind in follow:
        _follow(judge, done, back, entity, name, back.get(kind, set()))
    _follow(judge, done, back, "conflict", "row_id", set().union(*back.values()))


def _place_pairs(judge: Judge) -> None:
    """A pair of people names the accounts they are at now."""
    for row in list(judge.all("duplicate_candidate")):
        for name, account in (("one_id", "account_id"), ("other_id", "other_account_id")):
            person = judge.row("contact", row[name])
            if person is not None and row[account] != person["account_id"]:
                _put(judge, "duplicate_candidate", row["id"], {account: person["account_id"]})
                judge.carried.add(("duplicate_candidate", row["id"]))


def _follow(
    judge: Judge, done: Done, back: dict[str, set[bytes]], entity: str, name: str, parents: set[bytes]
) -> None:
    for row in [row for row in judge.all(entity) if row[name] in parents]:
        if row["account_id"] == done.stays:
            _put(judge, entity, row["id"], {"account_id": done.goes})
            judge.carried.add((entity, row["id"]))
            back.setdefault(entity, set()).add(row["id"])
