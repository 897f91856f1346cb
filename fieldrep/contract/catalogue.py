"""The entity catalogue: every kind of record, parents before children. Both programs derive tables and rules from it.

To add an entity, declare it in `contract/entities/` and list it here; the tests then say which migration is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fieldrep.contract.entities import accounts, decisions, duplicates, files, orders, people, products
from fieldrep.contract.entity import Entity, entity_of
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Field, Reader

SCHEMA_VERSION = 1
"""Counts up whenever a field or an entity is added or given another meaning."""

_DECLARATIONS = (
    people.User,
    people.Territory,
    people.TerritoryAssignment,
    people.Device,
    products.Product,
    products.ProductUom,
    products.PriceList,
    products.StockLevel,
    orders.DiscountPolicy,
    accounts.Account,
    accounts.Site,
    accounts.Contact,
    accounts.AccountContact,
    accounts.AccountTeam,
    products.PriceListItem,
    orders.ArDocument,
    orders.SalesOrder,
    orders.DocumentLine,
    accounts.Activity,
    files.Attachment,
    decisions.Conflict,
    decisions.Proposal,
    decisions.HandedChange,
    duplicates.DuplicateCandidate,
)

ENTITIES: tuple[Entity, ...] = tuple(entity_of(declaration) for declaration in _DECLARATIONS)
"""In the order in which rows are sent and stored: a parent always precedes its children (I8)."""

CATALOGUE: Mapping[str, Entity] = MappingProxyType({entity.name: entity for entity in ENTITIES})


def entity_named(name: str) -> Entity:
    """The entity of that name.

    Raises:
        KnownError: `unknown_entity`, with a sentence that lists the names there are.
    """
    try:
        return CATALOGUE[name]
    except KeyError:
        names = ", ".join(sorted(CATALOGUE))
        raise KnownError(
            Code.UNKNOWN_ENTITY, f"There is no kind of record “{name[:60]}”. Known are: {names}."
        ) from None


def digest_columns(entity: Entity) -> tuple[Field, ...]:
    """The columns that count in a digest: those every holder of the row may read."""
    return tuple(field for field in entity.columns if field.reader is Reader.HOLDER)


def searched_fields(entity: Entity) -> tuple[Field, ...]:
    """The fields of an entity that full-text search covers; none for most."""
    return tuple(field for field in entity.fields.values() if field.search)
