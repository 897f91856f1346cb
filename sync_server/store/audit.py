"""The audit log: one entry per change and per act of administration, each sealed by a hash over the one before (I14).

Owns the form of an entry and the chain. Entries are only ever appended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.contract.ids import id_text
from fieldrep.contract.jsonform import JsonValue, to_json
from sync_server.store.reading import Reader
from sync_server.store.statements import Row, bytes_of
from sync_server.store.workspace import Move

COLUMNS = (
    "n",
    "at",
    "user_id",
    "device_id",
    "actor",
    "action",
    "result",
    "entity",
    "row_id",
    "detail",
    "hash",
)
ACTIONS = frozenset(
    {
        "add_territory",
        "add_user",
        "approve_order",
        "assign_territory",
        "cancel_wipe",
        "change_manager",
        "change_role",
        "change_zone",
        "close_handed_change",
        "disable_user",
        "enable_user",
        "end_discount_limit",
        "enrol_device",
        "file_quota",
        "import",
        "lock_device",
        "make_enrollment_code",
        "merge_account",
        "merge_contact",
        "move_account",
        "notice_copy",
        "notice_store_behind",
        "order_wipe",
        "purge",
        "records_differ",
        "reject_order",
        "repair_rows",
        "restore",
        "revoke_device",
        "set_discount_limit",
        "set_retention",
        "tidy",
        "unassign_territory",
        "unlock_device",
        "unmerge_account",
        "unmerge_contact",
        "wipe_device",
    }
)
"""What the server itself notes; the entries of pushed changes have the change's command, such as `edit_account`."""

FIRST_HASH = bytes(32)
LONGEST_VALUE = 500
"""Characters of a value that the audit log keeps; the rest of a long note is in the row."""

_NOTHING: Row = {}
_json = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, known from a credential or from the program that runs: never from what a message says.

    Attributes:
        name: a login, or the program, such as `fieldrep-server import`.
    """

    name: str
    user_id: bytes | None = None
    device_id: bytes | None = None


class AuditEntry(msgspec.Struct, frozen=True):
    """What happened: `action` is a verb such as `edit_account` or `revoke_device`, `result` what became of it."""

    actor: Actor
    action: str
    result: str
    entity: str = ""
    row_id: bytes | None = None
    detail: str = ""


def described(moves: Iterable[Move]) -> str:
    """What was staged, as JSON: per row the fields that differ, old and new, long values cut."""
    rows = []
    for move in moves:
        declared, old, new = _SHOWN[move.entity], move.before or _NOTHING, move.after
        fields: dict[str, list[object]] = {}
        for name in move.differing:
            if name in declared:
                was, now, shown = old.get(name), new[name], declared[name]
                fields[name] = [was, now] if shown is None else [shown(was), shown(now)]
        rows.append({"entity": move.entity, "id": id_text(bytes_of(new["id"])), "fields": fields})
    return _json(rows).decode()


def _short(field: Field, value: Value) -> JsonValue:
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return value[:LONGEST_VALUE] + "…"
    return to_json(field, value)


def _way_to_show(field: Field) -> Callable[[Value], JsonValue] | None:
    """From an inner value of a field to what the log says; None for those shown as they are, as most."""
    is_long = field.kind is Kind.TEXT and field.maximum > LONGEST_VALUE
    return partial(_short, field) if is_long or field.kind in _SHOWN_OTHERWISE else None


_SHOWN_OTHERWISE = frozenset({Kind.REF, Kind.BYTES, Kind.FLAG, Kind.JSON})
_SHOWN: Mapping[str, Mapping[str, Callable[[Value], JsonValue] | None]] = {
    entity.name: {name: _way_to_show(field) for name, field in entity.fields.items()} for entity in ENTITIES
}


def sealed(n: int, at: int, entry: AuditEntry, before: bytes) -> tuple[tuple[object, ...], bytes]:
    """The stored form of an entry, and its hash, which covers it and the hash before."""
    actor = entry.actor
    body = (
        n,
        at,
        actor.user_id,
        actor.device_id,
        actor.name,
        entry.action,
        entry.result,
        entry.entity,
        entry.row_id,
        entry.detail,
    )
    seal = hashlib.sha256(before + _pack(body)).digest()
    return (*body, seal), seal


def broken_links(reader: Reader, *, page: int = 5_000) -> Iterator[int]:
    """The numbers of entries that were altered, removed or put in; none in an honest log."""
    info = reader.info()
    expected, before, last = info.audit_cut + 1, info.audit_cut_hash, info.audit_cut
    while True:
        sql = (
            "SELECT n, at, user_id, device_id, actor, action, result, entity, row_id, detail, hash "
            "FROM audit_entry WHERE n > ? ORDER BY n LIMIT ?"
        )
        found = reader.rows(sql, (last, page))
        for *body, kept in found:
            if body[0] != expected or hashlib.sha256(before + _pack(body)).digest() != kept:
                yield body[0]
            expected, before = body[0] + 1, kept if isinstance(kept, bytes) else b""
        if len(found) < page:
            break
        last = found[-1][0]
    if info.audit_n != expected - 1 or info.audit_hash != before:
        yield info.audit_n
