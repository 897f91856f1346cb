"""The scope ledger follows every row that decides who holds an account, and nothing else."""

from __future__ import annotations

from fieldrep.contract.scope import account_key
from sync_server.store.proof.verify import verify
from tests.store_suite.world import DAY_MS, World, changed_row, day_of, new_row


def holders(world: World, account: bytes) -> set[bytes]:
    with world.database.read() as reader:
        return set(reader.holders(account_key(account)))


def test_a_team_member_holds_an_account_until_taken_off(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    account = world.account()
    member = world.make("account_team", account_id=account, user_id=ana)
    assert holders(world, account) == {ana}
    world.change("account_team", member, user_id=ben)
    assert holders(world, account) == {ben}
    world.change("account_team", member, archived=1)
    assert holders(world, account) == set()
    assert verify(world.database) == []


def test_a_team_members_time_begins_and_ends_with_its_days(world: World) -> None:
    ana = world.user("ana")
    account = world.account()
    tomorrow = day_of(world.clock.at + DAY_MS)
    world.make("account_team", account_id=account, user_id=ana, valid_from=tomorrow, valid_to=tomorrow)
    seen = []
    for _ in range(3):
        world.database.settle_due()
        seen.append(holders(world, account))
        assert verify(world.database) == []
        world.clock.pass_days(1)
    assert seen == [set(), {ana}, set()]


def test_days_that_pass_while_the_server_is_off_are_settled_at_once(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    first, second = world.account(), world.account()
    days = [day_of(world.clock.at + DAY_MS * number) for number in range(10)]
    world.make("account_team", account_id=first, user_id=ana, valid_to=days[2])
    world.make("account_team", account_id=second, user_id=ben, valid_from=days[3], valid_to=days[8])
    world.clock.pass_days(5)
    world.database.settle_due()
    assert (holders(world, first), holders(world, second)) == (set(), {ben})
    world.clock.pass_days(60)
    world.make("product", sku="any write", name="settles the day")
    assert holders(world, second) == set()


def test_a_team_members_new_manager_holds_the_account_and_his_old_one_no_more(world: World) -> None:
    old, new = world.user("old"), world.user("new")
    ana = world.user("ana", manager=old)
    account = world.account()
    world.make("account_team", account_id=account, user_id=ana)
    assert holders(world, account) == {ana, old}
    world.change("user", ana, manager_id=new)
    assert holders(world, account) == {ana, new}
    assert verify(world.database) == []


def test_a_territory_that_moves_takes_its_accounts_along(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    north, south = (world.make("territory", name=name) for name in ("North", "South"))
    town = world.make("territory", name="Town", parent_id=north)
    for user, land in ((ana, north), (ben, south)):
        world.make("territory_assignment", user_id=user, territory_id=land)
    account, elsewhere = world.account(territory=town), world.account(territory=north)
    assert (holders(world, account), holders(world, elsewhere)) == ({ana}, {ana})
    world.change("territory", town, parent_id=south)
    assert (holders(world, account), holders(world, elsewhere)) == ({ben}, {ana})
    assert verify(world.database) == []


def test_territories_and_managers_in_a_circle_do_not_hang_the_server(world: World) -> None:
    ana = world.user("ana")
    ben = world.user("ben", manager=ana)
    north = world.make("territory", name="North")
    south = world.make("territory", name="South", parent_id=north)
    world.make("territory_assignment", user_id=ben, territory_id=south)
    account = world.account(territory=north)
    world.change("territory", north, parent_id=south)
    world.change("user", ana, manager_id=ben)
    assert holders(world, account) == {ana, ben}
    assert verify(world.database) == []


def test_one_transaction_may_bring_people_territories_and_accounts_at_once(world: World) -> None:
    with world.write() as tx:
        boss = new_row(tx, "user", login="boss", name="Boss")
        ana = new_row(tx, "user", login="ana", name="Ana", manager_id=boss)
        land = new_row(tx, "territory", name="Land")
        new_row(tx, "territory_assignment", user_id=ana, territory_id=land)
        account = new_row(tx, "account", name="Shop", territory_id=land)
        mark = tx.mark()
        new_row(tx, "account_team", account_id=account, user_id=boss)
        changed_row(tx, "user", ana, manager_id=None)
        tx.rollback_to(mark)
    assert holders(world, account) == {boss, ana}
    assert verify(world.database) == []


def test_an_edit_that_moves_nobody_leaves_the_ledger_alone(world: World) -> None:
    ana = world.user("ana")
    account = world.account(owner=ana)
    with world.database.read() as reader:
        before = reader.rows("SELECT * FROM scope_ledger ORDER BY user_id, scope_key")
    world.change("account", account, phone="1", archived=1)
    world.change("user", ana, phone="2")
    with world.database.read() as reader:
        assert reader.rows("SELECT * FROM scope_ledger ORDER BY user_id, scope_key") == before


def test_temporary_cover_begins_and_ends_with_the_day_of_whoever_covers(world: World) -> None:
    there = {
        zone: world.user(zone[:4].casefold(), tz=zone) for zone in ("Pacific/Auckland", "America/Los_Angeles")
    }
    land = world.make("territory", name="North")
    account = world.account(territory=land)
    noon = (world.clock.at // DAY_MS + 1) * DAY_MS + DAY_MS // 2
    world.clock.at = noon
    tomorrow = day_of(noon + DAY_MS)
    for user in there.values():
        span = {"valid_from": tomorrow, "valid_to": tomorrow, "kind": "cover"}
        world.make("territory_assignment", user_id=user, territory_id=land, **span)
    hours: dict[bytes, list[int]] = {user: [] for user in there.values()}
    for hour in range(72):
        world.clock.at = noon + hour * 3_600_000
        world.database.settle_due()
        for user in holders(world, account):
            hours[user].append(hour)
        if hour == 36:
            assert verify(world.database) == []
    auckland, angeles = (hours[there[zone]] for zone in ("Pacific/Auckland", "America/Los_Angeles"))
    assert (len(auckland), len(angeles)) == (24, 24), "each for the 24 hours of his own day"
    assert angeles[0] - auckland[0] in (19, 20), "the sun comes to Auckland first"


def test_somebody_who_moves_to_another_zone_is_covered_by_its_days_at_once(world: World) -> None:
    world.clock.at = (world.clock.at // DAY_MS + 1) * DAY_MS + 3_600_000
    ana, today = world.user("ana"), day_of(world.clock.at)
    account = world.account()
    world.make("account_team", account_id=account, user_id=ana, valid_from=today, valid_to=today)
    assert holders(world, account) == {ana}
    world.change("user", ana, tz="America/Los_Angeles")
    assert holders(world, account) == set(), "there it is still yesterday"
    assert verify(world.database) == []
