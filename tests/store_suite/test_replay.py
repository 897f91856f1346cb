"""What a device held at a moment: the store tells it later, byte for byte as the device's own export wrote it then.

Real replicas sync now and then while their accounts are edited, moved, archived, merged and purged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Incarnation, id_text
from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollRequest, ExchangeReply, ExchangeRequest
from fieldrep.store.export import export_lines
from fieldrep.sync.engine import sync
from fieldrep.sync.enrolment import device_keys
from sync_server.reconcile.merges import merge
from sync_server.store.database import Database
from sync_server.store.devices.credentials import admit, make_code
from sync_server.store.devices.positions import Stand
from sync_server.store.office import admin
from sync_server.store.past.replay import Past, past_of
from sync_server.store.restoring.backup import backup, restore
from sync_server.store.upkeep.retention import RULES, set_rule, tidy
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, World


@dataclass
class Diary:
    """A laptop and what it exported, moment by moment."""

    laptop: Laptop
    moments: dict[int, bytes] = field(default_factory=dict)

    def sync(self) -> bytes:
        receipt = self.laptop.sync()
        assert receipt.digests_equal is True
        return self.note()

    def note(self) -> bytes:
        with self.laptop.replica.read() as reader:
            lines = b"".join(export_lines(reader))
        self.moments[self.laptop.world.clock()] = lines
        return lines


@pytest.fixture
def people(world: World, tmp_path: Path) -> Iterator[tuple[Diary, Diary]]:
    boss = world.user("boss", role="manager")
    ana, ben = (Laptop(tmp_path, world, world.user(name, boss), name) for name in ("ana", "ben"))
    yield Diary(ana), Diary(ben)
    ana.replica.close()
    ben.replica.close()


def told(world: World, laptop: Laptop, moment: int) -> tuple[Stand, bytes, Past]:
    with world.database.read() as reader:
        stand, past = past_of(reader, laptop.admission.device_id, moment)
        lines = b"".join(past.lines()) if stand.revision else b""
        return stand, lines, past


def assert_all_told(world: World, *diaries: Diary) -> None:
    for diary in diaries:
        for moment, lines in diary.moments.items():
            stand, again, past = told(world, diary.laptop, moment)
            assert again == lines
            assert stand.digest in (None, past.digest)


def test_every_moment_of_a_running_history_is_told_as_the_device_held_it(
    world: World, people: tuple[Diary, Diary]
) -> None:
    ana, ben = people
    ana.note()
    product = world.make("product", sku="P1", name="Pump", cost_price=5_000_000)
    shop, moved = ana.laptop.create("Shop"), ana.laptop.create("Moved")
    assert b"Shop" in ana.sync()
    ben.sync()
    ana.laptop.edit(shop, phone="1", note="n" * 900)
    world.change("account", moved, owner_user_id=ben.laptop.admission.user_id)
    assert b'"Moved"' not in ana.sync()
    assert b'"Moved"' in ben.sync()
    with ben.laptop.replica.begin("archive_account", "delete") as uow:
        uow.archive("account", moved)
    twin = ben.laptop.create("Twin")
    ben.sync()
    world.change("account", twin, owner_user_id=ana.laptop.admission.user_id)
    ana.sync()
    with world.write() as tx:
        tx.new_revision()
        merge(tx, "account", survivor_id=shop, merged_id=twin)
    ana.sync()
    world.change("product", product, name="Pump 2", cost_price=6_000_000)
    world.change("user", ana.laptop.admission.user_id, role="manager")
    assert b"6" in ana.sync()
    ana.laptop.edit(shop, phone="2")
    ana.sync()
    ben.sync()
    world.clock.pass_days(RULES["archived"].days + 1)
    with world.write() as tx:
        set_rule(tx, "history", 36_500)
    assert tidy(world.database).purged == 1
    ana.sync()
    assert b'"Moved"' not in ben.sync()

    assert [len(set(diary.moments.values())) for diary in people] == [7, 5]
    assert_all_told(world, ana, ben)


class Losing(InProcess):
    """A line with replies of a size, on which the reply to the n-th request is lost."""

    def __init__(self, laptop: Laptop, lost: int, page_bytes: int) -> None:
        super().__init__(laptop.world.database, laptop.admission.token)
        self.left, self.page_bytes = lost, page_bytes

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        reply = super().exchange(msgspec.structs.replace(request, page_bytes=self.page_bytes))
        self.left -= 1
        if not self.left:
            raise KnownError(Code.OFFLINE, "The line broke.")
        return reply


def test_a_reply_that_never_arrived_is_not_taken_for_held(world: World, people: tuple[Diary, Diary]) -> None:
    ana, ben = people
    with pytest.raises(KnownError):
        sync(ben.laptop.replica, Losing(ben.laptop, 1, 100_000))
    assert ben.note() == b""
    ben.sync()
    shop = ana.laptop.create("Shop")
    ana.sync()
    world.change("account", shop, name="Renamed")
    with pytest.raises(KnownError):
        sync(ana.laptop.replica, Losing(ana.laptop, 1, 100_000))
    lines = ana.note()
    moment = max(ana.moments)
    stand, given, _ = told(world, ana.laptop, moment)
    assert (stand.shown, b"Renamed" in given) == (False, True)

    world.clock.pass_days(1)
    assert b"Renamed" in ana.sync()

    stand, held, past = told(world, ana.laptop, moment)
    assert (stand.shown, held) == (True, lines)
    assert stand.digest == past.digest
    assert_all_told(world, ana, ben)


def test_a_device_in_the_middle_of_fetching_is_said_to_be_there(
    world: World, people: tuple[Diary, Diary]
) -> None:
    ana, _ = people
    ana.sync()
    before = max(ana.moments)
    for number in range(20):
        world.account(ana.laptop.admission.user_id, name=f"Shop {number}")
    with pytest.raises(KnownError):
        sync(ana.laptop.replica, Losing(ana.laptop, 3, 400))
    moment = world.clock()

    stand, lines, _ = told(world, ana.laptop, moment)
    assert (lines, stand.on_its_way_to) == (ana.moments[before], world.database.info().revision)
    assert b"Shop 19" in ana.sync()
    stand, lines, _ = told(world, ana.laptop, moment)
    assert (lines, stand.on_its_way_to) == (ana.moments[before], world.database.info().revision)
    assert_all_told(world, ana)


def test_what_is_not_kept_is_said_and_not_made_up(world: World, people: tuple[Diary, Diary]) -> None:
    ana, ben = people
    device = ana.laptop.admission.device_id

    def refusal(moment: int) -> str:
        with world.database.read() as reader, pytest.raises(KnownError) as caught:
            past_of(reader, device, moment)
        return caught.value.sentence

    assert "was enrolled on" in refusal(world.clock() - 86_400_000)
    shop = ana.laptop.create("Shop")
    ana.sync()
    ben.sync()
    early = world.clock()
    with world.write() as tx:
        set_rule(tx, "history", 30)
    for _ in range(3):
        world.clock.pass_days(20)
        ben.sync()
        world.change("account", shop, name=f"Shop on {world.clock()}")
        tidy(world.database)
    assert "is kept from" in refusal(early)
    assert "the records were others by then" in refusal(world.clock())
    ana.sync()
    assert_all_told(world, Diary(ana.laptop, {moment: ana.moments[moment] for moment in [max(ana.moments)]}))
    _is_told_after_starting_over(world, ana, ben)
    with world.database.read() as reader:
        (kept,) = reader.rows("SELECT count(*) FROM row_history WHERE revision <= 1")
    assert kept == (0,)


def _is_told_after_starting_over(world: World, ana: Diary, ben: Diary) -> None:
    with world.write() as tx:
        set_rule(tx, "tombstones", 7)
        set_rule(tx, "away", 7)
    for _ in range(3):
        world.clock.pass_days(20)
        ben.sync()
        world.account(ana.laptop.admission.user_id, name="New")
        tidy(world.database)
    ana.laptop.create("From the drawer")
    assert ana.laptop.sync().started_over is True
    ana.moments.clear()
    ana.note()
    assert_all_told(world, ana)
    world.account(ana.laptop.admission.user_id, name="Newer")
    ana.sync()
    assert_all_told(world, ana)


def test_between_a_backup_and_its_restore_nothing_is_told(
    world: World, people: tuple[Diary, Diary], tmp_path: Path
) -> None:
    ana, _ = people
    shop = ana.laptop.create("Shop")
    ana.sync()
    with world.write() as tx:
        set_rule(tx, "history", 100)
    file = tmp_path / "backup.db"
    backup(world.database, file)
    world.clock.pass_days(1)
    world.change("account", shop, name="After the backup")
    ana.sync()
    lost = ana.moments.copy()
    world.clock.pass_days(1)
    world.database.close()
    restore(world.url, file, world.clock, SeededBytes(9))
    world.database = Database.open(world.url, world.clock, SeededBytes(10))
    world.clock.pass_days(1)

    for moment in (max(lost), world.clock()):
        with world.database.read() as reader, pytest.raises(KnownError) as caught:
            past_of(reader, ana.laptop.admission.device_id, moment)
        assert "was restored on" in caught.value.sentence
    ana.sync()
    del ana.moments[max(lost)]
    assert_all_told(world, ana)


def test_a_device_is_told_by_the_role_its_user_had_and_unsent_work_is_not_in_it(
    world: World, people: tuple[Diary, Diary]
) -> None:
    ana, _ = people
    world.make("product", sku="P1", name="Pump", cost_price=5_000_000)
    assert b'"cost_price":null' in ana.sync()
    ana.laptop.create("Not sent")
    with world.write() as tx:
        admin.set_role(tx, login="ana", role="office")
    ana.moments[world.clock()] = ana.moments[max(ana.moments)]
    assert b'"cost_price":null' not in ana.sync()
    assert_all_told(world, ana)


def test_a_laptop_that_enrolled_again_held_what_it_brought_along(
    world: World, people: tuple[Diary, Diary]
) -> None:
    ana, _ = people
    ana.laptop.create("Shop")
    lines, former = ana.sync(), ana.laptop.admission
    replica = ana.laptop.replica
    with world.write() as tx:
        code = make_code(tx, SeededBytes(77), former.user_id)
    public, incarnation = device_keys(replica, SeededBytes(78)).public, replica.state().incarnation
    again = admit(
        world.database,
        EnrollRequest(
            code,
            "ana",
            "test",
            "1",
            PROTOCOL_VERSION,
            public,
            former_device=former.device_id,
            former_incarnation=incarnation,
        ),
    )
    replica.enrolled(again, "http://127.0.0.1:1", "", Incarnation(SeededBytes(79)(16)))
    before = max(ana.moments)
    ana.moments.clear()
    ana.laptop.admission = again
    ana.note()
    world.account(former.user_id, name="New")
    assert ana.sync() != lines

    assert_all_told(world, ana)
    with world.database.read() as reader, pytest.raises(KnownError) as caught:
        past_of(reader, again.device_id, before)
    assert id_text(former.device_id) in caught.value.sentence
