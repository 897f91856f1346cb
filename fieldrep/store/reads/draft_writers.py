"""Who writes in a draft order, read from the replica for commands and queries alike.

Owns the SQL that feeds the rule in `domain/orders.py`; the central store judges by the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fieldrep.contract.fields import Value
from fieldrep.domain.days import day_of, zone_named
from fieldrep.domain.orders import may_write_draft

Rows = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
"""How a unit of work and a reader both read: SQL and parameters in, tuples out."""

_OWNER = "SELECT owner_user_id FROM account WHERE id = ?"
_ZONE = "SELECT tz FROM app_user WHERE id = ?"
_TEAM = (
    "SELECT user_id FROM account_team WHERE account_id = ? AND archived = 0 "
    "AND coalesce(valid_from, '') <= ?2 AND coalesce(nullif(valid_to, ''), '9999') >= ?2"
)
_ABOVE = (
    "WITH RECURSIVE above(id) AS (SELECT manager_id FROM app_user WHERE id = ? "
    "UNION SELECT u.manager_id FROM app_user AS u JOIN above AS a ON u.id = a.id) "
    "SELECT id FROM above WHERE id IS NOT NULL"
)


def writes_in_draft(rows: Rows, user_id: object, order: Mapping[str, Value], now: int) -> bool:
    """Whether the person at this device may write in a draft now; its author is on the team in days of his own."""
    author, account_id = order["created_by"], order["account_id"]
    if author in (None, user_id) or not isinstance(user_id, bytes):
        return author in (None, user_id)
    owner = next((row[0] for row in rows(_OWNER, (account_id,))), None)
    zone = next((row[0] for row in rows(_ZONE, (author,))), None)
    beside = {row[0] for row in rows(_TEAM, (account_id, day_of(now, zone_named(zone or "UTC")).isoformat()))}
    beside |= {row[0] for row in rows(_ABOVE, (user_id,))}
    return may_write_draft(user_id, author, owner, beside)
