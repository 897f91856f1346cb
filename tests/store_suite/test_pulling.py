"""The feed: whatever happens between two pulls, a replica ends with exactly what its user may hold (I1, I5, I22)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_server.store.transaction import WriteTransaction
from tests.store_suite.databases import KINDS, Databases
from tests.store_suite.oracle import must_hold
from tests.store_suite.world import DAY_MS, Copy, World, changed_row, contacts, day_of, new_row

T = TypeVar("T")


def assert_holds_exactly_what_is_due(world: World, copy: Copy) -> None:
    with world.database.read() as reader:
        due = must_hold(reader, copy.user_id, reader.info().settled_on[:10])
    assert copy.rows == due


def small_company(world: World) -> tuple[bytes, bytes, bytes]:
    """A manager and two reps with accounts, contacts, a product and a private task each."""
    boss = world.user("boss", role="manager")
    reps = [world.user(name, manager=boss) for name in ("ana", "ben")]
    with world.write() as tx:
        for _ in range(3):
            new_row(tx, "product", sku="S", name="Screw", cost_price=5)
        for rep in reps:
            new_row(tx, "activity", subject="Call", assignee_id=rep)
            for number in range(4):
                account = new_row(tx, "account", name=f"Shop {number}", owner_user_id=rep)
                contacts(tx, account, [f"Contact {i}" for i in range(3)])
                new_row(tx, "activity", subject="Note", account_id=account, body="x" * 50 * number)
    return boss, reps[0], reps[1]


def test_a_first_replica_holds_exactly_what_its_user_may_hold(world: World) -> None:
    boss, ana, ben = small_company(world)
    for user, accounts in ((boss, 8), (ana, 4), (ben, 4)):
        copy = world.fresh(user)
        assert len(copy.ids("account")) == accounts
        if user != boss:
            for key in copy.rows:
                copy.rows[key].setdefault("cost_price", 5) if key[0] == "product" else None
        assert_holds_exactly_what_is_due(world, copy)


def test_what_things_cost_travels_to_those_who_may_see_it_and_to_nobody_else(world: World) -> None:
    boss, ana, _ = small_company(world)
    assert {row["cost_price"] for (name, _), row in world.fresh(boss).rows.items() if name == "product"} == {
        5
    }
    assert not any("cost_price" in row for row in world.fresh(ana).rows.values())


@pytest.mark.parametrize("page_bytes", [1, 1_000_000])
def test_who_comes_to_see_what_things_cost_gets_it_and_who_no_longer_may_loses_it(
    world: World, page_bytes: int
) -> None:
    _, ana, _ = small_company(world)
    copy = world.fresh(ana)
    for role in ("manager", "rep", "office", "tech"):
        world.change("user", ana, role=role)
        copy.order.clear()
        world.sync(copy, page_bytes)
        costs = {row.get("cost_price") for (name, _), row in copy.rows.items() if name == "product"}
        assert costs == ({5} if role in ("manager", "office") else {None})
        assert {name for name, _ in copy.order} == {"user", "product"}
        assert not world.pull(copy).pages


def test_costs_come_even_when_the_last_page_before_them_was_full(world: World) -> None:
    _, ana, ben = small_company(world)
    copy = world.fresh(ana)
    account = min(copy.ids("account"))
    with world.write() as tx:
        changed_row(tx, "user", ana, role="manager")
        changed_row(tx, "account", account, owner_user_id=ben)
    for _ in range(50):
        if not world.pull(copy, 1).more:
            break
    assert {row.get("cost_price") for (name, _), row in copy.rows.items() if name == "product"} == {5}
    assert copy.left == [b"A" + account]


@pytest.mark.parametrize("page_bytes", [1, 100, 700, 5_000, 40_000])
def test_a_pull_can_be_cut_into_pages_of_any_size(world: World, page_bytes: int) -> None:
    boss, _, _ = small_company(world)
    whole = world.fresh(boss)
    cut = world.fresh(boss, page_bytes)
    assert cut.rows == whole.rows
    assert len(cut.order) == len(whole.order), "no row travels twice when nothing changes"


def test_parents_travel_before_their_children(world: World) -> None:
    boss, _, _ = small_company(world)
    copy = world.fresh(boss, 300)
    seen: set[bytes] = set()
    for entity, row_id in copy.order:
        account = copy.rows[entity, row_id].get("account_id") if entity != "account" else None
        assert account is None or account in seen
        seen.add(row_id)


def test_nothing_to_say_is_said_in_one_short_reply(world: World) -> None:
    _, ana, _ = small_company(world)
    copy = world.fresh(ana)
    before = copy.cursor
    pulled = world.pull(copy)
    assert (pulled.pages, pulled.leaves, pulled.more, pulled.cursor) == ((), (), False, before)
    assert pulled.digest == copy.digest()


def test_a_delta_carries_the_changed_rows_alone(world: World) -> None:
    _, ana, ben = small_company(world)
    copies = [world.fresh(ana), world.fresh(ben)]
    mine = min(copies[0].ids("account"))
    world.change("account", mine, phone="1")
    for copy in copies:
        copy.order.clear()
        world.sync(copy)
    assert copies[0].order == [("account", mine)]
    assert copies[1].order == []


def test_an_account_that_moves_leaves_one_replica_and_enters_another_with_all_its_rows(world: World) -> None:
    boss, ana, ben = small_company(world)
    copies = {user: world.fresh(user) for user in (boss, ana, ben)}
    moved = min(copies[ana].ids("account"))
    world.change("account", moved, owner_user_id=ben)
    for copy in copies.values():
        copy.order.clear()
        world.sync(copy)
    assert copies[ana].left == [b"A" + moved]
    assert len(copies[ben].order) == len(set(copies[ben].order)), (
        "what enters does not come as a change as well"
    )
    assert moved not in copies[ana].ids("account")
    assert len(copies[ben].ids("contact")) == 15
    assert copies[boss].left == []
    assert copies[boss].order == [("account", moved)], (
        "the manager held it all along: only the account changed"
    )
    assert copies[ana].ids("contact").isdisjoint(copies[ben].ids("contact"))


def test_a_row_changed_and_a_key_lost_while_a_first_replica_runs_come_out_right(world: World) -> None:
    _, ana, ben = small_company(world)
    copy = Copy(ana)
    for _ in range(14):
        assert world.pull(copy, 1).more
    accounts = sorted(copy.ids("account"))
    world.change("account", accounts[0], note="changed after it was sent")
    world.change("account", accounts[1], owner_user_id=ben)
    with world.write() as tx:
        contacts(tx, accounts[0], ["Late"])
    for step in range(1_000):
        if step == 5:
            world.change("account", accounts[2], owner_user_id=ben)
        if step == 9:
            world.change("account", accounts[2], owner_user_id=ana)
        if not world.pull(copy, 200).more:
            break
    world.sync(copy)
    assert copy.ids("account") == set(accounts) - {accounts[1]} | copy.ids("account") - set(accounts)
    assert copy.rows == world.fresh(ana).rows


def test_a_key_lost_and_gained_again_between_two_pulls_brings_what_happened_meanwhile(world: World) -> None:
    _, ana, ben = small_company(world)
    copy = world.fresh(ana)
    account = min(copy.ids("account"))
    world.change("account", account, owner_user_id=ben)
    with world.write() as tx:
        contacts(tx, account, ["Met by Ben"])
    world.change("account", account, owner_user_id=ana)
    world.sync(copy)
    assert copy.rows == world.fresh(ana).rows
    assert copy.left == []


def test_a_key_gained_and_lost_again_mid_pull_does_not_stay(world: World) -> None:
    _, ana, ben = small_company(world)
    copy = world.fresh(ben)
    account = min(world.fresh(ana).ids("account"))
    world.change("account", account, owner_user_id=ben)
    while account not in copy.ids("account"):
        assert world.pull(copy, 1).more
    world.change("account", account, owner_user_id=ana)
    world.sync(copy, 1)
    assert account not in copy.ids("account")
    assert copy.rows == world.fresh(ben).rows


def test_what_a_colleague_did_to_much_else_does_not_hide_a_small_delta(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_server.store.feed.pulling.MANY_CHANGES", 3)
    _, ana, _ = small_company(world)
    copy = world.fresh(ana)
    with world.write() as tx:
        for row in list(tx.all("contact")):
            assert isinstance(row["id"], bytes)
            changed_row(tx, "contact", row["id"], phone="9")
    copy.order.clear()
    for _ in range(200):
        if not world.pull(copy, 300).more:
            break
    assert len(copy.order) == 12
    assert copy.rows == world.fresh(ana).rows


def test_more_keys_gained_than_are_asked_for_by_name_all_enter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_server.store.feed.pulling.FEW_KEYS", 2)
    _, ana, ben = small_company(world)
    copy = world.fresh(ben)
    with world.write() as tx:
        for row in tx.find("account", "owner_user_id", ana):
            assert isinstance(row["id"], bytes)
            changed_row(tx, "account", row["id"], owner_user_id=ben)
    world.sync(copy, 500)
    assert len(copy.ids("account")) == 8
    assert copy.rows == world.fresh(ben).rows


def test_rows_that_enter_are_not_sent_as_changes_when_keys_are_walked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_server.store.feed.pulling.MANY_CHANGES", 1)
    _, ana, ben = small_company(world)
    copy = world.fresh(ben)
    with world.write() as tx:
        for row in (*tx.find("account", "owner_user_id", ana), *tx.find("account", "owner_user_id", ben)):
            assert isinstance(row["id"], bytes)
            changed_row(tx, "account", row["id"], owner_user_id=ben, phone="1")
    copy.order.clear()
    world.sync(copy)
    assert len(copy.order) == len(set(copy.order)) == 4 + 4 * 5
    assert copy.rows == world.fresh(ben).rows


def test_an_account_lost_between_two_pages_sends_no_further_row(world: World) -> None:
    _, ana, ben = small_company(world)
    copy = Copy(ana)
    while not copy.ids("contact"):
        assert world.pull(copy, 1).more
    (first,) = copy.ids("contact")
    account = copy.rows["contact", first]["account_id"]
    assert isinstance(account, bytes)
    world.change("account", account, owner_user_id=ben)
    copy.order.clear()
    with world.database.read() as reader:
        others = {("contact", row["id"]) for row in reader.find("contact", "account_id", account)}
    while world.pull(copy, 1).more:
        pass
    assert len(others) == 3
    assert others.isdisjoint(copy.order)


def test_a_child_made_while_a_first_replica_runs_does_not_come_before_its_parent(world: World) -> None:
    _, ana, _ = small_company(world)
    accounts = sorted(world.fresh(ana).ids("account"))

    def order_with_lines(tx: WriteTransaction, account: bytes) -> None:
        order = new_row(tx, "sales_order", account_id=account, currency="EUR", number_local="D1-000001")
        for seq in (1, 2):
            new_row(tx, "document_line", order_id=order, account_id=account, seq=seq)

    with world.write() as tx:
        order_with_lines(tx, accounts[0])
    copy = Copy(ana)
    while not copy.ids("document_line"):
        assert world.pull(copy, 1).more
    with world.write() as tx:
        order_with_lines(tx, accounts[0])
        order_with_lines(tx, accounts[-1])
    seen: set[bytes] = set()
    world.sync(copy, 1)
    for entity, row_id in copy.order:
        order = copy.rows[entity, row_id].get("order_id")
        assert order is None or order in seen
        seen.add(row_id)
    assert len(copy.ids("document_line")) == 6


def test_a_pull_that_catches_up_goes_on_to_the_present_in_the_same_reply(world: World) -> None:
    _, ana, _ = small_company(world)
    copy = Copy(ana)
    assert world.pull(copy, 1).more
    account = min(world.fresh(ana).ids("account"))
    world.change("account", account, phone="1")
    assert not world.pull(copy).more
    assert copy.rows == world.fresh(ana).rows


def test_many_keys_lost_leave_over_several_pages(world: World) -> None:
    boss, ana, ben = small_company(world)
    copy = world.fresh(boss)
    for user in (ana, ben):
        world.change("user", user, manager_id=None)
    world.sync(copy, 45)
    assert len(copy.left) == len(set(copy.left)) == 10
    assert copy.rows.keys() == world.fresh(boss).rows.keys()


def test_long_texts_do_not_blow_up_a_page(world: World) -> None:
    ana = world.user("ana")
    account = world.account(owner=ana)
    with world.write() as tx:
        for number in range(60):
            new_row(tx, "activity", subject=f"Note {number}", account_id=account, body="é" * 15_000)
    copy = Copy(ana)
    while True:
        pulled = world.pull(copy, 100_000)
        assert sum(len(column) for page in pulled.pages for column in page.columns) < 500_000
        if not pulled.more:
            break
    assert len(copy.ids("activity")) == 60


@pytest.mark.parametrize("store_kind", KINDS)
@settings(max_examples=15)
@given(data=st.data())
def test_any_schedule_of_writes_moves_and_cut_pulls_ends_with_what_is_due(
    store_kind: str, stores: Databases, data: st.DataObject
) -> None:
    world = World(stores.new(store_kind))
    try:
        _any_schedule(world, data)
    finally:
        world.close()
        stores.give_back(world.url)


def _any_schedule(world: World, data: st.DataObject) -> None:
    people = [world.user(name) for name in ("ann", "bob", "cid", "dan")]
    country = world.make("territory", name="Country")
    lands = [country, *(world.make("territory", name=name, parent_id=country) for name in "NS")]
    accounts = [world.account() for _ in range(4)]
    copies = [Copy(person) for person in people[:2]]
    steps = possible_steps(world, data, people, lands, accounts, copies)
    for _ in range(data.draw(st.integers(3, 14))):
        data.draw(st.sampled_from(steps))()
    for copy in copies:
        world.sync(copy, data.draw(st.sampled_from((150, 100_000))))
        assert_holds_exactly_what_is_due(world, copy)


def possible_steps(
    world: World,
    data: st.DataObject,
    people: list[bytes],
    lands: list[bytes],
    accounts: list[bytes],
    copies: list[Copy],
) -> Sequence[Callable[[], object]]:
    """What may happen next, each with its details drawn when it does."""

    def pick(choices: Sequence[T]) -> T:
        return data.draw(st.sampled_from(choices))

    def someone() -> bytes | None:
        return data.draw(st.none() | st.sampled_from(people))

    def until() -> str | None:
        return pick((None, day_of(world.clock.at), day_of(world.clock.at + DAY_MS)))

    def a_day_passes() -> None:
        world.clock.pass_days(1)
        world.database.settle_due()

    return (
        lambda: world.change("account", pick(accounts), owner_user_id=someone()),
        lambda: world.change("account", pick(accounts), territory_id=pick(lands)),
        lambda: world.change("account", pick(accounts), phone=str(world.clock())),
        lambda: world.make("contact", account_id=pick(accounts), family_name="New"),
        lambda: world.change("user", pick(people), manager_id=someone()),
        lambda: world.change("user", pick(people), active=pick((0, 1))),
        lambda: world.change("territory", pick(lands), parent_id=pick((None, *lands))),
        lambda: world.make(
            "territory_assignment", user_id=pick(people), territory_id=pick(lands), valid_to=until()
        ),
        lambda: world.make("account_team", user_id=pick(people), account_id=pick(accounts), valid_to=until()),
        a_day_passes,
        lambda: world.pull(pick(copies), pick((1, 300, 2_000))),
        lambda: world.pull(pick(copies), pick((1, 300, 2_000))),
    )
