"""What a decision comes to: the total of an order under each value of a field that counts in it.

Owns which fields count. The sums are `domain`'s, the same that command and server use (I9).
"""

from __future__ import annotations

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.jsonform import from_json
from fieldrep.domain.money import format_amount
from fieldrep.domain.orders import order_totals
from fieldrep.store.reader import Reader
from fieldrep.store.statements import Row

_COUNTING = {
    "sales_order": frozenset({"freight_amount"}),
    "document_line": frozenset({"qty", "unit_price", "discount_rate", "archived"}),
}
_LINES = "SELECT id FROM document_line WHERE order_id = ? AND archived = 0"


def total_under(reader: Reader, entity: str, row_id: bytes, field: str, kept: object) -> str:
    """ "Total 412.50 EUR" with the kept value in its place; "" where the field does not count."""
    if field not in _COUNTING.get(entity, ()) or not isinstance(kept, str):
        return ""
    row = reader.row(entity, row_id)
    try:
        value = from_json(CATALOGUE[entity].field(field), msgspec.json.decode(kept))
    except (KnownError, msgspec.DecodeError):
        return ""
    order = row if entity == "sales_order" else _order_of(reader, row)
    if row is None or order is None:
        return ""
    chosen: Row = {**row, field: value}
    lines = _lines(reader, order["id"], chosen if entity == "document_line" else None)
    totals = order_totals(chosen if entity == "sales_order" else order, lines)
    currency = str(order["currency"])
    return f"Total {format_amount(totals.total_amount, currency)} {currency}"


def _order_of(reader: Reader, line: Row | None) -> Row | None:
    order_id = line["order_id"] if line is not None else None
    return reader.row("sales_order", order_id) if isinstance(order_id, bytes) else None


def _lines(reader: Reader, order_id: Value, instead: Row | None) -> list[Row]:
    """The lines of an order, one of them as it would be."""
    others = [row_id for (row_id,) in reader.rows(_LINES, (order_id,))]
    rows = [
        reader.row("document_line", row_id) for row_id in others if instead is None or row_id != instead["id"]
    ]
    return [row for row in rows if row is not None] + ([instead] if instead is not None else [])
