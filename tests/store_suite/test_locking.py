"""A laptop is locked by the admin and unlocked again: nothing goes in or out meanwhile, and nothing is lost."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import FileRequest
from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollReply, EnrollRequest, ExchangeRequest, Verdict
from fieldrep.store.state import SyncState
from fieldrep.sync.files import carry
from fieldrep.sync.handshake import handshake_of
from sync_server.admin.awaited import conclusion, state_told
from sync_server.admin.bundles import open_request, write_answer
from sync_server.reconcile.exchange import exchange, serve_on
from sync_server.reconcile.files import answer_about_file
from sync_server.store.devices.credentials import admit, identify, make_code, revoke
from sync_server.store.devices.standing import lock, unlock
from sync_server.store.devices.wiping import cancel_wipe, order_wipe
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import restore
from tests.store_suite.file_line import FileLine, added, bytes_of
from tests.store_suite.laptop import Laptop, go_back, keep, office, with_shop
from tests.store_suite.test_restored import report
from tests.store_suite.world import SeededBytes, World

Order = Callable[..., object]


@pytest.fixture
def ana(world: World, tmp_path: Path) -> Iterator[Laptop]:
    made, _ = with_shop(tmp_path, world)
    yield made
    made.replica.close()


def order(laptop: Laptop, what: Order, **more: object) -> None:
    with laptop.world.write() as tx:
        what(tx, laptop.admission.device_id, **more)


def refused(what: Order, *given: object, **more: object) -> Code:
    with pytest.raises(KnownError) as caught:
        what(*given, **more)
    return caught.value.code


def state(laptop: Laptop) -> object:
    with laptop.world.database.read() as reader:
        row = reader.row("device", laptop.admission.device_id)
    assert row is not None
    return row["state"]


def stored(world: World) -> set[object]:
    with world.database.read() as reader:
        return {row["name"] for row in reader.all("account")}


def link_for(world: World, laptop: Laptop) -> str:
    with world.write() as tx:
        return make_code(tx, SeededBytes(41), laptop.admission.user_id)


def in_place(world: World, was: SyncState, code: str) -> EnrollReply:
    """Trades a link for another device that goes on with what a profile holds."""
    request = EnrollRequest(code, "Again", "test", "1", PROTOCOL_VERSION, b"another key")
    named = structs.replace(
        request,
        server_id=was.server_id,
        user_id=was.user_id,
        former_device=was.device_id,
        former_incarnation=was.incarnation,
    )
    return admit(world.database, named)


def asking(laptop: Laptop, *, pushing: bool) -> ExchangeRequest:
    """What a sync of the laptop begins with."""
    changes, *counted = laptop.replica.to_send(100, 1_000_000)
    told = handshake_of(laptop.replica, *counted)
    return ExchangeRequest(told, tuple(changes) if pushing else ())


def test_a_locked_laptop_sends_and_gets_nothing_and_goes_on_by_itself_once_unlocked(
    world: World, ana: Laptop
) -> None:
    order(ana, lock)
    ana.create("While locked")
    world.account(ana.admission.user_id, name="From the office")
    with pytest.raises(KnownError, match="locked by your admin; ask them to unlock it") as told:
        ana.sync()
    assert told.value.code is Code.DEVICE_LOCKED
    assert ana.replica.state().barred == told.value.sentence
    assert ana.names() == {"Shop", "While locked"}
    assert stored(world) == {"Shop", "From the office"}
    ana.create("And more")

    order(ana, unlock)
    assert ana.sync().whole
    assert ana.replica.state().barred == ""
    assert ana.names() == stored(world) == {"Shop", "While locked", "From the office", "And more"}
    assert verify(world.database) == []


def test_its_token_stays_good_and_another_laptop_of_the_person_goes_on(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    desk = Laptop(tmp_path, world, ana.admission.user_id, "desk")
    order(ana, lock)
    known = identify(world.database, ana.admission.token)
    assert known is not None
    assert known.state == "locked"
    assert desk.sync().whole


@pytest.mark.parametrize("pushing", [True, False])
def test_one_locked_between_its_being_known_and_the_answer_gets_none_and_nothing_of_it_is_taken(
    world: World, ana: Laptop, pushing: bool
) -> None:
    ana.create("Too late")
    device = identify(world.database, ana.admission.token)
    assert device is not None
    request = asking(ana, pushing=pushing)
    reply = exchange(world.database, device, asking(ana, pushing=False))
    assert reply.verdict is Verdict.CONTINUE
    order(ana, lock)
    assert refused(exchange, world.database, device, request) is Code.DEVICE_LOCKED
    assert refused(serve_on, world.database, device, reply, 1_000) is Code.DEVICE_LOCKED
    assert stored(world) == {"Shop"}
    again = identify(world.database, ana.admission.token)
    assert again is not None
    assert exchange(world.database, again, request).verdict is Verdict.LOCKED


def test_no_byte_of_a_file_goes_up_or_comes_down(world: World, ana: Laptop, tmp_path: Path) -> None:
    up, down = added(ana, tmp_path, bytes_of(1)), added(ana, tmp_path, bytes_of(2))
    assert carry(ana.replica, FileLine(ana)).sent == 2
    before = identify(world.database, ana.admission.token)
    order(ana, lock)
    after = identify(world.database, ana.admission.token)
    for device in (before, after):
        assert device is not None
        for request in (
            FileRequest(row_id=down, at=0),
            FileRequest(row_id=up, at=0, part=b""),
            FileRequest(row_id=up, at=0, part=b"more"),
        ):
            assert refused(answer_about_file, world.database, device, request) is Code.DEVICE_LOCKED


def test_its_file_on_a_stick_is_not_taken_until_it_is_unlocked(world: World, ana: Laptop) -> None:
    ana.create("By stick")
    request = ana.out()
    order(ana, lock)
    assert refused(office, world, request) is Code.DEVICE_LOCKED
    assert stored(world) == {"Shop"}
    order(ana, unlock)
    assert ana.into(office(world, request)).accepted == 1


def test_one_locked_while_its_file_is_answered_gets_no_answer(world: World, ana: Laptop) -> None:
    ana.create("Too late")
    asked = open_request(world.database, io.BytesIO(ana.out()))
    order(ana, lock)
    assert refused(write_answer, world.database, asked, io.BytesIO()) is Code.DEVICE_LOCKED
    assert stored(world) == {"Shop"}


def test_a_locked_laptop_is_not_enrolled_in_place_and_the_link_stays_good(world: World, ana: Laptop) -> None:
    order(ana, lock)
    before = ana.replica.state()
    code = link_for(world, ana)
    with pytest.raises(KnownError, match=r"locked; ask your admin to unlock it\..* link stays good") as told:
        in_place(world, before, code)
    assert told.value.code is Code.DEVICE_LOCKED
    order(ana, order_wipe, lost=False)
    assert refused(in_place, world, before, code) is Code.DEVICE_LOCKED
    order(ana, cancel_wipe)
    order(ana, unlock)
    order(ana, revoke, why="the laptop was copied")
    assert in_place(world, before, code).device_id != before.device_id


def test_a_lock_is_in_the_audit_log_once_with_who_did_it(world: World, ana: Laptop) -> None:
    for what in (lock, unlock):
        order(ana, what)
        assert refused(order, ana, what) is Code.NOTHING_TO_CHANGE
    with world.database.read() as reader:
        sql = "SELECT action, actor, row_id FROM audit_entry WHERE action IN ('lock_device', 'unlock_device')"
        entries = reader.rows(f"{sql} ORDER BY n")
    device = ana.admission.device_id
    assert [(action, row_id) for action, _, row_id in entries] == [
        ("lock_device", device),
        ("unlock_device", device),
    ]
    assert all(actor for _, actor, _ in entries)


def test_who_is_withdrawn_or_to_be_wiped_is_neither_locked_nor_unlocked(world: World, ana: Laptop) -> None:
    order(ana, order_wipe, lost=False)
    for what in (lock, unlock):
        assert refused(order, ana, what) is Code.MOVE_NOT_ALLOWED
    order(ana, revoke, why="left")
    for what in (lock, unlock):
        assert refused(order, ana, what) is Code.MOVE_NOT_ALLOWED
    assert state(ana) == "withdrawn"


def test_a_locked_laptop_that_is_to_be_wiped_sends_first_and_is_locked_still_when_that_is_taken_back(
    world: World, ana: Laptop
) -> None:
    ana.create("Sent before the wipe")
    order(ana, lock)
    order(ana, order_wipe, lost=False)
    device = identify(world.database, ana.admission.token)
    assert device is not None
    reply = exchange(world.database, device, asking(ana, pushing=True))
    assert (reply.verdict, len(reply.outcomes), reply.pages) == (Verdict.WIPE, 1, ())
    assert "Sent before the wipe" in stored(world)
    with world.write() as tx:
        assert cancel_wipe(tx, ana.admission.device_id) == "locked"
    assert refused(ana.sync) is Code.DEVICE_LOCKED
    order(ana, unlock)
    assert ana.sync().whole


def test_a_lock_and_an_unlocking_since_the_backup_both_stand_after_it_is_restored(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    order(ana, lock)
    go_back(world, tmp_path)
    assert (state(ana), refused(ana.sync)) == ("locked", Code.DEVICE_LOCKED)
    folder = tmp_path / "locked"
    folder.mkdir()
    keep(world, folder)
    order(ana, unlock)
    result = restore(world.url, folder / "kept", world.clock, SeededBytes(10))
    assert [one.row_id for one in result.carried.locks] == [ana.admission.device_id]
    assert state(ana) == "active"
    assert ana.sync().whole
    assert verify(world.database) == []


def test_a_lock_stands_although_a_store_restored_in_between_does_not_know_the_laptop(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    desk = Laptop(tmp_path, world, ana.admission.user_id, "desk")
    desk.sync()
    folder = tmp_path / "later"
    folder.mkdir()
    keep(world, folder)
    order(desk, lock)
    go_back(world, tmp_path)
    assert identify(world.database, desk.admission.token) is None
    go_back(world, folder, 10)
    assert (state(desk), refused(desk.sync)) == ("locked", Code.DEVICE_LOCKED)
    assert ana.sync().whole
    desk.replica.close()


def test_a_locked_laptop_unknown_to_the_restored_store_is_named_so_and_no_new_link_lets_it_in(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    desk = Laptop(tmp_path, world, ana.admission.user_id, "desk")
    desk.create("Of the desk")
    desk.sync()
    order(desk, lock)
    go_back(world, tmp_path)
    (listed,) = (one for one in report(world).devices if one.device == "desk")
    assert (listed.state, listed.stands, state_told(listed)) == ("unknown", "locked", "unknown here, locked")
    assert "device unlock ID" in " ".join(conclusion(report(world)))
    assert refused(desk.enrol_again, "desk") is Code.DEVICE_LOCKED
    order(desk, unlock)
    assert refused(order, desk, unlock) is Code.NOTHING_TO_CHANGE
    order(desk, lock)
    assert refused(desk.enrol_again, "desk") is Code.DEVICE_LOCKED
    order(desk, unlock)
    assert "device unlock ID" not in " ".join(conclusion(report(world)))
    desk.enrol_again("desk")
    assert desk.sync().returned == 1
    with world.database.read() as reader:
        acts = reader.rows("SELECT action FROM audit_entry WHERE action IN ('lock_device', 'unlock_device')")
    assert acts == [("unlock_device",), ("lock_device",), ("unlock_device",)]
    desk.replica.close()


def test_a_lock_stands_beside_an_order_to_wipe_over_a_restore(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    order(ana, lock)
    order(ana, order_wipe, lost=False)
    go_back(world, tmp_path)
    assert state(ana) == "wipe"
    with world.write() as tx:
        assert cancel_wipe(tx, ana.admission.device_id) == "locked"
