"""The small marks beside records: what waits to be sent and what has an open conflict.

Owns the reading of outbox and conflicts for screens that show a mark; both are small however large the replica is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

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
