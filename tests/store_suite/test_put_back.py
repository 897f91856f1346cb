"""A store put back by hand, past `restore`: laptops that know better show it and lose nothing; the admin heals it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import make_url

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import id_text
from fieldrep.contract.messages import ExchangeRequest, Verdict
from fieldrep.sync.handshake import handshake_of
from sync_server.admin.cli import commands
from sync_server.app import main
from sync_server.reconcile.exchange import exchange
from sync_server.reconcile.taking import take
from sync_server.store.database import Database
from sync_server.store.devices.credentials import identify
from sync_server.store.devices.cursor import Cursor, Stage, encode_cursor
from sync_server.store.lineage import renew
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import backup
from sync_server.store.restoring.behind import ahead
from sync_server.store.restoring.returns import restore_report
from tests.store_suite.databases import Databases
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, SteppingClock, World

assert main  # all commands are there


class ByHand:
    """Keeps a store and puts it back as somebody does who knows nothing of `restore`."""

    def __init__(self, world: World, stores: Databases, folder: Path) -> None:
        self._world, self._stores, self._kept = world, stores, folder / "by-hand"
        self._of = make_url(world.url)

    def keep(self) -> None:
        if self._world.url.startswith("sqlite"):
            backup(self._world.database, self._kept)
        else:
            self._kept = self._stores.folder() / "dump"
            self._stores.program("pg_dump", "-Fc", "-f", str(self._kept), *self._named())

    def put_back(self) -> None:
        self._world.database.close()
        if self._world.url.startswith("sqlite"):
            file = Path(str(self._of.database))
            for beside in file.parent.glob(f"{file.name}-*"):
                beside.unlink()
            shutil.copyfile(self._kept, file)
        else:
            self._stores.program("pg_restore", "--clean", "--no-owner", *self._named(), str(self._kept))
            shutil.rmtree(self._kept.parent)
        self._world.database = Database.open(self._world.url, self._world.clock, self._world.randomness)

    def _named(self) -> tuple[str, ...]:
        return ("-U", "postgres", "-h", str(self._of.query["host"]), "-d", str(self._of.database))


@pytest.fixture
def by_hand(world: World, stores: Databases, tmp_path: Path) -> ByHand:
    return ByHand(world, stores, tmp_path)


@pytest.fixture
def laptops(world: World, tmp_path: Path) -> Iterator[tuple[Laptop, Laptop]]:
    made = [Laptop(tmp_path, world, world.user(name), name) for name in ("ana", "ben")]
    for laptop in made:
        laptop.create(f"{laptop.name}'s shop")
        laptop.sync()
    yield made[0], made[1]
    for laptop in made:
        laptop.replica.close()


def refused(laptop: Laptop) -> KnownError:
    with pytest.raises(KnownError) as error:
        laptop.sync()
    return error.value


def accounts(world: World) -> list[str]:
    with world.database.read() as reader:
        return sorted(str(row["name"]) for row in reader.all("account"))


def noted(world: World) -> list[tuple[bytes, str]]:
    with world.database.read() as reader:
        sql = "SELECT row_id, result FROM audit_entry WHERE action = 'notice_store_behind'"
        return [(bytes(row_id), result) for row_id, result in reader.rows(sql)]


def heal(world: World) -> None:
    with world.write() as tx:
        renew(tx, world.randomness, knew_all=False)


def test_a_laptop_that_knows_more_than_the_store_is_refused_until_the_admin_has_looked_and_loses_nothing(
    world: World, by_hand: ByHand, laptops: tuple[Laptop, Laptop], caplog: pytest.LogCaptureFixture
) -> None:
    ana, ben = laptops
    by_hand.keep()
    ana.create("Acknowledged")
    ana.sync()
    by_hand.put_back()
    ana.create("Entered since")
    before = ana.image(), accounts(world)
    error = refused(ana)
    assert error.code is Code.STORE_BEHIND
    assert "stays on this laptop" in error.sentence
    assert error.retry_after > 0
    ben.create("By the other one")
    assert ben.sync().digests_equal is True, "a device's word alone holds up nobody else"
    world.account(name="By the office"), world.account(name="By the office too")
    ben.create("By the other one again")
    ben.sync()
    with world.database.read() as reader:
        assert [one.shown < reader.info().revision for one in ahead(reader)] == [True]
    assert refused(ana).code is Code.STORE_BEHIND, "also once the store has passed what it showed"
    assert (ana.image(), "Acknowledged" in accounts(world)) == (before[0], False)
    assert noted(world) == [(ana.admission.device_id, "refused")]
    said = [record.getMessage() for record in caplog.records if "put back" in record.getMessage()]
    assert len(said) == 1
    assert all(
        word in said[0] for word in ("ana", id_text(ana.admission.device_id), "fieldrep-server restored")
    )
    heal(world)
    for laptop in (ben, ana, ben):
        assert laptop.sync().refused == 0
    assert [accounts(world).count(name) for name in ("Acknowledged", "Entered since", "ana's shop")] == [
        1,
        1,
        1,
    ]
    assert all_came_back(world)
    assert verify(world.database) == []


def all_came_back(world: World) -> bool:
    """Whether the report says that every laptop gave back what the store lacked, and that nothing is missing."""
    with world.database.read() as reader:
        found = restore_report(reader)
    assert found is not None
    missing = [device.missing for device in found.devices if device.missing]
    return found.done and not missing and "create_account" in {change.command for change in found.changes}


def test_a_device_that_makes_up_a_later_state_harms_itself_alone(
    world: World, laptops: tuple[Laptop, Laptop]
) -> None:
    ana, ben = laptops
    device = identify(world.database, ana.admission.token)
    assert device is not None
    before = world.database.info()
    forged = (Cursor(2**62, 2**62), Cursor(1, 2**62, Stage.DELTA, "account"), Cursor(2**63 - 1, 2**63 - 1))
    for cursor in forged:
        told = msgspec.structs.replace(handshake_of(ana.replica, 0), cursor=encode_cursor(cursor))
        with pytest.raises(KnownError) as error:
            exchange(world.database, device, ExchangeRequest(told))
        assert error.value.code is Code.STORE_BEHIND
    assert len(noted(world)) == 1
    now = world.database.info()
    assert (now.epoch, now.revision) == (before.epoch, before.revision)
    ben.create("Goes on")
    assert ben.sync().accepted == 1


def test_a_push_judged_before_the_store_was_put_back_is_not_taken_after(
    world: World, laptops: tuple[Laptop, Laptop]
) -> None:
    ana, _ = laptops
    device, info = identify(world.database, ana.admission.token), world.database.info()
    assert device is not None
    ana.create("Judged in time")
    changes, *_ = ana.replica.to_send(10, 1_000_000)
    heal(world)
    request = ExchangeRequest(handshake_of(ana.replica, 1), tuple(changes))
    with pytest.raises(KnownError) as error:
        take(world.database, device, request, info, Verdict.CONTINUE)
    assert error.value.code is Code.SERVER_BUSY
    assert "Judged in time" not in accounts(world)
    ana.sync()
    assert accounts(world).count("Judged in time") == 1


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A store on SQLite that the commands find."""
    monkeypatch.setenv("FIELDREP_SERVER_HOME", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'central.db'}"
    Database.create(url, SteppingClock(), SeededBytes(0)).close()
    world = World(url)
    yield world
    world.close()


def told(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    commands([*command], standalone_mode=False)
    return " ".join(capsys.readouterr().out.split())


def test_the_report_names_who_knows_more_and_restored_gives_the_epoch_that_heals(
    office: World, stores: Databases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ana = Laptop(tmp_path, office, office.user("ana"), "ana")
    by_hand = ByHand(office, stores, tmp_path)
    by_hand.keep()
    ana.create("Acknowledged")
    ana.sync()
    assert told(capsys, "restore-report") == "This central store was never restored from a backup."
    by_hand.put_back()
    refused(ana)
    said = told(capsys, "restore-report")
    assert f"ana's “ana” (id {id_text(ana.admission.device_id)}" in said
    assert "run fieldrep-server restored" in said
    (later,) = msgspec.json.decode(told(capsys, "restore-report", "--json"))["shown_later"]
    assert later["shown"] > later["present"]
    epoch = office.database.info().epoch
    said = told(capsys, "restored")
    assert "Devices start over with their next sync" in said
    assert "may be admitted again, an order to wipe may be gone" in said
    epoch, before = office.database.info().epoch, epoch
    assert epoch != before
    with pytest.raises(SystemExit):
        told(capsys, "restored")
    assert "knows already that it was put back" in capsys.readouterr().err
    assert office.database.info().epoch == epoch, "given twice, the report of the first is kept"
    assert "showed a later state" not in told(capsys, "restore-report")
    assert ana.sync().started_over is True
    assert accounts(office) == ["Acknowledged"]
    told(capsys, "restored", "--again")
    assert office.database.info().epoch != epoch
    ana.replica.close()
