"""What a customer usually orders for: the measure by which an order is far above it, as after a slip of the hand.

Owns which earlier orders are compared. What is far above is the domain's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.domain.orders import is_far_above
from fieldrep.queries.cells import whole
from fieldrep.store.reader import Reader
from fieldrep.store.statements import Row

_OF_CUSTOMER = """
SELECT max(total_amount) FROM sales_order
WHERE account_id = ? AND archived = 0 AND currency = ? AND doc_type = 'order'
    AND status NOT IN ('draft', 'cancelled', 'rejected') AND id <> ?
"""
_LATELY = """
SELECT max(total_amount) FROM (
    SELECT total_amount FROM sales_order
    WHERE archived = 0 AND currency = ? AND doc_type = 'order' AND status NOT IN ('draft', 'cancelled', 'rejected')
    ORDER BY row_no DESC LIMIT 500)
"""


@dataclass(frozen=True, slots=True)
class HighestBefore:
    """The highest earlier total in the same currency, in minor units: of the customer, else of all lately."""

    amount: int
    of_customer: bool


def far_above(reader: Reader, order: Row, total: int) -> HighestBefore | None:
    """The highest order before, where `total` is far above it; None where it is not, or nothing was ordered yet."""
    own = reader.rows(_OF_CUSTOMER, (order["account_id"], order["currency"], order["id"]))[0][0]
    highest = own if own is not None else reader.rows(_LATELY, (order["currency"],))[0][0]
    if highest is None or not is_far_above(total, whole(highest)):
        return None
    return HighestBefore(whole(highest), own is not None)
