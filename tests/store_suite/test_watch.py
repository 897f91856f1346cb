"""Whom a stretch of history touches, on both databases: holders of what changed, who gained, who lost, nobody else."""

from __future__ import annotations

import pytest

from sync_server.store.feed import watch
from sync_server.store.feed.watch import Touched, touched
from tests.store_suite.world import World, contacts


def news(world: World, since: int) -> Touched:
    with world.database.read() as snapshot:
        return touched(snapshot, since, snapshot.info().revision)


def now(world: World) -> int:
    return world.database.info().revision


def test_a_change_touches_those_who_hold_the_account_and_tells_how_far(world: World) -> None:
    boss = world.user("boss")
    ana, ben = world.user("ana", manager=boss), world.user("ben")
    shop, other = world.account(owner=ana), world.account(owner=ben)
    since = now(world)
    first = world.change("account", shop, phone="1")
    assert news(world, since).users == {ana: first, boss: first}
    world.change("account", other, phone="2")
    with world.write() as tx:
        contacts(tx, shop, ["Berg"])
    found = news(world, since)
    assert found.everybody == 0
    assert found.reaches(ana) == found.reaches(boss) == now(world)
    assert found.reaches(ben) == now(world) - 1
    assert news(world, first).reaches(ben) == now(world) - 1
    assert news(world, now(world)) == Touched()


def test_an_account_that_moves_touches_whom_it_leaves_and_whom_it_comes_to(world: World) -> None:
    ana, ben, eve = world.user("ana"), world.user("ben"), world.user("eve")
    shop = world.account(owner=ana)
    since = now(world)
    world.change("account", shop, owner_user_id=ben)
    found = news(world, since)
    assert found.reaches(ana) > since
    assert found.reaches(ben) > since
    assert found.reaches(eve) == 0


def test_what_everybody_holds_touches_everybody(world: World) -> None:
    ana = world.user("ana")
    since = now(world)
    world.make("product", sku="OAT", name="Oat drink")
    found = news(world, since)
    assert found.everybody == now(world)
    assert found.reaches(ana) == found.everybody


def test_a_device_that_is_locked_touches_its_user(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    device = world.make("device", user_id=ana, name="Laptop")
    since = now(world)
    world.change("device", device, state="locked")
    assert news(world, since).reaches(ana) > since
    assert news(world, since).reaches(ben) == 0


def test_a_stretch_too_long_to_look_at_touches_everybody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = world.user("ana")
    shop = world.account(owner=ana)
    since = now(world)
    monkeypatch.setattr(watch, "MOST_ROWS", 3)
    with world.write() as tx:
        contacts(tx, shop, ["Berg", "Falk", "Ek"])
    assert news(world, since).everybody == 0
    with world.write() as tx:
        contacts(tx, shop, ["Lund"])
    assert news(world, since).everybody == now(world)
