"""Likely duplicates on both databases: what is found alike, who hears of it, and what is no duplicate."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted
from fieldrep.contract.fields import Value
from tests.store_suite.twins import Company, create, edit, new_id
from tests.store_suite.world import World


@pytest.fixture
def company(world: World) -> Company:
    return Company(world)


def test_two_devices_create_the_same_customer_and_whoever_holds_both_hears_of_it(company: Company) -> None:
    one, other = new_id("a"), new_id("b")
    company.push(company.ana, create("account", one, name="Müller & Söhne GmbH", phone="+49 431 555 77 88"))
    assert isinstance(
        company.push(company.ben, create("account", other, name="Mueller", phone="0431/5557788")), Accepted
    )
    found = company.candidate()
    assert (found["entity"], found["status"], found["score"]) == ("account", "open", 92)
    assert found["reasons"] == '["Same phone number"]'
    assert {found["one_id"], found["other_id"]} == {one, other}
    company.sync()
    assert found["id"] in company.copies[company.mia].ids("duplicate_candidate")
    assert not company.copies[company.ana].ids("duplicate_candidate")
    assert not company.copies[company.ben].ids("duplicate_candidate")


def test_a_pair_follows_the_accounts_it_names(company: Company) -> None:
    company.push(company.ana, create("account", new_id("a"), name="Alster Bootsbau", tax_id="DE 811 22"))
    company.push(company.ben, create("account", new_id("b"), name="A.B. Werft", tax_id="DE81122"))
    pair = company.candidate()["id"]
    company.world.change("account", new_id("b"), owner_user_id=company.ana)
    company.sync()
    assert company.copies[company.ana].ids("duplicate_candidate") == {pair}
    company.world.change("account", new_id("b"), owner_user_id=company.ben)
    company.sync()
    assert not company.copies[company.ana].ids("duplicate_candidate")


@pytest.mark.parametrize(
    ("values", "score"),
    [
        ({"name": "Corner Shopp"}, 96),
        ({"name": "Shop, Corner"}, 98),
        ({"name": "Elsewhere", "email": "SHOP@corner.example "}, 96),
        ({"name": "Corner Bakery"}, 0),
        ({"name": "Elsewhere", "phone": "040 7654321"}, 0),
    ],
)
def test_what_is_alike_is_found_by_name_or_number(
    company: Company, values: dict[str, Value], score: int
) -> None:
    company.push(company.ana, create("account", new_id("new"), **values))
    new = company.candidates()
    assert max((int(str(row["score"])) for row in new), default=0) == score


def test_a_renamed_account_is_looked_up_again_and_an_old_name_no_longer(company: Company) -> None:
    one, other = new_id("a"), new_id("b")
    company.push(company.ana, create("account", one, name="Lighthouse Cafe"))
    company.push(company.ana, edit("account", one, 0, name=("Lighthouse Cafe", "Harbour Grill")))
    company.push(company.ana, create("account", other, name="Lighthouse Cafe"))
    assert not company.candidates()
    company.push(company.ana, edit("account", other, 0, name=("Lighthouse Cafe", "Harbour Gril")))
    assert company.candidate()["score"] == 96


def test_branches_of_one_house_and_colleagues_with_one_number_are_no_duplicates(company: Company) -> None:
    company.push(company.ana, create("account", new_id("a"), name="House", phone="0431 5557788"))
    branch = {"name": "Branch", "phone": "0431 5557788", "parent_id": new_id("a")}
    company.push(company.ana, create("account", new_id("b"), **branch))
    for name in ("Jansen", "Petersen"):
        contact = {"account_id": new_id("a"), "family_name": name, "phone": "0431 5557788"}
        company.push(company.ana, create("contact", new_id(name), **contact))
    assert not company.candidates()
