"""What a person types into the fast field of an order: a product and how many of it.

Owns the forms `SKU`, `SKU x 24`, `SKU × 2.5` and `24 x SKU`, and nothing of how a product is found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import MILLIONTH
from fieldrep.domain.money import parse_millionths, typed_number

_NUMBER = r"[+-]?[.,]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?"
_AFTER = re.compile(rf"(?P<what>.+?)(?:\s*[×*]\s*|\s+[xX]\s*)(?P<qty>{_NUMBER})")
_BEFORE = re.compile(rf"(?P<qty>{_NUMBER})\s*(?:[×*]|\s[xX]\s)\s*(?P<what>.+)")
_BARCODE = re.compile(r"[0-9]{12,14}")


@dataclass(frozen=True, slots=True)
class FastEntry:
    """A product as typed, and its quantity in millionths; one when none was typed.

    Attributes:
        problem: why the quantity cannot be taken, a sentence; "" when it can.
    """

    what: str
    qty: int
    qty_given: bool
    problem: str = ""


def parse_fast_entry(text: str) -> FastEntry:
    """The parts of what was typed; text without a quantity is all product."""
    typed = text.strip()
    after, before = _AFTER.fullmatch(typed), _BEFORE.fullmatch(typed)
    if after is not None and before is not None and _BARCODE.fullmatch(after["qty"]):
        after = None  # of two numbers the barcode is not the quantity
    found = after or before
    if found is None:
        return FastEntry(typed, MILLIONTH, qty_given=False)
    return product_and_quantity(found["what"].strip(), found["qty"])


def product_and_quantity(what: str, typed: str) -> FastEntry:
    """A product and the text of its quantity, which stand apart already."""
    try:
        qty = parse_millionths(typed_number(typed, "Quantity"), "Quantity")
    except KnownError as error:
        return FastEntry(what, MILLIONTH, qty_given=True, problem=error.sentence)
    problem = "" if qty > 0 else f"Quantity: “{typed[:40]}” is not more than nothing; give how many."
    return FastEntry(what, qty if qty > 0 else MILLIONTH, qty_given=True, problem=problem)
