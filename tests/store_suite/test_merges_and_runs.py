"""Who wrote a row before and after a merge moved it, on both databases: moving is nobody's writing.

Stands on `twins.py`. What a merge moves is the matter of `test_merges.py`.
"""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted, Merged
from tests.store_suite.twins import Company, create, edit, new_id
from tests.store_suite.world import World


@pytest.fixture
def company(world: World) -> Company:
    return Company(world)


def test_who_saw_the_last_writing_of_a_row_clashes_with_nobody_because_a_merge_moved_it(
    company: Company,
) -> None:
    company.push(
        company.ben, create("contact", new_id("p"), account_id=company.goes, family_name="Otto Winter")
    )
    then = company.world.database.info().revision
    company.merge(company.stays, company.goes)
    deleted = company.push(company.mia, edit("contact", new_id("p"), then, archived=(0, 1)), known=then)
    assert isinstance(deleted, Accepted)
    assert company.row("contact", new_id("p"))["archived"] == 1


def test_a_chain_of_offline_edits_goes_on_over_a_merge_that_moved_what_a_colleague_had_written(
    company: Company,
) -> None:
    company.push(
        company.ben, create("contact", new_id("p"), account_id=company.goes, family_name="Otto Winter")
    )
    then = company.world.database.info().revision
    company.merge(company.stays, company.goes)
    chain = [edit("contact", new_id("p"), then, phone=(None, "0431 1")),
             edit("contact", new_id("p"), then, phone=("0431 1", "0431 2")),
             edit("contact", new_id("p"), then, archived=(0, 1))]  # fmt: skip
    outcomes = [company.push(company.mia, one, known=then) for one in chain]
    assert [type(one) for one in outcomes] == [Accepted] * 3
    late = company.push(company.ana, edit("contact", new_id("p"), then, phone=(None, "0431 3")), known=then)
    assert isinstance(late, Merged)
    assert [one.field for one in late.kept] == ["phone"]


def test_what_a_device_writes_after_a_merge_in_the_same_push_is_known_to_be_its_own(company: Company) -> None:
    for name in ("a", "b"):
        company.push(company.ana, create("account", new_id(name), name="Nordlicht Optik"))
    company.push(
        company.ana, create("contact", new_id("p"), account_id=new_id("b"), family_name="Otto Winter")
    )
    pair, then = company.candidate(), company.world.database.info().revision
    assert isinstance(pair["id"], bytes)
    asked = {"status": ("open", "merge_requested"), "survivor_id": (None, new_id("a"))}
    outcomes = company.push_all(
        company.ana,
        (edit("duplicate_candidate", pair["id"], then, **asked),),  # type: ignore[arg-type]
        (edit("contact", new_id("p"), then, phone=(None, "0461 1")),),
        known=then,
    )
    assert [type(one) for one in outcomes] == [Accepted] * 2
    mine = company.push(company.ana, edit("contact", new_id("p"), then, archived=(0, 1)), known=then)
    assert isinstance(mine, Accepted)
    theirs = company.push(
        company.mia, edit("contact", new_id("p"), then, family_name=("Otto Winter", "Winter")), known=then
    )
    assert isinstance(theirs, Merged)
