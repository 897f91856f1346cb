"""Nobody sees a child before its parent (I8), though records come to stand elsewhere while somebody pulls."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest

from fieldrep.contract.catalogue import CATALOGUE
from tests.store_suite.twins import Company
from tests.store_suite.world import Copy, World, changed_row, new_row


@pytest.fixture
def company(world: World) -> Company:
    """Both customers have files that belong to an address and to a contact."""
    company = Company(world)
    for account in (company.stays, company.goes):
        (site,), (contact,) = company.of("site", account), company.of("contact", account)
        world.make("attachment", account_id=account, site_id=site["id"])
        world.make("attachment", account_id=account, contact_id=contact["id"])
    return company


def customers_merge(company: Company) -> None:
    company.merge(company.stays, company.goes)


def contact_merges_into_a_new_one(company: Company) -> None:
    (contact,) = company.of("contact", company.stays)
    old = contact["id"]
    assert isinstance(old, bytes)
    new = company.world.make("contact", account_id=company.stays, family_name="Boss")
    company.merge(new, old, entity="contact")


def first_replica(company: Company) -> Copy:
    return Copy(company.ana)


def delta(company: Company) -> Copy:
    """Something of each kind has changed."""
    copy = company.world.fresh(company.ana)
    with company.world.write() as tx:
        for entity, row_id in list(copy.rows):
            if copy.rows[entity, row_id].get("account_id") == company.stays:
                changed_row(tx, entity, row_id)
        new_row(tx, "activity", account_id=company.stays, subject="Call")
    return copy


@pytest.mark.parametrize("meanwhile", [customers_merge, contact_merges_into_a_new_one])
@pytest.mark.parametrize("begun", [first_replica, delta])
def test_wherever_a_pull_stands_when_records_are_merged_no_child_comes_before_its_parent(
    company: Company, begun: Callable[[Company], Copy], meanwhile: Callable[[Company], None]
) -> None:
    world, copy, cut = company.world, begun(company), []
    while world.pull(copy, 1).more:
        cut.append(deepcopy(copy))
    meanwhile(company)
    for copy in cut:
        while True:
            pulled = world.pull(copy, 1)
            assert orphans(copy) == []
            if not pulled.more:
                break
        assert copy.rows == world.fresh(company.ana).rows


def orphans(copy: Copy) -> list[tuple[str, str]]:
    """The records that a copy holds without one above them, and the fields that name it."""
    return [
        (entity, name)
        for (entity, _), row in copy.rows.items()
        for name, field in CATALOGUE[entity].fields.items()
        if field.parent and row[name] is not None and (field.to, row[name]) not in copy.rows
    ]
