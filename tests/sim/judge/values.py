"""The oracle's own arithmetic: an order line's amount, the join of two objects, a value as a conflict shows it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from tests.sim.judge.rules import FLAGS, OBJECTS


def line_total(line: Mapping[str, Any]) -> int:
    """A line's amount in cents: exact, and rounded once, half away from zero."""
    if line["archived"] or line["kind"] == "text":
        return 0
    return _amount(line["qty"], line["unit_price"], line["discount_rate"] or 0)


@cache
def _amount(qty: int, unit_price: int, discount_rate: int) -> int:
    exact = Fraction(qty, 10**6) * Fraction(unit_price, 10**6) * 100
    exact *= 1 - Fraction(discount_rate, 10**6)
    return int(exact + Fraction(1, 2)) if exact >= 0 else -int(-exact + Fraction(1, 2))


def joined(before: str | None, after: str | None, present: str | None) -> tuple[bool, Any]:
    old, new, now = (json.loads(text) if text else {} for text in (before, after, present))
    result = dict(now)
    for name in {*old, *new}:
        if new.get(name) == old.get(name) or new.get(name) == now.get(name):
            continue
        if old.get(name) != now.get(name):
            return False, present
        if name in new:
            result[name] = new[name]
        else:
            result.pop(name, None)
    return True, json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def as_json(name: str, value: Any) -> str:
    if name in FLAGS and value is not None:
        value = bool(value)
    elif name in OBJECTS and value is not None:
        value = json.loads(value)
    elif isinstance(value, bytes):
        value = str(uuid.UUID(bytes=value))
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def stored(name: str, shown: str) -> Any:
    """The value a conflict shows, as a row holds it: an object stays the text it is."""
    value = json.loads(shown)
    return shown if name in OBJECTS and value is not None else value
