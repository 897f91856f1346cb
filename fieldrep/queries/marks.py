"""The small marks beside records: what waits to be sent, has an open conflict, was merged, or was refused.

Owns the reading of outbox, sent log, refused changes and conflicts for screens that show a mark; what is read of each
is small however large the replica is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Merged, Outcome
from fieldrep.queries.handed import handed
from fieldrep.store.outgoing.pending import decode_change
from fieldrep.store.reader import Reader

_WAITING = "SELECT DISTINCT row_id FROM outbox_edit WHERE entity = ?"
_WAITING_ACCOUNTS = """
SELECT row_id FROM outbox_edit WHERE entity = 'account'
UNION SELECT account_id FROM site WHERE id IN (SELECT row_id FROM outbox_edit WHERE entity = 'site')
UNION SELECT account_id FROM contact WHERE id IN (SELECT row_id FROM outbox_edit WHERE entity = 'contact')
UNION SELECT account_id FROM account_contact
    WHERE id IN (SELECT row_id FROM outbox_edit WHERE entity = 'account_contact')
UNION SELECT account_id FROM activity
    WHERE account_id IS NOT NULL AND id IN (SELECT row_id FROM outbox_edit WHERE entity = 'activity')
UNION SELECT account_id FROM sales_order
    WHERE id IN (SELECT row_id FROM outbox_edit WHERE entity = 'sales_order')
UNION SELECT account_id FROM document_line
    WHERE id IN (SELECT row_id FROM outbox_edit WHERE entity = 'document_line')
"""
_CONFLICTS = (
    "SELECT account_id, row_id, field FROM conflict WHERE status = 'open' AND archived = 0 AND account_id = ?"
)
_ORDER_CONFLICTS = """
SELECT CASE c.entity WHEN 'sales_order' THEN c.row_id ELSE l.order_id END
FROM conflict AS c LEFT JOIN document_line AS l ON c.entity = 'document_line' AND l.id = c.row_id
WHERE c.status = 'open' AND c.archived = 0 AND c.entity IN ('sales_order', 'document_line')
"""
_NEWEST_SENT = "SELECT change, outcome FROM sent_log ORDER BY sent_no DESC LIMIT ?"
_CORRECTING = "SELECT change FROM outbox WHERE state = 'aside'"
_LOOK_BACK = 50
_outcomes = msgspec.msgpack.Decoder(Outcome)
_ALL_CONFLICTS = "SELECT account_id FROM conflict WHERE status = 'open' AND archived = 0"


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """A field of a row that waits for a decision."""

    row_id: bytes
    field: str


def waiting_rows(reader: Reader, entity_name: str) -> frozenset[bytes]:
    """The rows of an entity with changes made here that the central store has not yet acknowledged."""
    return frozenset(row[0] for row in reader.rows(_WAITING, (entity_name,)))


def waiting_accounts(reader: Reader) -> frozenset[bytes]:
    """The accounts with such changes, on themselves or on what belongs to them."""
    return frozenset(row[0] for row in reader.rows(_WAITING_ACCOUNTS))


def conflicts_of_account(reader: Reader, account_id: bytes) -> tuple[OpenConflict, ...]:
    """The open conflicts of an account and of what belongs to it."""
    return tuple(OpenConflict(row[1], row[2]) for row in reader.rows(_CONFLICTS, (account_id,)))


def conflicts_by_account(reader: Reader) -> Counter[bytes]:
    """How many open conflicts each account has."""
    return Counter(row[0] for row in reader.rows(_ALL_CONFLICTS) if row[0] is not None)


def conflicts_by_order(reader: Reader) -> Counter[bytes]:
    """How many open conflicts each order has, in its head and its lines."""
    return Counter(row[0] for row in reader.rows(_ORDER_CONFLICTS) if row[0] is not None)


def refused_records(reader: Reader) -> Counter[bytes]:
    """How many refused changes touch each record, and through what belongs to them each order and account.

    Those that need their author alone, also while they are corrected: what the admin has, or has answered, is on the
    Sync page.
    """
    found: Counter[bytes] = Counter()
    for n, made_at, blob in reader.rows("SELECT n, made_at, change FROM refused_change"):
        if not handed(reader, n, made_at)[0]:
            found.update(_touched(reader, decode_change(blob)))
    for (blob,) in reader.rows(_CORRECTING):
        found.update(_touched(reader, decode_change(blob)))
    return found


def merged_records(reader: Reader) -> frozenset[bytes]:
    """The records whose newest changes from here went in beside changes from elsewhere."""
    found: set[bytes] = set()
    for blob, outcome in reader.rows(_NEWEST_SENT, (_LOOK_BACK,)):
        if isinstance(_outcomes.decode(outcome), Merged):
            found |= _touched(reader, decode_change(blob))
    return frozenset(found)


def _touched(reader: Reader, change: Change) -> set[bytes]:
    """The rows of a change, with the order and the account they belong to."""
    rows: set[bytes] = set()
    for edit in change.edits:
        rows.add(edit.row_id)
        above: Mapping[str, object] = {**edit.before, **edit.after}
        if edit.kind == "update" and edit.entity in CATALOGUE:
            above = reader.row(edit.entity, edit.row_id) or {}
        rows |= {value for name in ("account_id", "order_id") if isinstance(value := above.get(name), bytes)}
    return rows
