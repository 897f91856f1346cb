"""Discount authority as the order page says it: how much this person may give on each line, and who decides above it.

Owns the reading. The rule is the domain's, and the server judges by it again when the order arrives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.discounts import LineAbove, limit_of, lines_above
from fieldrep.queries.cells import text
from fieldrep.store.reader import Reader
from fieldrep.store.reads.discounts import giver_of, policies_of

_MANAGER = "SELECT m.name FROM app_user AS u JOIN app_user AS m ON m.id = u.manager_id AND m.active = 1 WHERE u.id = ?"


@dataclass(frozen=True, slots=True)
class Authority:
    """What the person at this device may give in an order.

    Attributes:
        limits: the most for each line that is limited, in millionths.
        above: the lines that go past it; the office holds the order for them.
        manager: who decides about those beside the office, "" for nobody.
    """

    limits: Mapping[RowId, int] = field(default_factory=dict)
    above: tuple[LineAbove, ...] = ()
    manager: str = ""


def manager_of(reader: Reader, user_id: object) -> str:
    """The name of a person's manager, "" without one."""
    found = reader.rows(_MANAGER, (user_id,))
    return text(found[0][0]) if found else ""


def authority_of(
    reader: Reader, lines: Sequence[Mapping[str, Value]], families: Mapping[Value, Value], today: date
) -> Authority:
    """What the lines of an order are within, and above."""
    giver, policies = giver_of(reader.rows, today), policies_of(reader.rows)
    if giver is None or not policies:
        return Authority()
    limits = {family: limit_of(policies, giver, family) for family in {None, *families.values()}}
    found = {
        RowId(row_id): limit
        for line in lines
        if isinstance(row_id := line["id"], bytes) and line["kind"] != "text"
        if (limit := limits[families.get(line["product_id"])]) is not None
    }
    return Authority(
        found, lines_above(lines, families.get, policies, giver), manager_of(reader, giver.user_id)
    )
