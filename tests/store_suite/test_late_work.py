"""What comes late for an order that a merge moved and its undoing took back, on both databases."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted, Refused
from fieldrep.contract.errors import Code
from tests.store_suite.twins import Company, create, edit, new_id
from tests.store_suite.world import World


@pytest.fixture
def company(world: World) -> Company:
    return Company(world)


def test_a_late_line_and_a_late_photo_follow_their_order_back_to_its_account(company: Company) -> None:
    head = {"account_id": company.goes, "currency": "EUR", "created_by": company.mia}
    order = company.world.make("sales_order", **head)
    company.merge(company.stays, company.goes)
    then = company.world.database.info().revision
    company.unmerge(company.goes)
    line = {"order_id": order, "account_id": company.stays, "seq": 1, "product_id": company.product}
    amounts = {"qty": 2_000_000, "list_price": 5_000_000, "unit_price": 5_000_000, "price_source": "list"}
    late = create("document_line", new_id("line"), kind="item", **line, **amounts)
    assert isinstance(company.push(company.mia, late, known=then), Accepted)
    assert company.row("document_line", new_id("line"))["account_id"] == company.goes
    assert company.row("sales_order", order)["total_amount"] == 1_000
    photo = {"name": "shelf.jpg", "media_type": "image/jpeg", "size": 9, "sha256": "0" * 64}
    late = create("attachment", new_id("photo"), account_id=company.stays, order_id=order, **photo)
    assert isinstance(company.push(company.mia, late, known=then), Accepted)
    assert company.row("attachment", new_id("photo"))["account_id"] == company.goes
    company.sync()


def test_what_is_late_follows_its_order_to_an_account_that_its_author_never_held(company: Company) -> None:
    head = {"account_id": company.goes, "currency": "EUR", "created_by": company.ana}
    order = company.world.make("sales_order", **head)
    company.merge(company.stays, company.goes)
    then = company.world.database.info().revision
    company.unmerge(company.goes)
    line = {"order_id": order, "account_id": company.stays, "seq": 2, "product_id": company.product}
    amounts = {"qty": 2_000_000, "list_price": 5_000_000, "unit_price": 5_000_000, "price_source": "list"}
    late = create("document_line", new_id("line"), kind="item", **line, **amounts)
    photo = {"name": "shelf.jpg", "media_type": "image/jpeg", "size": 9, "sha256": "0" * 64}
    picture = create("attachment", new_id("photo"), account_id=company.stays, order_id=order, **photo)
    again = edit("document_line", new_id("line"), 0, qty=(2_000_000, 3_000_000))
    outcomes = company.push_all(company.ana, (late,), (picture,), (again,), known=then)
    assert [type(one) for one in outcomes] == [Accepted] * 3, outcomes
    assert company.row("document_line", new_id("line"))["account_id"] == company.goes
    assert company.row("document_line", new_id("line"))["qty"] == 3_000_000
    assert company.row("attachment", new_id("photo"))["account_id"] == company.goes
    company.sync()
    assert company.accounts_of(company.ana) == {company.stays}
    stranger = company.push(
        company.ana, create("document_line", new_id("next"), kind="item", **line, **amounts)
    )
    assert isinstance(stranger, Refused), "by now she has heard where the order went"
    assert stranger.code is Code.OUT_OF_SCOPE
