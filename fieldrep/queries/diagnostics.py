"""What support needs to know of a replica, without anything that anybody typed: numbers, codes and our own names.

Owns what may be told. Whatever is text in the replica is told only where it is one of the catalogue's own words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fieldrep.contract.catalogue import CATALOGUE, SCHEMA_VERSION
from fieldrep.contract.digest import Digest
from fieldrep.contract.ids import id_text
from fieldrep.contract.messages import PROTOCOL_VERSION
from fieldrep.queries.storage import storage
from fieldrep.store.file_queue import not_taken
from fieldrep.store.incoming.receipts import KeptReceipt, newest
from fieldrep.store.incoming.refused import refused_changes
from fieldrep.store.reader import Reader
from fieldrep.store.state import SyncState, load_state

_OTHER = "other"
_COMMAND = re.compile(r"[a-z][a-z_]{0,60}")
_OUTBOX = (
    "SELECT command, state, count(*), sum(length(change)), min(made_at), max(made_at) FROM outbox "
    "GROUP BY command, state ORDER BY command, state"
)
_CONFLICTS = "SELECT entity, field FROM conflict WHERE status = 'open' AND archived = 0"
_UNTOLD = frozenset({"sentence", "drafts_left", "files_not_taken", "mine", "theirs"})
"""Of a receipt: what may name a customer, and the digests, which are told in another form."""


def diagnostics(reader: Reader, *, now: int) -> dict[str, Any]:
    """Everything of the replica that the export tells, ready for JSON."""
    state = load_state(reader.driver)
    kept = newest(reader)
    return {
        "device": _device(state),
        "versions": {
            "protocol": PROTOCOL_VERSION,
            "catalogue": SCHEMA_VERSION,
            "catalogue_of_the_server": state.server_schema,
            "replica": reader.rows("PRAGMA user_version")[0][0],
            "sqlite": reader.rows("SELECT sqlite_version()")[0][0],
            "sqlcipher": reader.rows("PRAGMA cipher_version")[0][0],
        },
        "feed": _feed(state),
        "clock_off_by_ms": kept[0].receipt.clock_off_by if kept else 0,
        "outbox": [_waiting(row, now) for row in reader.rows(_OUTBOX)],
        "refused": _refused(reader),
        "conflicts": _counted(Counter(_names(*row) for row in reader.rows(_CONFLICTS)), "entity", "field"),
        "files_not_taken": len(not_taken(reader)),
        "last_errors": [{"at": one.at, "code": one.code, "way": one.way.value} for one in kept if one.code],
        "receipts": [_receipt(one) for one in kept],
        "storage": asdict(storage(reader)),
    }


def _device(state: SyncState) -> dict[str, Any]:
    return {
        "enrolled": state.enrolled,
        "id": id_text(state.device_id) if state.device_id else None,
        "number_prefix": state.number_prefix,
        "incarnation": state.incarnation.hex(),
        "server": urlsplit(state.server_url).hostname,
        "certificate_pinned": bool(state.fingerprint),
        "barred": bool(state.barred),
    }


def _feed(state: SyncState) -> dict[str, Any]:
    return {
        "revision": state.revision,
        "epoch": state.epoch.hex(),
        "complete": state.complete,
        "digest": _digest(state.digest),
        "last_sync_at": state.last_sync_at or None,
        "counted_anew_at": state.examined_at or None,
        "highest_change": state.highest_n,
        "offered_again_to": state.offered_to,
        "waits_for_a_stick": bool(state.asked),
    }


def _waiting(row: tuple[Any, ...], now: int) -> dict[str, Any]:
    command, state, count, size, oldest, youngest = row
    return {
        "command": _command(command),
        "state": _command(state),
        "changes": count,
        "bytes": size,
        "oldest_age_ms": now - oldest,
        "newest_age_ms": now - youngest,
    }


def _refused(reader: Reader) -> list[dict[str, Any]]:
    """The refused changes, counted by reason and what they were about."""
    names = ("code", "command", "entity", "field")
    found: Counter[tuple[str, ...]] = Counter(
        (entry.code.value, _command(entry.command), *_names(entry.entity, entry.field))
        for entry in refused_changes(reader.driver)
    )
    return _counted(found, *names)


def _counted(found: Mapping[tuple[str, ...], int], *names: str) -> list[dict[str, Any]]:
    return [{**dict(zip(names, key, strict=True)), "count": found[key]} for key in sorted(found)]


def _receipt(kept: KeptReceipt) -> dict[str, Any]:
    receipt = kept.receipt
    plain: dict[str, Any] = msgspec.to_builtins(receipt)
    return {
        "ended_at": kept.at,
        "way": kept.way.value,
        "code": kept.code,
        "changes": kept.changes,
        **{name: value for name, value in plain.items() if name not in _UNTOLD},
        "drafts_left": len(receipt.drafts_left),
        "files_not_taken": len(receipt.files_not_taken),
        "mine": _digest(receipt.mine),
        "theirs": _digest(receipt.theirs) if receipt.theirs else None,
    }


def _digest(digest: Digest) -> dict[str, Any]:
    return {"count": digest.count, "sum": f"{digest.total % 2**64:016x}"}


def _names(entity: str, field: str) -> tuple[str, str]:
    """An entity and a field of it by the catalogue's names; a custom field's name is somebody's own words."""
    known = CATALOGUE.get(entity)
    if known is None:
        return _OTHER if entity else "", _OTHER if field else ""
    return entity, field if not field or known.has(field) else _OTHER


def _command(word: str) -> str:
    """A command's name, as only our code gives them."""
    return word if _COMMAND.fullmatch(word) else _OTHER
