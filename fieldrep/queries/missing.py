"""What is not known yet of an account, and what each of it would be good for.

Owns the choice of what is asked for. It must not know the screen.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.ids import RowId
from fieldrep.store.reader import Reader
from fieldrep.store.reads.prices import has_prices_in

_UNPRICED = "No price list is in it; ask the office for one."

# What is worth knowing about a customer, in the order of its worth; prospects are asked for less.
_WISHED = (
    ("phone", "Nobody can call them back.", True),
    ("email", "Confirmations and invoices need an address.", True),
    ("tax_id", "An invoice to a company needs it.", False),
    ("payment_terms", "The office then falls back to its standard terms.", False),
    ("delivery_terms", "Freight is then charged by the standard rule.", False),
    ("visit_every_days", "Nothing reminds you when a visit is due.", False),
    ("website", "Opening hours and names are often there.", True),
)


@dataclass(frozen=True, slots=True)
class MissingFact:
    """Something the record does not know.

    Attributes:
        entity, field: what to fill in; `field` is "" when a whole record is missing.
        title: what it is called.
        why: what it would be good for, a sentence.
    """

    entity: str
    field: str
    title: str
    why: str


def missing_facts(reader: Reader, account_id: RowId, *, contacts: int, sites: int) -> tuple[MissingFact, ...]:
    """What an account with so many contacts and addresses lacks."""
    row = reader.row("account", account_id)
    if row is None:
        return ()
    facts = []
    if not contacts:
        facts.append(MissingFact("contact", "", "Contact", "There is nobody to ask for."))
    if not sites:
        facts.append(MissingFact("site", "", "Address", "Orders need a place to go to."))
    currency = row["currency"]
    if isinstance(currency, str) and not has_prices_in(reader.rows, currency):
        facts.append(MissingFact("account", "currency", f"Prices in {currency}", _UNPRICED))
    prospect = row["lifecycle"] == "prospect"
    for name, why, for_prospects in _WISHED:
        if row[name] is None and (for_prospects or not prospect):
            facts.append(MissingFact("account", name, CATALOGUE["account"].field(name).title, why))
    return tuple(facts)
