"""Who wrote a row before and after a merge moved it, on both databases: moving is nobody's writing.

Stands on `twins.py`. What a merge moves is the matter of `test_merges.py`.
"""

from __future__ import annotations

import json

import pytest

from fieldrep.contract.change import Accepted, Merged
from tests.store_suite.twins import Company, create, edit, new_id
from tests.store_suite.world import World


@pytest.fixture
def company(world: World) -> Company:
    return Company(world)


def text(value: object) -> str:
    assert isinstance(value, str)
    return str(json.loads(value))


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


def test_of_two_clashes_that_a_merge_brought_to_one_field_each_goes_on_with_what_was_entered_for_it(
    company: Company,
) -> None:
    about = {"1": company.stays, "2": company.goes}
    for mine, account in about.items():
        company.push(company.mia, edit("account", account, 1, phone=("0", mine)))
    clashes = {text(one["mine_value"]): one["id"] for one in company.of("conflict", company.stays)}
    clashes |= {text(one["mine_value"]): one["id"] for one in company.of("conflict", company.goes)}
    then = company.world.database.info().revision
    company.merge(company.stays, company.goes)
    company.world.change("account", company.stays, phone="9")

    def enter(account: bytes, began: str | None, value: str) -> list[bytes]:
        outcome = company.push(company.mia, edit("account", account, then, phone=(began, value)), known=then)
        assert isinstance(outcome, Merged)
        return [one.conflict_id for one in outcome.kept]

    for began, account in about.items():
        assert enter(account, began, began * 2) == [clashes[began]], "it began with the device's own value"
    for began, account, mine in (("030 1234567", company.stays, "1"), (None, company.goes, "2")):
        assert enter(account, began, mine * 3) == [clashes[mine]], "it began with the other side's value"
    kept = {one["id"]: text(one["mine_value"]) for one in company.of("conflict", company.stays)}
    assert kept == {clashes["1"]: "111", clashes["2"]: "222"}
    company.sync()


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
