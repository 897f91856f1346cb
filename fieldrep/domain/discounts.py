"""Discount authority: how much a person may give on a line, and which lines of an order go above it (I9).

One rule for laptop and server: the laptop warns by it, the server holds an order by it. What is compared is the
discount of a line; a price that was given by hand is a price.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import MILLIONTH, Value
from fieldrep.contract.values import canonical_json
from fieldrep.domain.money import format_millionths, parse_millionths, typed_number

Row = Mapping[str, Value]

APPROVAL = "approval"
"""Why an order is held that gives more discount than its author may."""

MOST_TOLD = 20
"""Of the lines above a limit, so many are named in the reason of a hold."""


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gives a discount; `day` is that of the person, as ISO text."""

    user_id: bytes
    role: str
    day: str


@dataclass(frozen=True, slots=True)
class LineAbove:
    """A line that goes above a limit; `number` is its place in the order, from 1, rates are millionths."""

    number: int
    rate: int
    limit: int


def limit_of(policies: Iterable[Row], giver: Giver, family: Value) -> int | None:
    """The most that somebody may give on a product of a family, in millionths; None where nothing limits it.

    What is said of the person counts before what is said of the role, and then the strictest.
    """
    holding = [policy for policy in policies if _holds(policy, giver, family)]
    own = [policy for policy in holding if policy["user_id"] == giver.user_id]
    return min((int(policy["max_rate"] or 0) for policy in own or holding), default=None)


def lines_above(
    lines: Iterable[Row], family_of: Callable[[Value], Value], policies: Collection[Row], giver: Giver
) -> tuple[LineAbove, ...]:
    """The lines of an order that give more than this person may.

    Args:
        family_of: the family of a product, None for none.
    """
    limits: dict[Value, int | None] = {}
    found = []
    standing = sorted((line for line in lines if not line["archived"]), key=_place)
    for number, line in enumerate(standing, start=1):
        rate = line["discount_rate"]
        if line["kind"] == "text" or not isinstance(rate, int) or not rate:
            continue
        family = family_of(line["product_id"])
        if family not in limits:
            limits[family] = limit_of(policies, giver, family)
        limit = limits[family]
        if limit is not None and rate > limit:
            found.append(LineAbove(number, rate, limit))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason for which an order is held; `count` lines go above a limit, of which the first are told."""

    kind: str
    count: int = 0
    lines: tuple[LineAbove, ...] = ()


def approval_needed(above: Collection[LineAbove]) -> str:
    """The reasons of a hold, as the order keeps them: how many lines go above a limit, and the first of them."""
    told = [{"line": one.number, "rate": one.rate, "limit": one.limit} for one in above][:MOST_TOLD]
    return canonical_json([{"kind": APPROVAL, "count": len(above), "lines": told}])


def holds_of(hold_reasons: Value) -> tuple[Hold, ...]:
    """The reasons of a hold as the order keeps them; what is written in another form is passed over."""
    told = msgspec.json.decode(hold_reasons) if isinstance(hold_reasons, str) else []
    return tuple(_hold(reason) for reason in told if isinstance(reason, dict))


def _hold(reason: Mapping[str, object]) -> Hold:
    count, lines = reason.get("count"), reason.get("lines")
    found = [
        LineAbove(number, rate, limit)
        for one in (lines if isinstance(lines, list) else [])
        if isinstance(one, dict)
        for number, rate, limit in [(one.get("line"), one.get("rate"), one.get("limit"))]
        if isinstance(number, int) and isinstance(rate, int) and isinstance(limit, int)
    ]
    return Hold(str(reason.get("kind")), count if isinstance(count, int) else len(found), tuple(found))


def percent(rate: int) -> str:
    """A rate as people read it: "8 %", "2.5 %"."""
    return f"{format_millionths(rate * 100)} %"


def parse_percent(text: str) -> int:
    """A discount in millionths from “5”, “5 %” or “2,5”.

    Raises:
        KnownError: `invalid_value`, outside 0 to 100.
    """
    typed = typed_number(text.replace("%", ""), "Discount") or "0"
    rate, finer = divmod(parse_millionths(typed, "Discount"), 100)
    if finer:
        raise KnownError(Code.INVALID_VALUE, f"Discount: {typed} has more than four decimals.")
    if not 0 <= rate <= MILLIONTH:
        raise KnownError(Code.INVALID_VALUE, "Discount: give a number of percent from 0 to 100.")
    return rate


def _holds(policy: Row, giver: Giver, family: Value) -> bool:
    """Whether a policy is about this person, this family and this day."""
    who, start, end = policy["user_id"], policy["valid_from"], policy["valid_to"]
    about = who == giver.user_id if who is not None else policy["role"] == giver.role
    covers = not policy["family"] or policy["family"] == family
    runs = (not start or str(start) <= giver.day) and (not end or giver.day <= str(end))
    return bool(about and covers and runs and not policy["archived"])


def _place(line: Row) -> tuple[int, bytes]:
    seq, row_id = line["seq"], line["id"]
    return seq if isinstance(seq, int) else 0, row_id if isinstance(row_id, bytes) else b""
