"""The order to wipe a laptop, from the central store to the laptop's marker, and the receipt back. Both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from fieldrep.contract.bundle import Keys
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import FileReply, FileRequest
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, Verdict
from fieldrep.contract.wiping import Destroyed, Manner, WipeOrder, WipeReceipt, ordered, receipt_of
from fieldrep.paths import Profile
from fieldrep.store.incoming.quarantine import set_aside
from fieldrep.store.replica import DEVICE_KEY, Replica
from fieldrep.store.wiping import Marker, finish, marker_of, note
from fieldrep.sync.session import sync_now
from fieldrep.sync.wiping import tell
from sync_server.store.devices.credentials import identify, revoke
from sync_server.store.devices.wiping import cancel_wipe, note_wiped, order_for_barred, order_wipe
from sync_server.store.office.admin import devices, disable_user
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import restore
from tests.helpers.in_process import InProcess
from tests.store_suite.file_line import FileLine, added, bytes_of
from tests.store_suite.laptop import Laptop, with_shop
from tests.store_suite.test_put_back import ByHand, by_hand, heal
from tests.store_suite.world import SeededBytes, World

__all__ = ["by_hand"]


@dataclass
class Line:
    """The direct way of both, exchanges and files."""

    laptop: Laptop
    last: ExchangeReply | None = None
    alter: Callable[[ExchangeReply], ExchangeReply] = lambda reply: reply

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        way = InProcess(self.laptop.world.database, self.laptop.admission.token)
        self.last = self.alter(way.exchange(request))
        return self.last

    def file(self, request: FileRequest) -> FileReply:
        return FileLine(self.laptop).file(request)


@dataclass
class Office:
    """Takes receipts of wipes, as many on one line as it lasts."""

    world: World
    breaks_after: int
    taken: int = 0

    def wiped(self, receipt: WipeReceipt) -> None:
        if self.taken >= self.breaks_after:
            self.taken = 0
            raise KnownError(Code.OFFLINE, "The line broke.")
        note_wiped(self.world.database, receipt)
        self.taken += 1

    def close(self) -> None:
        """It lasts."""


def order(world: World, laptop: Laptop, *, lost: bool = False) -> None:
    with world.write() as tx:
        order_wipe(tx, laptop.admission.device_id, lost=lost)


def synced(laptop: Laptop, line: Line | None = None) -> KnownError:
    """What a sync comes to that the server answers with an order."""

    @contextmanager
    def lent(_: Replica) -> Iterator[Line]:
        yield line or Line(laptop)

    with pytest.raises(KnownError) as caught:
        sync_now(laptop.replica, lender=lent)  # type: ignore[arg-type]
    return caught.value


def marker(laptop: Laptop) -> Marker | None:
    return marker_of(Profile(laptop.replica.folder))


def state(world: World, laptop: Laptop) -> object:
    with world.database.read() as reader:
        row = reader.row("device", laptop.admission.device_id)
    assert row is not None
    return row["state"]


def test_what_waits_is_sent_before_and_nothing_comes_any_more(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    added(ana, tmp_path, bytes_of(1))
    before = ana.names()
    order(world, ana)
    world.account(ana.admission.user_id, name="From the office")
    ana.create("Entered since")

    line = Line(ana)
    error = synced(ana, line)

    assert error.code is Code.WIPED
    assert "new link of your admin" in error.sentence
    assert line.last is not None
    assert (line.last.verdict, line.last.pages, line.last.more) == (Verdict.WIPE, (), False)
    with world.database.read() as reader:
        assert {row["name"] for row in reader.all("account")} >= {"Entered since", "From the office"}
        assert reader.session.rows("SELECT count(*) FROM file_body") == [(1,)]
    assert "From the office" not in ana.names() >= before
    told = marker(ana)
    assert told is not None
    assert told.receipt.destroyed == Destroyed()
    note_wiped(world.database, told.receipt)
    assert state(world, ana) == "wiped"
    assert verify(world.database) == []


def test_more_than_one_request_of_changes_goes_out_before(
    world: World, ana: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldrep.sync.poison.MAX_CHANGES", 2)
    order(world, ana)
    names = {f"Shop {number}" for number in range(5)}
    for name in names:
        ana.create(name)
    assert synced(ana).code is Code.WIPED
    with world.database.read() as reader:
        assert {row["name"] for row in reader.all("account")} == names


def test_what_cannot_be_sent_is_told_as_counts(world: World, ana: Laptop) -> None:
    ana.create("Refused")
    (change,) = ana.replica.waiting(1, 1_000_000)
    set_aside(ana.replica, change.n, "The server fails on it.")
    with ana.replica.write() as connection:
        connection.execute("INSERT INTO draft (kind, key, text, saved_at) VALUES ('order', 'x', '{}', 1)")
    order(world, ana)
    error = synced(ana)
    told = marker(ana)
    assert told is not None
    assert told.receipt.destroyed == Destroyed(refused=1, drafts=1)
    assert "1 refused change and 1 draft" in error.sentence
    note_wiped(world.database, told.receipt)
    with world.database.read() as reader:
        (device,) = devices(reader)
        (entry,) = reader.rows("SELECT detail FROM audit_entry WHERE action = 'wipe_device'")
    assert msgspec.json.decode(str(device["destroyed"]), type=Destroyed) == told.receipt.destroyed
    assert device["wiped_at"]
    assert entry[0] == "1 refused change and 1 draft"


def test_of_a_lost_laptop_nothing_is_taken(world: World, ana: Laptop) -> None:
    ana.create("Corner Shop")
    ana.sync()
    ana.create("Never sent")
    order(world, ana, lost=True)
    assert identify(world.database, ana.admission.token) is None
    with world.database.read() as reader:
        barred = order_for_barred(reader, ana.admission.token)
        assert order_for_barred(reader, ana.admission.token[:-1] + "x") is None
    assert barred is not None
    reply = ExchangeReply(Verdict.WIPE, ana.admission.server_id, ana.admission.epoch, wipe=barred.order)

    class Told(Line):
        def exchange(self, request: ExchangeRequest) -> ExchangeReply:
            return reply

    assert synced(ana, Told(ana)).code is Code.WIPED
    told = marker(ana)
    assert told is not None
    assert told.receipt.destroyed == Destroyed(changes=1)
    with world.database.read() as reader:
        assert [row["name"] for row in reader.all("account")] == ["Corner Shop"]


@pytest.mark.parametrize(
    "wrong", ["none", "another device", "another key", "another manner", "unknown manner"]
)
def test_an_order_that_its_own_server_did_not_sign_for_it_destroys_nothing(
    world: World, ana: Laptop, wrong: str
) -> None:
    ana.create("Corner Shop")
    order(world, ana)
    server, device = ana.admission.server_id, ana.admission.device_id
    with world.database.read() as reader:
        (seed,) = reader.rows("SELECT seed FROM bundle_key")
    ours, foreign = Keys(bytes(seed[0])), Keys(bytes(range(32)))
    given = {
        "none": None,
        "another device": ordered(ours, server, bytes(16), Manner.AT_ONCE),
        "another key": ordered(foreign, server, device, Manner.AT_ONCE),
        "another manner": msgspec.structs.replace(
            ordered(ours, server, device, Manner.SEND_FIRST), manner="at_once"
        ),
        "unknown manner": WipeOrder("in a year", bytes(64)),
    }[wrong]
    line = Line(ana, alter=lambda reply: msgspec.structs.replace(reply, wipe=given))
    assert synced(ana, line).code is Code.DEVICE_REVOKED
    assert marker(ana) is None
    assert ana.names() == {"Corner Shop"}
    assert ana.replica.depth() == 1


def test_another_company_cannot_order_it(world: World, ana: Laptop) -> None:
    ana.create("Corner Shop")
    ana.sync()
    order(world, ana)
    line = Line(ana, alter=lambda reply: msgspec.structs.replace(reply, server_id=bytes(16)))
    assert synced(ana, line).code is Code.DIFFERENT_SERVER
    assert marker(ana) is None


def test_a_line_that_breaks_before_all_is_sent_leaves_all_until_the_next_sync(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    added(ana, tmp_path, bytes_of(1))
    order(world, ana)
    line = FileLine(ana)
    line.breaks_at = 1

    class Breaking(Line):
        def file(self, request: FileRequest) -> FileReply:
            return line.file(request)

    assert synced(ana, Breaking(ana)).code is Code.OFFLINE
    assert marker(ana) is None
    assert synced(ana).code is Code.WIPED


def test_an_order_taken_back_lets_the_laptop_go_on(world: World, ana: Laptop) -> None:
    ana.create("Corner Shop")
    order(world, ana)
    with world.write() as tx:
        assert cancel_wipe(tx, ana.admission.device_id) == "active"
    assert ana.sync().whole
    assert state(world, ana) == "active"
    with world.write() as tx, pytest.raises(KnownError) as caught:
        cancel_wipe(tx, ana.admission.device_id)
    assert caught.value.code is Code.NOTHING_TO_CHANGE


def test_one_taken_back_of_a_lost_laptop_leaves_it_withdrawn(world: World, ana: Laptop) -> None:
    order(world, ana, lost=True)
    with world.write() as tx:
        assert cancel_wipe(tx, ana.admission.device_id) == "withdrawn"
    assert state(world, ana) == "withdrawn"
    assert identify(world.database, ana.admission.token) is None
    with world.database.read() as reader:
        assert order_for_barred(reader, ana.admission.token) is None


def test_a_withdrawn_laptop_is_wiped_only_as_lost(world: World, ana: Laptop) -> None:
    with world.write() as tx:
        revoke(tx, ana.admission.device_id, "left")
    with world.write() as tx, pytest.raises(KnownError, match="--lost"):
        order_wipe(tx, ana.admission.device_id, lost=False)
    order(world, ana, lost=True)
    with world.database.read() as reader:
        assert order_for_barred(reader, ana.admission.token) is not None


def test_who_is_withdrawn_after_the_order_sends_nothing_and_is_not_wiped(world: World, ana: Laptop) -> None:
    order(world, ana)
    with world.write() as tx:
        disable_user(tx, "ana")
    assert state(world, ana) == "withdrawn"
    assert identify(world.database, ana.admission.token) is None


def test_the_receipt_counts_once_and_only_from_the_device_itself(
    world: World, ana: Laptop, desk: Laptop
) -> None:
    order(world, ana, lost=True)
    server, device = ana.admission.server_id, ana.admission.device_id
    foreign = Keys(bytes.fromhex(desk.replica.secret(DEVICE_KEY)))
    own = Keys(bytes.fromhex(ana.replica.secret(DEVICE_KEY)))
    with pytest.raises(KnownError) as caught:
        note_wiped(world.database, receipt_of(foreign, server, device, Destroyed()))
    assert caught.value.code is Code.UNAUTHORISED
    with pytest.raises(KnownError):
        note_wiped(world.database, receipt_of(own, bytes(16), device, Destroyed()))
    assert state(world, ana) == "wipe"
    receipt = receipt_of(own, server, device, Destroyed(changes=2))
    altered = msgspec.structs.replace(receipt, destroyed=Destroyed())
    with pytest.raises(KnownError):
        note_wiped(world.database, altered)
    note_wiped(world.database, receipt)
    with world.database.read() as reader:
        (once,) = [one for one in devices(reader) if one["name"] == "ana"]
        revision = reader.info().revision
    note_wiped(world.database, receipt)
    with world.database.read() as reader:
        assert [one for one in devices(reader) if one["name"] == "ana"] == [once]
        assert reader.info().revision == revision
    with world.write() as tx, pytest.raises(KnownError, match="This device is wiped already") as caught:
        revoke(tx, device, "again")
    assert caught.value.code is Code.NOTHING_TO_CHANGE
    with world.write() as tx, pytest.raises(KnownError, match="too late") as caught:
        cancel_wipe(tx, device)
    assert caught.value.code is Code.MOVE_NOT_ALLOWED, "a script must see that it came too late"


def test_a_wipe_of_which_the_office_has_not_heard_is_told_with_the_next_one_of_the_same_laptop(
    world: World, ana: Laptop, desk: Laptop
) -> None:
    place = Profile(ana.replica.folder)
    for again, laptop in enumerate((ana, desk)):
        admission, keys = laptop.admission, Keys(bytes.fromhex(laptop.replica.secret(DEVICE_KEY)))
        receipt = receipt_of(keys, admission.server_id, admission.device_id, Destroyed(drafts=1 + again))
        note(place, Marker(server_url="", fingerprint="", receipt=receipt))
        ana.replica.close()
        finish(place)
    line = Office(world, breaks_after=0)
    tell(place, lambda _: line)
    assert (state(world, ana), state(world, desk)) == ("active", "active")
    line.breaks_after = 1
    tell(place, lambda _: line)
    assert (state(world, ana), state(world, desk)) == ("wiped", "active")
    tell(place, lambda _: line)
    assert (state(world, ana), state(world, desk)) == ("wiped", "wiped")
    assert marker_of(place) is None


def test_a_restored_store_orders_again_and_is_given_back_what_it_forgot(world: World, tmp_path: Path) -> None:
    ana, _ = with_shop(tmp_path, world)
    ana.create("Forgotten by the backup")
    assert ana.sync().whole
    order(world, ana)
    result = restore(world.url, tmp_path / "kept", world.clock, SeededBytes(9))
    assert result.carried.shut_out == ()
    assert state(world, ana) == "wipe"
    assert synced(ana).code is Code.WIPED
    with world.database.read() as reader:
        assert "Forgotten by the backup" in {row["name"] for row in reader.all("account")}
    assert verify(world.database) == []


def test_a_lost_and_a_wiped_laptop_stay_so_over_a_restore(world: World, tmp_path: Path) -> None:
    ana, _ = with_shop(tmp_path, world)
    order(world, ana, lost=True)
    restore(world.url, tmp_path / "kept", world.clock, SeededBytes(9))
    assert state(world, ana) == "wipe"
    assert identify(world.database, ana.admission.token) is None
    with world.database.read() as reader:
        assert order_for_barred(reader, ana.admission.token) is not None
    own = Keys(bytes.fromhex(ana.replica.secret(DEVICE_KEY)))
    note_wiped(
        world.database, receipt_of(own, ana.admission.server_id, ana.admission.device_id, Destroyed(drafts=1))
    )
    restore(world.url, tmp_path / "kept", world.clock, SeededBytes(10))
    assert state(world, ana) == "wiped"
    with world.database.read() as reader:
        (device,) = devices(reader)
    assert device["wiped_at"]
    assert device["destroyed"] == '{"drafts":1}'


def test_a_store_put_back_by_hand_wipes_nobody_before_it_has_what_it_lost(
    world: World, ana: Laptop, by_hand: ByHand
) -> None:
    ana.create("Known to the copy")
    assert ana.sync().whole
    by_hand.keep()
    lost = {f"Lost by it {number}" for number in range(9)}
    for name in lost:
        ana.create(name)
    assert ana.sync().whole
    by_hand.put_back()
    order(world, ana)
    assert synced(ana).code is Code.STORE_BEHIND
    assert marker(ana) is None
    heal(world)
    assert synced(ana).code is Code.WIPED
    with world.database.read() as reader:
        assert {row["name"] for row in reader.all("account")} == {"Known to the copy", *lost}
