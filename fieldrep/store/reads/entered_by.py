"""Who gave a field the value it has now, as far as this device can tell: its own changes, then the row's last writer.

Owns the search through outbox and sent log. A row says only who changed it last, so a person who wrote another field
of it since is not taken for the author of this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fieldrep.contract.change import Change
from fieldrep.contract.fields import Field
from fieldrep.store.engine import Connection
from fieldrep.store.outgoing.pending import decode_change
from fieldrep.store.statements import Row

_WAITING = """
SELECT change, made_at FROM outbox WHERE n IN (SELECT n FROM outbox_edit WHERE row_id = ?) ORDER BY n DESC
"""
_SENT = "SELECT change, made_at FROM sent_log ORDER BY sent_no DESC LIMIT 500"


@dataclass(frozen=True, slots=True)
class Entered:
    """By whom and when; None where nobody here knows."""

    by: bytes | None
    at: int | None


def entered_by(driver: Connection, record: Row, field: Field, me: bytes) -> Entered:
    """Who gave the field the value that stands in the row."""
    made_at = _made_here(driver, record, field)
    if made_at is not None:
        return Entered(me, made_at)
    by, at = record["changed_by"], record["changed_at"]
    if not isinstance(by, bytes) or by == me:
        return Entered(None, None)
    return Entered(by, at if isinstance(at, int) else None)


def _made_here(driver: Connection, record: Row, field: Field) -> int | None:
    """When this device made the newest of its changes of the field, if that is where the value came from."""
    for change, made_at in _own_changes(driver, record["id"]):
        for edit in reversed(change.edits):
            if edit.row_id == record["id"] and field.name in edit.after:
                return made_at if edit.after[field.name] == record[field.name] else None
    return None


def _own_changes(driver: Connection, row_id: object) -> Iterator[tuple[Change, int]]:
    for sql, given in ((_WAITING, (row_id,)), (_SENT, ())):
        for blob, made_at in driver.execute(sql, given):
            yield decode_change(blob), made_at
