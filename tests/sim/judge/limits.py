"""The oracle's own word on discounts: which lines of an order go past what its author may give, on the day it arrives.

Written by hand from the protocol's text, and shares no code with the product. Must not judge anything else of an order.
"""

from __future__ import annotations

import json
from typing import Any

from tests.sim.judge.handover import in_force

Row = dict[str, Any]
MOST_TOLD = 20


def hold(judge: Any, user_id: bytes, lines: list[Row], now: int) -> str:
    """Why an order must be held, as it stands in the order then; "" where it must not."""
    user, past = judge.row("user", user_id), []
    standing = sorted(
        (line for line in lines if not line["archived"]), key=lambda one: (one["seq"], one["id"])
    )
    for place, line in enumerate(standing):
        most = _most(judge, user, line, now)
        if line["kind"] == "item" and most is not None and (line["discount_rate"] or 0) > most:
            past.append({"line": place + 1, "rate": line["discount_rate"], "limit": most})
    told = [{"kind": "approval", "count": len(past), "lines": past[:MOST_TOLD]}]
    return json.dumps(told, sort_keys=True, separators=(",", ":")) if past else ""


def _most(judge: Any, user: Row, line: Row, now: int) -> int | None:
    """The most this person may give on a line: his own limits before those of his role, the lowest of them."""
    product = judge.row("product", line["product_id"]) if line["product_id"] else None
    family = product["family"] if product else None
    counting = [
        one
        for one in judge.all("discount_policy")
        if not one["archived"] and one["family"] in (None, family) and in_force(one, user["tz"], now)
    ]
    own = [one["max_rate"] for one in counting if one["user_id"] == user["id"]]
    of_role = [one["max_rate"] for one in counting if one["user_id"] is None and one["role"] == user["role"]]
    return min(own or of_role, default=None)
