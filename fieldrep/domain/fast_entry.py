"""What a person types into the fast field of an order: a product and how many of it.

Owns the forms `SKU`, `SKU x 24`, `SKU × 2.5` and `24 x SKU`, and nothing of how a product is found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fieldrep.contract.fields import MILLIONTH
from fieldrep.domain.money import parse_millionths

_AFTER = re.compile(r"(?P<what>.+?)(?:\s*[×*]\s*|\s+[xX]\s*)(?P<qty>\d{1,9}(?:[.,]\d{1,6})?)\s*")
_BEFORE = re.compile(r"(?P<qty>\d{1,6}(?:[.,]\d{1,6})?)\s*(?:[×*]|\s[xX]\s)\s*(?P<what>.+)")


@dataclass(frozen=True, slots=True)
class FastEntry:
    """A product as typed, and its quantity in millionths; one when none was typed."""

    what: str
    qty: int
    qty_given: bool


def parse_fast_entry(text: str) -> FastEntry:
    """The parts of what was typed; text without a quantity is all product."""
    typed = text.strip()
    for form in (_AFTER, _BEFORE):
        found = form.fullmatch(typed)
        if found is None:
            continue
        qty = parse_millionths(found["qty"].replace(",", "."), "Quantity")
        return FastEntry(found["what"].strip(), qty, qty_given=True) if qty > 0 else _all_product(typed)
    return _all_product(typed)


def _all_product(typed: str) -> FastEntry:
    return FastEntry(typed, MILLIONTH, qty_given=False)
