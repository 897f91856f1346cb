"""Acts of administration, and that each moves exactly the scope it should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import id_text
from sync_server.store.office import admin
from sync_server.store.proof.export import export
from sync_server.store.proof.verify import verify
from sync_server.store.transaction import WriteTransaction
from tests.store_suite.oracle import must_hold
from tests.store_suite.test_credentials import admitted
from tests.store_suite.world import World, contacts, new_row

Act = Callable[[WriteTransaction], object]


def do(world: World, *acts: Act) -> None:
    for act in acts:
        with world.write() as tx:
            act(tx)


def test_a_team_is_set_up_by_name_and_each_holds_what_he_covers(world: World) -> None:
    do(
        world,
        lambda tx: admin.add_user(tx, login="fuller", name="Andrew Fuller", role="manager"),
        lambda tx: admin.add_user(tx, login="nancy", name="Nancy", role="rep", manager_login="fuller"),
        lambda tx: admin.add_user(tx, login="janet", name="Janet", role="rep", manager_login="fuller"),
        lambda tx: admin.add_territory(tx, code="W", name="West"),
        lambda tx: admin.add_territory(tx, code="W-1", name="Seattle", parent_code="W"),
        lambda tx: admin.assign(tx, login="nancy", territory_code="W"),
        lambda tx: new_row(tx, "account", name="Shop", number="K1"),
        lambda tx: admin.move_account(tx, account="K1", territory_code="Seattle"),
    )
    holders = {}
    for login in ("fuller", "nancy", "janet"):
        with world.database.read() as reader:
            user = admin.user_named(reader, login)["id"]
        assert isinstance(user, bytes)
        holders[login] = len(world.fresh(user).ids("account"))
    assert holders == {"fuller": 1, "nancy": 1, "janet": 0}
    with world.database.read() as reader:
        assert admin.territory_named(reader, "W-1")["path"] == "W/W-1"
    do(
        world,
        lambda tx: admin.unassign(tx, login="nancy", territory_code="W"),
        lambda tx: admin.move_account(tx, account="K1", owner_login="janet"),
    )
    with world.database.read() as reader:
        account = admin.account_named(reader, "K1")["id"]
        assert isinstance(account, bytes)
        logins = {admin.user_named(reader, login)["id"] for login in ("fuller", "janet")}
        assert set(reader.holders(b"A" + account)) == logins
        assert admin.account_named(reader, id_text(account))["name"] == "Shop"
    assert verify(world.database) == []


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda tx: admin.add_user(tx, login="ana", name="Again", role="rep"), Code.ALREADY_EXISTS),
        (lambda tx: admin.add_user(tx, login="b", name="B", role="king"), Code.INVALID_VALUE),
        (lambda tx: admin.add_user(tx, login="b", name="", role="rep"), Code.REQUIRED),
        (lambda tx: admin.add_user(tx, login="b\x00", name="B", role="rep"), Code.INVALID_VALUE),
        (lambda tx: admin.add_user(tx, login="b", name="B", role="rep", manager_login="x"), Code.NOT_FOUND),
        (lambda tx: admin.disable_user(tx, "nobody"), Code.NOT_FOUND),
        (lambda tx: admin.add_territory(tx, code="N", name="Again"), Code.ALREADY_EXISTS),
        (lambda tx: admin.add_territory(tx, code="X", name="X", parent_code="Y"), Code.NOT_FOUND),
        (lambda tx: admin.assign(tx, login="ana", territory_code="Y"), Code.NOT_FOUND),
        (lambda tx: admin.assign(tx, login="ana", territory_code="N", valid_to="soon"), Code.INVALID_VALUE),
        (
            lambda tx: admin.assign(
                tx, login="ana", territory_code="N", valid_from="2026-02-01", valid_to="2026-01-01"
            ),
            Code.INVALID_VALUE,
        ),
        (lambda tx: admin.unassign(tx, login="ana", territory_code="N"), Code.NOTHING_TO_CHANGE),
        (lambda tx: admin.move_account(tx, account="none", owner_login="ana"), Code.NOT_FOUND),
        (lambda tx: admin.move_account(tx, account="K1", owner_login="ana"), Code.NOTHING_TO_CHANGE),
        (lambda tx: admin.territory_named(tx, "Twin"), Code.NOT_FOUND),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence_and_changes_nothing(
    world: World, act: Act, code: Code
) -> None:
    ana = world.user("ana")
    do(
        world,
        lambda tx: admin.add_territory(tx, code="N", name="North"),
        lambda tx: admin.add_territory(tx, code="T1", name="Twin"),
        lambda tx: admin.add_territory(tx, code="T2", name="Twin"),
        lambda tx: new_row(tx, "account", name="Shop", number="K1", owner_user_id=ana),
    )
    before = world.database.info()
    with pytest.raises(KnownError) as refused:
        do(world, act)
    assert refused.value.code is code
    assert refused.value.sentence.endswith(".")
    assert world.database.info() == before


def test_every_act_leaves_an_audit_entry_with_what_it_changed(world: World) -> None:
    world.user("ana")
    do(
        world,
        lambda tx: admin.add_territory(tx, code="N", name="North"),
        lambda tx: admin.assign(tx, login="ana", territory_code="N"),
        lambda tx: admin.unassign(tx, login="ana", territory_code="N"),
        lambda tx: admin.disable_user(tx, "ana"),
    )
    with world.database.read() as reader:
        entries = reader.rows("SELECT actor, action, detail FROM audit_entry ORDER BY n")
    actions = ["add_territory", "assign_territory", "unassign_territory", "disable_user"]
    assert [row[1] for row in entries] == actions
    assert {row[0] for row in entries} == {"test"}
    assert '"active":[true,false]' in entries[-1][2]


def test_devices_are_listed_with_their_user(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    for user in (ana, ana, ben):
        admitted(world, user)
    with world.database.read() as reader:
        assert [device["login"] for device in admin.devices(reader)] == ["ana", "ana", "ben"]
        (of_ben,) = admin.devices(reader, "ben")
        assert (of_ben["number_prefix"], of_ben["state"], of_ben["seen_at"]) == ("D3", "active", None)


def test_an_export_for_a_user_is_exactly_what_he_may_hold(world: World, tmp_path: Path) -> None:
    boss = world.user("boss", role="manager")
    ana, ben = world.user("ana", boss), world.user("ben", boss)
    with world.write() as tx:
        for owner in (ana, ben):
            contacts(tx, new_row(tx, "account", name="Shop", owner_user_id=owner), ["Ö", "Zoë"])
        new_row(tx, "product", sku="S", name="Screw", cost_price=123456789)
    for login, user in (("boss", boss), ("ana", ana), ("ben", ben)):
        rows = export(world.database, tmp_path / login, login)
        with world.database.read() as reader:
            assert rows == len(must_hold(reader, user, reader.info().settled_on[:10]))
    whole = export(world.database, tmp_path / "whole")
    lines = (tmp_path / "whole").read_bytes().splitlines()
    assert len(lines) == len(set(lines)) == whole
    assert set((tmp_path / "boss").read_bytes().splitlines()) <= set(lines)
    assert b"123456789" in (tmp_path / "boss").read_bytes()
    assert b"123456789" not in (tmp_path / "ana").read_bytes()
    export(world.database, tmp_path / "again", "ana")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "ana").read_bytes()


def test_an_export_that_cannot_be_written_says_so_and_leaves_no_half_of_it(
    world: World, tmp_path: Path
) -> None:
    world.user("ana")
    with pytest.raises(KnownError) as refused:
        export(world.database, tmp_path / "missing" / "file")
    assert refused.value.code is Code.DISK_ERROR
    with pytest.raises(KnownError) as refused:
        export(world.database, tmp_path / "file", "nobody")
    assert refused.value.code is Code.NOT_FOUND
    assert list(tmp_path.iterdir()) == []


def test_a_login_that_cannot_be_one_is_named_as_it_was_typed(world: World) -> None:
    for login, named in (("a b", "“a b” cannot"), ("é\n", r"“\xe9\n” cannot"), ("it's", "“it's” cannot")):
        with pytest.raises(KnownError) as refused:
            do(world, lambda tx, login=login: admin.add_user(tx, login=login, name="A", role="rep"))
        assert refused.value.sentence.startswith(named)
