"""Who the person at this device is when she gives a discount, and what limits her, read from the replica.

Owns the SQL that feeds the rule in `domain/discounts.py`; the central store judges by the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from fieldrep.contract.fields import Value
from fieldrep.domain.discounts import Giver

Rows = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
"""How a unit of work and a reader both read: SQL and parameters in, tuples out."""

_POLICY = ("user_id", "role", "family", "max_rate", "valid_from", "valid_to", "archived")
_POLICIES = f"SELECT {', '.join(_POLICY)} FROM discount_policy WHERE archived = 0"  # noqa: S608 - names of its own
_ME = "SELECT u.id, u.role FROM sync_state AS s JOIN app_user AS u ON u.id = s.user_id"


def policies_of(rows: Rows) -> list[dict[str, Value]]:
    """Every policy there is."""
    return [dict(zip(_POLICY, row, strict=True)) for row in rows(_POLICIES, ())]


def giver_of(rows: Rows, today: date) -> Giver | None:
    """The person at this device; None before anything of her has arrived."""
    found = rows(_ME, ())
    return Giver(found[0][0], str(found[0][1]), today.isoformat()) if found else None
