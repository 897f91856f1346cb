"""What can be promised of products: the office's figure less what waits here in drafts and unsent orders.

Owns that subtraction, for the products list and order entry alike. The office's figures are as old as they say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from fieldrep.contract.fields import MILLIONTH
from fieldrep.contract.ids import RowId
from fieldrep.domain.money import divide_rounded
from fieldrep.store.reader import Reader

_LEVELS = """
SELECT s.product_id, sum(s.atp_qty), max(s.as_of), count(*)
FROM json_each(?) AS j CROSS JOIN stock_level AS s ON s.product_id = unhex(j.value)
WHERE s.archived = 0 GROUP BY s.product_id
"""
_UNSENT = """
SELECT l.id, l.product_id, l.qty, coalesce(u.factor, 1000000)
FROM sales_order AS o
    CROSS JOIN document_line AS l ON l.order_id = o.id
    LEFT JOIN product_uom AS u ON u.product_id = l.product_id AND u.uom = l.uom AND u.archived = 0
WHERE o.archived = 0 AND o.status IN ('draft', 'submitted') AND o.doc_type <> 'return'
    AND l.archived = 0 AND l.product_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Stock:
    """Of one product, in millionths of its base unit.

    Attributes:
        promised: available to promise over all warehouses, as the office says.
        unsent: what lines in drafts and unsent orders here take of it, by line.
        as_of: how old the office's figure is.
    """

    promised: int
    as_of: int | None
    unsent: dict[bytes, int]

    def available(self, *, but: bytes = b"") -> int:
        """What is left when all unsent lines but one get theirs."""
        return self.promised - sum(qty for line, qty in self.unsent.items() if line != but)


def in_units(base_qty: int, factor: int) -> int:
    """A quantity of base units counted in units of `factor` base units."""
    return base_qty if factor == MILLIONTH else divide_rounded(base_qty * MILLIONTH, factor)


def stock_of(reader: Reader, product_ids: Iterable[RowId]) -> dict[RowId, Stock]:
    """The stock of products; one of which the office says nothing is missing."""
    ids = "[" + ",".join(f'"{product_id.hex()}"' for product_id in product_ids) + "]"
    unsent: dict[bytes, dict[bytes, int]] = defaultdict(dict)
    for line_id, product_id, qty, factor in reader.rows(_UNSENT):
        unsent[product_id][line_id] = divide_rounded(qty * factor, MILLIONTH)
    return {
        RowId(row[0]): Stock(row[1] or 0, row[2], unsent.get(row[0], {}))
        for row in reader.rows(_LEVELS, (ids,))
    }
