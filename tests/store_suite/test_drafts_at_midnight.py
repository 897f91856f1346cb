"""Who writes in a draft when its author's time on the account ends: at midnight where he is, on both databases."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted, Outcome, Refused
from fieldrep.contract.errors import Code
from tests.store_suite.twins import Company, create, new_id
from tests.store_suite.world import DAY_MS, World, day_of

HOUR_MS = 3_600_000


@pytest.fixture
def company(world: World) -> Company:
    return Company(world)


def line_of_the_owner(company: Company, zone: str, hours: int) -> Outcome:
    """What becomes of a line by the owner in the draft of a helper whose last day is that of the UTC noon before."""
    world = company.world
    noon = (world.clock.at // DAY_MS + 1) * DAY_MS + DAY_MS // 2
    world.clock.at = noon
    helper = world.user("helper", tz=zone)
    span = {"valid_to": day_of(noon)}
    world.make("account_team", account_id=company.stays, user_id=helper, **span)
    head = {"account_id": company.stays, "currency": "EUR", "created_by": helper}
    order = world.make("sales_order", **head)
    world.clock.at = noon + hours * HOUR_MS
    line = {"order_id": order, "account_id": company.stays, "seq": 1, "product_id": company.product}
    return company.push(company.ana, create("document_line", new_id("line"), kind="item", **line, qty=1))


def test_the_owner_continues_a_draft_once_its_author_has_left_the_team_where_he_is(company: Company) -> None:
    assert isinstance(line_of_the_owner(company, "Pacific/Auckland", hours=3), Accepted)


def test_a_draft_is_its_authors_as_long_as_it_is_still_his_last_day_there(company: Company) -> None:
    outcome = line_of_the_owner(company, "America/Los_Angeles", hours=15)
    assert isinstance(outcome, Refused)
    assert outcome.code is Code.READ_ONLY
