"""Changes set aside: shown here like any other, and not sent until the person who corrects them says so.

Owns how an outbox entry is put aside, grows while it is being corrected, and is let go on its way. It was never sent,
so that it is still one change with one number, whatever is done to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from fieldrep.contract.change import Change, Edit, Refused
from fieldrep.store.engine import Connection
from fieldrep.store.outgoing import outbox
from fieldrep.store.outgoing.pending import ASIDE, READY, decode_change, encode_change

_encode = msgspec.msgpack.Encoder().encode
_reasons = msgspec.msgpack.Decoder(Refused)
_SET_ASIDE = "SELECT n, change FROM outbox WHERE state = 'aside' ORDER BY n"


def touching(connection: Connection, edits: Sequence[Edit]) -> int | None:
    """The number of the change set aside whose rows these edits touch or refer to; None for most saves by far."""
    found = connection.execute(_SET_ASIDE).fetchall()
    if not found:
        return None
    named = {edit.row_id for edit in edits}
    named |= {value for edit in edits for value in edit.after.values() if isinstance(value, bytes)}
    for n, blob in found:
        if any(edit.row_id in named for edit in decode_change(blob).edits):
            return int(n)
    return None


def put_aside(connection: Connection, n: int, reason: Refused) -> None:
    """Keeps a change that was just made from being sent."""
    connection.execute("UPDATE outbox SET state = ?, outcome = ? WHERE n = ?", (ASIDE, _encode(reason), n))


def add_to(connection: Connection, n: int, edits: Iterable[Edit]) -> None:
    """Makes further edits part of the change set aside."""
    ((blob,),) = connection.execute("SELECT change FROM outbox WHERE n = ?", (n,)).fetchall()
    change = decode_change(blob)
    grown = Change(n, change.made_at, change.command, folded((*change.edits, *edits)))
    connection.execute("UPDATE outbox SET change = ? WHERE n = ?", (encode_change(grown), n))
    connection.execute("DELETE FROM outbox_edit WHERE n = ?", (n,))
    outbox.index_edits(connection, grown)


def folded(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """One edit per row: the first value it started from, and the last one it came to."""
    rows: dict[tuple[str, bytes], Edit] = {}
    for edit in edits:
        key = (edit.entity, edit.row_id)
        earlier = rows.get(key)
        rows[key] = edit if earlier is None else _joined(earlier, edit)
    return tuple(edit for edit in rows.values() if edit.kind == "create" or edit.after)


def _joined(earlier: Edit, later: Edit) -> Edit:
    after: dict[str, Any] = {**earlier.after, **later.after}
    if earlier.kind == "create":
        return msgspec.structs.replace(earlier, after=after)
    before = {**later.before, **earlier.before}
    differs = [name for name in after if after[name] != before.get(name)]
    return msgspec.structs.replace(
        earlier,
        before={name: before.get(name) for name in differs},
        after={name: after[name] for name in differs},
    )


def reason(connection: Connection, n: int) -> Refused | None:
    """Why a change is set aside, None when it is not."""
    sql = "SELECT outcome FROM outbox WHERE n = ? AND state = 'aside'"
    found = connection.execute(sql, (n,)).fetchone()
    return _reasons.decode(found[0]) if found is not None else None


def reason_of(connection: Connection, row_ids: Iterable[bytes]) -> Refused | None:
    """Why a change that touches one of these rows is set aside, None when none is."""
    wanted = set(row_ids)
    sql = "SELECT change, outcome FROM outbox WHERE state = 'aside' ORDER BY n"
    for blob, outcome in connection.execute(sql):
        if any(edit.row_id in wanted for edit in decode_change(blob).edits):
            return _reasons.decode(outcome)
    return None


def release(connection: Connection, row_id: bytes) -> bool:
    """Lets the change set aside that touches a row go with the next sync; False when there is none."""
    for n, blob in connection.execute(_SET_ASIDE).fetchall():
        if any(edit.row_id == row_id for edit in decode_change(blob).edits):
            connection.execute("UPDATE outbox SET state = ?, outcome = NULL WHERE n = ?", (READY, n))
            return True
    return False
