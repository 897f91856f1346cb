"""What comes late for a merged record, or for an order that the undoing of a merge took back, on both databases."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted, Edit, Held, Refused
from fieldrep.contract.errors import Code
from fieldrep.contract.ids import RowId
from sync_server.reconcile.staying import Staying
from tests.store_suite.twins import Company, create, edit, new_id
from tests.store_suite.world import World


@pytest.fixture
def company(world: World) -> Company:
    return Company(world)


def order_moved_back(company: Company, author: RowId) -> tuple[RowId, int]:
    """An order that a merge moved and the merge's undoing took back, and the revision its author knew between them."""
    head = {"account_id": company.goes, "currency": "EUR", "created_by": author}
    order = company.world.make("sales_order", **head)
    company.merge(company.stays, company.goes)
    then = company.world.database.info().revision
    company.unmerge(company.goes)
    return order, then


def late_line(company: Company, order: RowId, name: str, seq: int) -> Edit:
    line = {"order_id": order, "account_id": company.stays, "seq": seq, "product_id": company.product}
    amounts = {"qty": 2_000_000, "list_price": 5_000_000, "unit_price": 5_000_000, "price_source": "list"}
    return create("document_line", new_id(name), kind="item", **line, **amounts)


def late_photo(company: Company, order: RowId) -> Edit:
    photo = {"name": "shelf.jpg", "media_type": "image/jpeg", "size": 9, "sha256": "0" * 64}
    return create("attachment", new_id("photo"), account_id=company.stays, order_id=order, **photo)


def test_a_late_line_and_a_late_photo_follow_their_order_back_to_its_account(company: Company) -> None:
    order, then = order_moved_back(company, company.mia)
    late = late_line(company, order, "line", 1)
    assert isinstance(company.push(company.mia, late, known=then), Accepted)
    assert company.row("document_line", new_id("line"))["account_id"] == company.goes
    assert company.row("sales_order", order)["total_amount"] == 1_000
    assert isinstance(company.push(company.mia, late_photo(company, order), known=then), Accepted)
    assert company.row("attachment", new_id("photo"))["account_id"] == company.goes
    company.sync()


def test_what_is_late_follows_its_order_to_an_account_that_its_author_never_held(company: Company) -> None:
    order, then = order_moved_back(company, company.ana)
    late, picture = late_line(company, order, "line", 2), late_photo(company, order)
    again = edit("document_line", new_id("line"), 0, qty=(2_000_000, 3_000_000))
    outcomes = company.push_all(company.ana, (late,), (picture,), (again,), known=then)
    assert [type(one) for one in outcomes] == [Accepted] * 3, outcomes
    assert company.row("document_line", new_id("line"))["account_id"] == company.goes
    assert company.row("document_line", new_id("line"))["qty"] == 3_000_000
    assert company.row("attachment", new_id("photo"))["account_id"] == company.goes
    company.sync()
    assert company.accounts_of(company.ana) == {company.stays}
    stranger = company.push(company.ana, late_line(company, order, "next", 2))
    assert isinstance(stranger, Refused), "by now she has heard where the order went"
    assert stranger.code is Code.OUT_OF_SCOPE


def test_what_was_entered_while_the_news_was_on_its_way_follows_its_order_as_well(company: Company) -> None:
    order, then = order_moved_back(company, company.ana)
    (outcome,) = company.push_all(company.ana, (late_line(company, order, "line", 2),), stood_at=then)
    assert isinstance(outcome, Accepted), outcome
    assert company.row("document_line", new_id("line"))["account_id"] == company.goes
    company.sync()


def test_what_came_late_for_a_merged_record_goes_back_to_it_with_the_split(company: Company) -> None:
    then = company.world.database.info().revision
    contact = company.of("contact", company.goes)[0]
    company.merge(company.stays, company.goes)
    head = {"account_id": company.goes, "currency": "EUR"}
    order = create("sales_order", new_id("order"), **head)
    line = {"order_id": new_id("order"), "account_id": company.goes, "seq": 1, "product_id": company.product}
    amounts = {"qty": 2_000_000, "list_price": 5_000_000, "unit_price": 5_000_000, "price_source": "list"}
    lines = create("document_line", new_id("line"), kind="item", **line, **amounts)
    call = create(
        "activity", new_id("call"), account_id=company.goes, contact_id=contact["id"], subject="Late"
    )
    branch = create("account", new_id("branch"), name="Branch", parent_id=company.goes)
    outcomes = company.push_all(company.mia, (order, lines), (call,), (branch,), known=then)
    assert [type(one) for one in outcomes] == [Accepted] * 3, outcomes
    assert company.row("sales_order", new_id("order"))["account_id"] == company.stays
    assert company.row("account", new_id("branch"))["parent_id"] == company.stays
    company.sync()
    done = company.unmerge(company.goes)
    assert done.kept == ()
    assert done.stay == Staying()
    for entity, name in (("sales_order", "order"), ("document_line", "line"), ("activity", "call")):
        assert company.row(entity, new_id(name))["account_id"] == company.goes
    assert company.row("account", new_id("branch"))["parent_id"] == company.goes
    company.sync()
    company.merge(company.stays, company.goes)
    assert company.row("activity", new_id("call"))["account_id"] == company.stays
    company.unmerge(company.goes)
    assert company.row("activity", new_id("call"))["account_id"] == company.goes
    company.sync()


def test_what_came_late_beside_a_proposal_goes_back_as_well(company: Company) -> None:
    then, before = company.world.database.info().revision, company.row("account", company.goes)
    company.merge(company.stays, company.goes)
    call = create("activity", new_id("call"), account_id=company.goes, subject="Late")
    name = edit("account", company.goes, then, name=(before["name"], "Corner Ltd"))
    assert isinstance(company.push(company.ben, call, name, known=then), Held), "he holds no survivor"
    assert company.row("activity", new_id("call"))["account_id"] == company.stays
    company.unmerge(company.goes)
    assert company.row("activity", new_id("call"))["account_id"] == company.goes
    company.sync()


def test_what_came_late_for_the_first_of_a_chain_goes_back_merge_by_merge(company: Company) -> None:
    then = company.world.database.info().revision
    third = company.world.account(company.ana)
    company.merge(company.stays, company.goes)
    company.merge(third, company.stays)
    call = create("activity", new_id("call"), account_id=company.goes, subject="Late")
    assert isinstance(company.push(company.mia, call, known=then), Accepted)
    assert company.row("activity", new_id("call"))["account_id"] == third
    company.unmerge(company.stays)
    assert company.row("activity", new_id("call"))["account_id"] == company.stays
    company.unmerge(company.goes)
    assert company.row("activity", new_id("call"))["account_id"] == company.goes
    company.sync()
