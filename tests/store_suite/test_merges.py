"""Merges on both databases: what a merge moves, what comes late, and that it can be taken back exactly."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted, Merged, Refused
from fieldrep.contract.errors import Code, KnownError
from sync_server.reconcile.merge_plan import holders, plan_merge
from sync_server.reconcile.staying import Staying
from tests.store_suite.twins import Company, create, edit, new_id
from tests.store_suite.world import World


@pytest.fixture
def company(world: World) -> Company:
    return Company(world)


def test_one_person_entered_twice_at_an_account_is_found_and_merged(company: Company) -> None:
    for name, first in (("p", "Maria"), ("q", "Mara")):
        person = {"account_id": company.stays, "given_name": first, "family_name": "Anders"}
        company.push(company.ana, create("contact", new_id(name), **person))
    company.push(
        company.ana,
        create("activity", new_id("c"), account_id=company.stays, subject="Call", contact_id=new_id("q")),
    )
    pair = company.candidate()
    assert (pair["entity"], pair["account_id"]) == ("contact", company.stays)
    assert isinstance(company.decide(company.ana, "merge_requested", new_id("p")), Accepted)
    assert company.row("activity", new_id("c"))["contact_id"] == new_id("p")
    assert company.row("contact", new_id("q"))["merged_into_id"] == new_id("p")
    company.sync()
    company.unmerge(new_id("q"))
    assert company.row("activity", new_id("c"))["contact_id"] == new_id("q")
    company.sync()


def test_a_merge_moves_all_that_belongs_to_the_account_and_keeps_every_value(company: Company) -> None:
    plan = company.merge(company.stays, company.goes)
    children = {
        "site",
        "contact",
        "account_contact",
        "account_team",
        "activity",
        "sales_order",
        "document_line",
    }
    assert plan.counts() == dict.fromkeys(children | {"ar_document"}, 1)
    row, stub = company.row("account", company.stays), company.row("account", company.goes)
    assert (row["name"], row["phone"], row["email"]) == ("Corner Shop", "030 1234567", "shop@corner.example")
    assert row["note"] == "Ask Maria\n\nBack door"
    assert (stub["archived"], stub["merged_into_id"], stub["name"]) == (1, company.stays, "Corner Shop Ltd")
    for entity in ("site", "contact", "activity", "sales_order", "document_line", "ar_document"):
        assert len(company.of(entity, company.stays)) == 2
    active = [one for one in company.of("account_team", company.stays) if not one["archived"]]
    assert len(active) == 1, "Mia was in both teams and is in one of them once"
    company.sync()
    assert company.accounts_of(company.ana) == {company.stays, company.goes}
    assert company.accounts_of(company.ben) == set(), "who held only the record that goes follows no grant"
    assert company.accounts_of(company.mia) == {company.stays, company.goes}


def test_the_preview_is_what_the_merge_then_does(company: Company) -> None:
    with company.world.database.read() as reader:
        plan = plan_merge(reader, "account", company.stays, company.goes, ["phone", "name"])
        staying, losing = holders(reader, plan)
    assert set(staying) == {company.ana, company.mia}
    assert losing == [company.ben]
    fields = {one.field.name: (one.result, str(one.origin), one.contested) for one in plan.fields}
    assert fields["name"] == ("Corner Shop Ltd", "merged", True)
    assert fields["phone"] == (None, "merged", False)
    assert fields["email"] == ("shop@corner.example", "merged", False)
    assert fields["note"] == ("Ask Maria\n\nBack door", "both", False)
    assert fields["owner_user_id"][:2] == (company.ana, "survivor")
    done = company.merge(company.stays, company.goes, "phone", "name")
    assert done.counts() == plan.counts()
    row = company.row("account", company.stays)
    assert {name: row[name] for name in fields} == {name: value for name, (value, *_) in fields.items()}


def test_a_merge_is_taken_back_exactly(company: Company) -> None:
    before = company.everything()
    company.merge(company.stays, company.goes, "name")
    company.sync()
    done = company.unmerge(company.goes)
    assert company.everything() == before
    assert (done.stay, done.kept) == (Staying(), ())
    company.sync()
    assert company.accounts_of(company.ana) == {company.stays}
    assert company.accounts_of(company.ben) == {company.goes}


def test_who_held_the_survivor_only_by_the_team_of_the_merged_record_loses_it_with_the_split(
    company: Company,
) -> None:
    cem = company.world.user("cem")
    company.copies[cem] = company.world.fresh(cem)
    company.world.make("account_team", account_id=company.goes, user_id=cem, team_role="helps")
    company.sync()
    assert company.accounts_of(cem) == {company.goes}
    company.merge(company.stays, company.goes)
    company.sync()
    assert company.accounts_of(cem) == {company.stays, company.goes}
    company.unmerge(company.goes)
    company.sync()
    assert company.accounts_of(cem) == {company.goes}


def test_merging_and_splitting_again_and_again_between_two_syncs_leaves_every_copy_right(
    company: Company,
) -> None:
    for _ in range(2):
        company.merge(company.stays, company.goes)
        company.unmerge(company.goes)
    company.sync()
    company.merge(company.stays, company.goes)
    company.sync()
    company.unmerge(company.goes)
    company.merge(company.stays, company.goes)
    company.sync()
    assert company.accounts_of(company.ana) == {company.stays, company.goes}


@pytest.mark.parametrize("keeps", [True, False], ids=["keeps the survivor", "loses it and gets it back"])
def test_rows_that_went_back_leave_even_when_grants_come_and_go_between_two_syncs(
    company: Company, keeps: bool
) -> None:
    """The restored account is Ana's for a moment, or the survivor for a moment is not, and she hears of neither."""
    change = company.world.change
    helps = company.world.make(
        "account_team", account_id=company.goes, user_id=company.ana, archived=int(not keeps)
    )
    company.merge(company.stays, company.goes)
    company.sync()
    if keeps:
        company.unmerge(company.goes)
        change("account_team", helps, archived=1)
    else:
        change("account", company.stays, owner_user_id=company.ben)
        company.unmerge(company.goes)
        change("account", company.stays, owner_user_id=company.ana)
    company.sync()
    assert company.accounts_of(company.ana) == {company.stays}


def test_a_change_asks_for_one_merge_at_most_and_a_refused_one_leaves_no_trace(company: Company) -> None:
    for name, title in (
        ("a", "Nordlicht Optik"),
        ("b", "Nordlicht Optik"),
        ("c", "Zum Anker"),
        ("d", "Zum Anker"),
    ):
        company.push(company.ana, create("account", new_id(name), name=title))
    asked = [
        edit(
            "duplicate_candidate",
            pair["id"],
            9999,
            status=("open", "merge_requested"),
            survivor_id=(None, pair["one_id"]),
        )  # type: ignore[arg-type]
        for pair in company.candidates()
    ]
    assert len(asked) == 2
    before = company.everything()
    no = company.push(company.ana, *asked)
    assert isinstance(no, Refused)
    assert no.code is Code.INVALID_VALUE
    assert company.everything() == before
    with company.world.database.read() as reader:
        assert reader.session.first("SELECT COUNT(*) FROM merge_log", ()) == (0,)
    company.sync()


def test_what_was_entered_since_a_merge_stays_where_it_was_entered(company: Company) -> None:
    company.merge(company.stays, company.goes)
    row, site = company.row("account", company.stays), company.of("site", company.goes)
    assert site == []
    company.push(
        company.ana, edit("account", company.stays, 9999, email=(row["email"], "new@corner.example"))
    )
    company.push(company.ana, create("activity", new_id("late"), account_id=company.stays, subject="Since"))
    moved = next(one for one in company.of("sales_order", company.stays) if one["created_by"] == company.ben)
    company.world.make(
        "document_line",
        order_id=moved["id"],
        account_id=company.stays,
        seq=2,
        qty=0,
        product_id=company.product,
    )
    done = company.unmerge(company.goes)
    assert done.kept == (("account", "email"),)
    assert (done.stay.made, done.stay.values, done.stay.parted) == ({"activity": 1}, (), ())
    assert company.row("activity", new_id("late"))["account_id"] == company.stays
    assert len(company.of("document_line", company.goes)) == 2, "a line goes with its order"
    assert company.row("account", company.stays)["email"] == "new@corner.example"
    assert company.row("account", company.stays)["note"] == "Ask Maria"
    company.sync()


def test_what_stays_is_named_also_late_edits_and_orders_whose_contact_goes(company: Company) -> None:
    then = company.world.database.info().revision
    person, site = company.of("contact", company.goes)[0]["id"], company.of("site", company.goes)[0]["id"]
    company.merge(company.stays, company.goes)
    late = edit("account", company.goes, then, website=(None, "late.example"))
    assert isinstance(company.push(company.mia, late, known=then), Merged)
    order = {"account_id": company.stays, "currency": "EUR", "contact_id": person, "ship_site_id": site}
    company.push(company.ana, create("sales_order", new_id("order"), **order))
    done = company.unmerge(company.goes)
    assert (done.stay.made, done.stay.values) == ({"sales_order": 1}, ("website",))
    assert done.stay.parted == tuple(
        ("sales_order", new_id("order"), name) for name in ("contact_id", "ship_site_id")
    )
    company.sync()


def test_late_children_and_edits_find_the_survivor(company: Company) -> None:
    then, before = company.world.database.info().revision, company.row("account", company.goes)
    contact = company.of("contact", company.goes)[0]
    company.merge(company.stays, company.goes)
    child = create(
        "activity", new_id("late"), account_id=company.goes, contact_id=contact["id"], subject="Late"
    )
    assert isinstance(company.push(company.mia, child, known=then), Accepted)
    assert company.row("activity", new_id("late"))["account_id"] == company.stays
    fits = company.push(
        company.mia, edit("account", company.goes, then, website=(None, "corner.example")), known=then
    )
    assert isinstance(fits, Merged)
    assert fits.kept == ()
    assert company.row("account", company.stays)["website"] == "corner.example"
    clash = company.push(
        company.mia, edit("account", company.goes, then, name=(before["name"], "Corner Ltd")), known=then
    )
    assert isinstance(clash, Merged)
    assert [(one.row_id, one.field) for one in clash.kept] == [(company.stays, "name")]
    (conflict,) = company.of("conflict", company.stays)
    assert (conflict["mine_value"], conflict["theirs_value"]) == ('"Corner Ltd"', '"Corner Shop"')
    assert company.row("account", company.goes)["name"] == "Corner Shop Ltd"
    company.sync()


def test_a_late_deletion_or_restoring_of_the_merged_record_changes_neither(company: Company) -> None:
    then = company.world.database.info().revision
    company.merge(company.stays, company.goes)
    outcome = company.push(company.mia, edit("account", company.goes, then, archived=(0, 1)), known=then)
    assert isinstance(outcome, Merged)
    assert [one.field for one in outcome.kept] == ["archived"]
    company.push(company.mia, edit("account", company.goes, then, archived=(1, 0)), known=then)
    assert company.row("account", company.stays)["archived"] == 0
    assert company.row("account", company.goes)["archived"] == 1


def test_who_held_only_the_record_that_went_may_hand_in_what_he_did_before_he_heard(company: Company) -> None:
    then = company.world.database.info().revision
    site = company.of("site", company.goes)[0]
    company.merge(company.stays, company.goes)
    late = create("activity", new_id("late"), account_id=company.goes, subject="Late")
    assert not isinstance(company.push(company.ben, late, known=then), Refused)
    assert company.row("activity", new_id("late"))["account_id"] == company.stays
    outcome = company.push(company.ben, edit("site", site["id"], then, street=(None, "Kai 1")), known=then)  # type: ignore[arg-type]
    assert not isinstance(outcome, Refused)
    now = company.push(company.ben, create("activity", new_id("now"), account_id=company.goes, subject="Now"))
    assert isinstance(now, Refused)
    assert now.code is Code.OUT_OF_SCOPE
    company.sync()
    assert not company.accounts_of(company.ben)


def test_who_held_a_row_only_while_it_was_merged_may_hand_in_what_he_did_before_it_was_split(
    company: Company,
) -> None:
    company.merge(company.stays, company.goes)
    then = company.world.database.info().revision
    site = next(one for one in company.of("site", company.stays) if one["created_by"] is None)
    moved = {one["id"] for one in company.of("site", company.stays)}
    company.unmerge(company.goes)
    back = next(iter(moved - {one["id"] for one in company.of("site", company.stays)}))
    assert isinstance(back, bytes)
    late = edit("site", back, then, street=(None, "Kai 2"))
    assert not isinstance(company.push(company.ana, late, known=then), Refused)
    assert isinstance(company.push(company.ana, edit("site", back, then, street=(None, "Kai 3"))), Refused)
    assert site is not None


def test_two_crossed_merges_end_in_one_survivor_and_lose_nothing(company: Company) -> None:
    company.merge(company.stays, company.goes)
    with pytest.raises(KnownError) as error:
        company.merge(company.goes, company.stays)
    assert error.value.code is Code.NOTHING_TO_CHANGE
    assert len(company.of("contact", company.stays)) == 2
    company.sync()


def test_crossed_requests_of_two_devices_end_in_one_survivor(company: Company) -> None:
    for name, user in (("a", company.ana), ("b", company.ben)):
        company.push(user, create("account", new_id(name), name="Nordlicht Optik", phone="0461 778899"))
        company.world.make("site", account_id=new_id(name), city=name)
    tablet = company.world.make("device", user_id=company.mia, name="Tablet")
    outcomes = [
        company.decide(company.mia, "merge_requested", new_id(survivor), device=device)
        for survivor, device in (("a", None), ("b", tablet))
    ]
    assert [type(one) for one in outcomes] == [Accepted, Merged]
    assert company.candidate()["survivor_id"] == new_id("a")
    assert len(company.of("site", new_id("a"))) == 2
    assert company.row("account", new_id("a"))["merged_into_id"] is None
    no = company.decide(company.mia, "not_duplicate")
    assert isinstance(no, Refused)
    assert no.code is Code.MOVE_NOT_ALLOWED
    company.sync()


def test_only_who_holds_both_may_ask_for_a_merge(company: Company) -> None:
    for name in ("a", "b"):
        company.push(company.ana, create("account", new_id(name), name="Nordlicht Optik"))
    then = company.world.database.info().revision
    company.world.change("account", new_id("b"), owner_user_id=company.ben)
    outcome = company.decide(company.ana, "merge_requested", new_id("a"), known=then)
    assert isinstance(outcome, Refused)
    assert outcome.code is Code.OUT_OF_SCOPE
    assert company.row("account", new_id("b"))["merged_into_id"] is None
    assert company.candidate()["status"] == "open"


def test_a_chain_of_merges_is_followed_and_taken_back_from_its_end(company: Company) -> None:
    third = company._customer("Corner Shop of Kiel", company.ana)
    before = company.everything()
    company.merge(company.stays, company.goes)
    company.merge(third, company.goes)
    assert company.row("account", company.goes)["merged_into_id"] == third
    assert company.row("account", company.stays)["merged_into_id"] == third
    assert len(company.of("sales_order", third)) == 3
    company.sync()
    with pytest.raises(KnownError) as error:
        company.unmerge(company.goes)
    assert error.value.code is Code.MOVE_NOT_ALLOWED
    company.unmerge(company.stays)
    company.sync()
    company.unmerge(company.goes)
    assert company.everything() == before
    company.sync()


def test_no_account_stands_above_itself_after_a_merge(company: Company) -> None:
    make = company.world.make
    middle = make("account", name="Middle", parent_id=company.goes, owner_user_id=company.ana)
    company.world.change("account", company.stays, parent_id=middle)
    top = make("account", name="Top", owner_user_id=company.ana)
    company.world.change("account", company.goes, parent_id=top)
    company.merge(company.stays, company.goes)
    assert company.row("account", company.stays)["parent_id"] == top
    assert company.row("account", middle)["parent_id"] == company.stays
    company.sync()


def test_open_conflicts_of_the_merged_record_are_decided_on_the_survivor(company: Company) -> None:
    row = company.row("account", company.goes)
    company.push(company.mia, edit("account", company.goes, 1, phone=("1", "2")))
    (conflict,) = company.of("conflict", company.goes)
    company.merge(company.stays, company.goes)
    moved = company.row("conflict", conflict["id"])  # type: ignore[arg-type]
    assert (moved["row_id"], moved["account_id"]) == (company.stays, company.stays)
    assert row["phone"] is None
    company.sync()
    company.unmerge(company.goes)
    assert company.row("conflict", conflict["id"])["row_id"] == company.goes  # type: ignore[arg-type]
    company.sync()


def test_who_asked_for_a_merge_takes_it_back_and_nobody_else(company: Company) -> None:
    for name in ("a", "b"):
        company.push(company.ana, create("account", new_id(name), name="Nordlicht Optik"))
    before = company.row("account", new_id("b"))
    company.decide(company.ana, "merge_requested", new_id("a"))
    pair = company.candidate()["id"]
    assert isinstance(pair, bytes)
    back = {"status": ("merge_requested", "open"), "survivor_id": (new_id("a"), None)}
    no = company.push(company.mia, edit("duplicate_candidate", pair, 0, **back))  # type: ignore[arg-type]
    assert isinstance(no, Refused)
    assert no.code is Code.MOVE_NOT_ALLOWED
    assert not isinstance(company.push(company.ana, edit("duplicate_candidate", pair, 0, **back)), Refused)  # type: ignore[arg-type]
    assert company.candidate()["status"] == "split"
    after = company.row("account", new_id("b"))
    assert {**after, "revision": 0} == {**before, "revision": 0}
    company.sync()
